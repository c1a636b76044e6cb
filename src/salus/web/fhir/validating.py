"""`$validate`: what the door would say to a resource, without storing it and without looking at any record."""

from __future__ import annotations

from datetime import date
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from salus import records
from salus.kernel import Refused, civil_day
from salus.parties import Principal
from salus.records import Problem, RecordRefused
from salus.web.fhir.answering import answering
from salus.web.fhir.callers import check_scope, known
from salus.web.fhir.outcome import FHIR_JSON, HttpRefused, doubtful, issues_of, outcome, stripped_issues
from salus.web.fhir.requests import bearer, body
from salus.web.gate import Gate, gate_of, in_thread

_MODES = {"create": "c", "update": "u", "profile": "c"}
_PROFILES = "http://hl7.org/fhir/StructureDefinition/"


@answering
async def validate(request: Request) -> Response:
    """Answer `POST Type/$validate` and `POST $validate` with an OperationOutcome, 200 whatever it finds.

    Takes a resource, or Parameters with `resource`, `mode` (create, update) and `profile`. References to what is
    stored are not looked up, and whoever is meant learns nothing of it, since nobody is read.
    """
    gate, kind = gate_of(request), request.path_params.get("type")
    if kind is not None:
        records.check_type(kind)
    asked = {name: value for name, value in request.query_params.multi_items() if name != "_format"}
    token = bearer(request)
    who = await in_thread(gate, lambda: _system(gate, token))
    raw = await body(request)

    def work() -> bytes:
        resource, given = _taken(records.parse(raw))
        today = civil_day(gate.node.clock.now())
        return orjson.dumps(outcome(_issues(who, resource, kind, asked | given, today)))

    return Response(await in_thread(gate, work), 200, {"Cache-Control": "no-store"}, media_type=FHIR_JSON)


def _system(gate: Gate, token: str) -> Principal:
    who = known(gate, token)
    if not who.role.software:
        raise Refused("only a registered system has resources validated here")
    return who


def _issues(
    who: Principal, resource: dict[str, Any], kind: str | None, asked: dict[str, Any], today: date
) -> list[dict[str, Any]]:
    told = resource.get("resourceType")
    if not isinstance(told, str) or told not in records.resource_types():
        raise _wrong("resourceType", "send one FHIR R4 resource")
    check_scope(who, told, _interaction(told, asked))
    try:
        records.refuse_measures(resource)
        stripped = records.check(resource, kind or told)
        profile = asked.get("profile", _PROFILES + told)
        if profile != _PROFILES + told:
            records.check_profile(resource, profile)
    except RecordRefused as refused:
        return issues_of(refused)
    fine = {"severity": "information", "code": "informational", "diagnostics": "this would be taken as it is"}
    doubts = [*records.doubts(resource), *records.person_doubts(resource, today)]
    odd = [*map(_unchecked, records.unchecked_claims(resource)), *map(doubtful, doubts)]
    return [*odd, *(stripped_issues(stripped) or [fine])]


def _unchecked(where: str) -> dict[str, Any]:
    text = "this profile is not known here: it was not checked, and is no ground to refuse the resource"
    return {"severity": "warning", "code": "not-supported", "diagnostics": text, "expression": [where]}


def _interaction(told: str, asked: dict[str, Any]) -> str:
    """Return the scope that is needed. Raises HttpRefused for a mode or a profile that is not known here."""
    for name in asked:
        if name not in ("mode", "profile"):
            shown = name if name.isascii() and name.isalpha() and len(name) <= 40 else "a parameter"
            raise HttpRefused(f"{shown} means nothing here: send resource, mode, profile", 400, shown)
    profile, mode = asked.get("profile", _PROFILES + told), asked.get("mode", "create")
    if not isinstance(profile, str) or not (profile == _PROFILES + told or records.profile_is_known(profile)):
        text = (
            "this profile is not known here; the CapabilityStatement lists those that are, beside R4's own definition"
        )
        raise HttpRefused(text, 400, "profile")
    if not isinstance(mode, str) or mode not in _MODES:
        raise HttpRefused("mode is create, update or profile", 400, "mode")
    return _MODES[mode]


def _taken(sent: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the resource and the parameters of what was sent: Parameters of the operation, or a resource alone."""
    given = sent.get("parameter")
    listed = [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    resources = [one["resource"] for one in listed if one.get("name") == "resource" and "resource" in one]
    if sent.get("resourceType") != "Parameters" or not resources:
        return sent, {}
    if len(resources) != 1 or not isinstance(resources[0], dict):
        raise _wrong("Parameters.parameter", "send one parameter named resource, which holds a resource")
    others = [one for one in listed if one.get("name") != "resource"]
    return resources[0], {str(one.get("name")): _value(one) for one in others}


def _value(parameter: dict[str, Any]) -> Any:
    values = [value for key, value in parameter.items() if key in ("valueCode", "valueUri", "valueCanonical")]
    return values[0] if len(values) == 1 else None


def _wrong(where: str, text: str) -> RecordRefused:
    return RecordRefused([Problem(where=where, text=text)])

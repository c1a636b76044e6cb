"""`Patient/$merge` (FHIR R5) and `Patient/$ihe-pix` (IHE PIXm, ITI-83). Both name Patients; neither merges anything."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response

from salus.app import Crossed, Linking, cross_reference, link_own_charts, read_body
from salus.parties import Principal
from salus.records import Named, Problem, RecordRefused, named_as, named_by, named_in
from salus.web.fhir.answering import answering
from salus.web.fhir.callers import caller, check_scope
from salus.web.fhir.outcome import FHIR_JSON, outcome
from salus.web.fhir.parameters import Wanted, read_parameters, the_one, wrong
from salus.web.fhir.requests import bearer, body, no_parameters
from salus.web.gate import Gate, gate_of, in_thread

RESIDENT = "urn:salus:resident"
"""The identifier system of the index: random identifiers of residents."""
_MERGE: Wanted = {
    "source-patient": ("valueReference", 1),
    "source-patient-identifier": ("valueIdentifier", 20),
    "target-patient": ("valueReference", 1),
    "target-patient-identifier": ("valueIdentifier", 20),
    "preview": ("valueBoolean", 1),
}
_PIX: Wanted = {"sourceIdentifier": ("valueString", 1), "targetSystem": ("valueUri", 50)}
_SAID = {
    Linking.LINKED: (200, "both Patients are one resident's now; each keeps its id and all that hangs on it"),
    Linking.ALREADY: (200, "both Patients were one resident's already; nothing changed"),
    Linking.ASKED: (
        202,
        "nothing was linked: what else is known speaks against it, so a person was asked at the review desk",
    ),
}
_TRIED = {
    Linking.LINKED: "they would be linked; nothing was changed",
    Linking.ALREADY: "they are one resident's already",
    Linking.ASKED: "they would not be linked: a person would be asked at the review desk; nothing was changed",
}


@answering
async def merge(request: Request) -> Response:
    """Answer `POST Patient/$merge` (FHIR R5, Patient/$merge, STU): two own Patients are linked, or a person is asked.

    `result-patient` is refused: no Patient is changed. Sending the same again changes nothing.
    """
    gate = gate_of(request)
    no_parameters(request)
    token = bearer(request)
    who = await caller(gate, token)
    check_scope(who, "Patient", "u")
    raw = await body(request)

    def work() -> Response:
        sent = read_body(gate.node, who, raw)
        found = read_parameters(sent, _MERGE)
        preview = bool(found["preview"] and found["preview"][0])
        done = link_own_charts(gate.node, who, _side(found, "source"), _side(found, "target"), preview=preview)
        return _merged(sent, done, preview=preview)

    return await in_thread(gate, work)


def _side(found: dict[str, list[Any]], side: str) -> list[Named]:
    where = f"{side}-patient"
    names = [named_in(one, where) for one in found[where]]
    names += [named_as(one, f"{where}-identifier") for one in found[f"{where}-identifier"]]
    if not names:
        raise wrong("Parameters.parameter", f"name the {side}: {where}, or {where}-identifier")
    return names


def _merged(sent: dict[str, Any], done: Linking, *, preview: bool) -> Response:
    status, text = _SAID[done]
    issue = {
        "severity": "warning" if done is Linking.ASKED else "information",
        "code": "incomplete" if done is Linking.ASKED else "informational",
        "details": {"coding": [{"system": "urn:salus:linking", "code": done.value}]},
        "diagnostics": _TRIED[done] if preview else text,
    }
    answer = {
        "resourceType": "Parameters",
        "parameter": [{"name": "input", "resource": sent}, {"name": "outcome", "resource": outcome([issue])}],
    }
    return Response(orjson.dumps(answer), 200 if preview else status, media_type=FHIR_JSON)


@answering
async def cross(request: Request) -> Response:
    """Answer `GET Patient/$ihe-pix?sourceIdentifier=system|value&targetSystem=…` (IHE PIXm, ITI-83, 2:3.83.4)."""
    gate, token, pairs = gate_of(request), bearer(request), request.query_params.multi_items()
    who = await caller(gate, token)
    given: dict[str, list[Any]] = {"sourceIdentifier": [], "targetSystem": []}
    for name, value in pairs:
        if name in given:
            given[name].append(value)
        elif name != "_format" or "json" not in value:
            raise wrong("query", f"must be one of {', '.join(given)}, _format for JSON")
    if len(given["sourceIdentifier"]) > 1:
        raise wrong("sourceIdentifier", "name one patient")
    return await in_thread(gate, lambda: _crossed(gate, who, given))


@answering
async def cross_posted(request: Request) -> Response:
    """Answer `POST Patient/$ihe-pix` with Parameters: the same, for numbers that belong in no address."""
    gate = gate_of(request)
    no_parameters(request)
    token = bearer(request)
    who = await caller(gate, token)
    raw = await body(request)
    return await in_thread(gate, lambda: _crossed(gate, who, read_parameters(read_body(gate.node, who, raw), _PIX)))


def _crossed(gate: Gate, who: Principal, given: dict[str, list[Any]]) -> Response:
    check_scope(who, "Patient", "r")
    source, targets = str(the_one(given, "sourceIdentifier")), frozenset(map(str, given["targetSystem"]))
    base = f"{gate.node.settings.public_url}/fhir"
    named, resident = _source(source, base)
    if not all(_is_uri(one) for one in targets):
        raise RecordRefused([Problem(where="targetSystem", text="targetSystem not found", code="code-invalid")], 403)
    found = cross_reference(gate.node, who, named, resident)
    told = _identifiers(found, base, targets, (named.system, named.value))
    answer = {"resourceType": "Parameters", **({"parameter": told} if told else {})}
    return Response(orjson.dumps(answer), 200, {"Cache-Control": "no-store"}, media_type=FHIR_JSON)


def _source(token: str, base: str) -> tuple[Named, UUID | None]:
    """Read the source: a business identifier, the index's own, or a Patient of this server as `[base]|Patient/id`."""
    named = named_by(token, "sourceIdentifier")
    if not _is_uri(named.system):
        text = "sourceIdentifier Assigning Authority not found"
        raise RecordRefused([Problem(where="sourceIdentifier", text=text, code="code-invalid")])
    if named.system == base:
        return Named(
            id=named_in({"reference": named.value}, "sourceIdentifier").id, system=base, value=named.value
        ), None
    if named.system != RESIDENT:
        return named, None
    try:
        return named, UUID(named.value)
    except ValueError:
        return named, UUID(int=0)


def _identifiers(found: Crossed, base: str, targets: frozenset[str], source: tuple[str, str]) -> list[dict[str, Any]]:
    pairs = [(RESIDENT, str(found.resident_id))]
    pairs += [pair for one in found.patients for pair in one.identifiers]
    told: list[dict[str, Any]] = [
        {"name": "targetIdentifier", "valueIdentifier": {"system": system, "value": value}}
        for system, value in dict.fromkeys(pairs)
        if (system, value) != source and (not targets or system in targets)
    ]
    if not targets or base in targets:
        references = (f"Patient/{one.id}" for one in found.patients)
        told += [
            {"name": "targetId", "valueReference": {"reference": one}} for one in references if (base, one) != source
        ]
    return told


def _is_uri(text: str) -> bool:
    scheme, colon, rest = text.partition(":")
    return bool(colon and rest) and scheme.isascii() and scheme.isalpha()

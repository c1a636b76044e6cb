"""`Patient/$match` (FHIR R4; IHE PDQm, ITI-119): who may be meant, graded, and nothing that was not sent."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from salus.app import MOST_MATCHES, MatchAnswer, MatchAsk, Matched, MatchQuestion, read_body
from salus.records import check_patient, told_back
from salus.web.fhir.answering import answering
from salus.web.fhir.callers import caller, check_scope
from salus.web.fhir.linking import RESIDENT
from salus.web.fhir.outcome import FHIR_JSON, doubtful, outcome
from salus.web.fhir.parameters import Wanted, read_parameters, the_one, wrong
from salus.web.fhir.requests import bearer, body, no_parameters
from salus.web.gate import gate_of, in_thread

_SMALL = 16_384
"""Bytes of a body up to which it is read with the other questions that came together."""
_TOO_LITTLE = (
    "too little was said to look anybody up by: that nobody is found does not mean that nobody is known. Say a"
    " document's number, a telephone, or the name with the birth date"
)
MATCH_GRADE = "http://hl7.org/fhir/StructureDefinition/match-grade"
_MATCH: Wanted = {
    "resource": ("resource", 1),
    "count": ("valueInteger", 1),
    "onlyCertainMatches": ("valueBoolean", 1),
}


@answering
async def match(request: Request) -> Response:
    """Answer `POST Patient/$match` with Parameters, or with a bare Patient, which ITI-119 takes, too."""
    gate = gate_of(request)
    no_parameters(request)
    who = await caller(gate, bearer(request))
    check_scope(who, "Patient", "s")
    raw = await body(request)

    def read() -> MatchAsk:
        ask = _asked(read_body(gate.node, who, raw))
        check_patient(ask.patient)
        return ask

    if len(raw) > _SMALL:  # what takes long to read holds up nobody else's question
        whole = await in_thread(gate, read)
        return _told(await gate.matcher.ask(MatchQuestion(who=who, read=lambda: whole)))
    return _told(await gate.matcher.ask(MatchQuestion(who=who, read=read)))


def _told(answer: MatchAnswer) -> Response:
    return Response(orjson.dumps(_bundle(answer)), 200, {"Cache-Control": "no-store"}, media_type=FHIR_JSON)


def _asked(sent: dict[str, Any]) -> MatchAsk:
    """Return the Patient, how many matches at most, and whether only a certain one is wanted."""
    if sent.get("resourceType") == "Patient":
        return MatchAsk(patient=sent)
    found = read_parameters(sent, _MATCH)
    count = found["count"][0] if found["count"] else MOST_MATCHES
    if count < 1:
        raise wrong("Parameters.parameter", f"count must be 1 or more; more than {MOST_MATCHES} gives {MOST_MATCHES}")
    certain_only = bool(found["onlyCertainMatches"] and found["onlyCertainMatches"][0])
    return MatchAsk(patient=the_one(found, "resource"), most=min(count, MOST_MATCHES), certain_only=certain_only)


def _bundle(found: MatchAnswer) -> dict[str, Any]:
    entries = [_entry(found.patient, one) for one in found.found]
    issues = [*map(doubtful, found.unasked), *map(_left_out, found.left_out)]
    if not found.searched:
        issues.append({"severity": "warning", "code": "incomplete", "diagnostics": _TOO_LITTLE})
    if issues:
        entries.append({"resource": outcome(issues), "search": {"mode": "outcome"}})
    bundle = {"resourceType": "Bundle", "type": "searchset", "total": len(found.found)}
    return bundle | ({"entry": entries} if entries else {})


def _entry(patient: dict[str, Any], one: Matched) -> dict[str, Any]:
    """Return one match: the index's identifier, what agrees of what was sent, the asker's own Patients."""
    told = told_back(patient, one.agreed)
    resident = {"system": RESIDENT, "value": str(one.resident_id)}
    resource = {"resourceType": "Patient", **told, "identifier": [resident, *told.get("identifier", ())]}
    if one.own:
        resource["link"] = [{"other": {"reference": f"Patient/{id_}"}, "type": "seealso"} for id_ in one.own]
    search = {
        "extension": [{"url": MATCH_GRADE, "valueCode": one.grade.value}],
        "mode": "match",
        "score": round(one.probability, 6),
    }
    return {"fullUrl": f"urn:uuid:{one.resident_id}", "resource": resource, "search": search}


def _left_out(rule: str) -> dict[str, Any]:
    text = f"too many residents share this with the person you asked about: {rule}; they were not looked at. Say more"
    return {"severity": "warning", "code": "too-costly", "diagnostics": text}

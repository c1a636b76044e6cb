"""`$present`: a hospital's own software hands over an identity code and learns whom it may read, and until when."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from salus.app import Visit, arrive
from salus.healthcode import CodeUnknown
from salus.kernel import format_instant
from salus.records import Problem, RecordRefused, parse
from salus.web.fhir.answering import answering
from salus.web.fhir.callers import caller, check_scope
from salus.web.fhir.outcome import FHIR_JSON
from salus.web.fhir.requests import bearer, body, no_parameters
from salus.web.gate import gate_of, in_thread


@answering
async def present(request: Request) -> Response:
    """Answer `POST [base]/$present` with Parameters: `code` in; `ends` and one `patient` for each chart out."""
    gate = gate_of(request)
    no_parameters(request)
    token = bearer(request)
    who = await caller(gate, token)
    check_scope(who, "Patient", "r")
    raw = await body(request)

    def work() -> bytes:
        code = _code(parse(raw))
        if not code.upper().startswith("SL1:"):
            raise CodeUnknown
        return orjson.dumps(_answer(arrive(gate.node, who, code)))

    return Response(await in_thread(gate, work), 200, media_type=FHIR_JSON)


def _code(parameters: dict[str, Any]) -> str:
    """Return the one parameter that Parameters must hold."""
    found = parameters.get("parameter")
    given = [p for p in found if isinstance(p, dict) and p.get("name") == "code"] if isinstance(found, list) else []
    if parameters.get("resourceType") != "Parameters" or len(given) != 1 or not isinstance(found, list):
        raise _wrong("Parameters.parameter", "send Parameters with one parameter: code, a valueString")
    if len(found) != 1 or not isinstance(given[0].get("valueString"), str):
        raise _wrong("Parameters.parameter[0]", "must be code, with a valueString, and nothing else")
    return str(given[0]["valueString"])


def _answer(visit: Visit) -> dict[str, Any]:
    patients = [{"name": "patient", "valueReference": {"reference": f"Patient/{id_}"}} for id_ in visit.patients]
    ends = {"name": "ends", "valueInstant": format_instant(visit.ends)}
    reference = {"name": "reference", "valueString": visit.reference}
    return {"resourceType": "Parameters", "parameter": [ends, reference, *patients]}


def _wrong(where: str, text: str) -> RecordRefused:
    return RecordRefused([Problem(where=where, text=text)])

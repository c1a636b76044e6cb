"""Patients written by identifier: conditional update and create (FHIR R4, http.html; IHE PIXm, ITI-104)."""

from __future__ import annotations

from urllib.parse import parse_qsl
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from salus.app import create_patient, read_body, update_patient
from salus.parties import Principal
from salus.records import Named, named_by
from salus.web.fhir import bundles
from salus.web.fhir.answering import answering
from salus.web.fhir.callers import check_scope, known
from salus.web.fhir.outcome import HttpRefused
from salus.web.fhir.requests import bearer, body, preference
from salus.web.gate import Gate, gate_of, in_thread


@answering
async def update_by_identifier(request: Request) -> Response:
    """Answer `PUT Patient?identifier=system|value`: a new version, or a new Patient where nobody carries it."""
    gate, token, wanted = gate_of(request), bearer(request), preference(request)
    who = await in_thread(gate, lambda: known(gate, token))
    named, if_match = _named(request.url.query, "the address"), request.headers.get("if-match")
    check_scope(who, "Patient", "u")
    check_scope(who, "Patient", "c")
    raw = await body(request)
    done = await in_thread(
        gate, lambda: update_patient(gate.node, who, read_body(gate.node, who, raw), named, if_match)
    )
    return bundles.stored(gate.node.settings.public_url, done.outcomes[0], wanted)


async def create_unless_known(gate: Gate, request: Request, who: Principal, kind: str) -> Response:
    """Answer `POST Patient` with `If-None-Exist: identifier=system|value`; no other type is created so."""
    if kind != "Patient":
        raise HttpRefused("conditional create is for Patients only", 412, "If-None-Exist")
    wanted, named = preference(request), _named(request.headers["if-none-exist"].lstrip("?"), "If-None-Exist")
    raw, url = await body(request), gate.node.settings.public_url
    done = await in_thread(gate, lambda: create_patient(gate.node, who, read_body(gate.node, who, raw), named))
    if isinstance(done, UUID):
        return Response(b"", 200, {"Location": f"{url}/fhir/Patient/{done}", "Cache-Control": "no-store"})
    return bundles.stored(url, done.outcomes[0], wanted)


def _named(query: str, where: str) -> Named:
    """Read the one condition that is supported: exactly one identifier with its system."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=5)
    except ValueError:
        pairs = []
    if [name for name, _ in pairs] != ["identifier"]:
        raise HttpRefused("write Patients conditionally by one identifier=system|value, and nothing else", 400, where)
    return named_by(pairs[0][1], "identifier")

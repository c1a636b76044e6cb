"""`Patient/id/$summary` (HL7 IPS 2.0.1): the International Patient Summary as a document, made when it is asked for."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from salus.app import read_body, summary_of
from salus.kernel import Refused
from salus.parties import Principal
from salus.records import BUNDLE_PROFILE
from salus.web.fhir.answering import Interaction, answering
from salus.web.fhir.callers import check_scope, known
from salus.web.fhir.everything import patient_id
from salus.web.fhir.outcome import FHIR_JSON, HttpRefused
from salus.web.fhir.parameters import Wanted, read_parameters
from salus.web.fhir.requests import bearer, body, pairs_of
from salus.web.gate import Gate, gate_of, in_thread
from salus.web.render import choose_language

_PARAMETERS: Wanted = {"profile": ("valueUri", 1)}


@answering
async def summary(request: Request) -> Response:
    """Answer `GET Patient/id/$summary`, in the language that Accept-Language prefers of English and Chinese."""
    gate, token = gate_of(request), bearer(request)
    for name, value in pairs_of(request.url.query):
        if name == "profile":
            _check_profile(value)
        elif name != "_format" or "json" not in value:
            shown = name if name.isascii() and name.strip("_").isalpha() and len(name) <= 40 else "a parameter"
            raise HttpRefused(f"{shown} means nothing here: known is profile", 400, shown)
    return await _answer(gate, request, token)


@answering
async def summary_posted(request: Request) -> Response:
    """Answer `POST Patient/id/$summary` with Parameters: `profile`, and nothing else."""
    gate, token = gate_of(request), bearer(request)
    if pairs_of(request.url.query):
        raise HttpRefused("send the parameters in Parameters, or GET with them in the address", 400)
    who = await in_thread(gate, lambda: _reader(gate, token))
    raw = await body(request)
    given = await in_thread(gate, lambda: read_parameters(read_body(gate.node, who, raw), _PARAMETERS))
    for profile in given["profile"]:
        _check_profile(profile)
    return await _answer(gate, request, token)


async def _answer(gate: Gate, request: Request, token: str) -> Response:
    patient, language = patient_id(request), choose_language(None, None, request.headers.get("accept-language"))

    def work() -> bytes:
        return summary_of(gate.node, _reader(gate, token), patient, language.value)

    headers = {"Cache-Control": "no-store", "Content-Language": language.value, "Vary": "Accept-Language"}
    return Response(await in_thread(gate, work), 200, headers, media_type=FHIR_JSON)


def _reader(gate: Gate, token: str) -> Principal:
    """Return who asks; a system's scopes must cover every type, as a summary is of no part of a record."""
    who = known(gate, token)
    check_scope(who, "*", "r")
    if who.purpose is None:
        raise Refused("name a purpose of use")
    return who


def _check_profile(profile: str) -> None:
    if profile.partition("|")[0] != BUNDLE_PROFILE:
        raise HttpRefused(f"summaries are made by one profile here: {BUNDLE_PROFILE}", 400, "profile")


SUMMARY = tuple(
    Interaction(
        code="operation", method=method, path="/Patient/{id}/$summary", endpoint=endpoint, access="policy: read-summary"
    )
    for method, endpoint in (("GET", summary), ("POST", summary_posted))
)

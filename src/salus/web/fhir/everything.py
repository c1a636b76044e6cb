"""`Patient/id/$everything` (FHIR R4, operation-patient-everything): a searchset of stored bodies, page by page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response

from salus.app import Everything, everything_of, read_body
from salus.kernel import Refused
from salus.parties import Principal
from salus.records import parse_everything
from salus.web.fhir.answering import Interaction, answering
from salus.web.fhir.callers import check_scope, known
from salus.web.fhir.outcome import FHIR_JSON, HttpRefused, outcome
from salus.web.fhir.parameters import Wanted, read_parameters
from salus.web.fhir.requests import bearer, body, pairs_of, resource_id
from salus.web.gate import Gate, gate_of, in_thread

Pairs = Sequence[tuple[str, str]]
_MOST_TYPES = 200
_PARAMETERS: Wanted = {
    "start": ("valueDate", 1),
    "end": ("valueDate", 1),
    "_since": ("valueInstant", 1),
    "_type": ("valueCode", _MOST_TYPES),
    "_count": ("valueInteger", 1),
}


@answering
async def everything(request: Request) -> Response:
    """Answer `GET Patient/id/$everything`."""
    gate, token, pairs = gate_of(request), bearer(request), pairs_of(request.url.query)
    patient = patient_id(request)
    return _bundle_response(await in_thread(gate, lambda: _answer(gate, _reader(gate, token), patient, pairs)))


@answering
async def everything_posted(request: Request) -> Response:
    """Answer `POST Patient/id/$everything` with Parameters; the link to the next page is one to GET."""
    gate, token, patient = gate_of(request), bearer(request), patient_id(request)
    if pairs_of(request.url.query):
        raise HttpRefused("send the parameters in Parameters, or GET with them in the address", 400)
    who = await in_thread(gate, lambda: _reader(gate, token))
    raw = await body(request)

    def work() -> bytes:
        given = read_parameters(read_body(gate.node, who, raw), _PARAMETERS)
        pairs = [(name, str(value)) for name, values in given.items() for value in values]
        return _answer(gate, who, patient, pairs)

    return _bundle_response(await in_thread(gate, work))


@answering
async def everything_of_everybody(_: Request) -> Response:
    """Refuse `Patient/$everything`: it would list people."""
    raise HttpRefused("ask for one Patient: Patient/id/$everything; this server lists nobody", 405)


def patient_id(request: Request) -> UUID:
    """Return the Patient that an address names. Raises NotFound for what cannot be an id of this server."""
    return resource_id("Patient", request.path_params["id"])


def _reader(gate: Gate, token: str) -> Principal:
    who = known(gate, token)
    check_scope(who, "Patient", "r")
    return who


def _answer(gate: Gate, who: Principal, patient: UUID, pairs: Pairs) -> bytes:
    if who.purpose is None:
        raise Refused("name a purpose of use")
    asked = parse_everything(str(patient), pairs, gate.node.custodian)
    page = everything_of(gate.node, who, patient, asked)
    base = f"{gate.node.settings.public_url}/fhir"
    return b"".join(_bundle(base, f"{base}/Patient/{patient}/$everything", pairs, page))


def _bundle(base: str, address: str, pairs: Pairs, page: Everything) -> Iterator[bytes]:
    """Yield a searchset, the stored bodies in it as they are. There is no total."""
    kept = [(name, value) for name, value in pairs if name != "_cursor"]
    links = [{"relation": "self", "url": _link(address, pairs)}]
    if page.cursor:
        links.append({"relation": "next", "url": _link(address, [*kept, ("_cursor", page.cursor)])})
    yield b'{"resourceType":"Bundle","type":"searchset","link":' + orjson.dumps(links)
    between = b',"entry":['
    for mode, found in ((b"match", page.matches), (b"include", page.included)):
        for kind, id_, raw in found:
            address_of = f"{base}/{kind}/{id_}".encode("ascii")
            yield b'%s{"fullUrl":"%s","resource":%s,"search":{"mode":"%s"}}' % (between, address_of, raw, mode)
            between = b","
    if page.left_out:
        yield between + orjson.dumps(_left_out(page.left_out))
        between = b","
    yield b"]}" if between == b"," else b"}"


def _left_out(count: int) -> dict[str, Any]:
    text = f"{count} entries of the directory that these refer to are left out: you may not read them"
    issue = {"severity": "information", "code": "suppressed", "diagnostics": text}
    return {"resource": outcome([issue]), "search": {"mode": "outcome"}}


def _link(address: str, pairs: Pairs) -> str:
    return address + (f"?{urlencode(pairs)}" if pairs else "")


def _bundle_response(bundle: bytes) -> Response:
    return Response(bundle, 200, {"Cache-Control": "no-store"}, media_type=FHIR_JSON)


def _operation(method: str, path: str, endpoint: Any, access: str) -> Interaction:
    return Interaction(code="operation", method=method, path=path, endpoint=endpoint, access=access)


EVERYTHING = (
    _operation("GET", "/Patient/{id}/$everything", everything, "policy: read"),
    _operation("POST", "/Patient/{id}/$everything", everything_posted, "policy: read"),
    _operation("GET", "/Patient/$everything", everything_of_everybody, "nobody"),
    _operation("POST", "/Patient/$everything", everything_of_everybody, "nobody"),
)

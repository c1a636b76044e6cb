"""What was: one version of a resource, its history, and what the own facility wrote (FHIR R4, http.html)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import orjson
from starlette.requests import Request
from starlette.responses import Response

from salus import records
from salus.app import HistoryPage, ReadAsk, Written, facility_history, history_of
from salus.kernel import format_instant
from salus.parties import Principal
from salus.records import NotFound, history
from salus.web.fhir.answering import Interaction, answering
from salus.web.fhir.callers import check_scope, known
from salus.web.fhir.outcome import FHIR_JSON
from salus.web.fhir.requests import bearer, no_parameters, pairs_of, resource_id, version_of
from salus.web.fhir.unchanged import answer_read, check_condition
from salus.web.gate import Gate, gate_of, in_thread

Pairs = list[tuple[str, str]]


@answering
async def vread(request: Request) -> Response:
    """Answer `GET Type/id/_history/version`."""
    gate, kind = gate_of(request), records.check_type(request.path_params["type"])
    no_parameters(request)
    check_condition(request)
    id_, version = resource_id(kind, request.path_params["id"]), version_of(request.path_params["version"])
    if version is None:
        raise NotFound(f"there is no such version of this {kind}")
    found = await gate.reader.ask(ReadAsk(bearer=bearer(request), type=kind, id=id_, version=version))
    return answer_read(request, found)


@answering
async def of_instance(request: Request) -> Response:
    """Answer `GET Type/id/_history`."""
    kind = records.check_type(request.path_params["type"])
    id_ = resource_id(kind, request.path_params["id"])

    def page(gate: Gate, who: Principal, pairs: Pairs) -> HistoryPage:
        check_scope(who, kind, "r")
        return history_of(gate.node, who, kind, id_, _asked(gate, f"{kind}/{id_}", pairs))

    return await _answer(request, f"{kind}/{id_}/_history", page)


@answering
async def of_type(request: Request) -> Response:
    """Answer `GET Type/_history`: what the own facility wrote of it."""
    kind = records.check_type(request.path_params["type"])

    def page(gate: Gate, who: Principal, pairs: Pairs) -> HistoryPage:
        check_scope(who, kind, "s")
        return facility_history(gate.node, who, kind, _asked(gate, kind, pairs))

    return await _answer(request, f"{kind}/_history", page)


@answering
async def of_system(request: Request) -> Response:
    """Answer `GET _history`: all that the own facility wrote."""

    def page(gate: Gate, who: Principal, pairs: Pairs) -> HistoryPage:
        check_scope(who, "*", "s")
        return facility_history(gate.node, who, None, _asked(gate, "", pairs))

    return await _answer(request, "_history", page)


HISTORY = (
    Interaction(
        code="vread", method="GET", path="/{type}/{id}/_history/{version}", endpoint=vread, access="policy: read"
    ),
    Interaction(
        code="history-instance",
        method="GET",
        path="/{type}/{id}/_history",
        endpoint=of_instance,
        access="policy: read",
    ),
    Interaction(code="history-type", method="GET", path="/{type}/_history", endpoint=of_type, access="policy: search"),
    Interaction(code="history-system", method="GET", path="/_history", endpoint=of_system, access="policy: search"),
)


def _asked(gate: Gate, of: str, pairs: Pairs) -> history.Since:
    return history.parse_history(of, pairs, gate.node.custodian)


async def _answer(request: Request, path: str, page: Callable[[Gate, Principal, Pairs], HistoryPage]) -> Response:
    gate, token, pairs = gate_of(request), bearer(request), pairs_of(request.url.query)
    base = f"{gate.node.settings.public_url}/fhir"

    def work() -> bytes:
        return _bundle(base, path, pairs, page(gate, known(gate, token), pairs))

    found = await in_thread(gate, work)
    return Response(found, 200, {"Cache-Control": "no-store"}, media_type=FHIR_JSON)


def _bundle(base: str, path: str, pairs: Pairs, page: HistoryPage) -> bytes:
    links = [{"relation": "self", "url": _link(base, path, pairs)}]
    if page.cursor:
        kept = [(name, value) for name, value in pairs if name != "_cursor"]
        links.append({"relation": "next", "url": _link(base, path, [*kept, ("_cursor", page.cursor)])})
    entries = [_entry(base, one) for one in page.versions]
    meta = {"meta": {"lastUpdated": format_instant(page.complete_until)}} if page.complete_until else {}
    bundle = {"resourceType": "Bundle", **meta, "type": "history", "link": links}
    return orjson.dumps(bundle | ({"entry": entries} if entries else {}))


def _entry(base: str, one: Written) -> dict[str, Any]:
    address = f"{one.type}/{one.id}"
    method, status = ("DELETE", "204 No Content") if one.deleted else ("PUT", "200 OK")
    if one.version == 1:
        method, status = "POST", "201 Created"
    response = {"status": status, "etag": f'W/"{one.version}"', "lastModified": format_instant(one.at)}
    request = {"method": method, "url": one.type if method == "POST" else address}
    told = {"fullUrl": f"{base}/{address}", "request": request, "response": response}
    return told | ({} if one.body is None else {"resource": orjson.Fragment(one.body)})


def _link(base: str, path: str, pairs: Pairs) -> str:
    return f"{base}/{path}" + (f"?{urlencode(pairs)}" if pairs else "")

"""Writes that name a resource by a search: conditional create, update, patch and delete (FHIR R4, http.html)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from salus import records
from salus.app import accept, read_body
from salus.parties import Principal
from salus.records import Accepted, Condition
from salus.web.fhir import bundles
from salus.web.fhir.answering import Interaction, answering
from salus.web.fhir.callers import caller, check_scope
from salus.web.fhir.deleting import deleted
from salus.web.fhir.outcome import HttpRefused
from salus.web.fhir.patching import patch_of
from salus.web.fhir.requests import bearer, body, preference
from salus.web.gate import Gate, gate_of, in_thread


@answering
async def update_by_condition(request: Request) -> Response:
    """Answer `PUT Type?search`: a new version of the one that matches, or a new resource where none does."""
    gate, who, condition = await _named(request, "cu")
    wanted, if_match = preference(request), request.headers.get("if-match")
    raw = await body(request)

    def work() -> Accepted:
        sent = read_body(gate.node, who, raw)
        return accept(gate.node, who, [records.of_conditional_update(sent, condition, if_match)])

    done = await in_thread(gate, work)
    return bundles.stored(gate.node.settings.public_url, done.outcomes[0], wanted)


@answering
async def delete_by_condition(request: Request) -> Response:
    """Answer `DELETE Type?search`: the one that matches."""
    gate, who, condition = await _named(request, "d")
    wanted, if_match = preference(request), request.headers.get("if-match")

    def work() -> Accepted:
        return accept(gate.node, who, [records.of_conditional_delete(condition, if_match)])

    done = await in_thread(gate, work)
    return deleted(done.outcomes[0], wanted)


@answering
async def patch_by_condition(request: Request) -> Response:
    """Answer `PATCH Type?search`: the one that matches."""
    gate, who, condition = await _named(request, "u")
    wanted, if_match = preference(request), request.headers.get("if-match")
    operations = await patch_of(request)

    def work() -> Accepted:
        return accept(gate.node, who, [records.of_conditional_patch(condition, operations, if_match)])

    done = await in_thread(gate, work)
    return bundles.stored(gate.node.settings.public_url, done.outcomes[0], wanted)


async def create_unless_known(gate: Gate, request: Request, who: Principal, kind: str) -> Response:
    """Answer `POST Type` with `If-None-Exist: search`."""
    wanted, told = preference(request), request.headers["if-none-exist"]
    condition = records.parse_condition(kind, told.lstrip("?"), "If-None-Exist")
    raw, url = await body(request), gate.node.settings.public_url

    def work() -> Accepted:
        sent = read_body(gate.node, who, raw)
        return accept(gate.node, who, [records.of_conditional_create(sent, condition)])

    one = (await in_thread(gate, work)).outcomes[0]
    if one.stands:
        return Response(b"", 200, bundles.headers_of(one, url))
    return bundles.stored(url, one, wanted)


CONDITIONAL = (
    Interaction(
        code="update", method="PUT", path="/{type}", endpoint=update_by_condition, access="policy: create, update"
    ),
    Interaction(code="patch", method="PATCH", path="/{type}", endpoint=patch_by_condition, access="policy: update"),
    Interaction(code="delete", method="DELETE", path="/{type}", endpoint=delete_by_condition, access="policy: delete"),
)


async def _named(request: Request, interactions: str) -> tuple[Gate, Principal, Condition]:
    """Return who asks, and by which search; strangers learn nothing of how one is written."""
    gate, kind, token = gate_of(request), records.check_type(request.path_params["type"]), bearer(request)
    who = await caller(gate, token)
    for one in interactions:
        check_scope(who, kind, one)
    if not request.url.query:
        text = "write Type/id, or a search such as Type?identifier=system|value: this server gives the ids"
        raise HttpRefused(text, 400, "address")
    return gate, who, records.parse_condition(kind, request.url.query, "address")

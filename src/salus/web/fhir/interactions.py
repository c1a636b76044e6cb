"""The FHIR routes: one function an interaction, and the table that the CapabilityStatement is built from."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from importlib.metadata import version

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from salus import records
from salus.app import Alone, Create, ReadAsk, SearchAsk, accept, read_body, search
from salus.kernel import Role
from salus.parties import Principal
from salus.records import Intent
from salus.web.fhir import bundles
from salus.web.fhir.answering import Endpoint, Interaction, answering
from salus.web.fhir.audit_events import AUDIT_EVENT, AUDIT_EVENTS, events
from salus.web.fhir.callers import caller, check_scope
from salus.web.fhir.capability import capability, smart_configuration
from salus.web.fhir.capacity import CAPACITY
from salus.web.fhir.conditional import CONDITIONAL, create_unless_known
from salus.web.fhir.consents import CONSENT, CONSENTS
from salus.web.fhir.deleting import DELETING
from salus.web.fhir.everything import EVERYTHING
from salus.web.fhir.history import HISTORY
from salus.web.fhir.linking import cross, cross_posted, merge
from salus.web.fhir.matching import match
from salus.web.fhir.outcome import FHIR_JSON, HttpRefused
from salus.web.fhir.patching import PATCHING
from salus.web.fhir.presenting import present
from salus.web.fhir.requests import bearer, body, form, no_parameters, pairs_of, preference, resource_id
from salus.web.fhir.submitting import SUBMITTING, searched
from salus.web.fhir.summing_up import SUMMARY
from salus.web.fhir.unchanged import answer_read, check_condition
from salus.web.fhir.validating import validate
from salus.web.gate import Gate, gate_of, in_thread


async def _principal(gate: Gate, token: str, kind: str, interaction: str) -> Principal:
    who = await caller(gate, token)
    check_scope(who, kind, interaction)
    return who


@answering
async def read(request: Request) -> Response:
    """Answer `GET Type/id`, and HEAD, which is read and registered alike."""
    gate, kind = gate_of(request), records.check_type(request.path_params["type"])
    no_parameters(request)
    check_condition(request)
    ask = ReadAsk(bearer=bearer(request), type=kind, id=resource_id(kind, request.path_params["id"]))
    return answer_read(request, await gate.reader.ask(ask))


@answering
async def find(request: Request) -> Response:
    """Answer `GET Type?…`."""
    gate, kind = gate_of(request), records.check_type(request.path_params["type"])
    token, pairs = bearer(request), pairs_of(request.url.query)
    if kind == AUDIT_EVENT:  # residents are shown their own register; what a hospital stored before is found as ever
        who = await _principal(gate, token, kind, "s")
        if who.role is Role.RESIDENT:
            shown = await in_thread(gate, lambda: events(gate, who, pairs))
            return Response(shown, 200, {"Cache-Control": "no-store"}, media_type=FHIR_JSON)
    if kind == CONSENT:  # what residents said stands beside what is stored
        who = await _principal(gate, token, kind, "s")
        found = await in_thread(gate, lambda: searched(gate, who, kind, pairs))
        return Response(found, 200, {"Cache-Control": "no-store"}, media_type=FHIR_JSON)
    page = await gate.searcher.ask(SearchAsk(bearer=token, type=kind, pairs=pairs))
    if isinstance(page, Alone):
        page = await in_thread(gate, partial(search, gate.node, page.principal, page.asked))
    found = bundles.searchset(gate.node.settings.public_url, kind, pairs, page)
    return Response(found, 200, {"Cache-Control": "no-store"}, media_type=FHIR_JSON)


@answering
async def find_posted(request: Request) -> Response:
    """Answer `POST Type/_search` with the parameters as a form: what is searched for stands in no address."""
    gate, kind = gate_of(request), records.check_type(request.path_params["type"])
    token, cursor = bearer(request), pairs_of(request.url.query)
    if any(name != "_cursor" for name, _ in cursor):
        raise HttpRefused("send a posted search's parameters in its form, only _cursor in the address", 400)
    who = await _principal(gate, token, kind, "s")
    pairs = [*pairs_of(await form(request)), *cursor]
    if kind == AUDIT_EVENT and who.role is Role.RESIDENT:
        shown = await in_thread(gate, lambda: events(gate, who, pairs))
        return Response(shown, 200, {"Cache-Control": "no-store"}, media_type=FHIR_JSON)
    found = await in_thread(gate, lambda: searched(gate, who, kind, pairs, posted=True))
    return Response(found, 200, {"Cache-Control": "no-store"}, media_type=FHIR_JSON)


@answering
async def create(request: Request) -> Response:
    """Answer `POST Type`."""
    gate, kind = gate_of(request), records.check_type(request.path_params["type"])
    no_parameters(request)
    token, wanted = bearer(request), preference(request)
    who = await _principal(gate, token, kind, "c")
    if "if-none-exist" in request.headers:
        return await create_unless_known(gate, request, who, kind)
    raw = await body(request)

    def work() -> Intent:
        return records.of_resource(read_body(gate.node, who, raw), kind)

    intent = await in_thread(gate, work)
    stored = await gate.creator.ask(Create(principal=who, intent=intent))
    return bundles.stored(gate.node.settings.public_url, stored, wanted)


@answering
async def update(request: Request) -> Response:
    """Answer `PUT Type/id`."""
    gate, kind = gate_of(request), records.check_type(request.path_params["type"])
    no_parameters(request)
    token, wanted, id_text = bearer(request), preference(request), request.path_params["id"]
    if_match = request.headers.get("if-match")
    who = await _principal(gate, token, kind, "u")
    raw = await body(request)

    def work() -> records.Accepted:
        sent = read_body(gate.node, who, raw)
        return accept(gate.node, who, [records.of_update(sent, kind, id_text, if_match)])

    done = await in_thread(gate, work)
    return bundles.stored(gate.node.settings.public_url, done.outcomes[0], wanted)


@answering
async def metadata(request: Request) -> Response:
    """Answer `GET metadata`, for anybody."""
    gate = gate_of(request)
    told = capability(gate.node.settings.public_url, gate.node.name, version("salus"), (i.code for i in INTERACTIONS))
    return Response(orjson.dumps(told), 200, media_type=FHIR_JSON)


@answering
async def configuration(request: Request) -> Response:
    """Answer `.well-known/smart-configuration`, for anybody."""
    told = smart_configuration(gate_of(request).node.settings.public_url, ("system/*.cruds", "system/*.rs"))
    return Response(orjson.dumps(told), 200, media_type="application/json")


@answering
async def unknown(request: Request) -> Response:
    """Refuse every other address or method below the FHIR base."""
    known = {interaction.method for interaction in INTERACTIONS}
    if request.method not in known:
        raise HttpRefused(f"{request.method} is not supported here", 405)
    if request.method in ("PUT", "PATCH", "DELETE"):
        raise HttpRefused(f"write {request.method} Type/id, or Type?search: this server gives the ids", 405)
    raise HttpRefused("no such address below /fhir; GET /fhir/metadata tells what there is", 404)


INTERACTIONS = (
    Interaction(code="capabilities", method="GET", path="/metadata", endpoint=metadata, access="anybody"),
    Interaction(
        code="capabilities",
        method="GET",
        path="/.well-known/smart-configuration",
        endpoint=configuration,
        access="anybody",
    ),
    Interaction(code="operation", method="POST", path="/$present", endpoint=present, access="policy: resolve-code"),
    Interaction(
        code="operation",
        method="POST",
        path="/Patient/$match",
        endpoint=match,
        access="policy: match-identity",
    ),
    Interaction(
        code="operation",
        method="POST",
        path="/Patient/$merge",
        endpoint=merge,
        access="policy: link-charts",
    ),
    Interaction(
        code="operation", method="GET", path="/Patient/$ihe-pix", endpoint=cross, access="policy: read-identity"
    ),
    Interaction(
        code="operation", method="POST", path="/Patient/$ihe-pix", endpoint=cross_posted, access="policy: read-identity"
    ),
    *CAPACITY,
    Interaction(code="operation", method="POST", path="/{type}/$validate", endpoint=validate, access="policy: create"),
    Interaction(code="operation", method="POST", path="/$validate", endpoint=validate, access="policy: create"),
    Interaction(code="read", method="GET", path="/{type}/{id}", endpoint=read, access="policy: read"),
    Interaction(code="update", method="PUT", path="/{type}/{id}", endpoint=update, access="policy: update"),
    Interaction(code="search-type", method="GET", path="/{type}", endpoint=find, access="policy: search"),
    Interaction(
        code="search-type", method="POST", path="/{type}/_search", endpoint=find_posted, access="policy: search"
    ),
    Interaction(code="create", method="POST", path="/{type}", endpoint=create, access="policy: create"),
    *AUDIT_EVENTS,
    *CONSENTS,
    *SUBMITTING,
    *PATCHING,
    *DELETING,
    *CONDITIONAL,
    *HISTORY,
    *EVERYTHING,
    *SUMMARY,
)


MATCH = "/Patient/$match"
STRAIGHT: Mapping[str, Endpoint] = {
    one.path: one.endpoint
    for one in INTERACTIONS
    if (one.method == "GET" and one.path in ("/{type}", "/{type}/{id}")) or (one.method, one.path) == ("POST", MATCH)
}
"""What is asked most, by its path: it needs no search through the routes. No literal segment can stand there, but
those that begin with a dollar or an underscore."""


def fhir_routes() -> list[Route]:
    """Return the routes below /fhir, the hot ones first."""
    ordered = sorted(INTERACTIONS, key=lambda i: (i.path != "/metadata", "well-known" not in i.path, -len(i.path)))
    routes = [Route(f"/fhir{i.path}", i.endpoint, methods=[i.method], name=f"fhir-{i.code}") for i in ordered]
    methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    others = [Route(path, unknown, methods=methods, name="fhir-unknown") for path in ("/fhir/{rest:path}", "/fhir")]
    return [*routes, *others]

"""What goes straight to its function is answered as by the routes: same function, same headers, same body, same row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from nodes import START, Asking, a_node, a_patient, an_observation, asking, send, system
from salus import parties
from salus.app import Node, demo_token
from salus.kernel import FixedClock, Role
from salus.parties.model import ACCESS_TOKEN_LASTS
from salus.records import resource_types
from salus.storage import Duty
from salus.web.fhir.unchanged import http_date
from salus.web.routes import all_routes
from salus.web.serve import application
from salus.web.straight import straight

SEGMENTS = (
    "",
    "Patient",
    "Observation",
    "patient",
    "Nothing",
    "metadata",
    "_history",
    "_search",
    "$everything",
    "$ihe-pix",
    "$validate",
    ".well-known",
    "smart-configuration",
    "0f9d7c1e-7d0c-4b0e-9d6e-1f0a0c0b0a09",
    "x",
    "%20",
    "a b",
    "0",
)


def _scope(method: str, path: str) -> Scope:
    return {"type": "http", "method": method, "path": path, "headers": [], "query_string": b"", "root_path": ""}


def _routed(method: str, path: str) -> tuple[Any, dict[str, str]]:
    for route in all_routes():
        match, found = route.matches(_scope(method, path))
        if match is Match.FULL:
            return found["endpoint"], found["path_params"]
    raise AssertionError(path)


def _agree(method: str, path: str) -> bool:
    scope = _scope(method, path)
    endpoint = straight(scope)
    assert endpoint is None or (endpoint, scope["path_params"]) == _routed(method, path)
    return endpoint is not None


def test_every_type_goes_straight_to_what_the_routes_name() -> None:
    for kind in sorted(resource_types()):
        assert _agree("GET", f"/fhir/{kind}")
        assert _agree("GET", f"/fhir/{kind}/{uuid4()}")
    assert _agree("HEAD", f"/fhir/Patient/{uuid4()}")
    assert _agree("HEAD", "/fhir/Patient")


@given(st.sampled_from(("GET", "HEAD")), st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=5))
def test_no_address_goes_elsewhere_than_the_routes_say(method: str, segments: list[str]) -> None:
    _agree(method, "/fhir/" + "/".join(segments))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_nothing_that_writes_goes_past_the_layers(method: str) -> None:
    assert straight(_scope(method, "/fhir/Patient")) is None
    assert straight(_scope(method, f"/fhir/Patient/{uuid4()}")) is None


def test_a_match_goes_straight_to_what_the_routes_name() -> None:
    assert _agree("POST", "/fhir/Patient/$match")
    assert not _agree("GET", "/fhir/Patient/$match")
    for odd in ("/fhir/Patient/$match/", "/fhir/patient/$match", "/fhir/Patient/%24match"):
        assert straight(_scope("POST", odd)) is None


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "text/plain"}, {"Authorization": "Bearer nonsense"}])
@pytest.mark.parametrize(
    "sent", [b"", b"{}", b'{"resourceType":"Patient","birthDate":"1901-02-03"}', b" " * (64 << 20)]
)
def test_both_ways_answer_a_match_alike(
    node: Node, ways: tuple[Asking, Asking], sent: bytes, headers: dict[str, str]
) -> None:
    told = []
    for way in ways:
        before, refused = len(_registered(node)), _refused(node)
        answer = way.ask("POST", "/fhir/Patient/$match", content=sent + b" ", headers=headers)
        told.append((answer.status_code, answer.content, _registered(node)[before:], _refused(node) - refused))

    assert told[0] == told[1]


class _Routed:
    """The same application, but for the short cut."""

    def __init__(self, app: Starlette) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send_: Send) -> None:
        await Starlette.__call__(self._app, scope, receive, send_)


@contextmanager
def _by_the_routes(node: Node) -> Iterator[Asking]:
    app, token = application(node, relay=False), demo_token(node, Role.HOSPITAL_SYSTEM, "H1", None, None)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(app.router.lifespan_context(app)):
        transport = httpx.ASGITransport(_Routed(app))
        client = httpx.AsyncClient(transport=transport, base_url=node.settings.public_url, headers=headers)
        with portal.wrap_async_context_manager(client):
            yield Asking(portal, client)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("straight"), "H1", "H2") as opened:
        yield opened


@pytest.fixture(scope="module")
def ways(node: Node) -> Iterator[tuple[Asking, Asking]]:
    with asking(node, Role.HOSPITAL_SYSTEM) as short, _by_the_routes(node) as long:
        yield short, long


@pytest.fixture(scope="module")
def addresses(node: Node, ways: tuple[Asking, Asking]) -> dict[str, str]:
    """Return one of each kind: there, deleted, another hospital's, nowhere, and searches."""
    sent = (a_patient(fullUrl="urn:uuid:p"), an_observation("urn:uuid:p"), an_observation("urn:uuid:p"))
    patient, there, gone = send(node, system(), *sent).outcomes
    foreign = send(node, system("H2"), a_patient()).outcomes[0]
    assert ways[0].ask("DELETE", f"/fhir/Observation/{gone.id}").status_code in (200, 204)
    return {
        "there": f"/fhir/Observation/{there.id}",
        "of another type": f"/fhir/Patient/{there.id}",
        "deleted": f"/fhir/Observation/{gone.id}",
        "foreign": f"/fhir/Patient/{foreign.id}",
        "nowhere": f"/fhir/Patient/{UUID(int=5)}",
        "no id": "/fhir/Patient/5",
        "with a parameter": f"/fhir/Observation/{there.id}?x=1",
        "with a format": f"/fhir/Observation/{there.id}?_format=json",
        "a search": f"/fhir/Observation?patient={patient.id}",
        "a strict search": "/fhir/Observation?nothing=1",
        "a search of a foreigner": f"/fhir/Observation?patient={foreign.id}",
    }


HEADERS: tuple[dict[str, str], ...] = (
    {},
    {"Accept": "application/xml"},
    {"If-None-Match": 'W/"1"'},
    {"If-None-Match": "1"},
    {"If-Modified-Since": "yesterday"},
    {"Authorization": "Bearer nonsense"},
    {"Authorization": "Basic x"},
    {"Authorization": ""},
)


def _registered(node: Node) -> list[tuple[object, ...]]:
    columns = "reader_role, reader, resident_key, chart_keys, what, count, action, purpose, ground, unwraps"
    with node.store.transaction(Duty.CARE) as tx:
        return tx.rows(f"select {columns} from access.entry order by batch, item")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("headers", HEADERS)
def test_both_ways_give_the_same_answer_and_the_same_row(
    node: Node, ways: tuple[Asking, Asking], addresses: dict[str, str], method: str, headers: dict[str, str]
) -> None:
    for name, address in addresses.items():
        told = []
        for way in ways:
            before, refused = len(_registered(node)), _refused(node)
            answer = way.ask(method, address, headers=headers)
            rows = _registered(node)[before:]
            kept = sorted((key, value) for key, value in answer.headers.multi_items())
            told.append((answer.status_code, kept, answer.content, rows, _refused(node) - refused))

        assert told[0] == told[1], name
        assert ("x-content-type-options", "nosniff") in told[0][1]
        assert ("cache-control", "no-store") in told[0][1]


def _refused(node: Node) -> int:
    with node.store.transaction(Duty.CARE) as tx:
        found = tx.row("select count(*) from access.refusal")
    return int(found[0]) if found else 0


@pytest.fixture
def clock(node: Node) -> Iterator[FixedClock]:
    """Let the node's clock be moved, and stand again where it stood."""
    yield FixedClock(START)
    node.clock = FixedClock(START)


@pytest.mark.usefixtures("clock")
def test_a_token_that_ends_between_two_reads_opens_nothing_any_more(node: Node, addresses: dict[str, str]) -> None:
    bearer = {"Authorization": f"Bearer {parties.issue_token(node.issuer, system(), START)}"}
    with asking(node) as short:
        before = short.ask("GET", addresses["there"], headers=bearer).status_code
        node.clock = FixedClock(START + ACCESS_TOKEN_LASTS)
        after = short.ask("GET", addresses["there"], headers=bearer).status_code

    assert (before, after) == (200, 401)


@pytest.mark.usefixtures("clock")
def test_a_system_that_is_disabled_between_two_reads_opens_nothing_any_more(
    node: Node, addresses: dict[str, str]
) -> None:
    added = parties.add_system(node.store, "H1", parties.new_client_key("H1")[1], scopes="system/*.rs")
    who = parties.system_principal(added, parties.facility(node.store, "H1"))
    bearer = {"Authorization": f"Bearer {parties.issue_token(node.issuer, who, START)}"}
    with asking(node) as short:
        before = short.ask("GET", addresses["there"], headers=bearer).status_code
        parties.disable_system(node.store, added.client_id, START)
        node.clock = FixedClock(START + timedelta(seconds=60))
        after = short.ask("GET", addresses["there"], headers=bearer).status_code

    assert (before, after) == (200, 401)


@given(st.datetimes(timezones=st.just(UTC)))
def test_dates_are_written_as_the_library_writes_them(at: datetime) -> None:
    assert http_date(at) == format_datetime(at, usegmt=True)
    assert http_date(datetime(2031, 3, 1, 8, tzinfo=timezone(timedelta(hours=8)))) == "Sat, 01 Mar 2031 00:00:00 GMT"

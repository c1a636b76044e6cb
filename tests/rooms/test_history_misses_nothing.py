"""Whoever asks a history again from where it said that it is complete misses nothing, however long others write."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import orjson
import pytest

from nodes import Asking, a_node, a_patient, an_observation, asking, send, system
from salus import records
from salus.app import Node
from salus.app.writing import accept_in
from salus.kernel import Role, SystemClock, parse_instant
from salus.records import Intent
from salus.storage import Duty


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("complete"), "H1") as opened:
        yield opened


@pytest.fixture(scope="module")
def h1(node: Node) -> Iterator[Asking]:
    with asking(node, Role.HOSPITAL_SYSTEM) as client:
        node.clock = SystemClock()
        yield client


def page(h1: Asking, path: str, since: str = "") -> tuple[str, set[str]]:
    """Return until when a history is complete, and what it tells."""
    answer = h1.ask("GET", f"/fhir/{path}_history" + (f"?_since={quote(since)}" if since else ""))
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told["meta"]["lastUpdated"], {one["fullUrl"].rpartition("/")[2] for one in told.get("entry", ())}


@pytest.mark.parametrize("path", ["", "Patient/"])
def test_what_began_before_and_is_stored_after_is_told_the_next_time(node: Node, h1: Asking, path: str) -> None:
    with node.store.transaction(Duty.CARE) as tx:
        resource = records.parse(orjson.dumps(a_patient()))
        at = node.clock.now()
        slow = accept_in(tx, node, system(), [Intent(verb="create", resource=resource)], at, "fhir")
        fast = str(send(node, system(), a_patient()).outcomes[0].id)
        until, told = page(h1, path)
    _, then = page(h1, path, until)

    late = str(slow.outcomes[0].id)
    assert (fast in told, late in told) == (True, False)
    assert late in then
    assert parse_instant(until) <= at


def test_where_nobody_writes_a_history_is_complete_until_now(node: Node, h1: Asking) -> None:
    before = node.clock.now()
    until, _ = page(h1, "")

    assert before <= parse_instant(until) <= node.clock.now()


def test_later_pages_say_nothing_of_it(node: Node, h1: Asking) -> None:
    send(node, system(), a_patient(fullUrl="urn:uuid:p"), an_observation("urn:uuid:p"))
    first = h1.ask("GET", "/fhir/_history?_count=1").json()
    following = [one["url"] for one in first["link"] if one["relation"] == "next"]
    later = h1.ask("GET", following[0]).json()

    assert ("meta" in first, "meta" in later) == (True, False)

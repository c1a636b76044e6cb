"""The relay's rounds on a real node: what lapsed of sign-in is swept once an hour by the node's clock."""

from __future__ import annotations

import base64
import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from nodes import a_node, a_number, a_patient, add_hospital, let_the_database_in, send, system
from salus import ledger, parties, surveillance
from salus.app import Node, Relay, close_batch, load_settings, open_node
from salus.app import relay as app_relay
from salus.kernel import CLOCK_FILE, advance_demo_clock
from salus.ledger import Leaf
from salus.storage import Duty
from salus.surveillance import Alert
from witnesses import three_witnesses


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    let_the_database_in(tmp_path)
    postgres = os.environ.get("SALUS_POSTGRES", "wheel")
    given = {"data": tmp_path / "data", "clock": "2031-03-01T08:00:00Z", "postgres": postgres}
    with open_node(load_settings(environment={}, given=given), "demo") as opened:
        yield opened


PARTY_KEY = {"party": "p", "organisation": "o", "duty": "signer", "key": base64.b64encode(bytes(32)).decode()}


def ceremonies(node: Node) -> int:
    with node.store.transaction(Duty.REGISTRY) as tx:
        found = tx.row("select count(*) from parties.ceremony")
    return int(found[0]) if found else 0


def test_what_lapsed_of_sign_in_is_swept_once_an_hour(node: Node) -> None:
    clock, relay = node.clock, Relay(node)
    file = node.settings.data / CLOCK_FILE
    node.sign_in.begin(clock.now() - timedelta(hours=1))
    relay.start()
    first = waited(lambda: ceremonies(node) == 0)
    node.sign_in.begin(clock.now())
    advance_demo_clock(file, timedelta(minutes=50))
    early = waited(lambda: ceremonies(node) == 0, seconds=2)
    advance_demo_clock(file, timedelta(minutes=10))
    second = waited(lambda: ceremonies(node) == 0)
    relay.stop()

    assert (first, early, second) == (True, False, True)


def waited(for_this: Callable[[], bool], seconds: float = 300) -> bool:
    """Wait until it is so; tell whether it became so in time."""
    until = time.monotonic() + seconds
    while not for_this():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def test_one_case_of_cholera_is_a_signal_within_seconds_of_its_message(node: Node) -> None:
    parties.add_organisation(node.store, organisation_id="Group", name_en="Group", name_zh="集团")
    add_hospital(node, "H1")
    urn = "urn:uuid:00000000-0000-4000-8000-000000000001"
    cholera = {
        "resourceType": "Condition",
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "A00.9"}]},
        "subject": {"reference": urn},
    }
    relay = Relay(node)
    relay.start()
    send(node, system("H1"), {**a_patient(a_number(1)), "fullUrl": urn}, cholera)
    raised = waited(lambda: [one.series for one in alerts(node)] == ["cholera"])
    relay.stop()

    assert raised


def alerts(node: Node) -> list[Alert]:
    with node.store.transaction(Duty.SURVEILLANCE) as tx:
        return [alert for alert, _ in surveillance.alerts(tx)]


def test_measures_progress_only_when_witnesses_stand_by_more_of_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int | None] = []
    progressed: list[int | None] = []
    cosigned = ledger.cosigned

    def noting(*given: Any) -> Any:
        found = cosigned(*given)
        if threading.current_thread().name == "relay":
            seen.append(found.checkpoint.size if found else None)
        return found

    def newest() -> int:
        head = ledger.latest(node.store)
        return head.size if head else 0

    with a_node(tmp_path, "H1") as node, three_witnesses(tmp_path / "witnesses", node):
        close_batch(node)
        monkeypatch.setattr(app_relay, "DEMO_BATCH_SECONDS", 3600.0)
        monkeypatch.setattr(app_relay, "PROGRESS_SECONDS", 3600.0)
        monkeypatch.setattr(ledger, "cosigned", noting)
        monkeypatch.setattr(app_relay, "progress_measures", lambda _: progressed.append(seen[-1]))
        relay = Relay(node)
        relay.start()
        waited(lambda: False, seconds=4)
        ledger.append_once(node.store, Leaf(kind="party-key", body=PARTY_KEY))
        close_batch(node)
        more = waited(lambda: progressed[-1:] == [newest()])
        waited(lambda: False, seconds=2)
        relay.stop()

    assert more
    assert len(progressed) == len(set(progressed)) <= 3  # at first, and once a batch has its witnesses

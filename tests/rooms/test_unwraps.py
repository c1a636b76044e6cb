"""The keys count every opening of a chart's key, the register tells of every one, and the two sums are one number."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from hl7_messages import a_receiving_node
from nodes import a_patient, an_observation, asking, resident_of, send, system
from salus import access, app, ledger, records
from salus.app import Node, Receiver, check_node
from salus.app.own_work import OwnWork, declare
from salus.app.relay import close_batch
from salus.app.unwrapping import _counts
from salus.kernel import FixedClock, Refused, Role
from salus.records import Accepted
from salus.storage import Duty
from salus_audit import Asked, Place, audit
from workload import Workload

OPERATIONS = int(os.environ.get("SALUS_UNWRAP_OPERATIONS", "1200"))
"""How many operations the random workload has. 100,000 take about an hour."""


@pytest.fixture
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_receiving_node(tmp_path_factory.mktemp("unwraps"), "H1", "H2") as opened:
        yield opened


def sums(node: Node) -> tuple[int, int]:
    """Return what the keys counted, and what the register tells of."""
    with node.store.transaction(Duty.CARE) as tx:
        return node.keys.unwraps(), access.unwraps(tx)


def unexplained(node: Node) -> list[str]:
    return [one.text for one in check_node(node) if one.code == "UNWRAP-UNEXPLAINED"]


def test_the_sums_of_keys_and_register_are_equal_after_a_random_workload(node: Node, tmp_path: Path) -> None:
    receiver = Receiver(node)
    with asking(node, Role.HOSPITAL_SYSTEM) as h1, asking(node, Role.HOSPITAL_SYSTEM, "H2") as h2:
        workload = Workload(node=node, h1=h1, h2=h2, receiver=receiver, folder=tmp_path, random=Random(7))
        for _ in range(20):
            before = dict(workload.done)
            workload.run(max(OPERATIONS // 20, 1))

            counted, told = sums(node)
            assert counted == told, {kind: n - before.get(kind, 0) for kind, n in workload.done.items()}
    receiver.close()

    assert counted > OPERATIONS / 10
    assert unexplained(node) == []


def test_a_key_that_is_opened_past_the_register_is_found(node: Node) -> None:
    ann = send(node, system(), a_patient())
    before = unexplained(node)

    node.keys.unwrap([ann.outcomes[0].chart_key])

    assert before == []
    assert unexplained(node) == ["keys of charts were opened 1 times more than the register of reads tells of"]


def test_what_an_old_day_told_too_much_of_hides_no_later_opening(node: Node) -> None:
    """As a crash between register and keys leaves it: the node, and an auditor of its log, see the later day."""
    ann = send(node, system(), a_patient())
    declare(node, "survey", [ann.outcomes[0].chart_key] * 3)
    surplus = unexplained(node)
    node.clock = FixedClock(node.clock.now() + timedelta(days=2))
    read(node, ann)

    node.keys.unwrap([ann.outcomes[0].chart_key])

    assert surplus == []
    assert unexplained(node) == ["keys of charts were opened 1 times more than the register of reads tells of"]
    for _ in range(2):
        node.clock = FixedClock(node.clock.now() + timedelta(days=1))
        read(node, ann)
    close_batch(node)
    asked = Asked(place=Place.of(str(node.settings.data / "log")), now=int(node.clock.now().timestamp()))
    told = [one.text for one in audit(asked).findings.told if one.code == "UNWRAP-UNEXPLAINED"]
    assert told == ["keys were used 1 times more on 2031-03-03 than reads account for"]


class Striking(FixedClock):
    """A clock on which the day ends between the first look at it and the second."""

    def now(self) -> datetime:
        at = super().now()
        self.at = at + timedelta(hours=1)
        return at


def test_what_a_write_over_midnight_opens_is_counted_on_the_day_of_its_entry(node: Node) -> None:
    ann = send(node, system(), a_patient())
    day = node.clock.now().date()
    before = _counts(node)[day]
    node.clock = Striking(datetime(day.year, day.month, day.day, 23, 30, tzinfo=UTC))

    send(node, system(), an_observation(f"Patient/{ann.outcomes[0].id}"))

    assert node.clock.now().date() > day
    entries, opened, told = _counts(node)[day]
    assert (opened - before[1], told - before[2]) == (1, 1)
    assert entries > before[0]


def test_the_sums_of_a_day_stand_in_the_log_once_it_is_over(node: Node) -> None:
    ann = send(node, system(), a_patient())
    for _ in range(3):
        read(node, ann)
    close_batch(node)
    on_the_day = ledger.leaves(node.store, "unwraps")
    node.clock = FixedClock(node.clock.now() + timedelta(days=2))

    close_batch(node)
    close_batch(node)

    assert on_the_day == []
    ((_, leaf),) = ledger.leaves(node.store, "unwraps")
    assert leaf.body == {"custodian": node.name, "day": "2031-03-01", "entries": 4, "unwraps": 3, "declared": 3}
    assert unexplained(node) == []


def test_a_day_whose_sums_were_changed_afterwards_contradicts_the_log(node: Node) -> None:
    read(node, send(node, system(), a_patient()))
    node.clock = FixedClock(node.clock.now() + timedelta(days=1))
    close_batch(node)
    before = unexplained(node)

    node.clock = FixedClock(node.clock.now() - timedelta(days=1))
    read(node, send(node, system(), a_patient()))

    assert before == []
    assert unexplained(node) == ["the log counted another number of entries, openings or openings told of"]


def test_what_the_node_opens_for_itself_is_told_and_names_nobody(node: Node) -> None:
    ann = send(node, system(), a_patient())

    own = OwnWork(node, "survey").unwrap_left([ann.outcomes[0].chart_key])

    with node.store.transaction(Duty.CARE) as tx:
        told = tx.rows("select what, resident_key, reader, ground, unwraps, count from access.entry", ())
    assert list(own) == [ann.outcomes[0].chart_key]
    assert ("survey", None, node.name, "own-work", 1, 0) in told
    assert unexplained(node) == []


def test_what_was_opened_for_a_write_that_was_refused_is_shown_to_its_resident(node: Node) -> None:
    ann = send(node, system(), a_patient())
    with node.store.transaction(Duty.CARE) as tx:
        mine = resident_of(node, ann)
        before = len(access.reads_of(tx, [mine]))

    def refuse(*_: object) -> None:
        raise Refused("the last step says no")

    entry = records.of_resource(an_observation(f"Patient/{ann.outcomes[0].id}"), "Observation")
    with pytest.raises(Refused):
        app.accept(node, system(), [entry], noted=refuse)

    with node.store.transaction(Duty.CARE) as tx:
        seen = [one.read for one in access.reads_of(tx, [mine])]
    assert len(seen) == before + 1
    assert (seen[0].ground, seen[0].count, seen[0].unwraps) == ("undone", 0, 1)
    assert unexplained(node) == []


def read(node: Node, sent: Accepted) -> None:
    """Read what was sent as its own hospital does."""
    reader = app.Reader(node)
    reader.read_one(system(), sent.outcomes[0].type, sent.outcomes[0].id)
    reader.close()

"""Refusals in a loop: a hundred of a caller and kind in an hour have rows, the others are counted, none is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from itertools import count

import psycopg
import pytest

from nodes import a_node, a_number, a_patient, an_observation, clinician, resident_of, send, system
from reads import AT, no_refusal_kept
from salus import access, app
from salus.access import REFUSALS_WHOLE, Action, Refusal, Refusals, record_refusal
from salus.access.refusing.service import SETTLE_SECONDS
from salus.app import Node, close_batch
from salus.app.attempts import BY_IMPORT, BY_ROUTE, keep_attempt
from salus.app.facts import refuse
from salus.app.node import join_node
from salus.kernel import FixedClock, Purpose, Role
from salus.ledger import leaves
from salus.records import LeadsNowhere
from salus.storage import Duty, Met, Store

HOUR = timedelta(hours=1)
_names = (f"staff-{number}" for number in count())


def a_refusal(principal: str, at: datetime = AT, action: str = "read", code: str = "SALUS-403") -> Refusal:
    return Refusal(
        code=code,
        role=Role.CLINICIAN,
        principal=principal,
        facility="H1",
        action=action,
        purpose=Purpose.ETREAT,
        at=at,
    )


@dataclass(slots=True)
class Kept:
    """A store's refusals with clocks that a test moves, and somebody who is refused."""

    store: Store
    now: datetime = AT
    passed: float = 0.0
    who: str = field(default_factory=lambda: next(_names))
    refusals: Refusals = field(init=False)

    def __post_init__(self) -> None:
        self.refusals = Refusals(self.store, lambda: self.now, lambda: self.passed)

    def refuse(self, times: int, **changed: str) -> None:
        for _ in range(times):
            self.refusals.keep(replace(a_refusal(self.who, self.now), **changed))  # type: ignore[arg-type]

    def rows(self) -> list[tuple[int, datetime, datetime | None]]:
        with self.store.transaction(Duty.CARE) as tx:
            asked = "select count, at, since from access.refusal where principal = %s order by id"
            return [(n, at, since) for n, at, since in tx.rows(asked, (self.who,))]

    def total(self) -> int:
        return sum(n for n, _, _ in self.rows())


@pytest.fixture
def kept(store: Store) -> Kept:
    return Kept(store)


def test_the_first_hundred_have_a_row_each_and_one_row_counts_the_others(kept: Kept) -> None:
    kept.refuse(REFUSALS_WHOLE)
    whole = kept.rows()
    kept.now += timedelta(seconds=3)
    kept.refuse(150)
    waiting = kept.rows()
    kept.now += timedelta(seconds=4)
    kept.refusals.settle(every=True)
    kept.refusals.settle(every=True)

    assert whole == waiting == [(1, AT, None)] * REFUSALS_WHOLE
    assert kept.rows()[REFUSALS_WHOLE:] == [(150, AT + timedelta(seconds=7), AT + timedelta(seconds=3))]


def test_what_is_counted_is_kept_after_ten_seconds_whoever_comes_then(kept: Kept) -> None:
    kept.refuse(REFUSALS_WHOLE + 20)
    kept.passed += SETTLE_SECONDS
    kept.refusals.keep(a_refusal("somebody-else"))
    kept.refuse(5)
    before = kept.total()
    kept.passed += SETTLE_SECONDS - 1
    kept.refusals.settle()
    early = kept.total()
    kept.passed += 1
    kept.refusals.settle()

    assert (before, early) == (REFUSALS_WHOLE + 20, REFUSALS_WHOLE + 20)
    assert kept.total() == REFUSALS_WHOLE + 25


def test_each_hour_caller_and_kind_begins_anew(kept: Kept) -> None:
    other = Kept(kept.store)
    other.refusals = kept.refusals
    kept.refuse(REFUSALS_WHOLE + 1)
    other.refuse(REFUSALS_WHOLE)
    for kind in ({"action": "search"}, {"code": "purpose"}, {"facility": "H2"}):
        kept.refuse(2, **kind)
    kept.now += HOUR
    kept.refuse(3)

    assert [n for n, _, _ in kept.rows()] == [1] * (REFUSALS_WHOLE + 3 * 2 + 3)
    assert other.total() == REFUSALS_WHOLE
    kept.refusals.settle(every=True)
    assert kept.total() == REFUSALS_WHOLE + 1 + 3 * 2 + 3


def test_one_that_was_counted_alone_is_a_row_like_any_other(kept: Kept) -> None:
    kept.refuse(REFUSALS_WHOLE + 1)
    kept.refusals.settle(every=True)

    assert kept.rows() == [(1, AT, None)] * (REFUSALS_WHOLE + 1)


def test_what_could_not_be_kept_is_counted_still(kept: Kept) -> None:
    kept.refuse(REFUSALS_WHOLE + 7)
    with no_refusal_kept(kept.store), pytest.raises(Met):
        kept.refusals.settle(every=True)
    kept.refuse(3)
    kept.refusals.settle(every=True)

    assert [n for n, _, _ in kept.rows()][REFUSALS_WHOLE:] == [10]


def test_a_million_callers_take_no_more_memory_and_lose_nothing(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("salus.access.refusing.model._MOST_KINDS", 2)
    kept.refuse(REFUSALS_WHOLE + 4)
    for name in ("some-1", "some-2"):
        kept.refusals.keep(a_refusal(name))
    kept.refuse(1)
    kept.refusals.settle(every=True)

    assert kept.total() == REFUSALS_WHOLE + 5


@pytest.mark.parametrize("wrong", [{"count": 0}, {"count": 2}, {"since": AT}, {"count": 2, "since": AT + HOUR}])
def test_the_database_holds_no_count_that_cannot_be(store: Store, wrong: dict[str, object]) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        record_refusal(store, replace(a_refusal("staff"), **wrong))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("refused"), "H1", "H2") as opened:
        yield opened


def many(node: Node, who: str) -> tuple[int, int]:
    """Return how many refusals of somebody are kept, and in how many rows."""
    node.refusals.settle(every=True)
    with node.store.transaction(Duty.CARE) as tx:
        found = tx.row("select coalesce(sum(count), 0), count(*) from access.refusal where principal = %s", (who,))
    return (int(found[0]), int(found[1])) if found else (0, 0)


def test_all_attempts_at_a_measure_are_in_the_public_count(node: Node) -> None:
    who, day, times = system("H1"), node.clock.now().date(), REFUSALS_WHOLE + 30
    for _ in range(times):
        keep_attempt(node, who, BY_ROUTE, "SALUS-H011")
    node.refusals.settle(every=True)  # as the relay does, and whoever publishes: here within the day
    node.clock = FixedClock(node.clock.now() + timedelta(days=1))
    close_batch(node)

    with node.store.transaction(Duty.CARE) as tx:
        shown = [n for on, kind, n in access.attempts(tx) if (on, kind) == (day, BY_ROUTE)]
    told = [leaf.body for _, leaf in leaves(node.store, "refusals")]
    assert shown == [times]
    assert told == [{"day": day.isoformat(), "action": BY_ROUTE, "count": times}]


def test_a_day_is_published_when_all_that_was_counted_in_it_is_kept(node: Node) -> None:
    keep_attempt(node, system("H1"), BY_IMPORT, "SALUS-H011")
    midnight = datetime.combine(node.clock.now().date() + timedelta(days=1), time(), UTC)
    published = []
    for after in (timedelta(seconds=59), timedelta(seconds=60)):
        node.clock = FixedClock(midnight + after)
        published.append(app.publish_attempts(node))

    assert published == [0, 1]


def test_what_was_refused_about_a_resident_is_shown_to_them_each_time(node: Node) -> None:
    """Somebody refers in a loop to an entry that is not there for them: each time stands in its resident's register."""
    patient = {"fullUrl": "urn:uuid:p", **a_patient(a_number(1))}
    done = send(node, system("H1"), patient, an_observation("urn:uuid:p", fullUrl="urn:uuid:o"))
    resident, entry = resident_of(node, done), done.outcomes[1].id
    stranger, times = system("H2"), REFUSALS_WHOLE + 6
    told = an_observation("Group/1", hasMember=[{"reference": f"Observation/{entry}"}])
    mine = {"fullUrl": "urn:uuid:p", **a_patient(a_number(2))}
    before = many(node, stranger.subject)
    for _ in range(times):
        with pytest.raises(LeadsNowhere):
            send(node, stranger, mine, told | {"subject": {"reference": "urn:uuid:p"}})

    with node.store.transaction(Duty.CARE) as tx:
        (line,) = [one for one in access.folds(tx, [resident], None, (0, -1), 50) if one.facility == "H2"]
    assert line.looks == times
    assert (before, many(node, stranger.subject)) == ((0, 0), (times, REFUSALS_WHOLE + 1))


def test_a_node_that_closes_keeps_what_it_counted(node: Node) -> None:
    who = clinician("H1")
    for _ in range(REFUSALS_WHOLE + 9):
        refuse(node, who, Action.READ_WORK_LIST)
    with join_node(node.settings) as other:
        for _ in range(REFUSALS_WHOLE + 5):  # of each process its own hundred
            refuse(other, who, Action.READ_WORK_LIST)

    assert many(node, who.subject) == (2 * REFUSALS_WHOLE + 14, 2 * REFUSALS_WHOLE + 2)

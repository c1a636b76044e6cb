"""However often systems ask, they hide nobody: people stand first, and what systems did folds into lines of days."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest

from reads import AT, a_read
from salus import access, appeals
from salus.kernel import Purpose, Role
from salus.storage import Duty, Store

ANN, BOB = 900_001, 900_002
POLLS = 10_000


@pytest.fixture(scope="module")
def polled(store: Store) -> Store:
    """One look by a clinician, then ten thousand polls in a day by two hospitals, and one of yesterday."""
    register(store, resident=ANN, reader_role=Role.CLINICIAN, reader="dr-li", at=AT - timedelta(hours=2))
    register(store, resident=ANN, facility="H2", at=AT - timedelta(days=1))
    for start in range(0, POLLS, 500):
        several = [
            a_read(
                resident=ANN, reader_role=Role.HOSPITAL_SYSTEM, facility="H1", at=AT + timedelta(seconds=start + number)
            )
            for number in range(500)
        ]
        with store.transaction(Duty.CARE) as tx:
            access.register(tx, several)
    register(store, resident=BOB, facility="H3")
    return store


def register(store: Store, **given: Any) -> None:
    known: dict[str, Any] = {"reader_role": Role.HOSPITAL_SYSTEM, "facility": "H1", "at": AT}
    with store.transaction(Duty.CARE) as tx:
        access.register(tx, [a_read(**known | given)])


def test_one_look_by_a_person_stands_first_among_ten_thousand_polls(polled: Store) -> None:
    shown = appeals.looks(polled, [ANN], AT)

    assert [one.reader for one in shown.looks] == ["dr-li"]
    assert [(one.facility, one.looks) for one in shown.folds] == [("H1", POLLS), ("H2", 1)]
    assert (shown.more, shown.systems_before, shown.readers_this_week) == (False, None, 1)


def test_every_poll_stands_behind_its_line(polled: Store) -> None:
    (fold, _) = appeals.looks(polled, [ANN], AT).folds
    day, by = (fold.first, fold.last + timedelta(seconds=1)), (fold.role, fold.facility, fold.purpose)
    seen, before = set[tuple[int, int]](), None
    while True:
        page = appeals.unfolded(polled, [ANN], day, by, before)
        places = [(one.batch, one.item) for one in page.looks]
        assert not seen & set(places)
        seen |= set(places)
        if len(seen) > 100 or not page.more:
            break
        before = places[-1]

    assert len(seen) > 100
    assert (fold.first, fold.last) == (AT, AT + timedelta(seconds=POLLS - 1))


def test_a_page_of_it_takes_no_time_that_anybody_notices(polled: Store) -> None:
    appeals.looks(polled, [ANN], AT)

    def seconds() -> float:
        begun = time.process_time()
        appeals.looks(polled, [ANN], AT)
        return time.process_time() - begun

    assert any(seconds() < 0.5 for _ in range(5))  # a machine that stood still meanwhile counts that in


def test_lines_of_more_days_than_fit_are_all_behind_the_link(store: Store) -> None:
    resident = 900_003
    for number in range(70):
        register(store, resident=resident, at=AT + timedelta(days=number))
    register(store, resident=resident, reader_role=Role.CLINICIAN, reader="dr-li", at=AT)

    first = appeals.looks(store, [resident], AT)
    days, before = [one.day for one in first.folds], first.systems_before
    while before is not None:
        more, before = appeals.systems(store, [resident], before)
        days += [one.day for one in more]

    assert len(first.looks) == 1
    assert len(first.folds) == 30
    assert len(days) == len(set(days)) == 70


def test_pages_of_people_part_the_lines_of_systems_among_them(store: Store) -> None:
    resident = 900_004
    for number in range(40):
        register(store, resident=resident, at=AT + timedelta(minutes=number))
        register(
            store,
            resident=resident,
            reader_role=Role.CLINICIAN,
            reader=f"dr-{number}",
            at=AT + timedelta(minutes=number),
        )

    people: list[str] = []
    systems, before = 0, None
    while True:
        page = appeals.looks(store, [resident], AT, before)
        people += [one.reader for one in page.looks]
        systems += sum(one.looks for one in page.folds)
        before = page.last
        if not page.more:
            break

    assert people == [f"dr-{number}" for number in reversed(range(40))]
    assert systems == 40


def test_nobody_is_shown_anothers_lines(polled: Store) -> None:
    shown = appeals.looks(polled, [BOB], AT)

    assert [(one.facility, one.looks, one.purpose) for one in shown.folds] == [("H3", 1, Purpose.TREAT)]

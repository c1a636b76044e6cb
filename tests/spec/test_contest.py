"""How a contest stands: by the clock, the answer, and when witnesses vouched for it. And how anybody can count."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salus.appeals import ANSWER_WITHIN, About, Outcome, Receipt, Standing, appeal_hash, standing, tally
from salus.appeals.contests.model import read_short_form, short_form
from salus.kernel import canonical, format_instant, parse_instant

OPENED = parse_instant("2031-03-01T08:00:00Z")
DEADLINE = OPENED + ANSWER_WITHIN
SECOND = timedelta(seconds=1)
BEFORE, AFTER = DEADLINE - SECOND, DEADLINE


@pytest.mark.parametrize(
    ("outcome", "closed_at", "at", "expected"),
    [
        (None, None, OPENED, Standing.WAITING),
        (None, None, BEFORE, Standing.WAITING),
        (None, None, DEADLINE, Standing.LATE),
        (Outcome.STANDS, None, BEFORE, Standing.WAITING),  # said, but no quorum has vouched for it yet
        (Outcome.STANDS, BEFORE, BEFORE, Standing.STANDS),
        (Outcome.STANDS, BEFORE, DEADLINE + ANSWER_WITHIN, Standing.STANDS),
        (Outcome.STANDS, None, DEADLINE, Standing.LATE),  # said in time, cosigned never
        (Outcome.STANDS, AFTER, DEADLINE, Standing.LATE),  # cosigned at the deadline itself
        (Outcome.STANDS, AFTER, DEADLINE + ANSWER_WITHIN, Standing.LATE),
        (Outcome.ENDED, None, BEFORE, Standing.ENDED),  # what helps the resident waits for nobody
        (Outcome.ENDED, BEFORE, DEADLINE, Standing.ENDED),
        (Outcome.ENDED, AFTER, DEADLINE, Standing.LATE),
    ],
)
def test_how_a_contest_stands(outcome, closed_at, at, expected) -> None:  # type: ignore[no-untyped-def]
    assert standing(DEADLINE, outcome, closed_at, at) is expected


@given(
    outcome=st.sampled_from([None, *Outcome]),
    vouched=st.none() | st.integers(-200_000, 400_000),
    later=st.integers(0, 400_000),
)
def test_what_is_late_or_ended_never_comes_back(outcome: Outcome | None, vouched: int | None, later: int) -> None:
    closed_at = None if vouched is None else OPENED + timedelta(seconds=vouched)
    first = standing(DEADLINE, outcome, closed_at, DEADLINE)
    after = standing(DEADLINE, outcome, closed_at, DEADLINE + timedelta(seconds=later))

    assert after is first
    assert first is not Standing.WAITING


def test_no_standing_lets_through_what_was_not_answered_in_time() -> None:
    for outcome in (None, *Outcome):
        for closed_at in (None, DEADLINE, DEADLINE + SECOND):
            assert standing(DEADLINE, outcome, closed_at, DEADLINE).ends


def test_an_answer_takes_two_days_at_most() -> None:
    assert timedelta(hours=48) == ANSWER_WITHIN


def test_the_name_in_the_log_is_the_hash_of_the_opening() -> None:
    receipt = Receipt(about=About.DECISION, subject="c" * 44, blind=bytes(range(32)), opened=OPENED)

    assert receipt.hash == hashlib.sha256(canonical(receipt.opening)).digest() == appeal_hash(receipt.opening)
    assert receipt.as_file()["deadline"] == format_instant(DEADLINE)
    assert set(receipt.opening["appeal"]) == {"blind", "decision", "opened"}
    assert set(replace(receipt, about=About.LOOK).opening["appeal"]) == {"blind", "look", "opened"}
    assert read_short_form(receipt.short) == receipt.blind[:16]


@given(st.binary(min_size=16, max_size=16))
def test_a_receipt_on_paper_can_be_typed_again(receipt: bytes) -> None:
    written = short_form(receipt)

    assert read_short_form(written) == receipt
    assert read_short_form(f" {written.lower().replace('-', ' ')} ") == receipt
    assert read_short_form(written.replace("0", "O").replace("1", "l")) == receipt


@pytest.mark.parametrize("text", ["", "U" * 26, "Z" * 26, "0" * 25, "0" * 27, "１" * 26])
def test_what_is_no_receipt_is_not_read(text: str) -> None:
    assert read_short_form(text) is None


# --- counting from the log alone


def _named(number: int) -> str:
    return base64.b64encode(bytes([number]) * 32).decode()


def _opened(*numbers: int) -> list[tuple[int, dict[str, object]]]:
    deadline = format_instant(DEADLINE)
    return [(number, {"appeal": _named(number), "deadline": deadline}) for number in numbers]


def _closed(number: int, index: int, outcome: str) -> tuple[int, dict[str, object]]:
    return index, {"appeal": _named(number), "outcome": outcome, "organisation": "Board"}


def test_contests_are_counted_from_leaves_and_the_times_of_witnesses() -> None:
    times = {10: BEFORE, 11: BEFORE, 12: AFTER}
    closed = [_closed(1, 10, "stands"), _closed(2, 11, "ended"), _closed(3, 12, "stands"), _closed(9, 10, "stands")]

    counted = tally(_opened(1, 2, 3, 4), closed, times.get, DEADLINE)

    assert (counted.opened, counted.stood, counted.ended, counted.late, counted.waiting) == (4, 1, 1, 2, 0)
    assert counted.answered == 2
    assert (
        tally(_opened(1, 2, 3, 4), closed, times.get, OPENED).waiting == 2
    )  # 3 is said but not vouched for; 4 is open


def test_a_second_closing_of_the_same_contest_changes_nothing() -> None:
    times = {10: AFTER, 11: BEFORE}
    closed = [_closed(1, 10, "stands"), _closed(1, 11, "stands")]

    assert tally(_opened(1), closed, times.get, DEADLINE).late == 1


def test_a_deadline_that_a_leaf_puts_off_is_not_believed() -> None:
    """Witnesses had the opening at OPENED, so that an answer after DEADLINE is late whatever the leaf says."""
    far = {"appeal": _named(1), "deadline": format_instant(DEADLINE + timedelta(days=3650))}
    times = {1: OPENED, 10: AFTER}

    assert tally([(1, far)], [_closed(1, 10, "stands")], times.get, AFTER).late == 1
    assert tally([(1, far)], [], times.get, AFTER).late == 1


def test_of_two_openings_of_a_contest_the_first_sets_the_deadline() -> None:
    far = {"appeal": _named(1), "deadline": format_instant(DEADLINE + timedelta(days=3650))}

    assert tally([*_opened(1), (7, far)], [], {}.get, AFTER).late == 1


def test_a_closing_before_its_opening_changes_nothing() -> None:
    closed = [_closed(5, 3, "stands"), _closed(5, 10, "ended")]

    counted = tally(_opened(5), closed, {3: BEFORE, 10: BEFORE}.get, DEADLINE)
    assert (counted.stood, counted.ended, counted.late) == (0, 1, 0)

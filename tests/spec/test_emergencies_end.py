"""Emergencies end: who may renew one, how much of a year they may fill, and that anybody counts it again."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accepting import emergency
from salus.rules import Document, PublicationRefused, Published, check_renewal, emergency_of, most_in_a_year
from salus.rules.publishing.renewing import MOST_CHAIN, check_chain

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
BEGAN = datetime(2031, 1, 1, tzinfo=UTC)
FIRST, OTHERS = "ABCDE", "CDFGH"


def published(document: Document, signers: str = FIRST, logged_at: datetime | None = None) -> Published:
    """An emergency that reached the log a day before it begins, signed by parties of one letter each."""
    return Published(
        document=document,
        logged_at=logged_at or document.starts - DAY,
        signers=tuple(signers),
        organisations=("one", "two", "three"),
        keys=tuple(sha256(one.encode()).digest() for one in signers),
    )


def word(one: Published, *earlier: Published) -> str | None:
    try:
        check_renewal(one, earlier)
    except PublicationRefused as refused:
        return refused.fault
    return None


ONE = published(emergency(BEGAN))


def renewal(
    starts: timedelta = 30 * DAY, lasts: timedelta = 30 * DAY, *, signers: str = OTHERS, of: Published = ONE
) -> Published:
    return published(emergency(BEGAN + starts, lasts, renews=of.document), signers)


def test_the_first_emergency_of_a_disease_renews_none() -> None:
    assert word(ONE) is None
    assert word(published(emergency(BEGAN, disease="measles")), ONE) is None
    assert word(renewal()) == "RENEWAL"


def test_a_renewal_names_the_emergency_before_it() -> None:
    assert word(renewal(), ONE) is None
    assert word(published(emergency(BEGAN + 30 * DAY), OTHERS), ONE) == "RENEWAL"
    assert word(renewal(of=published(emergency(BEGAN, 29 * DAY))), ONE) == "RENEWAL"
    assert word(renewal(60 * DAY), ONE, renewal()) == "RENEWAL"  # the one before is the second by now


def test_a_renewal_begins_no_earlier_than_what_it_renews() -> None:
    early = published(emergency(BEGAN - DAY, renews=ONE.document), OTHERS, logged_at=ONE.logged_at + SECOND)

    assert word(early, ONE) == "RENEWAL"


@pytest.mark.parametrize(
    ("signers", "found"),
    [
        ("ABCDE", "SAME-SIGNERS"),
        ("ABCFG", "SAME-SIGNERS"),
        ("ABFGH", None),
        ("ABCFGH", "SAME-SIGNERS"),  # half are not most
        ("ABCFGHI", None),
        ("FGHIJ", None),
    ],
)
def test_most_who_sign_a_renewal_did_not_sign_the_one_before(signers: str, found: str | None) -> None:
    assert word(renewal(signers=signers), ONE) == found


def test_nobody_is_another_by_a_second_name_or_a_second_key() -> None:
    keys = tuple(base64.b64decode(base64.b64encode(key)) for key in ONE.keys)
    renamed = renewal(signers="VWXYZ")

    assert word(Published(**told(renamed, keys=keys)), ONE) == "SAME-SIGNERS"
    assert word(Published(**told(renamed, signers=ONE.signers)), ONE) == "SAME-SIGNERS"


def told(one: Published, **changed: object) -> dict[str, object]:
    fields = ("document", "logged_at", "signers", "organisations", "keys")
    return {name: getattr(one, name) for name in fields} | changed


def test_after_a_year_without_one_the_same_may_sign_again() -> None:
    assert word(renewal(395 * DAY - SECOND, signers=FIRST), ONE) == "SAME-SIGNERS"
    assert word(renewal(395 * DAY, signers=FIRST), ONE) is None


def line(count: int, lasts: timedelta = 30 * DAY, each: timedelta = 30 * DAY) -> list[Published]:
    """Emergencies that renew each other, by two groups in turn."""
    found = [published(emergency(BEGAN, lasts))]
    for number in range(1, count):
        signers = FIRST if number % 2 == 0 else "EFGHI"
        found.append(renewal(number * each, lasts, signers=signers, of=found[-1]))
    return found


def test_of_a_year_180_days_may_be_under_emergency_and_not_a_second_more() -> None:
    six = line(6)
    more = renewal(180 * DAY, DAY, signers=FIRST, of=six[-1])
    overlapping = renewal(179 * DAY, DAY, signers=FIRST, of=six[-1])

    assert [word(one, *six[:place]) for place, one in enumerate(six)] == [None] * 6
    assert word(more, *six) == "YEAR-FULL"
    assert word(overlapping, *six) is None  # a day that was under one already is counted once
    assert word(renewal(365 * DAY, signers=FIRST, of=six[-1]), *six) is None
    assert word(renewal(365 * DAY - SECOND, signers=FIRST, of=six[-1]), *six) == "YEAR-FULL"


def test_days_of_another_disease_are_not_counted() -> None:
    six = line(6)
    other = published(emergency(BEGAN + 180 * DAY, disease="measles"))

    assert word(other, *six) is None


def chained(one: Published, chain: Sequence[Published]) -> str | None:
    try:
        check_chain(one, chain)
    except PublicationRefused as refused:
        return refused.fault
    return None


def test_a_file_brings_the_whole_line_for_a_year_back() -> None:
    six = line(6)

    assert chained(six[5], six[:5]) is None
    assert chained(six[5], six[1:5]) == "RENEWAL"  # the oldest is left out
    assert chained(six[5], [*six[:2], *six[3:5]]) == "RENEWAL"  # one in between is
    assert chained(six[5], []) == "RENEWAL"
    assert chained(six[0], []) is None
    assert chained(six[0], six[1:2]) == "RENEWAL"  # one too many
    assert chained(six[5], six[4::-1]) == "RENEWAL"


def test_a_line_ends_at_the_first_that_began_too_long_ago_to_matter() -> None:
    long = line(16, lasts=10 * DAY, each=50 * DAY)
    reaching = [one for one in long[:-1] if one.document.starts > long[-1].document.starts - 395 * DAY]
    needed = long[-2 - len(reaching) : -1]

    assert chained(long[-1], needed) is None
    assert chained(long[-1], needed[1:]) == "RENEWAL"
    assert len(needed) <= MOST_CHAIN


def test_an_emergency_names_no_region() -> None:
    document = emergency(BEGAN)
    regional = Document.of(document.as_json() | {"body": {**document.body, "region": "900101"}})

    with pytest.raises(PublicationRefused):
        emergency_of(regional)


days = st.lists(st.tuples(st.integers(0, 900), st.integers(1, 30)), max_size=14)


@given(days)
def test_days_of_the_fullest_year_are_as_many_as_counting_each_day_finds(spans: list[tuple[int, int]]) -> None:
    under = {day for start, count in spans for day in range(start, start + count)}
    slow = max(len(under & set(range(start, start + 365))) for start in range(-365, 935))

    fast = most_in_a_year((BEGAN + start * DAY, BEGAN + (start + count) * DAY) for start, count in spans)

    assert fast == slow * DAY

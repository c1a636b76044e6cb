"""How dates are searched: FHIR R4 search, 3.1.1.4.5; every prefix, on spans and on the real database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from nodes import a_node, a_patient, an_observation, send, system
from salus import records
from salus.app import Node, search
from salus.records import RecordRefused
from salus.records.fhir.facts import span_of


def at(year: int, *rest: int) -> datetime:
    month, day, *time = (*rest, 1, 1)[: max(2, len(rest))]
    return datetime(year, month, day, *time, tzinfo=UTC)


SPANS = [
    ("2031", at(2031), at(2032)),
    ("2032", at(2032), at(2033)),  # a leap year
    ("2031-02", at(2031, 2), at(2031, 3)),
    ("2032-02", at(2032, 2), at(2032, 3)),
    ("2031-12", at(2031, 12), at(2032)),
    ("2031-03-01", at(2031, 3, 1), at(2031, 3, 2)),
    ("2031-12-31", at(2031, 12, 31), at(2032)),
    ("2031-03-01T08:00Z", at(2031, 3, 1, 8), at(2031, 3, 1, 8, 1)),
    ("2031-03-01T08:00", at(2031, 3, 1, 8), at(2031, 3, 1, 8, 1)),
    ("2031-03-01T08:00:00Z", at(2031, 3, 1, 8), at(2031, 3, 1, 8, 0, 1)),
    ("2031-03-01T08:00:00+08:00", at(2031, 3, 1), at(2031, 3, 1, 0, 0, 1)),
    ("2031-03-01T00:30:00+08:00", at(2031, 2, 28, 16, 30), at(2031, 2, 28, 16, 30, 1)),
    ("2031-02-28T20:00:00-08:00", at(2031, 3, 1, 4), at(2031, 3, 1, 4, 0, 1)),
    ("2031-03-01T08:00:00.5Z", at(2031, 3, 1, 8, 0, 0, 500_000), at(2031, 3, 1, 8, 0, 0, 600_000)),
    ("2031-03-01T08:00:00.500Z", at(2031, 3, 1, 8, 0, 0, 500_000), at(2031, 3, 1, 8, 0, 0, 501_000)),
    ("2031-03-01T08:00:00.000001Z", at(2031, 3, 1, 8, 0, 0, 1), at(2031, 3, 1, 8, 0, 0, 2)),
    ("2031-03-01T08:00:00.123456789Z", at(2031, 3, 1, 8, 0, 0, 123_456), at(2031, 3, 1, 8, 0, 0, 123_457)),
]


@pytest.mark.parametrize(("text", "start", "end"), SPANS)
def test_a_date_covers_the_half_open_span_of_its_precision(text: str, start: datetime, end: datetime) -> None:
    assert span_of(text) == (start, end)


def test_the_leap_second_is_the_last_moment_of_its_minute() -> None:
    span = span_of("2030-12-31T23:59:60Z")

    assert span is not None
    assert at(2030, 12, 31, 23, 59, 59) <= span[0] < span[1] <= at(2031) + timedelta(seconds=1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "31",
        "2031-1",
        "2031-13",
        "2031-02-29",
        "2031-03-01T24:00:00Z",
        "2031-03-01T08",
        "2031-03-01T08:60Z",
        "2031-03-01 08:00:00Z",
        "2031-03-01T08:00:00+25:00",
        "0000",
        "２０３１",
        "2031-03-01T08:00:00Z\n",
        "tomorrow",
    ],
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert span_of(text) is None


# What is stored, by name: effectiveDateTime, or effectivePeriod as (start, end).
STORED: dict[str, str | tuple[str | None, str | None]] = {
    "year": "2031",
    "february": "2031-02",
    "march": "2031-03",
    "first": "2031-03-01",
    "eight": "2031-03-01T08:00:00Z",
    "nine": "2031-03-01T09:00:00Z",
    "second": "2031-03-02",
    "stay": ("2031-02-27", "2031-03-02"),
    "since": ("2031-03-01T08:00:00Z", None),
    "until": (None, "2031-03-01"),
}
EVERYTHING = {*STORED}

# FHIR R4 3.1.1.4.5, one line each. `none` has no date and is found by no search for one.
EXAMPLES: list[tuple[str, set[str]]] = [
    ("2031-03-01", {"first", "eight", "nine"}),
    ("eq2031-03-01", {"first", "eight", "nine"}),
    ("eq2031-03", {"march", "first", "eight", "nine", "second"}),
    ("eq2031", EVERYTHING - {"since", "until"}),
    ("eq2031-03-01T08:00:00Z", {"eight"}),
    ("eq2031-03-01T16:00:00+08:00", {"eight"}),
    ("eq2030", set()),
    ("ne2031-03-01", EVERYTHING - {"first", "eight", "nine"}),
    ("ne2031", {"since", "until"}),
    ("ne2030", EVERYTHING),
    # gt: what lies above the value meets the resource's span
    ("gt2031-03-01", {"year", "march", "second", "stay", "since"}),
    ("gt2031-03-01T08:00:00Z", EVERYTHING - {"february", "eight"}),
    ("gt2031", {"since"}),
    # lt: what lies below the value meets the resource's span
    ("lt2031-03-01", {"year", "february", "stay", "until"}),
    ("lt2031-03-01T08:00:00Z", {"year", "february", "march", "first", "stay", "until"}),
    ("lt2031", {"until"}),
    ("ge2031-03-01", EVERYTHING - {"february", "until"}),
    ("ge2031-03-02", {"year", "march", "second", "since"}),
    ("ge2031-03-01T08:00:00Z", EVERYTHING - {"february"}),
    ("le2031-03-01", EVERYTHING - {"march", "second", "since"}),
    ("le2031-02-28", {"year", "february", "stay", "until"}),
    ("le2031-03-01T08:00:00Z", {"year", "february", "march", "first", "eight", "stay", "until"}),
    # sa: the resource's span starts after the value's ends
    ("sa2031-02-28", {"march", "first", "eight", "nine", "second", "since"}),
    ("sa2031-03-01T08:00:00Z", {"nine", "second"}),
    ("sa2031", set()),
    # eb: the resource's span ends before the value's starts
    ("eb2031-03-02", {"february", "first", "eight", "nine", "until"}),
    ("eb2031-03-01T09:00:00Z", {"february", "eight"}),
    ("eb2031", set()),
    # a comma is or; a parameter named twice is and, which the last test shows
    ("2031-02,2031-03-02", {"february", "second"}),
    ("eb2031-03,sa2031-03-01", {"february", "second"}),
]


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Node, dict[UUID, str]]]:
    with a_node(tmp_path_factory.mktemp("dates"), "H1") as node:
        dated = [an_observation("urn:uuid:p", **_effective(when)) for when in STORED.values()]
        done = send(node, system(), a_patient(fullUrl="urn:uuid:p"), *dated, an_observation("urn:uuid:p"))
        named = {one.id: name for one, name in zip(done.outcomes[1:], [*STORED, "none"], strict=True)}
        yield node, named


def _effective(when: str | tuple[str | None, str | None]) -> dict[str, object]:
    if isinstance(when, str):
        return {"effectiveDateTime": when}
    return {"effectivePeriod": {name: text for name, text in zip(("start", "end"), when, strict=True) if text}}


def found(held: tuple[Node, dict[UUID, str]], *dates: str) -> set[str]:
    node, named = held
    asked = records.parse_query("Observation", [("date", text) for text in dates], node.custodian)
    return {named[id_] for _, id_, _ in search(node, system(), asked).matches}


@pytest.mark.parametrize(("asked", "expected"), EXAMPLES)
def test_each_prefix_finds_what_the_standard_says(
    held: tuple[Node, dict[UUID, str]], asked: str, expected: set[str]
) -> None:
    assert found(held, asked) == expected


def test_a_date_given_twice_asks_for_both(held: tuple[Node, dict[UUID, str]]) -> None:
    assert found(held, "ge2031-03-01", "lt2031-03-02") == {"year", "march", "first", "eight", "nine", "stay", "since"}


def test_an_offset_whose_plus_became_a_space_is_read(held: tuple[Node, dict[UUID, str]]) -> None:
    assert found(held, "2031-03-01T16:00:00 08:00") == {"eight"}


@pytest.mark.parametrize("asked", ["xx2031", "GE2031", "2031-02-30", "", "2031,", "eq", "ge", "2031 03 01"])
def test_a_date_that_cannot_be_read_is_refused(held: tuple[Node, dict[UUID, str]], asked: str) -> None:
    with pytest.raises(RecordRefused):
        found(held, asked)

"""The situation, by example: what is old is unknown, who is silent, what is suppressed, what a snapshot keeps."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salus.command import (
    FRESH_FOR,
    AreaCount,
    CommandInvalid,
    County,
    Course,
    Entry,
    EntryKind,
    FigureKind,
    HandedOver,
    Incident,
    IncidentKind,
    Means,
    Officer,
    Place,
    Report,
    Resource,
    Snapshot,
    covers,
    freeze,
    known,
    situation,
    suppressed,
    thaw,
)

AT = datetime(2031, 3, 1, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
WEI = Officer(subject="1", name_en="Wei Ran", name_zh="韦然", facility="EOC1", organisation="Commission")
FIGURES = HandedOver(
    alert="a-1",
    disease="J10",
    disease_en="Influenza",
    disease_zh="流行性感冒",
    area="910100",
    area_en="Meixuan",
    area_zh="梅轩市",
    first=date(2031, 2, 15),
    last=date(2031, 2, 28),
    since=date(2031, 2, 1),
    observed=62,
    expected="21.4",
    once_in_years=12,
    why_en="More than ever in this season.",
    why_zh="超过历年同期。",
    verified_by="Fang Ning",
    at=AT - HOUR,
    areas=(
        AreaCount(area="910101", name_en="Qinglan", name_zh="清澜区", cases=50, population=400_000),
        AreaCount(area="910102", name_en="Yundu", name_zh="云渡区", cases=None, few=True, population=300_000),
        AreaCount(area="910121", name_en="Wangxi", name_zh="望溪县", cases=None, few=True, population=90_000),
        AreaCount(area="910122", name_en="Songquan", name_zh="松泉县", cases=None, population=80_000),
    ),
)
INCIDENT = Incident(
    incident_id=UUID(int=1),
    kind=IncidentKind.INFECTIOUS,
    areas=("910100",),
    handed_over=FIGURES,
    opened_at=AT,
    by=WEI,
)
COUNTIES = tuple(County(code=cell.area, name_en=cell.name_en, name_zh=cell.name_zh) for cell in FIGURES.areas)
PLACES = (
    Place(facility="H1", name_en="One", name_zh="一", county="910101"),
    Place(facility="H2", name_en="Two", name_zh="二", county="910102"),
)


def said(facility: str, resource: Resource, amount: int, hours_ago: float, arrived: datetime | None = None) -> Report:
    as_of = AT - hours_ago * HOUR
    return Report(
        facility=facility,
        resource=resource,
        amount=amount,
        means=Means.SYSTEM,
        as_of=as_of,
        at=arrived or as_of,
        by=WEI,
    )


def snapshot(*reports: Report, at: datetime = AT) -> Snapshot:
    return Snapshot(
        cut_off=at,
        course=Course(incident=INCIDENT, entries=()),
        places=PLACES,
        counties=COUNTIES,
        known=known(reports, at),
        orders=(),
        tasks=(),
    )


@pytest.mark.parametrize(
    ("age", "amount"),
    [
        (timedelta(0), 9),
        (FRESH_FOR - timedelta(microseconds=1), 9),
        (FRESH_FOR, None),
        (FRESH_FOR + timedelta(days=300), None),
    ],
)
def test_a_number_is_good_for_a_day_and_then_unknown(age: timedelta, amount: int | None) -> None:
    (found,) = known([said("H1", Resource.MASKS, 9, 0)], AT + age)

    assert (found.amount, found.as_of) == (amount, AT)


def test_the_number_that_was_true_last_holds_whatever_order_they_came_in() -> None:
    early, late = said("H1", Resource.MASKS, 5, 3), said("H1", Resource.MASKS, 8, 1)
    corrected = said("H1", Resource.MASKS, 7, 1, arrived=AT)
    before = said("H1", Resource.MASKS, 6, 2, arrived=AT)

    assert known([late, early], AT)[0].amount == 8
    assert known([corrected, late, before, early], AT)[0].amount == 7


def test_a_number_that_came_after_the_cut_off_is_left_out() -> None:
    assert known([said("H1", Resource.MASKS, 8, 1, arrived=AT + HOUR)], AT) == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": -1},
        {"as_of": AT + HOUR},
        {"means": Means.TELEPHONE},
        {"confirmed_with": "Ward sister Li"},
        {"means": Means.TELEPHONE, "confirmed_with": "139 1234 5678"},
    ],
)
def test_a_number_of_the_future_or_without_its_source_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(CommandInvalid):
        replace(said("H1", Resource.MASKS, 9, 0), **wrong)  # type: ignore[arg-type]


def test_free_beds_are_counted_where_both_numbers_hold_and_the_age_is_that_of_the_oldest() -> None:
    told = situation(
        snapshot(
            said("H1", Resource.ICU_STAFFED, 12, 2),
            said("H1", Resource.ICU_OCCUPIED, 9, 5),
            said("H2", Resource.ICU_STAFFED, 30, 25),
            said("H2", Resource.ICU_OCCUPIED, 1, 1),
        )
    )

    icu, isolation = told.figure(FigureKind.ICU_FREE), told.figure(FigureKind.ISOLATION_FREE)
    assert (icu.amount, icu.counted, icu.asked, icu.oldest) == (3, 1, 2, AT - 5 * HOUR)
    assert (isolation.amount, isolation.counted, isolation.oldest) == (None, 0, None)


def test_more_patients_than_staffed_beds_are_no_free_beds_elsewhere() -> None:
    told = situation(
        snapshot(
            said("H1", Resource.ICU_STAFFED, 5, 1),
            said("H1", Resource.ICU_OCCUPIED, 9, 1),
            said("H2", Resource.ICU_STAFFED, 5, 1),
            said("H2", Resource.ICU_OCCUPIED, 3, 1),
        )
    )

    assert told.figure(FigureKind.ICU_FREE).amount == 2


def test_counties_that_sent_no_counts_or_whose_places_of_care_say_nothing_new_are_silent() -> None:
    told = situation(snapshot(said("H1", Resource.OXYGEN_DAYS, 2, 1), said("H2", Resource.OXYGEN_DAYS, 2, 30)))

    assert [county.code for county in told.silent] == ["910102", "910122"]
    assert told.figure(FigureKind.SHORT_OF_OXYGEN).amount == 1


@pytest.mark.parametrize(
    ("counts", "hidden"),
    [
        ({"a": 0, "b": 7, "c": 9}, set()),
        ({"a": 3, "b": 2, "c": 9}, {"a", "b"}),
        ({"a": 3, "b": 7, "c": 9}, {"a", "b"}),
        ({"a": 3, "b": None, "c": 9}, {"a", "c"}),
        ({"a": 1, "b": 1, "c": 9}, {"a", "b", "c"}),
        ({"a": 4, "b": 4, "c": 9, "d": 12}, {"a", "b", "c"}),
        ({"a": 3, "b": 0}, {"a"}),
    ],
)
def test_counts_from_one_to_four_are_hidden_and_cannot_be_computed(
    counts: dict[str, int | None], hidden: set[str]
) -> None:
    assert {area for area, (_, few) in suppressed(counts).items() if few} == hidden


@given(st.dictionaries(st.text("0123456789", min_size=6, max_size=6), st.integers(0, 30) | st.none(), max_size=8))
def test_with_the_total_no_hidden_count_can_be_computed(counts: dict[str, int | None]) -> None:
    shown = suppressed(counts)
    small = [n for n in counts.values() if n is not None and 1 <= n <= 4]
    hidden = {area: counts[area] or 0 for area, (_, few) in shown.items() if few}

    assert all(cases is None or cases == 0 or cases >= 5 for cases, _ in shown.values())
    if small and any(n >= 5 for n in counts.values() if n):
        assert len(hidden) >= 2
        assert any(n >= 5 for n in hidden.values()) or sum(hidden.values()) not in (len(hidden), 4 * len(hidden))


@pytest.mark.parametrize("cases", [1, 4, -1])
def test_a_small_count_cannot_even_be_handed_over(cases: int) -> None:
    with pytest.raises(CommandInvalid):
        replace(FIGURES.areas[0], cases=cases)
    with pytest.raises(CommandInvalid):
        replace(FIGURES, observed=cases)


def test_a_single_hidden_count_cannot_be_handed_over_with_its_total() -> None:
    areas = tuple(cell for cell in FIGURES.areas if cell.area != "910121")

    with pytest.raises(CommandInvalid):
        replace(FIGURES, areas=areas)
    assert replace(FIGURES, areas=areas, observed=None)


@pytest.mark.parametrize(
    ("area", "county", "inside"),
    [
        ("910101", "910101", True),
        ("910101", "910102", False),
        ("910100", "910102", True),
        ("910100", "910201", False),
        ("910000", "910201", True),
        ("910000", "920201", False),
    ],
)
def test_an_area_covers_the_counties_below_it(area: str, county: str, inside: bool) -> None:
    assert covers(area, county) is inside


def test_a_snapshot_comes_back_as_it_was_and_gives_the_same_bytes() -> None:
    entry = Entry(kind=EntryKind.FIGURES, figures=FIGURES, at=AT, by=WEI)
    taken = replace(
        snapshot(said("H1", Resource.ICU_STAFFED, 12, 2), said("H1", Resource.ICU_OCCUPIED, 9, 5)),
        course=Course(incident=INCIDENT, entries=(entry,)),
    )

    kept = freeze(taken)
    assert thaw(Snapshot, kept) == taken
    assert freeze(thaw(Snapshot, kept)) == kept
    assert situation(thaw(Snapshot, kept)) == situation(taken)
    with pytest.raises(CommandInvalid):
        thaw(Snapshot, kept.replace(b'"cases":50', b'"cases":"50"'))

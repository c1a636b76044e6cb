"""The population register counts each resident once, where somebody declared to keep the record, and nobody by name."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from nodes import a_number, a_patient
from peopling import URN, a_keeping
from salus.records import Intent, accept
from salus.records.population import Change, Denominator, changes, denominators, suppressed, vitals_of
from salus.records.population.model import AGE_BANDS, age_years, band_of
from salus.records.population.reading import keeping_of
from salus.storage import Duty, Store
from taking import a_writer, take

COUNTIES = {"H1": "900101", "H2": "900202"}
MARCH, APRIL = date(2031, 3, 1), date(2031, 4, 1)
LATER = datetime(2031, 4, 2, tzinfo=UTC)


@pytest.fixture(autouse=True)
def emptied(store: Store) -> None:
    with store.connect(Duty.MIGRATION, "salus") as connection:
        connection.execute("truncate records.vital, records.keeping")


def a_person(order: int, born: str, sex: str, **more: Any) -> dict[str, Any]:
    """A Patient with a number that goes with the birth date; another person for each order."""
    return a_patient(a_number(700 + order, born.replace("-", "")), birthDate=born, gender=sex, **more)


def counted(store: Store, month: date = MARCH) -> dict[tuple[str | None, str, int | None], int]:
    with store.transaction(Duty.CARE) as tx:
        return {(one.county, one.sex, one.age_from): one.residents for one in denominators(tx, month, COUNTIES)}


def changed(store: Store, month: date) -> dict[str, dict[str, int]]:
    with store.transaction(Duty.CARE) as tx:
        found = changes(tx, month, COUNTIES)
    return {
        one.county: {f.name: getattr(one, f.name) for f in fields(one) if f.type == "int" and getattr(one, f.name)}
        for one in found
    }


def rewrite(store: Store, facility: str, resource: dict[str, Any], id_: UUID) -> None:
    with store.transaction(Duty.CARE) as tx:
        intent = Intent(verb="update", resource={**resource, "id": str(id_)}, id=id_)
        accept(tx, a_writer(facility), [intent], LATER)


def test_a_resident_counts_once_however_many_charts_there_are(store: Store) -> None:
    mother = a_person(0, "1980-01-01", "female")
    take(store, a_writer("H1"), mother, a_keeping(URN, "2020-05-01"), full_urls=[URN])
    take(store, a_writer("H2"), mother)
    take(store, a_writer("H2"), a_person(1, "1980-01-01", "male"))

    assert counted(store) == {("900101", "female", 50): 1, (None, "male", 50): 1}


def test_a_county_is_where_the_record_is_kept_and_never_where_somebody_was_treated(store: Store) -> None:
    person = a_person(0, "2000-07-15", "male", address=[{"district": "900202"}])
    visit = {"resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"}, "subject": {"reference": URN}}
    take(store, a_writer("H2"), person, visit, full_urls=[URN])
    before = counted(store)
    take(store, a_writer("H1"), person, a_keeping(URN, "2031-02-01"), full_urls=[URN])

    assert before == {(None, "male", 30): 1}
    assert counted(store) == {("900101", "male", 30): 1}


def test_a_record_that_moves_is_counted_where_it_was_kept_at_the_end_of_each_month(store: Store) -> None:
    person = a_person(0, "1990-03-31", "female")
    take(store, a_writer("H1"), person, a_keeping(URN, "2020-01-01"), full_urls=[URN])
    take(store, a_writer("H2"), person, a_keeping(URN, "2031-04-10"), full_urls=[URN])

    assert counted(store, MARCH) == {("900101", "female", 40): 1}
    assert counted(store, APRIL) == {("900202", "female", 40): 1}
    assert changed(store, APRIL) == {
        "900101": {"before": 1, "moved_out": 1},
        "900202": {"moved_in": 1, "after": 1},
    }


def test_a_record_that_nobody_keeps_any_more_has_left(store: Store) -> None:
    person = a_person(0, "1990-01-01", "female")
    keeping = a_keeping(URN, "2020-01-01", "2031-04-03", status="finished")
    take(store, a_writer("H1"), person, keeping, full_urls=[URN])

    assert counted(store, APRIL) == {(None, "female", 40): 1}
    assert changed(store, APRIL) == {"900101": {"before": 1, "moved_out": 1}}


def test_births_and_deaths_are_of_their_months_and_a_wrong_death_can_be_taken_back(store: Store) -> None:
    child = a_patient(birthDate="2031-04-02", gender="male")
    done = take(store, a_writer("H1"), child, a_keeping(URN, "2031-04-02"), full_urls=[URN])
    old = a_person(1, "1940-05-05", "female")
    took = take(store, a_writer("H1"), old, a_keeping(URN, "2019-01-01"), full_urls=[URN])
    rewrite(store, "H1", {**old, "deceasedDateTime": "2031-04-01T10:00:00+08:00"}, took.outcomes[0].id)
    told = changed(store, APRIL)
    rewrite(store, "H1", old, took.outcomes[0].id)

    assert done.outcomes[0].created
    assert told == {"900101": {"before": 1, "births": 1, "deaths": 1, "after": 1}}
    assert changed(store, APRIL) == {"900101": {"before": 1, "births": 1, "after": 2}}


def test_of_statements_about_a_death_the_newest_stands(store: Store) -> None:
    person = a_person(0, "1940-05-05", "female")
    take(store, a_writer("H1"), {**person, "deceasedBoolean": True}, a_keeping(URN, "2019-01-01"), full_urls=[URN])
    dead = counted(store)
    done = take(store, a_writer("H2"), person)
    silent = counted(store)
    rewrite(store, "H2", {**person, "deceasedBoolean": False}, done.outcomes[0].id)

    assert dead == silent == {}
    assert counted(store) == {("900101", "female", 85): 1}


def test_what_was_called_off_or_is_of_another_kind_declares_nothing(store: Store) -> None:
    person = a_person(0, "1990-01-01", "female")
    wrong = a_keeping(URN, "2020-01-01", status="entered-in-error")
    other = {**a_keeping(URN, "2020-01-01"), "type": [{"text": "diabetes"}]}
    take(store, a_writer("H1"), person, wrong, other, full_urls=[URN])

    assert counted(store) == {(None, "female", 40): 1}


def test_who_states_no_month_of_birth_is_counted_without_an_age(store: Store) -> None:
    for born in ("1980", "1980-06", None):
        take(store, a_writer("H1"), a_patient(**({"birthDate": born} if born else {})))

    assert counted(store) == {(None, "unknown", None): 2, (None, "unknown", 50): 1}


@pytest.mark.parametrize(
    ("born", "month", "years"),
    [
        ("1980-03-31", MARCH, 51),
        ("1980-03-01", MARCH, 51),
        ("1980-04-01", MARCH, 50),
        ("2031-03-31", MARCH, 0),
        ("2030-04-01", MARCH, 0),
        ("2030-03-31", MARCH, 1),
        ("2028-02-29", date(2031, 2, 1), 3),
    ],
)
def test_an_age_at_the_end_of_a_month_is_exact_by_months_alone(born: str, month: date, years: int) -> None:
    assert age_years(date.fromisoformat(born).replace(day=1), month) == years


def test_the_bands_of_age_leave_no_gap_and_overlap_nowhere() -> None:
    ends = [band[1] for band in AGE_BANDS[:-1]]

    assert [band[0] for band in AGE_BANDS] == [0, *ends]
    assert AGE_BANDS[-1][1] is None
    assert Counter(band_of(years) for years in range(120))[0, 1] == 1


@pytest.mark.parametrize(
    ("exact", "shown"),
    [
        ({"a": 10, "b": 7}, {"a": 10, "b": 7}),
        ({"a": 10, "b": 3, "c": 7}, {"a": 10, "b": None, "c": None}),
        ({"a": 10, "b": 3, "c": 2}, {"a": 10, "b": None, "c": None}),
        ({"a": 3}, {"a": None}),
        ({"a": 0, "b": 3, "c": 9}, {"a": 0, "b": None, "c": None}),
    ],
)
def test_a_small_figure_is_hidden_and_no_total_gives_it_away(exact: dict[str, int], shown: dict[str, Any]) -> None:
    assert suppressed(exact) == shown


def test_a_denominator_has_no_room_for_a_person() -> None:
    assert {one.name for one in fields(Denominator)} == {"month", "county", "sex", "age_from", "age_to", "residents"}
    assert {one.name for one in fields(Change)} == {
        "month", "county", "before", "births", "registered", "moved_in", "deaths", "moved_out", "after",
    }  # fmt: skip


def test_a_death_without_a_day_stays_in_the_month_in_which_it_was_said_first(store: Store) -> None:
    old = a_person(2, "1940-05-05", "female", deceasedBoolean=True)
    took = take(store, a_writer("H1"), old, a_keeping(URN, "2019-01-01"), full_urls=[URN])
    first = _died(store, took.outcomes[0].chart_key)
    rewrite(store, "H1", {**old, "language": "zh"}, took.outcomes[0].id)
    again = _died(store, took.outcomes[0].chart_key)
    rewrite(store, "H1", {**old, "deceasedBoolean": False}, took.outcomes[0].id)
    alive = _died(store, took.outcomes[0].chart_key)
    rewrite(store, "H1", old, took.outcomes[0].id)

    assert first is not None
    assert first < APRIL
    assert (again, alive, _died(store, took.outcomes[0].chart_key)) == (first, None, APRIL)


def _died(store: Store, chart: int) -> date | None:
    with store.transaction(Duty.CARE) as tx:
        return vitals_of(tx, [chart])[chart].died


def test_a_declaration_without_days_stays_as_of_the_days_on_which_it_was_said_first() -> None:
    open_, ended = a_keeping(URN, "2031-01-01"), a_keeping(URN, "2031-01-01", status="finished")
    for one in (open_, ended):
        del one["period"]
    days = [datetime(2031, month, 2, tzinfo=UTC) for month in range(1, 5)]
    first = keeping_of(1, 2, "H1", open_, days[0])
    again = keeping_of(1, 2, "H1", open_, days[1], first)
    over = keeping_of(1, 2, "H1", ended, days[2], again)
    told = [keeping_of(1, 2, "H1", ended, days[3], over), over, again]

    assert [(one.since, one.until) for one in told if one] == [
        (date(2031, 1, 2), date(2031, 3, 2)),
        (date(2031, 1, 2), date(2031, 3, 2)),
        (date(2031, 1, 2), None),
    ]

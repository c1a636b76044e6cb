"""Counts never lead to a person: whoever works with them has no right, no column, no import and no field that does.

This is about early warning: what is counted in records leaves them as numbers, and nothing leads back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import date
from itertools import product

import grimp
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naming import columns, saying
from naming import fields as all_fields
from salus.access import Action, Kind, Request, load_policy
from salus.kernel import Purpose, Role
from salus.records import Counted
from salus.storage import Duty, Store
from salus.surveillance import FeedRefused, Figure
from salus.surveillance.intake.feed import FIELDS, read_feed

FORBIDDEN = ("salus.identity", "salus.records", "salus.healthcode", "salus.codec", "salus.appeals")
WORDS = (
    "name names person patient resident subject chart identifier number national phone address birth born age sex"
    " gender account encounter key keys latitude longitude"
)
NO_PERSON = {"salus.surveillance.model.Series.key": "the word by which a series is named"}
COLUMNS = {
    "figure": "figure source series county day at count denominator reporting",
    "alert": (
        "alert alert_id episode at source series county day rule version observed expected low high exceedance"
        " share_exceedance once_in_days baseline reported snapshot known reason_en reason_zh"
    ),
    "verification": "verification alert_id at by verdict reason",
    "assessment": "assessment alert_id at by likelihood impact confidence level text",
    "feed_refusal": "refusal at source why",
}
ROW = {
    "source": "education",
    "series": "school-absence",
    "county": "910101",
    "day": "2031-03-10",
    "count": 12,
    "denominator": 800,
}


def reachable(store: Store, duty: Duty) -> set[str]:
    """Return every table outside its own schema that a duty can read a row of, tried from its own connection."""
    with store.connect(Duty.MIGRATION, "salus") as owner:
        named = owner.execute(
            "select schemaname || '.' || tablename from pg_tables where schemaname not in ('pg_catalog',"
            " 'information_schema', %s)",
            (duty.value,),
        ).fetchall()
    found = set()
    for (table,) in named:
        with store.connect(duty) as connection:
            try:
                connection.execute(f"select * from {table} limit 1".encode())
            except psycopg.errors.InsufficientPrivilege:
                continue
            found.add(str(table))
    return found


@contextmanager
def changed(store: Store, do: str, undo: str) -> Iterator[None]:
    """Change this test's own database as its owner, and change it back."""
    with store.connect(Duty.MIGRATION, "salus") as owner:
        owner.execute(do.encode())
    yield
    with store.connect(Duty.MIGRATION, "salus") as owner:
        owner.execute(undo.encode())


def test_who_counts_can_read_no_table_about_anybody(store: Store) -> None:
    assert reachable(store, Duty.SURVEILLANCE) == set()


def test_a_right_that_leads_to_residents_is_noticed(store: Store) -> None:
    grant = "grant usage on schema identity to salus_surveillance; grant select on identity.resident to"
    revoke = "revoke all on identity.resident from salus_surveillance; revoke all on schema identity from"
    with changed(store, f"{grant} salus_surveillance", f"{revoke} salus_surveillance"):
        assert reachable(store, Duty.SURVEILLANCE) == {"identity.resident"}


def held(store: Store) -> dict[str, list[str]]:
    """Return the columns of surveillance's tables."""
    found: dict[str, list[str]] = {}
    for table, column in sorted(columns(store)):
        schema, _, name = table.partition(".")
        if schema == "surveillance":
            found.setdefault(name, []).append(column)
    return found


def test_the_columns_are_those_that_were_reviewed_and_none_is_for_a_person(store: Store) -> None:
    assert held(store) == {table: sorted(names.split()) for table, names in COLUMNS.items()}
    assert saying(WORDS, {(table, name) for table, names in held(store).items() for name in names}) == set()


def test_a_column_for_a_person_is_noticed(store: Store) -> None:
    add, drop = (f"alter table surveillance.alert {verb} column patient_id" for verb in ("add", "drop"))
    with changed(store, f"{add} uuid", drop):
        found = held(store)

    assert found != {table: sorted(names.split()) for table, names in COLUMNS.items()}
    assert saying(WORDS, {(table, name) for table, names in found.items() for name in names}) == {"alert.patient_id"}


def test_no_field_of_what_is_counted_or_judged_is_for_a_person() -> None:
    held_fields = {one for one in all_fields() if one[0].startswith("salus.surveillance.")}

    assert len(held_fields) > 50
    assert saying(WORDS, held_fields) == set(NO_PERSON)
    assert saying(WORDS, {("Counted", field.name) for field in fields(Counted)}) == set()
    assert {field.name for field in fields(Figure)} == {*FIELDS, "reporting"}


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("salus")


@pytest.mark.parametrize("room", FORBIDDEN)
def test_no_import_leads_from_surveillance_to_a_person(graph: grimp.ImportGraph, room: str) -> None:
    assert not graph.find_shortest_chains(importer="salus.surveillance", imported=room)


def test_an_import_that_leads_there_through_another_room_is_noticed(graph: grimp.ImportGraph) -> None:
    graph.add_import(importer="salus.storage.model", imported="salus.identity.model")
    found = graph.find_shortest_chains(importer="salus.surveillance", imported="salus.identity")
    graph.remove_import(importer="salus.storage.model", imported="salus.identity.model")

    assert found
    assert not graph.find_shortest_chains(importer="salus.surveillance", imported="salus.identity")


@pytest.mark.parametrize("role", [Role.EPIDEMIOLOGIST, Role.COMMANDER, Role.DEPARTMENT_SYSTEM])
def test_who_works_with_counts_may_do_nothing_with_a_record_for_any_purpose(role: Role) -> None:
    for purpose, action in product((*Purpose, None), Action):
        asked = Request(
            role=role,
            purpose=purpose,
            action=action,
            kind=Kind.RECORD,
            own_facility=True,
            relation_open=True,
            care_facility=True,
        )

        assert not load_policy().permit(asked).allowed


@given(st.text(max_size=30).filter(lambda name: name not in FIELDS), st.text(max_size=30))
def test_a_feed_with_any_other_field_is_refused_whole(name: str, value: str) -> None:
    with pytest.raises(FeedRefused) as refused:
        read_feed("education", "school-absence", [ROW, ROW | {"county": "910102", name: value}], date(2031, 3, 10))

    assert refused.value.why in ("field", "personal")


@given(st.sampled_from(FIELDS), st.text(max_size=30))
def test_no_field_of_a_feed_takes_a_text_that_is_not_of_its_closed_kind(field: str, value: str) -> None:
    if value == ROW[field]:
        return
    try:
        (figure,) = read_feed("education", "school-absence", [ROW | {field: value}], date(2031, 3, 10))
    except FeedRefused:
        return

    assert field in ("county", "day")
    assert figure.county.isdigit()

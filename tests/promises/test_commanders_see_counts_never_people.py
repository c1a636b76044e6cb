"""Commanders see counts, never people: no import, no right, no field and no kind of order leads to a person.

Each check stands beside a sibling that takes its control away and sees the check fail.
"""

from __future__ import annotations

import ast
import dataclasses
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest

from naming import columns, fields
from salus.access import Action, Kind, Request, load_policy
from salus.command import (
    AIMED_AT,
    MINIMUM_POPULATION,
    ORDER_FIELDS,
    AreaCount,
    CommandInvalid,
    FieldRefused,
    HandedOver,
    Order,
    OrderKind,
    Supply,
)
from salus.command.orders import model as orders
from salus.kernel import Purpose, Role
from salus.storage import Duty, Store
from support import REPOSITORY

SOURCE = REPOSITORY / "src" / "salus"
ABOUT_PEOPLE = ("identity", "records", "healthcode", "rules", "codec", "appeals", "cases")
# Words of people in a field or column of the room. `by_subject` is an officer's account.
PERSON_WORDS = (
    "person persons people patient patients resident residents chart charts contact contacts birth born sex gender"
    " telephone phone address passport ids names latitude longitude coordinates"
)
MOVEMENT = (
    "confine restrict quarantine isolate lock close ban bar forbid travel movement curfew detain evacuate trace test"
    " vaccinate check screen code"
)


def reached(room: str, imports: Mapping[str, set[str]]) -> set[str]:
    """Return every room that a room imports, directly or through others."""
    found, ahead = set(), [room]
    while ahead:
        new = imports.get(ahead.pop(), set()) - found
        found |= new
        ahead += new
    return found


def imports_of_rooms(source: Path = SOURCE) -> dict[str, set[str]]:
    """Return which rooms each room imports, read from the code itself."""
    found: dict[str, set[str]] = {}
    for path in source.rglob("*.py"):
        room = path.relative_to(source).parts[0]
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("salus"):
                parts = str(node.module).split(".")
                names = [parts[1]] if len(parts) > 1 else [alias.name for alias in node.names]
                found.setdefault(room, set()).update(name for name in names if name != room)
    return found


def test_no_import_leads_from_the_command_room_to_a_room_about_people() -> None:
    assert not reached("command", imports_of_rooms()) & set(ABOUT_PEOPLE)


def test_an_import_of_a_room_about_people_would_be_found_even_through_another() -> None:
    imports = imports_of_rooms()

    assert "identity" in reached("command", imports | {"ledger": imports["ledger"] | {"identity"}})


def test_the_build_refuses_such_an_import_too() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
    contracts = {one["name"]: one for one in project["tool"]["importlinter"]["contracts"]}
    contract = contracts["commanders see counts, never people"]
    there = {f"salus.{room}" for room in ABOUT_PEOPLE if (SOURCE / room).exists()}

    assert (contract["type"], contract["source_modules"]) == ("forbidden", ["salus.command"])
    assert there <= set(contract["forbidden_modules"])


def tables(store: Store, *schemas: str) -> list[str]:
    """Return the tables of some schemas."""
    with store.connect(Duty.MIGRATION) as connection:
        rows = connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables where table_schema = any(%s)",
            (list(schemas),),
        ).fetchall()
    return [str(name) for (name,) in rows]


def readable(store: Store, names: Iterable[str]) -> list[str]:
    """Return which of these tables the command room's own connection can read or write."""
    open_to_it = []
    for name in names:
        for statement in (f"select * from {name} limit 1", f"delete from {name} where false"):
            try:
                with store.transaction(Duty.COMMAND) as tx:
                    tx.run(statement)
                open_to_it.append(name)
            except psycopg.errors.InsufficientPrivilege:
                continue
    return open_to_it


def test_no_right_in_the_database_leads_to_a_person(store: Store) -> None:
    people = tables(store, "identity", "records", "healthcode", "access", "parties", "appeals")

    assert len(people) > 20
    assert readable(store, people) == []


def test_a_single_right_would_be_found(store: Store) -> None:
    with store.connect(Duty.MIGRATION) as connection:
        connection.execute("grant usage on schema identity to salus_command")
        connection.execute("grant select on identity.resident to salus_command")
        connection.commit()
    try:
        assert readable(store, tables(store, "identity")) == ["identity.resident"]
    finally:
        with store.connect(Duty.MIGRATION) as connection:
            connection.execute("revoke select on identity.resident from salus_command")
            connection.execute("revoke usage on schema identity from salus_command")
            connection.commit()


def naming_people(names: Iterable[tuple[str, str]]) -> set[str]:
    """Return the names of the room in which a person could be kept."""
    wanted = re.compile(rf"(?:^|_)(?:{'|'.join(PERSON_WORDS.split())})(?:_|$)")
    ours = ((where, name) for where, name in names if where.startswith(("salus.command", "command.")))
    return {f"{where}.{name}" for where, name in ours if wanted.search(name)}


def test_no_field_and_no_column_of_the_room_can_hold_a_person(store: Store) -> None:
    found = {*fields(), *columns(store)}

    assert len([where for where, _ in found if where.startswith("command.")]) > 50
    assert naming_people(found) == set()


@pytest.mark.parametrize("name", ["person", "patient_id", "resident_key", "contacts"])
def test_a_field_for_a_person_would_be_found(store: Store, name: str) -> None:
    assert naming_people({*fields(), ("command.supply_order", name)}) == {f"command.supply_order.{name}"}


def restricting(kinds: Iterable[str]) -> set[str]:
    """Return the kinds of orders that do something to people."""
    return {kind for kind in kinds if set(kind.split("-")) & set(MOVEMENT.split())}


def test_no_kind_of_order_restricts_movement_and_each_is_about_a_supply() -> None:
    assert restricting(OrderKind) == set()
    assert all(kind.value.endswith("-supply") for kind in OrderKind)
    assert set(AIMED_AT) == set(OrderKind)
    assert set().union(*AIMED_AT.values()) == {"from_facility", "to_facility", "area"}
    assert len(Supply) == 6


def test_a_kind_that_restricts_movement_would_be_found() -> None:
    assert restricting([*OrderKind, "confine-area", "travel-ban"]) == {"confine-area", "travel-ban"}


def test_an_order_has_these_fields_and_refuses_each_other_one_by_its_name() -> None:
    kept = {field.name for field in dataclasses.fields(Order)}
    own = {"order_id", "incident_id", "population", "ordered_at", "by"}

    assert kept == ORDER_FIELDS | own
    for name in ("person", "persons", "ids", "residents", "list", "exempt", "names"):
        with pytest.raises(FieldRefused) as refused:
            orders.check_fields({"kind": "move-supply", name: "x"})
        assert refused.value.where == name


def test_without_the_closed_form_a_list_of_people_would_get_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "ORDER_FIELDS", ORDER_FIELDS | {"persons"})

    orders.check_fields({"kind": "move-supply", "persons": "x"})


def area(cases: int | None, **more: Any) -> AreaCount:
    return AreaCount(area="910101", name_en="Q", name_zh="清", cases=cases, **more)


def test_counts_of_one_to_four_people_never_come_into_the_room() -> None:
    assert MINIMUM_POPULATION >= 10_000
    assert {field.type for field in dataclasses.fields(HandedOver) if field.name == "observed"} == {"int | None"}
    for cases in (1, 2, 3, 4):
        with pytest.raises(CommandInvalid):
            area(cases)
    assert area(0).cases == 0
    assert area(5).cases == 5


def test_without_the_smallest_cell_they_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("salus.command.model.SMALLEST_CELL", 1)

    assert area(1).cases == 1


def permitted(action: Action, kind: Kind) -> bool:
    """Tell whether a commander may, whatever else holds."""
    facts = dict.fromkeys(("own_facility", "relation_open", "own_record", "care_facility"), True)
    asked = (Request(role=Role.COMMANDER, purpose=p, action=action, kind=kind, **facts) for p in (*Purpose, None))
    return any(load_policy().permit(one).allowed for one in asked)


def test_policy_lets_a_commander_do_three_things_with_counts_and_nothing_else() -> None:
    may = {(action, kind) for action in Action for kind in Kind if permitted(action, kind)}
    directory = {(Action.READ, Kind.DIRECTORY), (Action.SEARCH, Kind.DIRECTORY)}

    assert may - directory == {
        (Action.READ_SITUATION, Kind.COUNTS),
        (Action.REPORT_RESOURCES, Kind.COUNTS),
        (Action.COMMAND, Kind.COUNTS),
    }

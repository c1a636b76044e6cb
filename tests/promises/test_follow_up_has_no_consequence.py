"""Follow-up and how a record stands have no consequence: they admit nobody, refuse nobody and tell nobody else

Who is late for a visit or a vaccination, and whose death was stated by mistake, is cared for as before. Both are worked
out when somebody reads, and what is worked out is kept nowhere.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import grimp
import pytest

import salus
from nodes import a_node, a_number, a_patient, clinician, send, system, the_resident
from peopling import URN, a_keeping
from salus import identity
from salus.access import Request
from salus.app import Node, arrive, my_code, my_notices, my_record, view_summary, who_looked, work_list
from salus.records.following import How
from salus.storage import Duty

SOURCE = Path(salus.__file__).parent
ROOMS_THAT_DECIDE = "access appeals codec command healthcode keys ledger parties rules".split()
READERS = {
    "salus.app.desk": "the record page, to its resident and to who treats them",
    "salus.app.node": "the plans in force",
    "salus.app.population": "counts, of nobody",
    "salus.app.surveying": "notes what earlier releases took in",
    "salus.app.work_list": "to who keeps the record",
    "salus.records.forgetting": "drops it with the key of the record",
    "salus.records.intake.accept": "notes what arrives",
    "salus.records.service": "the same, of stored resources, and how a record stands",
    "salus.web.following_words": "words",
    "salus.web.pages.following_words_of": "words",
}
WHAT_A_READER_IS_SHOWN = "salus.access.consent"
ABOUT = ("salus.records.following", "salus.records.population")


def test_nothing_but_these_reads_what_is_due_or_how_a_record_stands() -> None:
    assert importers() == set(READERS)


def test_no_room_that_decides_is_within_reach_of_follow_up() -> None:
    graph = grimp.build_graph("salus")
    inside = {one for one in graph.modules if one.startswith("salus.records.following")}
    reached = {other for one in inside for other in graph.find_upstream_modules(one)}

    decide = {one for one in reached if one.startswith(tuple(f"salus.{room}" for room in ROOMS_THAT_DECIDE))}
    assert {one for one in decide if not one.startswith(WHAT_A_READER_IS_SHOWN)} == {"salus.access.errors"}


def test_policy_is_told_nothing_of_it() -> None:
    facts = "own_facility relation_open own_record care_facility independent closed".split()

    assert {one.name for one in fields(Request)} == {"role", "purpose", "action", "kind", *facts}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("late"), "H1", "H2") as opened:
        yield opened


@pytest.mark.parametrize("more", [{}, {"deceasedBoolean": True}], ids=["late", "said to be dead"])
def test_who_is_late_or_said_to_be_dead_is_received_and_asked_nothing(node: Node, more: dict[str, object]) -> None:
    number = a_number(410 + len(more), "19450505")
    person = {"fullUrl": URN, **a_patient(number, birthDate="1945-05-05", gender="female", **more)}
    done = send(node, system("H1"), person, a_keeping(URN, "2020-01-01"))
    with node.store.transaction(Duty.CARE) as tx:
        resident = identity.resident_by_key(tx, next(iter(done.residents.values())))
    assert resident is not None
    who = the_resident(resident.resident_id)

    assert [item.how for plan in my_record(node, who).followed for item in plan.items] == [How.OVERDUE]
    assert my_notices(node, who).notices == ()
    visit = arrive(node, clinician("H2"), my_code(node, who).code)
    assert view_summary(node, clinician("H2"), visit.resident_id).summary.facilities == ("H1",)


def test_reading_what_is_due_keeps_nothing_but_the_read(node: Node) -> None:
    number = a_number(430, "19450505")
    person = {"fullUrl": URN, **a_patient(number, birthDate="1945-05-05", gender="male")}
    done = send(node, system("H1"), person, a_keeping(URN, "2020-01-01"))
    with node.store.transaction(Duty.CARE) as tx:
        resident = identity.resident_by_key(tx, next(iter(done.residents.values())))
    assert resident is not None
    before = sizes(node)
    my_record(node, the_resident(resident.resident_id))
    listed = work_list(node, clinician("H1"))
    after = sizes(node)

    assert listed.lines
    assert {table for table in after if after[table] != before[table]} == {"access.entry", "access.unchained"}
    assert [look.what for look in who_looked(node, the_resident(resident.resident_id)).looks][:1] == ["follow-up"]


def sizes(node: Node) -> dict[str, int]:
    """Return how many rows each table of records has."""
    named = "select schemaname || '.' || tablename from pg_tables where schemaname not in ('pg_catalog', %s)"
    with node.store.connect(Duty.MIGRATION, "salus") as owner:
        tables = [str(row[0]) for row in owner.execute(named, ("information_schema",)).fetchall()]
        return {table: len(owner.execute(f"select 1 from {table}".encode()).fetchall()) for table in tables}


def importers() -> set[str]:
    """Return the modules outside both that import either, wherever in the file."""
    found = set()
    for path in SOURCE.rglob("*.py"):
        module = ".".join(("salus", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__")
        if module.startswith(ABOUT):
            continue
        for one in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(one, ast.ImportFrom) and one.module:
                names = {one.module, *(f"{one.module}.{alias.name}" for alias in one.names)}
                if any(name.startswith(ABOUT) for name in names):
                    found.add(module)
    return found

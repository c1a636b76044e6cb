"""A care relation ends: 24 hours after the resident was at the desk, to the second, the facility reads no more.

Nothing extends it but the resident's coming again, and no setting changes how long it lasts. Where one person alone
typed a number it ends after two hours, unless a colleague types it too or the code is shown.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from nodes import (
    START,
    a_node,
    a_number,
    a_patient,
    an_observation,
    clinician,
    received,
    reception,
    send,
    system,
    the_resident,
)
from salus import records
from salus.access import RELATION_LASTS, UNCONFIRMED_LASTS, open_relation, open_unconfirmed, orphans
from salus.app import Node, NodeSettings, Reader, Visit, arrive, audited, my_code, present_here, search, view_summary
from salus.kernel import FixedClock, Refused
from salus.parties import Principal
from salus.records import NotFound
from salus.storage import Duty

NUMBER = a_number(1)
LAST_MOMENT = timedelta(hours=24) - timedelta(microseconds=1)
HERE, ELSEWHERE = clinician("H1"), clinician("H2")


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("relations"), "H1", "H2", "H3") as opened:
        send(opened, system("H3"), a_patient(NUMBER, fullUrl="urn:uuid:p"), an_observation("urn:uuid:p"))
        yield opened


@pytest.fixture
def visit(node: Node, days: Iterator[datetime]) -> Visit:
    """The resident comes to the desk of H1, on a day on which no earlier relation is open."""
    move(node, next(days))
    return received(node, HERE, NUMBER)


@pytest.fixture(scope="module")
def days() -> Iterator[datetime]:
    return (START + timedelta(days=3 * n) for n in range(1000))


def move(node: Node, at: datetime) -> None:
    node.clock = FixedClock(at)


def may_read(node: Node, who: Principal, visit: Visit) -> set[str]:
    """Try every way to read what H3 keeps about the visit's resident; return the ways that were open."""
    patient = visit.patients[0]
    asked = records.parse_query("Observation", [("patient", str(patient))], node.custodian)
    ways = {
        "summary": lambda: view_summary(node, who, visit.resident_id),
        "search": lambda: search(node, who, asked),
        "read": lambda: Reader(node).read_one(who, "Patient", patient),
        "desk": lambda: _listed(node, who, visit.resident_id),
    }
    opened = set()
    for name, way in ways.items():
        try:
            way()
        except (Refused, NotFound):
            continue
        opened.add(name)
    return opened


def _listed(node: Node, who: Principal, resident: UUID) -> None:
    if resident not in {present.resident_id for present in present_here(node, who)}:
        raise Refused("not listed")


def test_a_relation_lasts_twenty_four_hours(visit: Visit, node: Node) -> None:
    assert timedelta(hours=24) == RELATION_LASTS
    assert visit.ends - node.clock.now() == RELATION_LASTS


def test_nobody_reads_before_the_resident_was_there(visit: Visit, node: Node) -> None:
    assert may_read(node, ELSEWHERE, visit) == set()


@pytest.mark.parametrize("after", [timedelta(0), timedelta(hours=12), LAST_MOMENT], ids=str)
def test_until_its_last_moment_a_relation_lets_the_facility_read(visit: Visit, node: Node, after: timedelta) -> None:
    move(node, visit.ends - RELATION_LASTS + after)

    assert may_read(node, HERE, visit) == {"summary", "search", "read", "desk"}


@pytest.mark.parametrize("after", [RELATION_LASTS, RELATION_LASTS + timedelta(seconds=1), timedelta(days=2)], ids=str)
def test_from_its_end_on_every_way_of_reading_is_refused(visit: Visit, node: Node, after: timedelta) -> None:
    move(node, visit.ends - RELATION_LASTS + after)

    assert may_read(node, HERE, visit) == set()


def test_a_relation_is_with_one_facility_only(visit: Visit, node: Node) -> None:
    assert may_read(node, HERE, visit)
    assert may_read(node, ELSEWHERE, visit) == set()


def test_reading_does_not_extend_a_relation(visit: Visit, node: Node) -> None:
    move(node, visit.ends - timedelta(hours=1))
    assert may_read(node, HERE, visit)
    move(node, visit.ends)

    assert may_read(node, HERE, visit) == set()


def test_coming_again_opens_another_that_ends_24_hours_later(visit: Visit, node: Node) -> None:
    again = visit.ends - timedelta(hours=1)
    move(node, again)
    second = received(node, HERE, NUMBER)
    move(node, visit.ends)

    assert second.ends == again + RELATION_LASTS
    assert may_read(node, HERE, visit)
    move(node, second.ends)
    assert may_read(node, HERE, visit) == set()


def test_a_relation_that_the_identity_code_opened_ends_alike(visit: Visit, node: Node) -> None:
    move(node, visit.ends)
    code = my_code(node, the_resident(visit.resident_id)).code
    by_code = arrive(node, HERE, code)
    move(node, by_code.ends - timedelta(seconds=1))
    assert may_read(node, HERE, visit)
    move(node, by_code.ends)

    assert by_code.ends - visit.ends == RELATION_LASTS
    assert may_read(node, HERE, visit) == set()


def test_a_number_that_one_person_typed_opens_two_hours(node: Node, days: Iterator[datetime]) -> None:
    """Attack C04: a clerk who knows a number says that somebody is there."""
    move(node, next(days))
    alone = arrive(node, HERE, NUMBER)
    arrive(node, HERE, NUMBER)  # the same person again confirms nothing

    assert alone.ends - node.clock.now() == UNCONFIRMED_LASTS == timedelta(hours=2)
    move(node, alone.ends - timedelta(microseconds=1))
    assert may_read(node, HERE, alone)
    move(node, alone.ends)
    assert may_read(node, HERE, alone) == set()


@pytest.mark.parametrize("how", ["colleague", "code"])
def test_a_colleague_or_the_code_makes_a_day_of_it(node: Node, days: Iterator[datetime], how: str) -> None:
    move(node, next(days))
    alone = arrive(node, HERE, NUMBER)
    code = my_code(node, the_resident(alone.resident_id)).code
    move(node, alone.ends - timedelta(minutes=1))
    confirmed = arrive(node, *((reception("H1"), NUMBER) if how == "colleague" else (HERE, code)))

    assert confirmed.ends == node.clock.now() + RELATION_LASTS
    move(node, confirmed.ends - timedelta(microseconds=1))
    assert may_read(node, HERE, alone)


def test_somebody_of_another_facility_confirms_nothing(node: Node, days: Iterator[datetime]) -> None:
    move(node, next(days))
    arrive(node, ELSEWHERE, NUMBER)

    assert arrive(node, HERE, NUMBER).ends - node.clock.now() == UNCONFIRMED_LASTS


def test_what_nobody_confirmed_is_counted_by_institution(node: Node, days: Iterator[datetime]) -> None:
    next(days)  # what the tests before left is over
    move(node, next(days))
    since = node.clock.now()
    arrive(node, HERE, NUMBER)
    received(node, ELSEWHERE, NUMBER)
    with node.store.transaction(Duty.CARE) as tx:
        while_open = orphans(tx, since, since + UNCONFIRMED_LASTS - timedelta(microseconds=1))
        over = orphans(tx, since, since + UNCONFIRMED_LASTS)

    assert while_open == []
    assert over == [("H1", 1)]
    move(node, since + UNCONFIRMED_LASTS)
    assert dict(audited(node).orphans)["H1"] >= 1


def test_a_refused_reader_leaves_no_read_but_a_refusal(visit: Visit, node: Node) -> None:
    move(node, visit.ends)
    before = _counted(node)
    may_read(node, HERE, visit)

    reads, refusals = (after - then for after, then in zip(_counted(node), before, strict=True))
    assert (reads, refusals) == (0, 3)


def _counted(node: Node) -> tuple[int, int]:
    with node.store.connect(Duty.MIGRATION, "salus") as owner:
        found = owner.execute("select (select count(*) from access.entry), (select count(*) from access.refusal)")
        reads, refusals = found.fetchone() or (0, 0)
    return int(reads), int(refusals)


def test_the_database_holds_no_relation_that_lasts_longer(visit: Visit, node: Node) -> None:
    longer = RELATION_LASTS + timedelta(seconds=1)

    with pytest.raises(psycopg.errors.CheckViolation), node.store.connect(Duty.MIGRATION, "salus") as owner:
        owner.execute("update access.relation set ends_at = opened_at + %s", (longer,))


def test_no_setting_and_no_argument_says_how_long() -> None:
    assert not [f.name for f in dataclasses.fields(NodeSettings) if "last" in f.name or "hour" in f.name]
    for opens in (open_relation, open_unconfirmed):
        assert set(opens.__annotations__) - {"given"} == {"tx", "facility", "resident_key", "by", "at", "return"}

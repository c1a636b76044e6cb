"""A link never brings a measure: what asks something of a resident is a specimen of the own number, and nothing else.

Somebody may find that two records are one person's, and be wrong. Then nothing that was found in the other's specimen
asks anything of the resident; what was found there may only end what is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from uuid import UUID

import pytest

from measures import HOUR
from measuring import Measuring, measuring
from nodes import a_number, a_patient, send, system, the_resident
from salus import identity
from salus.app import my_notices
from salus.healthcode.measures import HeldNotice
from salus.identity import Author
from salus.kernel import Role
from salus.rules import Measure, Result, recompute
from salus.storage import Duty

RULE = Author(name="score")
TWO = Author(name="one", role=Role.INDEX_REVIEWER, second="two")
WEIGHED = identity.Evidence(fields=(("name", 20.0), ("birth_date", 13.0)), model="ab" * 32)
_orders = count(1)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measuring]:
    with measuring(tmp_path_factory.mktemp("linking")) as opened:
        yield opened


def a_resident(world: Measuring, *numbers: str) -> tuple[int, UUID]:
    """Register a person at the hospital; return the chart and the identifier."""
    done = send(world.node, system("H1"), a_patient(*numbers))
    chart = done.outcomes[0].chart_key
    with world.node.store.transaction(Duty.CARE) as tx:
        found = identity.resident_by_key(tx, done.residents[chart])
    assert found is not None
    return chart, found.resident_id


def chart_at_site(world: Measuring, number: str) -> int:
    """Return the chart that the sampling site has of the person with a number."""
    resident = world.resident(number)
    with world.node.store.transaction(Duty.CARE) as tx:
        found = identity.resident(tx, resident)
    assert found is not None
    return found.charts[-1]


def infected(world: Measuring) -> tuple[str, UUID, HeldNotice]:
    """Let somebody's specimen be positive; return number, identifier and the notice that they are shown."""
    number = a_number(next(_orders))
    specimen = world.specimen(number)
    world.advance(HOUR)
    world.result(specimen, Result.POSITIVE)
    world.settle()
    resident = world.resident(number)
    (notice,) = shown(world, resident)
    assert notice.found.measure is Measure.PRECAUTION
    return number, resident, notice


def shown(world: Measuring, resident: UUID) -> tuple[HeldNotice, ...]:
    return my_notices(world.node, the_resident(resident)).notices


def link(world: Measuring, one: int, other: int, author: Author) -> None:
    weighed = WEIGHED if author is RULE else None
    with world.node.store.transaction(Duty.CARE) as tx:
        identity.link(tx, (one, other), ground="score", author=author, at=world.now, evidence=weighed)


LINKS = {"by weights": (RULE, False), "by people": (TWO, False), "past another number": (TWO, True)}


@pytest.mark.parametrize("way", LINKS)
def test_a_link_brings_no_measure(world: Measuring, way: str) -> None:
    """Whoever linked, and whoever of the two was there first."""
    author, numbered = LINKS[way]
    mine, resident = a_resident(world, *([a_number(next(_orders))] if numbered else []))
    number, other, notice = infected(world)

    link(world, mine, chart_at_site(world, number), author)

    assert shown(world, resident) == ()
    assert [one.file for one in shown(world, other)] == [notice.file]


def test_who_was_there_second_is_asked_nothing_either(world: Measuring) -> None:
    number, first, notice = infected(world)
    mine, resident = a_resident(world)

    link(world, mine, chart_at_site(world, number), TWO)

    assert shown(world, resident) == ()
    assert [one.file for one in shown(world, first)] == [notice.file]


def test_nothing_comes_through_a_chart_that_was_linked_to_the_own(world: Measuring) -> None:
    """One chart was linked to the resident's; a third carries the number of that one."""
    mine, resident = a_resident(world)
    number = a_number(next(_orders))
    between, _ = a_resident(world, number)
    link(world, mine, between, TWO)

    specimen = world.specimen(number)
    world.advance(HOUR)
    world.result(specimen, Result.POSITIVE)
    world.settle()

    with world.node.store.transaction(Duty.CARE) as tx:
        assert len(set(identity.residents_of(tx, [mine, chart_at_site(world, number)]).values())) == 1
    assert shown(world, resident) == ()


def test_a_specimen_under_the_own_number_counts_wherever_it_was_taken(world: Measuring) -> None:
    """The control: a measure is there, and it comes by the number, not by a link."""
    number = a_number(next(_orders))
    _, resident = a_resident(world, number)
    specimen = world.specimen(number)
    world.advance(HOUR)
    world.result(specimen, Result.POSITIVE)
    world.settle()

    (notice,) = shown(world, resident)
    assert world.node.trust is not None
    assert recompute(notice.file, world.node.trust, world.now) == notice.found


def test_a_negative_in_a_linked_chart_ends_what_is_asked_and_parting_takes_it_back(world: Measuring) -> None:
    number, resident, notice = infected(world)
    other = a_number(next(_orders))
    world.advance(48 * HOUR)
    specimen = world.specimen(other)
    world.advance(HOUR)
    world.result(specimen, Result.NEGATIVE)
    world.settle()
    assert [one.commitment for one in shown(world, resident)] == [notice.commitment]

    link(world, chart_at_site(world, number), chart_at_site(world, other), TWO)
    assert shown(world, resident) == ()
    with world.node.store.transaction(Duty.CARE) as tx:
        identity.part(tx, [chart_at_site(world, other)], ground="documents-differ", author=TWO, at=world.now)

    assert [one.commitment for one in shown(world, resident)] == [notice.commitment]


def test_a_negative_of_a_linked_chart_that_was_wrong_ends_nothing(world: Measuring) -> None:
    number, resident, notice = infected(world)
    other = a_number(next(_orders))
    world.advance(48 * HOUR)
    specimen = world.specimen(other)
    world.advance(HOUR)
    wrong = world.result(specimen, Result.NEGATIVE)
    world.result(specimen, Result.POSITIVE, replaces=wrong.commitment)
    world.settle()

    link(world, chart_at_site(world, number), chart_at_site(world, other), TWO)

    assert [one.commitment for one in shown(world, resident)] == [notice.commitment]

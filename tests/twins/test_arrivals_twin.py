"""Whoever comes first: charts that arrive in any order, one by one or together, end as the batch clusters them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nodes import a_node, a_number
from salus import identity, synth
from salus.app import Node
from salus.identity import Arrival, Described
from salus.identity.linkage.clustering import Facts, cluster
from salus.identity.linkage.people import PEOPLE, Answer, features
from salus.identity.matching import Known
from salus.identity.matching.describing import found_under, person
from salus.identity.matching.packing import pack, unpack
from salus.identity.matching.weighing import against, weigh
from salus.identity.placing.grouping import unambiguous
from salus.storage import Duty

Said = tuple[str, Described]
BIRTHS = ("1980-03-07", "1980-03-08", "1955-11-20", "")
NUMBERS = tuple(a_number(n, born) for n, born in ((1, "19800307"), (2, "19800307"), (3, "19551120")))
TABLES = "person found_by member resident claim number said assertion question unanswered"


def intrinsic(one: Said) -> tuple[bytes, str]:
    return pack(person(one[1])), one[0]


described = st.builds(
    Described,
    names=st.lists(st.sampled_from(["欧阳海燕", "Ouyang Haiyan", "欧阳海英", "司徒建国", ""]), max_size=2).map(tuple),
    sex=st.sampled_from(["female", "male", ""]),
    birth_date=st.sampled_from(BIRTHS),
    numbers=st.lists(st.sampled_from(NUMBERS), max_size=2, unique=True).map(
        lambda found: tuple(("resident-id", one) for one in found)
    ),
    phones=st.lists(st.sampled_from(["13912342718", "13912342719"]), max_size=2, unique=True).map(tuple),
)
registers = st.lists(st.tuples(st.sampled_from(["H1", "H2"]), described), min_size=2, max_size=7, unique_by=intrinsic)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("arrivals"), "H1") as opened:
        yield opened


def batch(register: Sequence[Said]) -> set[frozenset[int]]:
    """Cluster a register as the batch does: all pairs under a key, the strongest link first, guards at every union."""
    order = sorted(range(len(register)), key=lambda at: intrinsic(register[at]))
    known = {
        rank: Known(chart=rank, source=source, person=person(one))
        for rank, (source, one) in enumerate(register[at] for at in order)
    }
    people = [one.person for one in known.values() if one.person]
    keys = [found_under(one).keys() for one in people]
    pairs = [(a, b) for a, b in combinations(range(len(people)), 2) if keys[a] & keys[b]]
    links = {(a, b): found for a, b in pairs if (found := weigh(people[a], people[b])).answer is Answer.LINK}

    def veto(one: Sequence[int], two: Sequence[int]) -> str:
        return next((reason for a in one for b in two if (reason := against(people[a], people[b]))), "")

    weighed = [(a, b, max(links[a, b].scored.bits, PEOPLE.link)) for a, b in unambiguous(known, links)]
    found = cluster(len(people), weighed, PEOPLE, Facts(sources=[one.source for one in known.values()]), veto)
    blocks: dict[int, set[int]] = {}
    for rank, root in enumerate(found.of):
        blocks.setdefault(root, set()).add(order[rank])
    return set(map(frozenset, blocks.values()))


def arrive(node: Node, register: Sequence[Said], order: Sequence[int], sizes: Sequence[int]) -> set[frozenset[int]]:
    """Place the charts of a register on an empty index in an order, so many at a time."""
    with node.store.connect(Duty.MIGRATION) as connection:
        connection.execute(f"truncate {', '.join(f'identity.{table}' for table in TABLES.split())}".encode())
    left, keys = list(order), {}
    for size in (*sizes, len(left)):
        now, left = left[:size], left[size:]
        arrivals = [an_arrival(len(keys) + n + 1, register[at]) for n, at in enumerate(now)]
        keys |= {arrival.chart_key: at for arrival, at in zip(arrivals, now, strict=True)}
        if arrivals:
            with node.store.transaction(Duty.CARE) as tx, tx.together() if len(sizes) % 2 else nullcontext():
                identity.place(
                    tx, node.custodian, arrivals, node.clock.now(), node.judge
                )  # as a request does, and an import
    blocks: dict[int, set[int]] = {}
    with node.store.transaction(Duty.CARE) as tx:
        for chart, resident in identity.residents_of(tx, list(keys)).items():
            blocks.setdefault(resident, set()).add(keys[chart])
    with node.store.transaction(Duty.CARE) as tx:
        assert list(identity.differences(tx)) == []
    return set(map(frozenset, blocks.values()))


def an_arrival(chart: int, said: Said) -> Arrival:
    source, one = said
    numbers = tuple(identity.read_identifier(type_, text) for type_, text in one.numbers)
    born = date.fromisoformat(one.birth_date) if one.birth_date else None
    return Arrival(chart_key=chart, source=source, described=one, numbers=numbers, born=born)


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(registers, st.data())
def test_any_order_of_arrival_gives_the_clusters_of_the_batch(
    node: Node, register: list[Said], data: st.DataObject
) -> None:
    expected = batch(register)
    for _ in range(3):
        order = data.draw(st.permutations(range(len(register))))
        sizes = data.draw(st.lists(st.integers(1, 4), max_size=5))

        assert arrive(node, register, order, sizes) == expected


def before(first: Described, last: Described) -> Described:
    """Let a chart say no number first that it would only be silent about in the end: silence takes none away."""
    return first if person(last).features.citizen else replace(first, numbers=())


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(registers, st.data())
def test_charts_that_say_something_else_first_end_as_those_that_say_it_at_once(
    node: Node, register: list[Said], data: st.DataObject
) -> None:
    first = [(source, before(data.draw(described), last)) for source, last in register]
    arrive(node, first, range(len(first)), ())

    for at in data.draw(st.permutations(range(len(register)))):
        with node.store.transaction(Duty.CARE) as tx:
            identity.revise(tx, node.custodian, [an_arrival(at + 1, register[at])], node.clock.now(), node.judge)

    blocks: dict[int, set[int]] = {}
    with node.store.transaction(Duty.CARE) as tx:
        for chart, resident in identity.residents_of(tx, range(1, len(register) + 1)).items():
            blocks.setdefault(resident, set()).add(chart - 1)
    with node.store.transaction(Duty.CARE) as tx:
        assert list(identity.differences(tx)) == []
    assert set(map(frozenset, blocks.values())) == batch(register)


def test_what_is_compared_online_is_what_the_batch_compares_but_for_homes() -> None:
    for record in synth.records(3, 2_000):
        one = person(
            Described(
                names=(record.name,) if record.name else (),
                sex=record.sex,
                birth_date=record.birth_date,
                numbers=((record.id_type, record.id_number),) if record.id_number else (),
                phones=(record.phone,),
                recorded_at=record.recorded_at,
            )
        )

        assert one.features == unpack(pack(one)).features == features(record._asdict() | {"county": "", "address": ""})


@given(described)
def test_a_person_is_unpacked_as_packed(one: Described) -> None:
    assert unpack(pack(person(one))) == person(one)


@given(described, described)
def test_the_order_of_two_people_does_not_matter(one: Described, other: Described) -> None:
    a, b = person(one), person(other)

    assert weigh(a, b) == weigh(b, a)
    assert bool(against(a, b)) == bool(against(b, a))

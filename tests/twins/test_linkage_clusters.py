"""Clusters against slow and obvious ones, under rules about sources and single values, in any order of arrival."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from salus.identity.linkage import read_spec
from salus.identity.linkage.clustering import Facts, Link, cluster
from salus.identity.linkage.model import Grouping, Spec

CONNECTED = read_spec("""
name = "clusters"
source = "source"
link = 6.0
[[comparisons]]
name = "x"
levels = ["equal x"]
[[blocking]]
on = ["x"]
""")
AVERAGE = replace(CONNECTED, grouping=Grouping.AVERAGE)
COUNT = 9
all_links = st.dictionaries(
    st.tuples(st.integers(0, COUNT - 1), st.integers(0, COUNT - 1)).filter(lambda pair: pair[0] < pair[1]),
    st.integers(-80, 400).map(lambda tenths: tenths / 16),
    max_size=30,
).map(lambda found: [(a, b, bits) for (a, b), bits in found.items()])
all_facts = st.builds(
    lambda sources, cards: Facts(sources=sources, single={"card": cards}),
    st.lists(st.sampled_from("ABCD"), min_size=COUNT, max_size=COUNT),
    st.lists(st.sampled_from([None, "1", "2"]), min_size=COUNT, max_size=COUNT),
)


def may_stand(group: set[int], spec: Spec, facts: Facts) -> bool:
    sources = [facts.sources[at] for at in group]
    cards = {facts.single["card"][at] for at in group} - {None}
    return (not spec.per_source or max(map(sources.count, sources)) <= spec.per_source) and len(cards) <= 1


def slowly_connected(links: Sequence[Link], spec: Spec, facts: Facts) -> set[frozenset[int]]:
    groups = [{at} for at in range(COUNT)]
    for a, b, bits in sorted(links, key=lambda link: (-link[2], link[0], link[1])):
        one = next(group for group in groups if a in group)
        two = next(group for group in groups if b in group)
        if bits >= spec.link and one is not two and may_stand(one | two, spec, facts):
            groups = [group for group in groups if group not in (one, two)] + [one | two]
    return {frozenset(group) for group in groups}


def as_sets(of: Sequence[int]) -> set[frozenset[int]]:
    return {frozenset(at for at, one in enumerate(of) if one == root) for root in set(of)}


def slow_mean(one: set[int], two: set[int], links: Sequence[Link], spec: Spec) -> float | None:
    weights = {frozenset((a, b)): bits for a, b, bits in links if bits >= spec.review}
    between = [weights.get(frozenset((a, b))) for a in one for b in two]
    if not any(bits is not None and bits >= spec.link for bits in between):
        return None
    return sum(-spec.link if bits is None else min(bits, 2 * spec.link) for bits in between) / len(between)


@settings(max_examples=300, deadline=None)
@given(links=all_links, facts=all_facts, per_source=st.integers(0, 2))
def test_connected_clusters_are_those_of_the_obvious_way(links: list[Link], facts: Facts, per_source: int) -> None:
    spec = replace(CONNECTED, per_source=per_source)

    found = cluster(COUNT, links, spec, facts)

    assert as_sets(found.of) == slowly_connected(links, spec, facts)
    assert all(found.of[at] == min(other for other in range(COUNT) if found.of[other] == found.of[at])
               for at in range(COUNT))  # fmt: skip
    assert all(found.of[a] != found.of[b] and reason for a, b, _, reason in found.refused)


@settings(max_examples=300, deadline=None)
@given(links=all_links, facts=all_facts, grouping=st.sampled_from([CONNECTED, AVERAGE]), dice=st.randoms())
def test_clusters_do_not_depend_on_the_order_of_arrival(
    links: list[Link], facts: Facts, grouping: Spec, dice: random.Random
) -> None:
    spec = replace(grouping, per_source=2)
    again = list(links)
    dice.shuffle(again)

    assert cluster(COUNT, again, spec, facts).of == cluster(COUNT, links, spec, facts).of


@settings(max_examples=300, deadline=None)
@given(links=all_links, facts=all_facts)
def test_averaged_clusters_cannot_be_improved_by_a_join_and_obey_the_rules(links: list[Link], facts: Facts) -> None:
    spec = replace(AVERAGE, per_source=2)

    groups = [set(group) for group in as_sets(cluster(COUNT, links, spec, facts).of)]

    assert all(may_stand(group, spec, facts) for group in groups)
    for one, two in combinations(groups, 2):
        mean = slow_mean(one, two, links, spec)
        assert mean is None or mean < 1e-9 or not may_stand(one | two, spec, facts)


@given(links=all_links)
def test_a_veto_is_asked_before_two_groups_join(links: list[Link]) -> None:
    asked: list[set[int]] = []

    def veto(one: Sequence[int], two: Sequence[int]) -> str:
        asked.append({*one, *two})
        return "apart" if 0 in (*one, *two) else ""

    found = cluster(COUNT, links, CONNECTED, veto=veto)

    assert found.of.count(0) == 1
    assert all(group <= set().union(*asked) for group in as_sets(found.of) if len(group) > 1)


def test_one_wrong_link_does_not_chain_two_people() -> None:
    people = [(a, b, 20.0) for group in ((0, 1, 2, 3), (4, 5, 6, 7)) for a, b in combinations(group, 2)]
    wrong = (3, 4, 9.0)

    assert cluster(8, [*people, wrong], AVERAGE).of == [0, 0, 0, 0, 4, 4, 4, 4]
    assert cluster(8, [*people, wrong], CONNECTED).of == [0] * 8

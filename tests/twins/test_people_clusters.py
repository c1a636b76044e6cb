"""Clusters of a table of people, made in bulk, against links taken one by one and every pair of members asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest

from salus.identity.linkage.clustering import Facts, cluster
from salus.identity.linkage.model import Row
from salus.identity.linkage.people import COLUMNS, NOT_THE_SAME, PEOPLE, Within, features, guards, people_weights
from salus.identity.linkage.people.matching import JUDGED, match_people
from salus.identity.linkage.tables import opened
from salus.synth import records


def every_pair(rows: Sequence[Row], parted: set[tuple[int, int]]) -> Callable[[Sequence[int], Sequence[int]], str]:
    asked = [(guard.code, guard.holds()) for guard in guards() if guard.within is Within.CLUSTER]

    def reason(a: int, b: int) -> str:
        if (min(a, b), max(a, b)) in parted:
            return NOT_THE_SAME
        return next((code for code, holds in asked if holds(rows[a], rows[b])), "")

    return lambda one, two: next((why for b in two for a in one if (why := reason(a, b))), "")


@pytest.mark.parametrize("seed", [5, 6])
def test_clusters_are_those_of_links_taken_one_by_one(seed: int) -> None:
    register = records(seed, 8_000, counties=20)
    rows = {row.record_id: row._asdict() for row in register}
    persons = sorted(rows, key=lambda record_id: (register.people[record_id], record_id))
    # Records of most-seen persons are parted, so that groups of three and more hold a pair that may not stand.
    said = [
        (one, other)
        for one, other in pairwise(persons)
        if register.people[one] == register.people[other] and register.people[one] % 50 == 0
    ]
    with opened() as connection:
        columns = ", ".join(f"unnest(?::varchar[]) as {column}" for column in COLUMNS)
        values = [[row[column] for row in rows.values()] for column in COLUMNS]
        connection.execute(f"create table raw as select {columns}", values)
        matched = match_people(connection, "raw", weights=people_weights(), parted=said)
        links = connection.execute(f"select l, r, bits from {JUDGED} where reason = '' and bits >= 8").fetchall()
        ids = [one for (one,) in connection.execute("select record_id from linkage_records order by n").fetchall()]
    place = {record_id: at for at, record_id in enumerate(ids)}
    known: list[Row] = [features(rows[one])._asdict() for one in ids]
    parted = {(min(place[a], place[b]), max(place[a], place[b])) for a, b in said}
    facts = Facts(sources=[rows[one]["source"] for one in ids])

    slow = cluster(len(ids), links, PEOPLE, facts, every_pair(known, parted))

    assert list(matched.clusters.of) == list(slow.of)
    assert sorted(matched.clusters.refused) == sorted(slow.refused)
    assert {NOT_THE_SAME, "two-numbers"} <= {reason for *_, reason in slow.refused}

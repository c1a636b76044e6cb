"""The pairs that DuckDB chooses are those that keys made in Python choose, budgets and sources included."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace
from itertools import combinations

import pytest

from salus.identity.linkage import Blocking, Row, Spec, TableRefused, keys, read_spec
from salus.identity.linkage.candidates import PAIRS, RECORDS, Found, pair, take
from salus.identity.linkage.tables import opened

SPEC = read_spec("""
name = "candidates"
source = "source"
[[comparisons]]
name = "names"
needs = ["words"]
levels = ["shared words 1"]
[[comparisons]]
name = "born"
levels = ["equal born"]
[[blocking]]
on = ["words[each]", "born[0:4]"]
at_most = 6
[[blocking]]
on = ["born"]
pairs = 40
[[blocking]]
on = ["words[each 2]"]
""")


def some_people(dice: random.Random, count: int) -> list[dict[str, object]]:
    return [
        {
            "record_id": f"r{at:03}",
            "source": dice.choice("AB"),
            "words": tuple(sorted(dice.sample("abcdefgh", k=dice.randint(1, 3)))) if dice.random() < 0.9 else None,
            "born": f"{dice.randint(1980, 1986)}010{dice.randint(1, 4)}" if dice.random() < 0.9 else None,
        }
        for at in range(count)
    ]


def slowly(rule: Blocking, people: list[Row]) -> tuple[set[tuple[int, int]], Found]:
    blocks = defaultdict(list)
    for at, row in enumerate(people):
        for key in keys(rule, row):
            blocks[key].append(at)
    sized = sorted((len(members), key) for key, members in blocks.items() if len(members) > 1)
    chosen: set[tuple[int, int]] = set()
    running, kept, left_out = 0, 0, []
    for size, key in sized:
        running += size * (size - 1) // 2
        if size > rule.at_most or running > rule.pairs:
            left_out.append(size)
        else:
            chosen |= set(combinations(blocks[key], 2))
            kept += size * (size - 1) // 2
    found = Found(rule=rule.name, pairs=kept, blocks_left_out=len(left_out), records_left_out=sum(left_out),
                  pairs_left_out=sum(size * (size - 1) // 2 for size in left_out))  # fmt: skip
    return chosen, found


@pytest.mark.parametrize("across", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_the_pairs_looked_at_are_those_of_the_obvious_way(seed: int, across: bool) -> None:
    spec: Spec = replace(SPEC, across_sources=across)
    people = some_people(random.Random(seed), 120)
    with opened() as connection:
        connection.execute("create table people (record_id varchar, source varchar, words varchar[], born varchar)")
        for row in people:
            words = list(row["words"]) if isinstance(row["words"], tuple) else None
            connection.execute(
                "insert into people values (?, ?, ?, ?)", [row["record_id"], row["source"], words, row["born"]]
            )
        take(connection, "people", spec)
        found = pair(connection, spec)
        chosen = connection.execute(f"select join_key_l, join_key_r from {PAIRS}").fetchall()

    slow = [slowly(rule, people) for rule in spec.blocking]  # type: ignore[arg-type]
    wanted = set().union(*(pairs for pairs, _ in slow))
    if across:
        wanted = {(a, b) for a, b in wanted if people[a]["source"] != people[b]["source"]}
    assert found == tuple(told for _, told in slow)
    assert any(one.blocks_left_out for one in found)
    assert len(chosen) == len(set(chosen))
    assert set(chosen) == wanted


@pytest.mark.parametrize(("ids", "told"), [(("a", "a"), "stand more than once"), (("a", None), "no record id")])
def test_record_ids_that_name_no_single_record_are_refused(ids: tuple[str | None, ...], told: str) -> None:
    with opened() as connection:
        connection.execute("create table people (record_id varchar, source varchar, words varchar[], born varchar)")
        for one in ids:
            connection.execute("insert into people values (?, 'A', ['a'], '19800101')", [one])

        with pytest.raises(TableRefused, match=told):
            take(connection, "people", SPEC)


def test_records_are_numbered_by_their_ids_whatever_their_order() -> None:
    with opened() as connection:
        connection.execute("create table people (record_id varchar, source varchar, words varchar[], born varchar)")
        for one in ("c", "a", "b"):
            connection.execute("insert into people values (?, 'A', ['a'], '19800101')", [one])
        take(connection, "people", SPEC)

        assert connection.execute(f"select record_id from {RECORDS} order by n").fetchall() == [("a",), ("b",), ("c",)]

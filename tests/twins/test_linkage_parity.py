"""The same model, the same pairs, two engines: Splink on DuckDB and the online scorer weigh every pair alike."""

from __future__ import annotations

import random
from itertools import combinations

import pytest

from salus.identity.linkage import Row, Scorer, Spec, TableRefused, Value, Weights, read_spec
from salus.identity.linkage.candidates import PAIRS, take
from salus.identity.linkage.engine import SCORED, scores
from salus.identity.linkage.matching import rows
from salus.identity.linkage.tables import opened
from salus.identity.linkage.weights import Frequencies, LevelWeight

SPEC = read_spec("""
name = "parity"
review = -1000.0
[[comparisons]]
name = "names"
needs = ["given", "family"]
levels = ["equal given and equal family", "swapped given family", "damerau given 1 and damerau family 2"]
frequencies = "family"
[[comparisons]]
name = "family"
levels = ["equal family", "levenshtein family 1", "prefix family 2"]
frequencies = "family"
[[comparisons]]
name = "birth"
levels = ["equal birth", "date-swapped birth", "damerau birth 1", "date-parts birth 2"]
[[comparisons]]
name = "year"
levels = ["equal year", "within year 1", "is year 3"]
frequencies = "year"
[[comparisons]]
name = "words"
levels = ["contained words and shared words 2", "shared words 2", "shared words 1"]
[[blocking]]
on = ["family"]
""")
COLUMNS = {"given": "varchar", "family": "varchar", "birth": "varchar", "year": "bigint", "words": "varchar[]"}


def a_record(dice: random.Random) -> dict[str, Value]:
    def perhaps(value: Value) -> Value:
        return None if dice.random() < 0.1 else value

    return {
        "given": perhaps("".join(dice.choices("ab", k=dice.randint(1, 3)))),
        "family": perhaps("".join(dice.choices("abc", k=dice.randint(1, 4)))),
        "birth": perhaps(f"198{dice.randint(0, 1)}0{dice.randint(1, 3)}0{dice.randint(1, 3)}"),
        "year": perhaps(dice.randint(1, 5)),
        "words": perhaps(tuple(sorted(dice.sample("pqrst", k=dice.randint(1, 3))))),
    }


def some_weights(spec: Spec, dice: random.Random) -> Weights:
    levels = tuple(
        LevelWeight(comparison=one.name, level=name, m=dice.uniform(1e-6, 1), u=dice.uniform(1e-9, 1))
        for one in spec.comparisons
        for name in [*(level.name for level in one.levels), "else"]
    )
    families = Frequencies(column="family", shares={"a": 0.21, "ab": 0.0371, "cab": 0.0004}, pooled=0.000123)
    years = Frequencies(column="year", shares={"1": 0.3, "4": 0.123456}, pooled=0.05)
    return Weights(
        spec=spec.name, prior=3e-5, levels=levels, frequencies=(families, years), link=6.6, review=-1000.0, records=9
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_both_engines_weigh_every_pair_alike(seed: int) -> None:
    dice = random.Random(seed)
    weights = some_weights(SPEC, dice)
    with opened() as connection:
        connection.execute(f"create table people (record_id varchar, {', '.join(map(' '.join, COLUMNS.items()))})")
        for number in range(250):
            record = a_record(dice)
            values = [list(one) if isinstance(one, tuple) else one for one in (record[name] for name in COLUMNS)]
            connection.execute("insert into people values (?, ?, ?, ?, ?, ?)", [f"r{number}", *values])
        assert take(connection, "people", SPEC) == 250
        connection.execute(
            f"create table {PAIRS} as select '0' as match_key, a.n as join_key_l, b.n as join_key_r"
            " from linkage_records a join linkage_records b on a.n < b.n"
        )
        scores(connection, SPEC, weights)
        found = connection.execute(f"select l, r, bits from {SCORED}").fetchall()
        records: dict[int, Row] = rows(connection, SPEC, range(250))
    scorer = Scorer(SPEC, weights)

    assert {(l, r) for l, r, _ in found} == set(combinations(range(250), 2))  # noqa: E741
    assert max(abs(scorer(records[l], records[r]).bits - bits) for l, r, bits in found) < 1e-9  # noqa: E741


def test_an_explanation_sums_to_its_total_exactly_and_reads_the_same_from_either_side() -> None:
    dice = random.Random(7)
    scorer = Scorer(SPEC, some_weights(SPEC, dice))
    for _ in range(2_000):
        one, two = a_record(dice), a_record(dice)
        scored = scorer(one, two)
        shown = [bits for _, _, bits in scored.explained()]
        dice.shuffle(shown)

        assert sum(shown) == scored.bits
        assert scorer(two, one) == scored


@pytest.mark.parametrize("family", ["'müller'", "''"])
def test_a_text_that_the_engines_would_measure_differently_is_refused(family: str) -> None:
    with opened() as connection:
        connection.execute(
            "create table people as select 'r' || i as record_id, 'x' as given, 'x' as family, '19800101' as birth,"
            f" 1::bigint as year, ['x'] as words from range(2) t(i); update people set family = {family}"
        )

        with pytest.raises(TableRefused, match="not ASCII"):
            take(connection, "people", SPEC)

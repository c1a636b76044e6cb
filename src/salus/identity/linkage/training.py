"""Training without labels: u from random pairs and collisions, m by Splink's expectation maximisation and from seeds.

It is deterministic: samples are drawn by hashes of record numbers, and estimates are rounded before they are used. It
returns no model that has a level without an estimate, or a closer level that weighs less than a farther one.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from duckdb import DuckDBPyConnection

from salus.identity.linkage.candidates import PAIRS, RECORDS
from salus.identity.linkage.comparing import MISSING, gamma_sql
from salus.identity.linkage.engine import linker
from salus.identity.linkage.errors import TrainingRefused
from salus.identity.linkage.keys import keys_sql
from salus.identity.linkage.model import Blocking, Comparison, Kind, Spec
from salus.identity.linkage.weights import POOLED_BELOW, Frequencies, LevelWeight, Weights

SAMPLED_PAIRS, EM_PAIRS, SETTLING_PAIRS = 200_000, 400_000, 500_000
EXAMPLES = 1.0
"""A level with fewer expected examples among matches than this, in every pass, has no estimate."""
LEAST_ERROR = 0.001
"""The least share of matches that disagree on a field, though a pass saw none: nobody's records are that clean."""
NOISE = 1.0
"""Bits by which a farther level may come out better than a closer one before the order of levels counts as wrong."""
ENOUGH = 3
"""Passes of expectation maximisation after which a comparison has learned enough."""
DOUBT = 2.0
"""Bits by which the estimate of a level may differ from what all pairs together say, without a note in the model."""
Patterns = list[tuple[tuple[int, ...], int]]
Estimates = dict[str, list[list[float | None]]]
Learnt = tuple[float, dict[str, list[float | None]]]
"""The matches that a pass found, and its estimates of m by comparison."""
LEARNT_FROM = "linkage_em"
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """How often each level is reached by two records drawn at random, the closest first, and of how many pairs."""

    shares: tuple[float, ...]
    pairs: int


def train(connection: DuckDBPyConnection, spec: Spec, progress: Progress = lambda _: None) -> Weights:
    """Train the model of a specification on the working tables that `take` and `pair` filled."""
    records = _count(connection, RECORDS)
    total = _all_pairs(connection, spec)
    progress("frequencies and chance agreement")
    frequencies = tuple(_frequencies(connection, column) for column in spec.weighed_by_frequency)
    chance = _chance(connection, spec)
    if not _count(connection, PAIRS):
        raise TrainingRefused("no blocking rule finds a pair of records; there is nothing to learn from")
    estimates, matches = _passes(connection, spec, chance, progress)
    m = {one.name: _together(one, estimates[one.name]) for one in spec.comparisons}
    progress("the share of matches")
    patterns, scale = _patterns(connection, spec)
    prior = min(max(matches, 1.0) / total, 0.5)
    u = {one.name: list(chance[one.name].shares) for one in spec.comparisons}
    for _ in range(2):
        prior = _settled(spec, patterns, scale, total, m, u, prior)
        u = {one.name: _without_matches(one, chance[one.name], m[one.name], prior, records) for one in spec.comparisons}
    u = {one.name: _no_better(one, m[one.name], u[one.name]) for one in spec.comparisons}
    levels = tuple(
        LevelWeight(comparison=one.name, level=name, m=_rounded(m_), u=_rounded(u_))
        for one in spec.comparisons
        for name, m_, u_ in zip([*(level.name for level in one.levels), "else"], m[one.name], u[one.name], strict=True)
    )
    weights = Weights(
        spec=spec.name, prior=_rounded(prior), levels=levels, frequencies=frequencies, link=float(spec.link),
        review=float(spec.review), records=records, notes=_notes(spec, patterns, m, u, prior),
    )  # fmt: skip
    check_order(spec, weights)
    return weights


def _no_better(comparison: Comparison, m: list[float], u: list[float]) -> list[float]:
    """Raise u of a farther level that came out better than the closer one, if only by `NOISE` bits of sampling."""
    raised = list(u)
    for at in range(1, len(u)):
        ceiling = m[at - 1] / raised[at - 1]
        if comparison.ordered and ceiling < m[at] / raised[at] <= ceiling * 2**NOISE:
            raised[at] = min(1.0, m[at] / ceiling * (1 + 1e-6))
    return raised


def check_order(spec: Spec, weights: Weights) -> None:
    """Refuse a model in which a closer level weighs less than a farther one."""
    for comparison in spec.comparisons:
        levels = weights.of(comparison.name)
        for closer, farther in pairwise(levels):
            if comparison.ordered and closer.bits < farther.bits:
                raise TrainingRefused(
                    f"{comparison.name}: level '{closer.level}' weighs {closer.bits:.2f} bits, less than the farther"
                    f" '{farther.level}' with {farther.bits:.2f}; join the two levels, or put them in another order"
                )


def _rounded(value: float) -> float:
    return float(f"{value:.7g}")


def _count(connection: DuckDBPyConnection, table: str) -> int:
    row = connection.execute(f"select count(*) from {table}").fetchall()  # noqa: S608
    return int(row[0][0])


def _all_pairs(connection: DuckDBPyConnection, spec: Spec) -> float:
    grouped = f"select count(*) as c from {RECORDS} group by source" if spec.across_sources else "select 1 as c"  # noqa: S608
    records = _count(connection, RECORDS)
    row = connection.execute(f"select sum(c * c) from ({grouped})").fetchall()  # noqa: S608
    within = float(row[0][0]) if spec.across_sources else float(records)
    if (pairs := (records * records - within) / 2) < 1:
        raise TrainingRefused("there are not two records to compare")
    return pairs


def _frequencies(connection: DuckDBPyConnection, column: str) -> Frequencies:
    counted = f"(select {column} as value, count(*) as c from {RECORDS} where {column} is not null group by 1)"  # noqa: S608
    [(present, mean)] = connection.execute(
        f"select coalesce(sum(c), 1), coalesce(avg(c) filter (c < {POOLED_BELOW}), 1.0) from {counted}"  # noqa: S608
    ).fetchall()
    rows = connection.execute(
        f"select cast(value as varchar), c from {counted} where c >= {POOLED_BELOW} order by 1"  # noqa: S608
    ).fetchall()
    shares = {value: _rounded(count / int(present)) for value, count in rows}
    return Frequencies(column=column, shares=shares, pooled=_rounded(mean / int(present)))


def _chance(connection: DuckDBPyConnection, spec: Spec) -> dict[str, Chance]:
    """Return how often levels are reached by chance: counted on random pairs, collisions of equal values exactly."""
    records = _count(connection, RECORDS)
    shifts = max(1, min(records // 2, math.ceil(SAMPLED_PAIRS / records)))
    steps = sorted({1 + (at * records) // (2 * shifts) for at in range(shifts)})
    across = " where a.source is distinct from b.source" if spec.across_sources else ""
    connection.execute(
        "create or replace temp table shuffled as select n, row_number() over (order by hash(n), n) - 1 as at"  # noqa: S608
        f" from {RECORDS}"
    )
    gammas = ", ".join(_gamma(one) for one in spec.comparisons)
    rows = connection.execute(
        f"select {gammas}, count(*) from (select s.n as l, t.n as r from shuffled s cross join"  # noqa: S608
        f" (select unnest(?::integer[]) as step) join shuffled t on t.at = (s.at + step) % {records})"
        f" join {RECORDS} a on a.n = l join {RECORDS} b on b.n = r{across} group by all",
        [steps],
    ).fetchall()
    connection.execute("drop table shuffled")
    return {one.name: _shares(connection, spec, one, at, rows) for at, one in enumerate(spec.comparisons)}


def _gamma(comparison: Comparison) -> str:
    return gamma_sql(comparison, lambda column: f"a.{column}", lambda column: f"b.{column}")


def _shares(
    connection: DuckDBPyConnection, spec: Spec, comparison: Comparison, at: int, rows: Sequence[tuple[int, ...]]
) -> Chance:
    top = len(comparison.levels)
    counts = [0.0] * (top + 1)
    for row in rows:
        if row[at] != MISSING:
            counts[top - row[at]] += row[-1]
    pairs = int(sum(counts))
    if not pairs:
        raise TrainingRefused(f"{comparison.name}: no two records have both a value; leave the comparison out")
    shares = [count / pairs for count in counts]
    first = comparison.levels[0].tests
    if len(first) == 1 and first[0].kind is Kind.EQUAL and comparison.needs == (first[0].column,):
        shares[0] = _collisions(connection, spec, first[0].column) or shares[0]
    floor = 0.5 / pairs
    for place in range(top + 1):
        if counts[place] < 5:
            # A farther level is reached by more pairs of strangers than a closer one; a sample may have missed them.
            shares[place] = max(shares[place], floor, shares[place - 1] if place else 0.0)
    return Chance(shares=tuple(share / math.fsum(shares) for share in shares), pairs=pairs)


def _collisions(connection: DuckDBPyConnection, spec: Spec, column: str) -> float:
    """Return the probability that two records with a value have the same, from all records."""
    source = "source" if spec.across_sources else "n"
    row = connection.execute(
        f"with counted as (select {column} as value, {source} as s, count(*) as c from {RECORDS} where {column} is not"  # noqa: S608
        " null group by all), valued as (select sum(c) as total, sum(c * c) as within from counted group by value),"
        " sourced as (select sum(c) as c from counted group by s)"
        " select (select sum(total * total - within) from valued),"
        " (select sum(c) ** 2 - sum(c * c) from sourced)"
    ).fetchall()
    agreeing, pairs = row[0]
    return float(agreeing) / float(pairs) if pairs else 0.0


def _passes(
    connection: DuckDBPyConnection, spec: Spec, chance: dict[str, Chance], progress: Progress
) -> tuple[Estimates, float]:
    """Return estimates of m by comparison, one list for each pass, and the largest number of matches a pass found.

    Where seeds tell of a comparison, only they count: chance agreement that hangs together, as a place and its postcode
    do, misleads expectation maximisation and not them.
    """
    estimates: Estimates = {one.name: [] for one in spec.comparisons}
    seeds: Estimates = {one.name: [] for one in spec.comparisons}
    most = 0.0
    for rule in sorted(spec.blocking, key=lambda rule: rule.name not in spec.seeds):
        told = [one.name for one in spec.comparisons if not _tells_of(spec, rule, one)]
        known = all(seeds[name] or len(estimates[name]) >= ENOUGH for name in told)
        if not told or any(part.each for part in rule.parts) or (known and rule.name not in spec.seeds):
            continue
        progress(f"learning from {rule.name}")
        pairs, share = _em_pairs(connection, spec, rule)
        if pairs < 50:
            continue
        seeded = rule.name in spec.seeds
        matches, by_comparison = (
            _from_seeds(connection, spec, pairs) if seeded else _from_em(connection, spec, told, chance, pairs)
        )
        most = max(most, matches / share)
        for name in told:
            (seeds if seeded else estimates)[name].append(_with_examples(by_comparison[name], matches))
    return {name: seeds[name] or estimates[name] for name in estimates}, most


def _with_examples(m: list[float | None], matches: float) -> list[float | None]:
    """Drop estimates without examples. Where no match disagreed that is knowledge, but no field is without errors."""
    *levels, otherwise = m
    known = [one if one is not None and one * matches >= EXAMPLES else None for one in levels]
    return [*known, max(otherwise or 0.0, LEAST_ERROR)]


def _tells_of(spec: Spec, rule: Blocking, comparison: Comparison) -> bool:
    """Say whether a rule's key fixes what a comparison compares, be it through a column read from the same source."""
    sources = {one.column: frozenset(one.sources) for one in spec.readings}
    raw = {name for part in rule.parts for name in sources.get(part.column, {part.column})}
    compared = {name for column in comparison.columns for name in sources.get(column, {column})}
    return bool(raw & compared) or comparison.name in rule.tells_of


def _em_pairs(connection: DuckDBPyConnection, spec: Spec, rule: Blocking) -> tuple[int, float]:
    """Write the records of as many of a rule's blocks as a pass takes, with their key; return its pairs and share."""
    connection.execute(f"create or replace temp table em_keys as {keys_sql(rule, RECORDS, 'n')}")
    connection.execute(
        "create or replace temp table em_blocks as select *, sum(pairs) over (order by hash(key), key) as running from"  # noqa: S608
        " (select key, count(*) * (count(*) - 1) // 2 as pairs from em_keys group by key having count(*) between 2"
        f" and {rule.at_most})"
    )
    connection.execute(
        f"create or replace table {LEARNT_FROM} as select r.*, k.key as em_key from {RECORDS} r"  # noqa: S608
        " join em_keys k on k.record_id = r.n"
        f" semi join (from em_blocks where running <= {EM_PAIRS}) b on b.key = k.key"
    )
    row = connection.execute(
        f"select (select count(*) from {LEARNT_FROM} l join {LEARNT_FROM} r on l.n < r.n and {_same_key(spec)}),"  # noqa: S608
        f" sum(pairs) filter (running <= {EM_PAIRS}), sum(pairs) from em_blocks"
    ).fetchall()
    pairs, taken, all_pairs = row[0]
    return int(pairs), (float(taken or 0) / float(all_pairs) if all_pairs else 1.0)


def _same_key(spec: Spec) -> str:
    return "l.em_key = r.em_key" + (" and l.source <> r.source" if spec.across_sources else "")


def _from_em(
    connection: DuckDBPyConnection, spec: Spec, told: Sequence[str], chance: dict[str, Chance], pairs: int
) -> Learnt:
    """Run Splink's expectation maximisation over one rule's pairs, with u as it is.

    Only what the rule's key does not fix takes part: all pairs agree on the rest, which would make a match of each.
    """
    free = replace(spec, comparisons=tuple(one for one in spec.comparisons if one.name in told))
    start = {name: [(None, share) for share in chance[name].shares] for name in told}
    splink = linker(connection, LEARNT_FROM, free, start, prior=0.1, by_frequency=False)
    session = splink.training.estimate_parameters_using_expectation_maximisation(
        _same_key(spec), estimate_without_term_frequencies=True
    )
    model = session.core_model_settings
    found = {
        one.output_column_name: [level.m_probability for level in one.comparison_levels if not level.is_null_level]
        for one in model.comparisons
    }
    numbers = {name: [m if isinstance(m, float) else None for m in levels] for name, levels in found.items()}
    return float(model.probability_two_random_records_match) * pairs, numbers


def _from_seeds(connection: DuckDBPyConnection, spec: Spec, pairs: int) -> Learnt:
    """Count levels over the pairs of a rule that is strong enough to name matches."""
    gammas = ", ".join(
        gamma_sql(one, lambda column: f"l.{column}", lambda column: f"r.{column}") for one in spec.comparisons
    )
    rows = connection.execute(
        f"select {gammas}, count(*) from {LEARNT_FROM} l join {LEARNT_FROM} r on l.n < r.n and {_same_key(spec)}"  # noqa: S608
        " group by all"
    ).fetchall()
    found: dict[str, list[float | None]] = {}
    for at, one in enumerate(spec.comparisons):
        top = len(one.levels)
        counts = [sum(row[-1] for row in rows if row[at] == top - place) for place in range(top + 1)]
        found[one.name] = [count / (sum(counts) or 1) for count in counts]
    return float(pairs), found


def _together(comparison: Comparison, estimates: list[list[float | None]]) -> list[float]:
    """Return the median of the passes' estimates for each level, summing to 1."""
    names = [*(level.name for level in comparison.levels), "else"]
    medians = []
    for place, name in enumerate(names):
        known = [one for levels in estimates if (one := levels[place]) is not None]
        if not known:
            raise TrainingRefused(
                f"{comparison.name}: level '{name}' stays without an estimate; leave the level out, or add a blocking"
                " rule on other columns that brings pairs which reach it"
            )
        medians.append(statistics.median(known))
    return [one / math.fsum(medians) for one in medians]


def _patterns(connection: DuckDBPyConnection, spec: Spec) -> tuple[Patterns, float]:
    """Return the combinations of levels among the pairs that were chosen, and by what a sample is to be multiplied."""
    every = max(1, _count(connection, PAIRS) // SETTLING_PAIRS)
    gammas = ", ".join(_gamma(one) for one in spec.comparisons)
    rows = connection.execute(
        f"select {gammas}, count(*) from {PAIRS} p join {RECORDS} a on a.n = p.join_key_l join {RECORDS} b"  # noqa: S608
        f" on b.n = p.join_key_r where hash(p.join_key_l, p.join_key_r) % {every} = 0 group by all order by all"
    ).fetchall()
    return [(tuple(row[:-1]), int(row[-1])) for row in rows], float(every)


def _settled(
    spec: Spec, patterns: Patterns, scale: float, total: float, m: dict[str, list[float]], u: dict[str, list[float]],
    prior: float,
) -> float:  # fmt: skip
    """Return the share of matches among all pairs that reproduces itself; a pair that no rule found counts as none."""
    odds = _odds(spec, m, u)
    ratios = [
        (math.prod(factors[level] for factors, level in zip(odds, levels, strict=True)), count)
        for levels, count in patterns
    ]
    for _ in range(30):
        matches = math.fsum(count * prior * ratio / (prior * ratio + 1 - prior) for ratio, count in ratios)
        prior = min(max(scale * matches, 1.0) / total, 0.5)
    return prior


def _notes(spec: Spec, patterns: Patterns, m: dict[str, list[float]], u: dict[str, list[float]], prior: float
) -> tuple[str, ...]:  # fmt: skip
    """Check m against one more step of expectation maximisation over all pairs, and say where the two disagree."""
    counted = {one.name: [0.0] * len(m[one.name]) for one in spec.comparisons}
    odds = _odds(spec, m, u)
    for levels, count in patterns:
        ratio = math.prod(factors[level] for factors, level in zip(odds, levels, strict=True))
        weight = count * prior * ratio / (prior * ratio + 1 - prior)
        for one, level in zip(spec.comparisons, levels, strict=True):
            if level != MISSING:
                counted[one.name][len(one.levels) - level] += weight
    notes = []
    for one in spec.comparisons:
        total = math.fsum(counted[one.name]) or 1.0
        for name, weight, was in zip([*(level.name for level in one.levels), "else"], counted[one.name], m[one.name],
                                     strict=True):  # fmt: skip
            if weight >= 1 and abs(math.log2(weight / total / was)) > DOUBT:
                notes.append(f"{one.name}, '{name}': passes say {was:.2g} of matches, all pairs {weight / total:.2g}")
    return tuple(notes)


def _odds(spec: Spec, m: dict[str, list[float]], u: dict[str, list[float]]) -> list[dict[int, float]]:
    """Return, for each comparison, by what reaching a level multiplies the odds."""
    return [
        {MISSING: 1.0, **{len(m_) - 1 - at: m_[at] / u_[at] for at in range(len(m_))}}
        for m_, u_ in ((m[one.name], u[one.name]) for one in spec.comparisons)
    ]


def _without_matches(comparison: Comparison, chance: Chance, m: list[float], prior: float, records: int) -> list[float]:
    """Take the matches out of what random pairs showed: most agreement on nearly unique values is theirs."""
    least = [*(level.chance for level in comparison.levels), 0.0]
    kept = [
        max(share - prior * one, min(share, 1 / records), floor)
        for share, one, floor in zip(chance.shares, m, least, strict=True)
    ]
    return [one / math.fsum(kept) for one in kept]

"""A whole table of people at once: prepared, scored by Splink, guarded in SQL, clustered so that every union may stand.

Loads DuckDB and Splink.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date

from duckdb import DuckDBPyConnection

from salus.identity.linkage.candidates import PAIRS, RECORDS, pair, take
from salus.identity.linkage.engine import SCORED, scores
from salus.identity.linkage.matching import Matched
from salus.identity.linkage.people.clustering import cluster_people
from salus.identity.linkage.people.guards import Guard, Within, guards
from salus.identity.linkage.people.judging import NOT_THE_SAME
from salus.identity.linkage.people.specification import PEOPLE
from salus.identity.linkage.people.tables import prepare_people
from salus.identity.linkage.training import train
from salus.identity.linkage.weights import Weights

Progress = Callable[[str], None]
Trained = Callable[[DuckDBPyConnection, Progress], Weights]
"""Trains a model on the working tables, or finds another where they do not teach one."""
PREPARED = "people_prepared"
JUDGED = "people_judged"
"""The scored pairs: `l`, `r`, `bits`, and `reason`, the code of the first guard that holds, or ""."""


def match_people(
    connection: DuckDBPyConnection,
    raw: str,
    *,
    weights: Weights | Trained | None = None,
    parted: Iterable[tuple[str, str]] = (),
    drop_raw: bool = False,
    today: date | None = None,
    progress: Progress = lambda _: None,
) -> Matched:
    """Link a raw table with the eleven columns; without weights, train them on it first.

    `weights` may be what trains them, once the pairs are chosen. `drop_raw` frees the raw table once it is read.
    `today` is when a record was written that does not say when: nobody is born after it.
    `parted` are pairs of record ids of which a person has said that they are not the same. Pairs and why they were not
    linked stand in `JUDGED`, clusters in `CLUSTERS`, by the numbers in `RECORDS`.
    """
    progress("preparing")
    prepare_people(connection, raw, PREPARED, today)
    if drop_raw:
        connection.execute(f"drop table {raw}")
    records = take(connection, PREPARED, PEOPLE, also=frozenset().union(*(guard.columns for guard in guards())))
    connection.execute(f"drop table {PREPARED}")
    progress(f"{records:,} records; choosing pairs")
    found = pair(connection, PEOPLE)
    for one in found:
        if one.blocks_left_out:
            progress(f"{one.rule}: {one.blocks_left_out:,} blocks of {one.records_left_out:,} records left out")
    if not isinstance(weights, Weights):
        weights = weights(connection, progress) if weights else train(connection, PEOPLE, progress)
    progress("scoring")
    scores(connection, PEOPLE, weights)
    progress("guarding")
    judge(connection, parted)
    connection.execute(f"drop table {PAIRS}; drop table {SCORED}")  # a million people's take room that clusters need
    progress("clustering")
    clusters = cluster_people(connection, JUDGED, _against())
    return Matched(weights=weights, found=found, clusters=clusters, records=records)


def judge(connection: DuckDBPyConnection, parted: Iterable[tuple[str, str]] = ()) -> None:
    """Ask the guards about every scored pair, and write `JUDGED`."""
    said = list(parted)
    connection.execute(
        "create or replace temp table people_parted as select least(a.n, b.n) as l, greatest(a.n, b.n) as r from"  # noqa: S608
        f" (select unnest(?::varchar[]) as one, unnest(?::varchar[]) as two) join {RECORDS} a on a.record_id = one"
        f" join {RECORDS} b on b.record_id = two",
        [[one for one, _ in said], [two for _, two in said]],
    )
    connection.execute(
        f"create or replace table {JUDGED} as select s.l, s.r, s.bits,"  # noqa: S608
        f" case when p.l is not null then '{NOT_THE_SAME}' {_first(guards())} else '' end as reason"
        f" from {SCORED} s join {RECORDS} a on a.n = s.l join {RECORDS} b on b.n = s.r"
        " left join people_parted p on p.l = s.l and p.r = s.r"
    )


def _first(table: Sequence[Guard]) -> str:
    return " ".join(f"when {guard.sql(_of_a, _of_b, 's.bits')} then '{guard.code}'" for guard in table)


def _of_a(column: str) -> str:
    return f"a.{column}"


def _of_b(column: str) -> str:
    return f"b.{column}"


def _against() -> str:
    """Return why two records may not stand in one cluster, as an SQL case that is null where they may."""
    table = [guard for guard in guards() if guard.within is Within.CLUSTER]
    return f"case when p.l is not null then '{NOT_THE_SAME}' {_first(table)} end"

"""A whole table of people at once: prepared, scored by Splink, guarded in SQL, clustered so that every union may stand.

Loads DuckDB and Splink.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from duckdb import DuckDBPyConnection

from salus.identity.linkage.candidates import PAIRS, RECORDS, pair, take
from salus.identity.linkage.clustering import Facts, Link, Veto, cluster
from salus.identity.linkage.engine import SCORED, scores
from salus.identity.linkage.matching import Matched, write_clusters
from salus.identity.linkage.people.guards import Guard, Within, guards
from salus.identity.linkage.people.judging import NOT_THE_SAME
from salus.identity.linkage.people.specification import PEOPLE
from salus.identity.linkage.people.tables import prepare_people
from salus.identity.linkage.training import train
from salus.identity.linkage.weights import Weights

Progress = Callable[[str], None]
Trained = Callable[[DuckDBPyConnection, Progress], Weights]
"""Trains a model on the working tables, or finds another where they do not teach one."""
PREPARED, NUMBERED = "people_prepared", "people_numbered"
JUDGED = "people_judged"
"""The scored pairs: `l`, `r`, `bits`, and `reason`, the code of the first guard that holds, or ""."""


def match_people(
    connection: DuckDBPyConnection,
    raw: str,
    *,
    weights: Weights | Trained | None = None,
    parted: Iterable[tuple[str, str]] = (),
    drop_raw: bool = False,
    progress: Progress = lambda _: None,
) -> Matched:
    """Link a raw table with the eleven columns; without weights, train them on it first.

    `weights` may be what trains them, once the pairs are chosen. `drop_raw` frees the raw table once it is read.
    `parted` are pairs of record ids of which a person has said that they are not the same. Pairs and why they were not
    linked stand in `JUDGED`, clusters in `CLUSTERS`, by the numbers in `RECORDS`.
    """
    progress("preparing")
    prepare_people(connection, raw, PREPARED)
    if drop_raw:
        connection.execute(f"drop table {raw}")
    records = take(connection, PREPARED, PEOPLE)
    _number(connection)
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
    links = _links(connection)
    progress("clustering")
    veto = _veto(bad_pairs(connection, records, links))
    clusters = cluster(records, links, PEOPLE, Facts(sources=_sources(connection)), veto)
    write_clusters(connection, clusters)
    return Matched(weights=weights, found=found, clusters=clusters, records=records)


def _number(connection: DuckDBPyConnection) -> None:
    """Keep what guards read, by record number, and let the rest go: it takes as much room again."""
    asked = sorted({f"p.{column}" for guard in guards() for column in guard.columns})
    connection.execute(
        f"create or replace table {NUMBERED} as select r.n, {', '.join(asked)} from {RECORDS} r"  # noqa: S608
        f" join {PREPARED} p using (record_id)"
    )
    connection.execute(f"drop table {PREPARED}")


def _sources(connection: DuckDBPyConnection) -> list[int]:
    """Return the source of each record, as a small number: a million texts would take more room than all links."""
    query = f"select dense_rank() over (order by source) from {RECORDS} order by n"  # noqa: S608
    return [number for (number,) in connection.execute(query).fetchall()]


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
        f" from {SCORED} s join {NUMBERED} a on a.n = s.l join {NUMBERED} b on b.n = s.r"
        " left join people_parted p on p.l = s.l and p.r = s.r"
    )


def _first(table: Sequence[Guard]) -> str:
    return " ".join(f"when {guard.sql(_of_a, _of_b)} then '{guard.code}'" for guard in table)


def _of_a(column: str) -> str:
    return f"a.{column}"


def _of_b(column: str) -> str:
    return f"b.{column}"


def _links(connection: DuckDBPyConnection) -> list[Link]:
    return connection.execute(
        f"select l, r, bits from {JUDGED} where reason = '' and bits >= ? order by bits desc, l, r",  # noqa: S608
        [PEOPLE.link],
    ).fetchall()


def bad_pairs(connection: DuckDBPyConnection, records: int, links: Sequence[Link]) -> dict[tuple[int, int], str]:
    """Return the pairs that may not stand in one cluster, of all that links would bring together, and why.

    Links bring together what is connected; within that every pair is asked, scored or not.
    """
    roots = _connected(records, links)
    sizes: dict[int, int] = {}
    for root in roots.values():
        sizes[root] = sizes.get(root, 0) + 1
    asked = [(at, root) for at, root in roots.items() if sizes[root] > 2]
    connection.execute(
        "create or replace temp table people_groups as select unnest(?::integer[]) as n, unnest(?::integer[]) as root",
        [[at for at, _ in asked], [root for _, root in asked]],
    )
    table = [guard for guard in guards() if guard.within is Within.CLUSTER]
    rows = connection.execute(
        "with pairs as (select x.n as l, y.n as r from people_groups x join people_groups y on x.root = y.root and"  # noqa: S608
        " x.n < y.n) select * from (select l, r, case when p.l is not null"
        f" then '{NOT_THE_SAME}' {_first(table)} end as reason from pairs join {NUMBERED} a on a.n = l"
        f" join {NUMBERED} b on b.n = r left join people_parted p using (l, r)) where reason is not null"
    ).fetchall()
    return {(l, r): reason for l, r, reason in rows}  # noqa: E741


def _connected(records: int, links: Sequence[Link]) -> dict[int, int]:
    """Return the root of each record that has a link."""
    root = list(range(records))
    for a, b, _ in links:
        one, two = _root(root, a), _root(root, b)
        if one != two:
            root[max(one, two)] = min(one, two)
    return {at: _root(root, at) for a, b, _ in links for at in (a, b)}


def _root(root: list[int], at: int) -> int:
    while root[at] != at:
        root[at] = root[root[at]]
        at = root[at]
    return at


def _veto(bad: dict[tuple[int, int], str]) -> Veto:
    marked = {at for both in bad for at in both}

    def against(one: Sequence[int], two: Sequence[int]) -> str:
        left = [at for at in one if at in marked]
        if not left:
            return ""
        for b in two:
            if b in marked:
                for a in left:
                    if reason := bad.get((a, b) if a < b else (b, a)):
                        return reason
        return ""

    return against

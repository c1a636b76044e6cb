"""A whole table at once: choose pairs, train if there is no model yet, score by Splink, cluster.

Loads DuckDB and Splink; nothing else of this room needs them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from duckdb import DuckDBPyConnection

from salus.identity.linkage.candidates import RECORDS, Found, pair, take
from salus.identity.linkage.clustering import Clusters, Facts, Link, Veto, cluster
from salus.identity.linkage.engine import SCORED, scores
from salus.identity.linkage.errors import TableRefused
from salus.identity.linkage.model import Row, Spec
from salus.identity.linkage.training import train
from salus.identity.linkage.weights import Weights

Progress = Callable[[str], None]
CLUSTERS = "linkage_clusters"
"""The table of results: `n` and `cluster`, the number of the first record of the cluster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """What matching did: the model, what each rule found and left out, the clusters. Scores stay in `SCORED`."""

    weights: Weights
    found: tuple[Found, ...]
    clusters: Clusters
    records: int


def match(
    connection: DuckDBPyConnection,
    table: str,
    spec: Spec,
    weights: Weights | None = None,
    *,
    veto: Veto | None = None,
    linkable: str = "true",
    progress: Progress = lambda _: None,
) -> Matched:
    """Link a table of prepared records; without weights, train them on it first.

    `table` has `record_id`, `source` if the specification names one, and the prepared columns. `linkable` is an SQL
    condition over the working tables `a`, `b` of the two records: a pair that fails it links nothing, and is left to
    review. `veto` is asked before two groups join. Results stand in `SCORED` and `CLUSTERS` by record number, and the
    numbers in `RECORDS`.
    """
    records = take(connection, table, spec)
    progress(f"{records:,} records; choosing pairs")
    found = pair(connection, spec)
    for one in found:
        if one.blocks_left_out:
            progress(f"{one.rule}: {one.blocks_left_out:,} blocks of {one.records_left_out:,} records left out")
    weights = weights or train(connection, spec, progress)
    progress("scoring")
    scores(connection, spec, weights)
    progress("clustering")
    clusters = cluster(records, links(connection, linkable), spec, facts(connection, spec), veto)
    write_clusters(connection, clusters)
    return Matched(weights=weights, found=found, clusters=clusters, records=records)


def links(connection: DuckDBPyConnection, linkable: str = "true") -> list[Link]:
    """Return the scored pairs that may link, strongest first."""
    joined = "" if linkable == "true" else f" join {RECORDS} a on a.n = l join {RECORDS} b on b.n = r where {linkable}"
    return connection.execute(f"select l, r, bits from {SCORED}{joined} order by bits desc, l, r").fetchall()  # noqa: S608


def facts(connection: DuckDBPyConnection, spec: Spec) -> Facts:
    """Return what clusters are judged by."""
    return Facts(
        sources=_column(connection, "source") if spec.per_source else (),
        single={column: _column(connection, column) for column in spec.single},
    )


def _column(connection: DuckDBPyConnection, column: str) -> Sequence[object]:
    return [value for (value,) in connection.execute(f"select {column} from {RECORDS} order by n").fetchall()]  # noqa: S608


def write_clusters(connection: DuckDBPyConnection, clusters: Clusters) -> None:
    """Write the cluster of each record number into `CLUSTERS`."""
    connection.execute(
        f"create or replace table {CLUSTERS} as select unnest(range(?)) as n, unnest(?::integer[]) as cluster",
        [len(clusters.of), list(clusters.of)],
    )


def rows(connection: DuckDBPyConnection, spec: Spec, numbers: Sequence[int]) -> dict[int, Row]:
    """Return prepared records by number, as the online scorer takes them."""
    columns = sorted(spec.columns)
    query = f"select n, {', '.join(columns)} from {RECORDS} where n in (select unnest(?::integer[]))"  # noqa: S608
    found = connection.execute(query, [sorted(set(numbers))]).fetchall()
    if len(found) < len(set(numbers)):
        raise TableRefused("a record number is not in the working table")
    return {
        row[0]: {
            column: tuple(value) if isinstance(value, list) else value
            for column, value in zip(columns, row[1:], strict=True)
        }
        for row in found
    }

"""Link a file: read, prepare, match, write who is who, and the pairs that a person should look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from duckdb import DuckDBPyConnection

from salus.identity.linkage.candidates import RECORDS, Found
from salus.identity.linkage.engine import SCORED
from salus.identity.linkage.matching import CLUSTERS, Matched, match, rows
from salus.identity.linkage.model import Spec
from salus.identity.linkage.scoring import Scored, Scorer
from salus.identity.linkage.tables import PEOPLE, check_names, opened, prepare_table, read_table, write_table
from salus.identity.linkage.weights import Weights

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """What linking a file came to. `notes` say what of it was not read."""

    records: int
    clusters: int
    pairs_to_review: int
    left_out: tuple[Found, ...]
    weights: Weights
    notes: tuple[str, ...] = ()


def link_file(
    path: Path,
    out: Path,
    spec: Spec,
    *,
    review: Path | None = None,
    weights: Weights | None = None,
    progress: Progress = lambda _: None,
) -> Linked:
    """Link the records of a CSV or Parquet file and write `record_id, cluster_id`.

    With `review`, also write `record_id_a, record_id_b, weight, reason`: the pairs above the threshold for review
    whose records were not put together. Each output is written whole or not at all; names that cannot be written are
    refused before any work.
    """
    check_names(path, out, *([review] if review else []))
    with opened() as connection:
        progress(f"reading {path.name}")
        read_table(connection, path, spec)
        prepare_table(connection, spec)
        matched = match(connection, PEOPLE, spec, weights, progress=progress)
        pairs = _write_review_pairs(connection, spec, matched)
        progress("writing")
        write_table(connection, clusters_query(), out)
        if review:
            write_table(connection, "from linkage_review order by weight desc, record_id_a, record_id_b", review)
    clusters = len(set(matched.clusters.of))
    left_out = tuple(one for one in matched.found if one.blocks_left_out)
    return Linked(
        records=matched.records, clusters=clusters, pairs_to_review=pairs, left_out=left_out, weights=matched.weights
    )


def clusters_query() -> str:
    """Return a query for `record_id, cluster_id`, in the order of record ids."""
    return (
        f"select r.record_id, first.record_id as cluster_id from {CLUSTERS} c join {RECORDS} r using (n)"  # noqa: S608
        f" join {RECORDS} first on first.n = c.cluster order by r.n"
    )


def _write_review_pairs(connection: DuckDBPyConnection, spec: Spec, matched: Matched) -> int:
    pairs = connection.execute(
        f"select l, r, bits from {SCORED} join {CLUSTERS} a on a.n = l join {CLUSTERS} b on b.n = r"  # noqa: S608
        " where a.cluster <> b.cluster order by all"
    ).fetchall()
    refused = {(min(a, b), max(a, b)): reason for a, b, _, reason in matched.clusters.refused}
    records = rows(connection, spec, [at for l, r, _ in pairs for at in (l, r)])  # noqa: E741
    scorer = Scorer(spec, matched.weights)
    reasons = [
        _reason(refused.get((l, r), ""), bits >= spec.link, scorer(records[l], records[r]))
        for l, r, bits in pairs  # noqa: E741
    ]
    connection.execute(
        "create or replace temp table linkage_review as select a.record_id as record_id_a, b.record_id as record_id_b,"  # noqa: S608
        " round(bits, 2) as weight, reason from (select unnest(?::integer[]) as l, unnest(?::integer[]) as r,"
        f" unnest(?::double[]) as bits, unnest(?::varchar[]) as reason) join {RECORDS} a on a.n = l"
        f" join {RECORDS} b on b.n = r",
        [[l for l, _, _ in pairs], [r for _, r, _ in pairs], [bits for _, _, bits in pairs], reasons],  # noqa: E741
    )
    return len(pairs)


def _reason(refused: str, strong: bool, scored: Scored) -> str:
    """Say why a pair was not linked: what refused it, else which comparisons speak most against it."""
    if refused:
        return refused
    if strong:
        return "the rest of the cluster disagrees"
    against = sorted((one for one in scored.parts if one.bits < 0), key=lambda one: one.bits)[:2]
    return "too little agrees" + (": differs in " + ", ".join(one.comparison for one in against) if against else "")

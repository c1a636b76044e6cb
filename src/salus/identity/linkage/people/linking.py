"""Link a file whose columns are ours: no specification is needed, and the guards hold.

Loads DuckDB and Splink.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from duckdb import DuckDBPyConnection

from salus.identity.linkage.candidates import RECORDS
from salus.identity.linkage.errors import TrainingRefused
from salus.identity.linkage.linking import Linked, Progress, clusters_query
from salus.identity.linkage.matching import CLUSTERS, Matched
from salus.identity.linkage.people.guards import Outcome, guards
from salus.identity.linkage.people.judging import NOT_THE_SAME
from salus.identity.linkage.people.matching import JUDGED, match_people
from salus.identity.linkage.people.preparing import COLUMNS
from salus.identity.linkage.people.specification import PEOPLE
from salus.identity.linkage.people.trained import people_weights
from salus.identity.linkage.people.unread import unread_types
from salus.identity.linkage.tables import RAW, check_names, opened, read_table, write_table
from salus.identity.linkage.training import train
from salus.identity.linkage.weights import Weights

ENOUGH = 50_000
"""A table with fewer records does not train a model of its own: rare slips are too few in it to be learned."""


def link_people(
    path: Path,
    out: Path,
    *,
    review: Path | None = None,
    weights: Weights | None = None,
    today: date | None = None,
    progress: Progress = lambda _: None,
) -> Linked:
    """Link the records of a CSV or Parquet file with our columns, and write `record_id, cluster_id`.

    Without weights a table of at least 50,000 records trains its own; a smaller one, or one that does not teach every
    level, takes those that come with Salus. With `review`, also write `record_id_a, record_id_b, weight, reason`, where
    the reason begins with a guard's code. Each output is written whole or not at all.
    `today` is when a record was written that does not say when: nobody is born after it.
    """
    check_names(path, out, *([review] if review else []))
    with opened() as connection:
        progress(f"reading {path.name}")
        records = read_table(connection, path, PEOPLE, ours=COLUMNS)
        notes = unread_types(connection, RAW)
        chosen = weights or (people_weights() if records < ENOUGH else _trained)
        matched = match_people(connection, RAW, weights=chosen, drop_raw=True, today=today, progress=progress)
        pairs = write_review_pairs(connection, matched)
        progress("writing")
        write_table(connection, clusters_query(), out)
        if review:
            write_table(connection, "from people_review order by weight desc, record_id_a, record_id_b", review)
    return Linked(
        records=matched.records,
        clusters=len(set(matched.clusters.of)),
        pairs_to_review=pairs,
        left_out=tuple(one for one in matched.found if one.blocks_left_out),
        weights=matched.weights,
        notes=notes,
    )


def _trained(connection: DuckDBPyConnection, progress: Progress) -> Weights:
    try:
        return train(connection, PEOPLE, progress)
    except TrainingRefused as refused:
        progress(f"the table does not teach a model of its own ({refused}); taking the one that comes with Salus")
        return people_weights()


def write_review_pairs(connection: DuckDBPyConnection, matched: Matched) -> int:
    """Write the table `people_review`: pairs that people should look at, with the reason; return how many there are.

    These are the pairs above the threshold for review whose records were not put together, but for those that a guard
    knows to be two persons.
    """
    sentences = {guard.code: f"{guard.code}: {guard.en}" for guard in guards()}
    apart = [guard.code for guard in guards() if guard.outcome is Outcome.APART] + [NOT_THE_SAME]
    refused = matched.clusters.refused
    connection.execute(
        "create or replace temp table people_refused as select unnest(?::integer[]) as l, unnest(?::integer[]) as r,"
        " unnest(?::varchar[]) as why",
        [[min(a, b) for a, b, _, _ in refused], [max(a, b) for a, b, _, _ in refused], [one[3] for one in refused]],
    )
    connection.execute(
        "create or replace temp table people_sentences as select unnest(?::varchar[]) as code,"
        " unnest(?::varchar[]) as sentence",
        [list(sentences), list(sentences.values())],
    )
    connection.execute(
        "create or replace temp table people_review as select x.record_id as record_id_a, y.record_id as record_id_b,"  # noqa: S608
        " round(bits, 2) as weight, case when reason <> '' then s.sentence when why is not null then"
        " 'the cluster may not stand: ' || coalesce(t.sentence, why) when bits >= ? then 'the cluster may not stand'"
        f" else 'too little agrees' end as reason from {JUDGED} j join {CLUSTERS} a on a.n = j.l"
        f" join {CLUSTERS} b on b.n = j.r join {RECORDS} x on x.n = j.l join {RECORDS} y on y.n = j.r"
        " left join people_refused f on f.l = j.l and f.r = j.r left join people_sentences s on s.code = reason"
        " left join people_sentences t on t.code = why"
        " where a.cluster <> b.cluster and not list_contains(?::varchar[], reason)",
        [PEOPLE.link, apart],
    )
    return int(connection.execute("select count(*) from people_review").fetchall()[0][0])

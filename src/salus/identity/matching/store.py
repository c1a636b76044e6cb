"""SQL of who charts say that somebody is, and of the keys they are found under. All enters sealed or digested."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from salus.identity.matching.packing import LAYOUT
from salus.identity.model import Resident
from salus.storage import Transaction, listed

Sealed = tuple[int, str, bytes, int | None]
"""Chart, source, what is compared, sealed, and whose the chart is, None while nobody's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What stands under keys: charts not known yet, the charts of each key, and the keys with too many to look at.

    `residents` are those whose these charts are, by key, where they were asked for; `whole` are all charts of these.
    """

    charts: list[Sealed]
    under: dict[int, list[int]]
    full: list[int]
    residents: dict[int, Resident] = field(default_factory=dict)
    whole: dict[int, list[int]] = field(default_factory=dict)


# An array that is a parameter is put behind `select`, and what is joined behind `offset 0`: the planner then sees
# neither the array's length nor another way than one index look-up a row. So it plans once for a connection and not for
# each question, which took more of the database's time than the question did.
_HIT = """
with hit as materialized (
    select q.digest, q.most, f.chart_key
    from unnest((select %s::bigint[]), (select %s::int[])) q(digest, most)
    cross join lateral (
        select b.chart_key from identity.found_by b where b.digest = q.digest order by b.chart_key limit q.most + 1
    ) f
), block as materialized (
    select digest, count(*) > most as full_up from hit group by digest, most
), met as materialized (
    select h.chart_key, array_agg(h.digest) as digests from hit h join block b using (digest)
    where not b.full_up group by h.chart_key
)
"""
_FOUND = f"""{_HIT}
select met.chart_key, met.digests, p.source, p.sealed, m.resident_key, w.charts from met
left join lateral (
    select source, sealed from identity.person where chart_key = met.chart_key
    and chart_key <> all((select %s::bigint[])::bigint[]) offset 0
) p on true
left join lateral (
    select resident_key from identity.member where chart_key = met.chart_key and p.source is not null offset 0
) m on true
cross join lateral (
    select array(select chart_key from identity.member where resident_key = m.resident_key order by chart_key) as charts
) w
union all
select null, array[digest], null, null, null, null from block where full_up
"""  # noqa: S608
_WHOSE = f"""{_HIT}
select met.chart_key, met.digests, p.source, p.sealed, m.resident_key, r.resident_id, w.charts from met
join lateral (select source, sealed from identity.person where chart_key = met.chart_key offset 0) p on true
join lateral (select resident_key from identity.member where chart_key = met.chart_key offset 0) m on true
join lateral (select resident_id from identity.resident where resident_key = m.resident_key offset 0) r on true
cross join lateral (
    select array(select chart_key from identity.member where resident_key = m.resident_key order by chart_key) as charts
) w
union all
select null, array[digest], null, null, null, null, null from block where full_up
"""  # noqa: S608


def found(tx: Transaction, wanted: Sequence[tuple[int, int]], known: Collection[int] = ()) -> Found:
    """Return what stands under keys, with what is kept of the charts that are not known yet.

    `wanted` are pairs of a key's digest and how many charts may stand under it; one statement answers them all.
    """
    rows = tx.rows(_FOUND, (*_columns(wanted), listed(known)))
    found = _read([row[:5] for row in rows])
    found.whole.update((row[4], row[5]) for row in rows if row[4] is not None)
    return found


def found_with_residents(tx: Transaction, wanted: Sequence[tuple[int, int]]) -> Found:
    """Return what stands under keys, of charts that are somebody's, with all charts of these residents.

    One statement, so that all of it is as of one instant.
    """
    rows = tx.rows(_WHOSE, _columns(wanted))
    found = _read([row[:5] for row in rows])
    found.residents.update(
        (key, Resident(key=key, resident_id=id_, charts=tuple(charts)))
        for *_, key, id_, charts in rows
        if key is not None
    )
    return found


def _columns(wanted: Sequence[tuple[int, int]]) -> tuple[str, str]:
    return listed(digest for digest, _ in wanted), listed(most for _, most in wanted)


def _read(rows: Iterable[Sequence[Any]]) -> Found:
    charts: list[Sealed] = []
    under: defaultdict[int, list[int]] = defaultdict(list)
    full: list[int] = []
    for chart, digests, source, sealed, whose in rows:
        if chart is None:
            full += digests
            continue
        for digest in digests:
            under[digest].append(chart)
        if sealed is not None:
            charts.append((chart, source, bytes(sealed), whose))
    return Found(charts=charts, under=under, full=full)


def people(tx: Transaction, charts: Collection[int]) -> list[Sealed]:
    """Return what is kept of charts; one from before people were prepared is absent."""
    rows = tx.rows(
        "select p.chart_key, p.source, p.sealed, m.resident_key from identity.person p"
        " left join identity.member m using (chart_key) where p.chart_key = any(%s::bigint[])",
        (listed(charts),),
    )
    return [(chart, source, bytes(sealed), whose) for chart, source, sealed, whose in rows]


def without_person(tx: Transaction, after: int, limit: int) -> list[int]:
    """Return charts of residents of which nothing is prepared, in order, behind one: those of an earlier release."""
    rows = tx.rows(
        "select m.chart_key from (select chart_key from identity.member where chart_key > %s order by chart_key"
        " limit %s) m left join identity.person p using (chart_key) where p.chart_key is null order by m.chart_key",
        (after, limit),
    )
    return [chart for (chart,) in rows]


def last_of_page(tx: Transaction, after: int, limit: int) -> int | None:
    """Return the last chart of a page of `without_person`, or None behind the last page."""
    row = tx.row(
        "select max(chart_key) from (select chart_key from identity.member where chart_key > %s order by chart_key"
        " limit %s) m",
        (after, limit),
    )
    return row[0] if row else None


def put(tx: Transaction, people: Sequence[tuple[int, str, bytes, datetime]], keys: Sequence[tuple[int, int]]) -> None:
    """Keep who charts say somebody is, instead of what they said before, and let them be found, in one statement.

    `people` are (chart_key, source, sealed, at), `keys` (digest, chart_key).
    """
    tx.run(
        "with kept as (insert into identity.person (chart_key, source, sealed, layout, at)"
        " select chart, source, sealed, %s, at"
        " from unnest(%s::bigint[], %s::text[], %s::bytea[], %s::timestamptz[]) q(chart, source, sealed, at)"
        " on conflict (chart_key) do update set source = excluded.source, sealed = excluded.sealed,"
        " layout = excluded.layout, at = excluded.at)"
        " insert into identity.found_by (digest, chart_key) select * from unnest(%s::bigint[], %s::bigint[])"
        " on conflict do nothing",
        (
            LAYOUT,
            listed(chart for chart, *_ in people),
            *([list(column) for column in zip(*people, strict=True)][1:] or [[], [], []]),
            listed(digest for digest, _ in keys),
            listed(chart for _, chart in keys),
        ),
    )


def drop_keys(tx: Transaction, rows: Sequence[tuple[int, int]]) -> None:
    """Let charts no longer be found by keys: (digest, chart_key)."""
    tx.run(
        "delete from identity.found_by b using unnest(%s::bigint[], %s::bigint[]) q(digest, chart)"
        " where b.digest = q.digest and b.chart_key = q.chart",
        ([digest for digest, _ in rows], [chart for _, chart in rows]),
    )

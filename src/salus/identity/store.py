"""SQL of the resident index. Numbers and names enter as keyed digests and sealed bytes only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson

from salus.identity.assertions import Assertion, Author, Evidence, Verdict
from salus.identity.documents import document_types
from salus.kernel import Role
from salus.storage import Transaction, listed

_STRIPES = 1024
_MEMBERSHIP, _KEY = 7_305_815, 7_305_816
_ASSERTED = (
    "chart_a", "chart_b", "verdict", "ground", "fields", "bits", "total", "model", "guard", "author_role", "author",
    "second_author", "supersedes", "at",
)  # fmt: skip
_SAID = (
    "assertion, chart_a, chart_b, verdict, ground, fields, bits, model, guard, author_role, author, second_author,"
    " supersedes, at"
)
# A list stands behind a `select`, and what is looked up by each of it behind `offset 0`: the planner sees no length and
# no other way than one look-up a row, so that it plans once for a connection and not at each execution.
_RESIDENTS_OF = (
    "select m.chart_key, m.resident_key from unnest((select %s::bigint[])) q(chart)"
    " cross join lateral (select chart_key, resident_key from identity.member where chart_key = q.chart offset 0) m"
)
_MINTED_OF = (
    "select q.resident, r.resident_key from unnest((select %s::bigint[])) q(resident)"
    " cross join lateral (select chart_key from identity.member where resident_key = q.resident offset 0) m"
    " cross join lateral (select resident_key from identity.resident where anchor_chart = m.chart_key offset 0) r"
    " order by r.resident_key"
)
CITIZENS = tuple(code for code, kind in document_types().items() if kind.space == "citizen")
"""The types of documents whose numbers are one space: of these a person has one."""
NumberRow = tuple[bytes, int, bytes, str, str, date | None, date | None, bool, datetime]
"""Digest, chart, sealed number, holding, type of document, when it is valid, whether somebody saw it, when it came."""


def holders(tx: Transaction, digests: Sequence[bytes]) -> dict[bytes, int]:
    """Return the chart that holds each number: the first that said it as its own, of those that say it still."""
    found = tx.rows(
        "select distinct on (s.digest) s.digest, s.chart_key from identity.said s"
        " left join identity.claim c on c.digest = s.digest and c.chart_key = s.chart_key"
        " where s.digest = any(%s::bytea[]) and s.holding = 'own'"
        " order by s.digest, c.chart_key is null, s.chart_key",
        (list(digests),),
    )
    return {bytes(digest): chart for digest, chart in found}


def numbers_of(tx: Transaction, charts: Sequence[int]) -> dict[int, set[bytes]]:
    """Return the digests of the citizen's numbers that each chart says as its own; a chart without one is absent."""
    found: dict[int, set[bytes]] = {}
    statement = (
        "select chart_key, digest from identity.said where chart_key = any(%s::bigint[]) and holding = 'own'"
        " and type = any(%s)"
    )
    for chart, digest in tx.rows(statement, (list(charts), list(CITIZENS))):
        found.setdefault(chart, set()).add(bytes(digest))
    return found


def first_number(tx: Transaction, charts: Sequence[int]) -> tuple[bytes, bytes] | None:
    """Return digest and sealed form of the citizen's number that these charts brought first and still hold."""
    row = tx.row(
        "select n.digest, n.sealed from identity.number n join identity.claim c on c.digest = n.digest"
        " join identity.said s on s.digest = n.digest and s.chart_key = n.chart_key"
        " where n.chart_key = any(%s::bigint[]) and c.chart_key = any(%s::bigint[]) and n.type = any(%s)"
        " order by n.at, n.digest limit 1",
        (list(charts), list(charts), list(CITIZENS)),
    )
    return None if row is None else (bytes(row[0]), bytes(row[1]))


def note_numbers(tx: Transaction, rows: Sequence[NumberRow]) -> None:
    """Note sealed numbers, and give each own one to its chart, the first of these, unless it is taken.

    A concurrent claim of the same number waits here for the other transaction's end. All claim in one order.
    """
    tx.run(
        "with said as materialized (select * from unnest(%s::bytea[], %s::bigint[], %s::bytea[], %s::text[],"
        " %s::text[], %s::date[], %s::date[], %s::bool[], %s::timestamptz[]) with ordinality"
        " q(digest, chart, sealed, holding, type, since, until, verified, at, n)), claimed as ("
        "insert into identity.claim (digest, chart_key)"
        " select distinct on (digest) digest, chart from said where holding = 'own' order by digest, n"
        " on conflict (digest) do nothing), now as (insert into identity.said (digest, chart_key, holding, type)"
        " select distinct on (digest, chart) digest, chart, holding, type from said order by digest, chart, n"
        " on conflict (digest, chart_key) do update set holding = excluded.holding"
        " where said.holding <> excluded.holding)"
        " insert into identity.number"
        " (digest, chart_key, sealed, holding, type, valid_from, valid_until, verified, at)"
        " select digest, chart, sealed, holding, type, since, until, verified, at from said"
        " on conflict (digest, chart_key) do nothing",
        [list(column) for column in zip(*rows, strict=True)],
    )


def replace_numbers(tx: Transaction, said: Sequence[tuple[int, str, bytes]]) -> None:
    """Let what a chart says now, (chart, type, digest), take the place of its other numbers of these types."""
    if not said:
        return
    tx.run(
        "with now as (select * from unnest(%s::bigint[], %s::text[], %s::bytea[]) q(chart, type, digest))"
        " delete from identity.said s where s.chart_key = any(%s::bigint[])"
        " and exists (select 1 from now where chart = s.chart_key and now.type = s.type)"
        " and not exists (select 1 from now where chart = s.chart_key and now.digest = s.digest)",
        (*map(list, zip(*said, strict=True)), sorted({chart for chart, _, _ in said})),
    )


def insert_residents(tx: Transaction, rows: Sequence[tuple[int, UUID, int, int, datetime]]) -> None:
    """Mint residents: (key, id, bucket, anchor_chart, at)."""
    tx.run(
        "insert into identity.resident (resident_key, resident_id, bucket, anchor_chart, opened_at)"
        " select * from unnest(%s::bigint[], %s::uuid[], %s::smallint[], %s::bigint[], %s::timestamptz[])",
        [list(column) for column in zip(*rows, strict=True)],
    )


def open_residents(
    tx: Transaction,
    opened: Sequence[tuple[UUID, int, int]],
    at: datetime,
    placed: Sequence[tuple[int, int, int | None]],
) -> dict[int, int]:
    """Mint residents and say whose new charts are, in one statement; return the new residents by anchor chart.

    `opened` are (id, bucket, anchor chart); `placed` are (chart, anchor chart, resident), where the resident is None
    if it is the one that is minted for the anchor.
    """
    found = tx.rows(
        "with opened as (insert into identity.resident (resident_key, resident_id, bucket, anchor_chart, opened_at)"
        " select nextval('identity.resident_key'), id, bucket, anchor, %s"
        " from unnest(%s::uuid[], %s::smallint[], %s::bigint[]) q(id, bucket, anchor)"
        " returning resident_key, anchor_chart), placed as (insert into identity.member (chart_key, resident_key)"
        " select q.chart, coalesce(q.resident, o.resident_key) from unnest(%s::bigint[], %s::bigint[], %s::bigint[])"
        " q(chart, anchor, resident) left join opened o on q.resident is null and o.anchor_chart = q.anchor)"
        " select anchor_chart, resident_key from opened",
        (
            at,
            listed(id_ for id_, _, _ in opened),
            *(listed(one[place] for one in opened) for place in (1, 2)),
            *(listed(one[place] for one in placed) for place in range(3)),
        ),
    )
    return dict(found)


def move_members(tx: Transaction, whose: Sequence[tuple[int, int]]) -> None:
    """Say whose charts are from now on: (chart_key, resident_key). Hold their residents' locks."""
    tx.run(
        "update identity.member m set resident_key = q.resident from unnest(%s::bigint[], %s::bigint[])"
        " q(chart, resident) where m.chart_key = q.chart",
        ([chart for chart, _ in whose], [resident for _, resident in whose]),
    )


def residents_of(tx: Transaction, chart_keys: Sequence[int]) -> dict[int, int]:
    """Return each chart's resident."""
    return dict(tx.rows(_RESIDENTS_OF, (listed(chart_keys),)))


def charts_of(tx: Transaction, resident_keys: Sequence[int]) -> list[int]:
    """Return the charts of residents, oldest first."""
    found = tx.rows(
        "select chart_key from identity.member where resident_key = any(%s::bigint[]) order by chart_key",
        (list(resident_keys),),
    )
    return [chart for (chart,) in found]


def members_of(tx: Transaction, resident_keys: Collection[int]) -> dict[int, int]:
    """Return all charts of residents, each with its resident."""
    found = tx.rows(
        "select chart_key, resident_key from identity.member where resident_key = any(%s::bigint[])",
        (listed(resident_keys),),
    )
    return dict(found)


def anchor_of(tx: Transaction, resident_id: UUID) -> int | None:
    """Return the chart for which an identifier was minted."""
    found = tx.row("select anchor_chart from identity.resident where resident_id = %s", (resident_id,))
    return found[0] if found else None


def anchors_of(tx: Transaction, resident_keys: Sequence[int]) -> dict[int, int]:
    """Return for each of these keys the chart for which it was minted."""
    found = tx.rows(
        "select resident_key, anchor_chart from identity.resident where resident_key = any(%s::bigint[])",
        (list(resident_keys),),
    )
    return dict(found)


def current(tx: Transaction, resident_key: int) -> tuple[int, UUID] | None:
    """Return key and identifier of the resident that a key leads to now: itself, or whom it is an alias of."""
    found = tx.row(
        "select now.resident_key, now.resident_id from identity.resident r"
        " join identity.member m on m.chart_key = r.anchor_chart"
        " join identity.resident now on now.resident_key = m.resident_key where r.resident_key = %s",
        (resident_key,),
    )
    return (found[0], found[1]) if found else None


def minted_by(tx: Transaction, charts: Sequence[int]) -> list[tuple[int, UUID, int]]:
    """Return (key, id, anchor_chart) of all residents that were minted for these charts, the first one first."""
    found = tx.rows(
        "select resident_key, resident_id, anchor_chart from identity.resident"
        " where anchor_chart = any((select %s::bigint[])::bigint[]) order by resident_key",
        (listed(charts),),
    )
    return [(key, id_, anchor) for key, id_, anchor in found]


def minted(tx: Transaction, resident_id: UUID) -> tuple[int, int] | None:
    """Return the own key of an identifier, whoever it leads to now, and the chart for which it was minted."""
    row = tx.row("select resident_key, anchor_chart from identity.resident where resident_id = %s", (resident_id,))
    return (row[0], row[1]) if row else None


def minted_of(tx: Transaction, resident_keys: Sequence[int]) -> list[tuple[int, int]]:
    """Return (key now, key as minted) of all residents that lead to these, the first minted first."""
    found = tx.rows(_MINTED_OF, (listed(dict.fromkeys(resident_keys)),))
    return [(now, key) for now, key in found]


def minted_so_far(tx: Transaction) -> int:
    """Return how many residents were minted: of many about how many, as the database last estimated it."""
    row = tx.row(
        "select case when reltuples < 100000 then (select count(*) from identity.resident) else reltuples end::bigint"
        " from pg_class where oid = 'identity.resident'::regclass"
    )
    return int(row[0]) if row else 0


def keys(tx: Transaction, count: int) -> list[int]:
    """Reserve time-ordered physical keys."""
    return [key for (key,) in tx.rows("select nextval('identity.resident_key') from generate_series(1, %s)", (count,))]


def insert_assertions(tx: Transaction, assertions: Iterable[Assertion]) -> None:
    """Append assertions in their order, in one statement; the table gives the keys."""
    written = [dict(zip(_ASSERTED, _row(one), strict=True)) for one in assertions]
    tx.run(
        f"insert into identity.assertion ({', '.join(_ASSERTED)}) select {', '.join(_ASSERTED)}"  # noqa: S608
        " from rows from (json_to_recordset(%s::json) as (chart_a bigint, chart_b bigint, verdict text, ground text,"
        " fields text[], bits double precision[], total double precision, model text, guard text, author_role text,"
        " author text, second_author text, supersedes bigint[], at timestamptz)) with ordinality"
        f" q({', '.join(_ASSERTED)}, n) order by n",
        (orjson.dumps(written).decode(),),
    )


def assertions_of(tx: Transaction, charts: Sequence[int]) -> list[Assertion]:
    """Return all that was ever asserted of these charts, oldest first."""
    found = tx.rows(
        f"select {_SAID} from identity.assertion where chart_a = any(%s::bigint[]) union"  # noqa: S608
        f" select {_SAID} from identity.assertion where chart_b = any(%s::bigint[]) order by 1",
        (listed(charts), listed(charts)),
    )
    return [_assertion(row) for row in found]


def assertion(tx: Transaction, key: int) -> Assertion | None:
    """Return one assertion."""
    row = tx.row(f"select {_SAID} from identity.assertion where assertion = %s", (key,))  # noqa: S608
    return _assertion(row) if row else None


def assertions_from(tx: Transaction, after: int, limit: int) -> list[tuple[Assertion, float | None]]:
    """Return a page of all assertions, the oldest first, each with the total that was kept beside its bits."""
    found = tx.rows(
        f"select {_SAID}, total from identity.assertion where assertion > %s order by assertion limit %s",  # noqa: S608
        (after, limit),
    )
    return [(_assertion(row[:-1]), row[-1]) for row in found]


def freeze(tx: Transaction) -> None:
    """Let every statement of this transaction, from its first on, see the same instant."""
    tx.run("set transaction isolation level repeatable read")


def residents_from(tx: Transaction, after: int, limit: int) -> list[int]:
    """Return a page of the keys of all who have charts, in order."""
    found = tx.rows(
        "select distinct resident_key from identity.member where resident_key > %s order by resident_key limit %s",
        (after, limit),
    )
    return [key for (key,) in found]


def mints_from(tx: Transaction, after: int, limit: int) -> list[tuple[int, int]]:
    """Return a page of all (resident, chart for which it was minted), in order."""
    found = tx.rows(
        "select resident_key, anchor_chart from identity.resident where resident_key > %s order by resident_key"
        " limit %s",
        (after, limit),
    )
    return [(key, chart) for key, chart in found]


def insert_notices(tx: Transaction, event: int, kind: str, residents: Sequence[int], at: datetime) -> None:
    """Tell each of these residents about the others, once for an event."""
    tx.run(
        "insert into identity.notice (event, resident_key, kind, others, at)"
        " select %s, told.key, %s, array(select r.resident_id from identity.resident r"
        " where r.resident_key = any(%s::bigint[]) and r.resident_key <> told.key order by r.resident_key), %s"
        " from unnest(%s::bigint[]) told(key) on conflict do nothing",
        (event, kind, list(residents), at, list(residents)),
    )


def notices_of(tx: Transaction, residents: Sequence[int]) -> list[tuple[str, tuple[UUID, ...], datetime]]:
    """Return (kind, other identifiers, at) of what these residents were told, the newest first, each event once."""
    found = tx.rows(
        "select distinct on (event) event, kind, others, at from identity.notice"
        " where resident_key = any(%s::bigint[]) order by event desc, resident_key",
        (list(residents),),
    )
    return [(kind, tuple(others), at) for _, kind, others, at in found]


def whole(tx: Transaction, keys: Sequence[int]) -> list[tuple[int, UUID, int]]:
    """Return (resident, identifier, chart) of every chart of residents, in order of the charts."""
    return tx.rows(
        "select r.resident_key, r.resident_id, m.chart_key from identity.member m"
        " join identity.resident r using (resident_key) where m.resident_key = any(%s::bigint[]) order by m.chart_key",
        (list(keys),),
    )


def lock_for_moving(tx: Transaction, resident_keys: Iterable[int]) -> None:
    """Keep everybody else from adding to these residents, linking or parting them until the transaction ends."""
    _lock(tx, "pg_advisory_xact_lock", _MEMBERSHIP, [key % _STRIPES for key in resident_keys])


def lock_keys(tx: Transaction, digests: Iterable[int]) -> None:
    """Let one transaction at a time place charts that are found under one of these keys."""
    _lock(tx, "pg_advisory_xact_lock", _KEY, [digest % _STRIPES for digest in digests])


def _lock(tx: Transaction, function: str, space: int, stripes: Iterable[int]) -> None:
    statement = f"select {function}(%s, stripe) from (select * from unnest((select %s::int[])) q(stripe) order by 1) o"  # noqa: S608
    tx.run(statement, (space, listed(sorted(set(stripes)))))


def _row(one: Assertion) -> tuple[object, ...]:
    return (
        *one.pair,
        one.verdict.value,
        one.ground,
        *_weighed(one.evidence),
        one.guard,
        one.author.role.value if one.author.role else None,
        one.author.name,
        one.author.second,
        sorted(one.supersedes),
        one.at,
    )


def _weighed(seen: Evidence | None) -> tuple[object, ...]:
    if seen is None:
        return (None, None, None, None)
    return ([name for name, _ in seen.fields], [bits for _, bits in seen.fields], seen.total, seen.model)


def _assertion(row: Sequence[Any]) -> Assertion:
    key, a, b, verdict, ground, fields, bits, model, guard, role, author, second, supersedes, at = row
    return Assertion(
        pair=(a, b),
        verdict=Verdict(verdict),
        ground=ground,
        author=Author(name=author, role=Role(role) if role else None, second=second),
        at=at,
        evidence=Evidence(fields=tuple(zip(fields, bits, strict=True)), model=model) if model else None,
        guard=guard,
        supersedes=frozenset(supersedes),
        key=key,
    )

"""SQL of the population register: what charts say of birth, sex and death, and who keeps records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from salus.access.consent import Sight
from salus.records.population.model import Keeping, Vital
from salus.records.population.publishing import Published, read, written
from salus.storage import Transaction

_VITAL = ("chart_key", "facility", "born", "sex", "dead", "died", "vouched", "said_at")
_KEEPING = ("resource_key", "chart_key", "facility", "since", "until", "said_at")
_HIGHEST_KEY = 2**63 - 1
_PUBLISHING = 7_305_829
"""The advisory lock of who publishes figures."""


def replace_vitals(tx: Transaction, rows: Sequence[Vital]) -> None:
    """Say anew what these charts' Patients say."""
    tx.run("delete from records.vital where chart_key = any(%s::bigint[])", ([one.chart_key for one in rows],))
    tx.copy("records.vital", _VITAL, [tuple(getattr(one, name) for name in _VITAL) for one in rows])


def forget_vitals(tx: Transaction, chart_keys: Sequence[int]) -> None:
    """Drop what these charts' Patients say."""
    tx.run("delete from records.vital where chart_key = any(%s::bigint[])", (list(chart_keys),))


def replace_keepings(tx: Transaction, resource_keys: Sequence[int], rows: Sequence[Keeping]) -> None:
    """Say anew what these resources declare; those without a row declare nothing any more."""
    tx.run("delete from records.keeping where resource_key = any(%s::bigint[])", (list(resource_keys),))
    if rows:
        tx.copy("records.keeping", _KEEPING, [tuple(getattr(one, name) for name in _KEEPING) for one in rows])


def vitals_after(tx: Transaction, after: int, most: int) -> list[Vital]:
    """Return the next charts' rows in key order."""
    found = tx.rows(
        "select chart_key, facility, born, sex, dead, died, vouched, said_at from records.vital"
        " where chart_key > %s order by chart_key limit %s",
        (after, most),
    )
    return [_vital(row) for row in found]


def vitals_of(tx: Transaction, chart_keys: Sequence[int]) -> list[Vital]:
    """Return the rows of these charts."""
    found = tx.rows(
        "select chart_key, facility, born, sex, dead, died, vouched, said_at from records.vital"
        " where chart_key = any(%s::bigint[])",
        (list(chart_keys),),
    )
    return [_vital(row) for row in found]


def keepings_of(tx: Transaction, chart_keys: Sequence[int]) -> list[Keeping]:
    """Return the declarations in these charts."""
    found = tx.rows(
        "select resource_key, chart_key, facility, since, until, said_at from records.keeping"
        " where chart_key = any(%s::bigint[])",
        (list(chart_keys),),
    )
    return [_keeping(row) for row in found]


def keepings_seen(tx: Transaction, sight: Sight) -> list[Keeping]:
    """Return the declarations that a sight shows."""
    found = tx.rows(
        "select k.resource_key, k.chart_key, k.facility, k.since, k.until, k.said_at"
        " from unnest(%s::bigint[], %s::int[]) s (chart_key, closed)"
        " join records.keeping k on k.chart_key = s.chart_key"
        " join records.resource r on r.resource_key = k.resource_key"
        " where access.shows(r.classes, s.closed, k.facility = %s)",
        (*sight.charts, sight.facility or ""),
    )
    return [_keeping(row) for row in found]


def keepings(tx: Transaction, resource_keys: Sequence[int]) -> list[Keeping]:
    """Return what these resources declare."""
    found = tx.rows(
        "select resource_key, chart_key, facility, since, until, said_at from records.keeping"
        " where resource_key = any(%s::bigint[])",
        (list(resource_keys),),
    )
    return [_keeping(row) for row in found]


def charts_kept(tx: Transaction, facility: str, after: int, most: int) -> list[int]:
    """Return the next charts in which a facility declared, now or once, that it keeps the record, in key order."""
    found = tx.rows(
        "select distinct chart_key from records.keeping where facility = %s and chart_key > %s"
        " order by chart_key limit %s",
        (facility, after, most),
    )
    return [chart for (chart,) in found]


def opened(tx: Transaction, chart_keys: Sequence[int]) -> dict[int, datetime]:
    """Return when these charts were opened."""
    found = tx.rows(
        "select chart_key, opened_at from records.chart where chart_key = any(%s::bigint[])", (list(chart_keys),)
    )
    return dict(found)


def unsurveyed(tx: Transaction, layout: int) -> tuple[int, int] | None:
    """Return (until, done) of a layout while charts of earlier releases wait to be surveyed.

    Of a layout that nobody began nothing is known: everything may wait.
    """
    row = tx.row("select until, done from records.surveying where layout = %s", (layout,))
    if row is None:
        return _HIGHEST_KEY, 0
    return None if row[1] >= row[0] else (row[0], row[1])


def begin(tx: Transaction, layout: int) -> None:
    """Begin a layout that nobody began: every chart that is there by now waits to be surveyed."""
    tx.run(
        "insert into records.surveying (layout, until, done)"
        " select %s, coalesce(max(chart_key), 0), 0 from records.chart on conflict (layout) do nothing",
        (layout,),
    )


def charts_between(tx: Transaction, after: int, until: int, most: int) -> tuple[list[int], int]:
    """Return the residents' charts among the next `most` behind one, and the last that was looked at."""
    found = tx.rows(
        "select chart_key, kind = 'resident' from records.chart where chart_key > %s and chart_key <= %s"
        " order by chart_key limit %s",
        (after, until, most),
    )
    return [chart for chart, wanted in found if wanted], found[-1][0] if found else until


def note_surveyed(tx: Transaction, layout: int, done: int) -> None:
    """Note the last chart that was surveyed."""
    tx.run("update records.surveying set done = greatest(done, %s) where layout = %s", (done, layout))


def resources_of(tx: Transaction, chart: int, types: Sequence[str]) -> list[tuple[UUID, int]]:
    """Return the resources of these types in a chart, and how many bytes the body of each has."""
    return [
        (id_, size)
        for id_, size in tx.rows(
            "select r.id, octet_length(v.body) from records.resource r"
            " join records.version v on v.resource_key = r.resource_key and v.version = r.version"
            " where r.chart_key = %s and r.type = any(%s::text[]) order by r.resource_key",
            (chart, list(types)),
        )
    ]


def lock_published(tx: Transaction) -> None:
    """Let nobody else publish figures until the transaction ends."""
    tx.row("select pg_advisory_xact_lock(%s)", (_PUBLISHING,))


def newest_published(tx: Transaction) -> date | None:
    """Return the last month whose figures were published."""
    row = tx.row("select month from records.published order by month desc limit 1")
    return row[0] if row else None


def first_opened(tx: Transaction) -> datetime | None:
    """Return when the first chart was opened."""
    row = tx.row("select opened_at from records.chart order by chart_key limit 1")
    return row[0] if row else None


def published(tx: Transaction, month: date) -> list[Published]:
    """Return a month's figures as they were published, none where they were not."""
    found = tx.rows("select county, figures from records.published where month = %s order by county", (month,))
    return [read(county or None, figures) for county, figures in found]


def add_published(tx: Transaction, month: date, rows: Sequence[Published]) -> None:
    """Keep a month's figures for good."""
    tx.run(
        "insert into records.published (month, county, figures) select %s, * from unnest(%s::text[], %s::text[])",
        (month, [one.county or "" for one in rows], [written(one) for one in rows]),
    )


def _vital(
    row: tuple[int, str, date | None, str | None, bool | None, date | None, bool, datetime],
) -> Vital:
    chart, facility, born, sex, dead, died, vouched, said_at = row
    return Vital(
        chart_key=chart,
        facility=facility,
        born=born,
        sex=sex,
        dead=dead,
        died=died,
        vouched=vouched,
        said_at=said_at,
    )


def _keeping(row: tuple[int, int, str, date, date | None, datetime]) -> Keeping:
    resource, chart, facility, since, until, said_at = row
    return Keeping(resource_key=resource, chart_key=chart, facility=facility, since=since, until=until, said_at=said_at)

"""SQL of the population register: what charts say of birth, sex and death, and who keeps records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from salus.records.population.model import Keeping, Vital
from salus.storage import Transaction

_VITAL = ("chart_key", "facility", "born", "sex", "dead", "died", "vouched", "said_at")
_KEEPING = ("resource_key", "chart_key", "facility", "since", "until", "said_at")


def replace_vitals(tx: Transaction, rows: Sequence[Vital]) -> None:
    """Say anew what these charts' Patients say."""
    tx.run("delete from records.vital where chart_key = any(%s::bigint[])", ([one.chart_key for one in rows],))
    tx.copy("records.vital", _VITAL, [tuple(getattr(one, name) for name in _VITAL) for one in rows])


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


def charts_kept(tx: Transaction, facility: str, after: int, most: int) -> list[int]:
    """Return the next charts in which a facility declared, now or once, that it keeps the record, in key order."""
    found = tx.rows(
        "select distinct chart_key from records.keeping where facility = %s and chart_key > %s"
        " order by chart_key limit %s",
        (facility, after, most),
    )
    return [chart for (chart,) in found]


def unsurveyed(tx: Transaction, after: int, most: int) -> tuple[list[int], int | None]:
    """Return the residents' charts without a row among the next `most`, and the last looked at; None at the end."""
    found = tx.rows(
        "select c.chart_key, c.kind = 'resident' and v.chart_key is null from (select chart_key, kind from"
        " records.chart where chart_key > %s order by chart_key limit %s) c"
        " left join records.vital v on v.chart_key = c.chart_key order by c.chart_key",
        (after, most),
    )
    return [chart for chart, wanted in found if wanted], found[-1][0] if found else None


def resources_of(tx: Transaction, chart: int, types: Sequence[str]) -> list[UUID]:
    """Return the resources of these types in a chart."""
    found = tx.rows(
        "select id from records.resource where chart_key = %s and type = any(%s::text[]) order by resource_key",
        (chart, list(types)),
    )
    return [id_ for (id_,) in found]


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

"""SQL of what follow-up looks at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from salus.access.consent import Sight
from salus.storage import Transaction


def replace_followed(
    tx: Transaction, resource_keys: Sequence[int], rows: Sequence[tuple[int, bytes, int, date]]
) -> None:
    """Say anew of which topics these resources tell: (resource_key, topic, chart_key, day)."""
    if resource_keys:
        tx.run("delete from records.followed where resource_key = any(%s::bigint[])", (list(resource_keys),))
    if rows:
        tx.copy("records.followed", ("resource_key", "topic", "chart_key", "day"), rows)


def followed_of(tx: Transaction, sight: Sight) -> list[tuple[int, bytes, date, str]]:
    """Return (chart, topic, day, facility) of all that is told by what a sight shows, each once."""
    found = tx.rows(
        "select distinct f.chart_key, f.topic, f.day, c.facility"
        " from unnest(%s::bigint[], %s::int[]) s (chart_key, closed)"
        " join records.chart c on c.chart_key = s.chart_key join records.followed f on f.chart_key = s.chart_key"
        " join records.resource r on r.resource_key = f.resource_key"
        " where access.shows(r.classes, s.closed, c.facility = %s)",
        (*sight.charts, sight.facility or ""),
    )
    return [(chart, bytes(topic), day, facility) for chart, topic, day, facility in found]

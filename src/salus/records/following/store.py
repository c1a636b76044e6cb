"""SQL of what follow-up looks at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from salus.storage import Transaction


def replace_followed(
    tx: Transaction, resource_keys: Sequence[int], rows: Sequence[tuple[int, bytes, int, date]]
) -> None:
    """Say anew of which topics these resources tell: (resource_key, topic, chart_key, day)."""
    if resource_keys:
        tx.run("delete from records.followed where resource_key = any(%s::bigint[])", (list(resource_keys),))
    if rows:
        tx.copy("records.followed", ("resource_key", "topic", "chart_key", "day"), rows)


def followed_of(tx: Transaction, chart_keys: Sequence[int]) -> list[tuple[int, bytes, date, str]]:
    """Return (chart, topic, day, facility) of all that these charts tell, each once."""
    found = tx.rows(
        "select distinct f.chart_key, f.topic, f.day, c.facility from records.followed f"
        " join records.chart c on c.chart_key = f.chart_key where f.chart_key = any(%s::bigint[])",
        (list(chart_keys),),
    )
    return [(chart, bytes(topic), day, facility) for chart, topic, day, facility in found]

"""Hand a verified alert over to the command room: its public figures, as the command room's own type.

Small counts are suppressed on the way. Neither room knows the other.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final
from uuid import UUID

from salus import command, surveillance
from salus.app.command import hand_over, map_properties
from salus.app.node import Node
from salus.app.surveillance import signal
from salus.command import AreaCount, HandedOver
from salus.kernel import Invalid
from salus.parties import Principal
from salus.storage import Duty
from salus.surveillance import Alert, Rule, Verdict, series

DAYS_SHOWN: Final = 14
_SINGLE_EN = "A single case of this disease is enough to act on."
_SINGLE_ZH = "这种疾病出现一例即须处置。"
_FEW_EN = "There were more than expected. How many is not shown, as so few could be recognised."
_FEW_ZH = "例数高于预期。因例数过少，公布可能使人被认出，故不显示。"


class NotVerified(Invalid):
    """An alert that nobody has confirmed is not handed over."""

    code = "SALUS-A050"


def hand_signal_over(node: Node, who: Principal, alert_id: UUID) -> None:
    """Hand a confirmed alert over, or its newer figures.

    Raises Refused, SignalUnknown, or NotVerified where the last verdict is another.
    """
    seen = signal(node, who, alert_id)
    if not seen.verifications or seen.verifications[-1].verdict is not Verdict.CONFIRMED:
        raise NotVerified("an alert is handed over once it is confirmed; record your verdict first")
    said = seen.names.get(seen.verifications[-1].by)
    hand_over(node, who, _figures(node, seen.alert, said[0] if said else who.name_en))


def _figures(node: Node, alert: Alert, verified_by: str) -> HandedOver:
    found, told, since = alert.judgement, series(alert.series), alert.day - timedelta(days=DAYS_SHOWN - 1)
    single = found.rule is Rule.SINGLE_CASE
    areas = _areas(node, alert, since)
    observed = surveillance.shown(found.observed)
    hidden = sum(cell.few for cell in areas)
    named = _named(node, alert.county)
    english = alert.reason_en.replace(f"county {alert.county}", named[0])
    chinese = alert.reason_zh.replace(f"{alert.county}区县", named[1])
    return HandedOver(
        alert=str(alert.alert_id),
        disease=alert.series,
        disease_en=told.en[0].upper() + told.en[1:],
        disease_zh=told.zh,
        area=alert.county,
        area_en=named[0],
        area_zh=named[1],
        first=alert.day,
        last=alert.day,
        since=since,
        observed=None if hidden == 1 else observed,
        expected=f"{max(0.0, found.expected):.1f}",
        once_in_years=found.once_in_days // 365 or None if found.once_in_days else None,
        why_en=_SINGLE_EN if single else _FEW_EN if observed is None else english,
        why_zh=_SINGLE_ZH if single else _FEW_ZH if observed is None else chinese,
        verified_by=verified_by,
        at=node.clock.now(),
        areas=areas,
    )


def _areas(node: Node, alert: Alert, since: date) -> tuple[AreaCount, ...]:
    """Count the days shown in every county of the alert's prefecture; one that told nothing is silent."""
    with node.store.transaction(Duty.SURVEILLANCE) as tx:
        figures = surveillance.figures(tx, since, alert.day)
    prefecture = alert.county[:4]
    counties = {county for county in map_properties(node) if county.startswith(prefecture)} | {alert.county}
    counts: dict[str, int | None] = dict.fromkeys(sorted(counties))
    for one in figures:
        if (one.source, one.series, one.county[:4]) == (alert.source, alert.series, prefecture):
            counts[one.county] = (counts.get(one.county) or 0) + one.count
    shown = command.suppressed(counts)
    return tuple(
        AreaCount(
            area=county,
            name_en=_named(node, county)[0],
            name_zh=_named(node, county)[1],
            cases=shown[county][0],
            few=shown[county][1],
            population=_population(node, county),
        )
        for county in sorted(counts)
    )


def _named(node: Node, county: str) -> tuple[str, str]:
    told = map_properties(node).get(county, {})
    return str(told.get("name_en", county)), str(told.get("name_zh", county))


def _population(node: Node, county: str) -> int | None:
    found = map_properties(node).get(county, {}).get("population")
    return found if isinstance(found, int) else None


__all__ = ["NotVerified", "hand_signal_over"]

"""SQL of surveillance: figures with their revisions, alerts, what people found. Rows are only ever added."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from salus.storage import Transaction
from salus.surveillance.model import (
    Alert,
    Assessment,
    Confidence,
    Figure,
    Impact,
    Judgement,
    Level,
    Likelihood,
    Revision,
    Rule,
    Verdict,
    Verification,
)

_FIGURE = "source, series, county, day, count, denominator, reporting"
_JUDGED = "rule, version, observed, expected, low, high, exceedance, share_exceedance, once_in_days, baseline"
_ALERT = (
    f"alert_id, episode, at, source, series, county, day, {_JUDGED}, reported, snapshot, known, reason_en, reason_zh"
)


def alone(tx: Transaction) -> None:
    """Let nobody else add figures or alerts until this transaction ends, so that keys grow in order of commit."""
    tx.row("select pg_advisory_xact_lock(hashtext('surveillance'))")


def insert_changed(tx: Transaction, told: Sequence[Figure], at: datetime) -> tuple[int, int]:
    """Add the figures that differ from what was told last; return how many were new and how many revise one."""
    columns = zip(
        *((c.source, c.series, c.county, c.day, c.count, c.denominator, c.reporting) for c in told), strict=True
    )
    found = tx.row(
        "with told as (select * from unnest(%s::text[], %s::text[], %s::text[], %s::date[], %s::int[], %s::int[],"  # noqa: S608
        f" %s::int[]) q({_FIGURE})),"
        " changed as (select t.*, k.figure is not null as revises from told t left join lateral"
        " (select c.figure, c.count, c.denominator, c.reporting from surveillance.figure c where c.source = t.source"
        " and c.series = t.series and c.county = t.county and c.day = t.day order by c.figure desc limit 1) k on true"
        " where k.figure is null or (k.count, k.denominator, k.reporting) is distinct from"
        " (t.count, t.denominator, t.reporting)),"
        f" added as (insert into surveillance.figure ({_FIGURE}, at) select {_FIGURE}, %s from changed)"
        " select count(*) filter (where not revises), count(*) filter (where revises) from changed",
        (*(list(column) for column in columns), at),
    )
    new, revised = found or (0, 0)
    return int(new), int(revised)


def newest(tx: Transaction) -> int:
    """Return the key of the newest figure, 0 before the first."""
    found = tx.row("select coalesce(max(figure), 0) from surveillance.figure")
    return int(found[0]) if found else 0


def figures(tx: Transaction, first: date, last: date, known: int) -> list[Figure]:
    """Return each figure of these days, both included, as it stood when `known` was the newest."""
    return [_figure(row) for row in _standing(tx, first, last, known, None)]


def by_place(
    tx: Transaction,
    first: date,
    last: date,
    known: int,
    counties: Collection[str] | None = None,
    told: tuple[str, str] | None = None,
) -> dict[tuple[str, str, str], dict[date, tuple[int, int | None, int | None]]]:
    """Return the same by (source, series, county) and day, as bare (count, denominator, reporting): there are many.

    `told` is a source and a series to which it is limited.
    """
    found: dict[tuple[str, str, str], dict[date, tuple[int, int | None, int | None]]] = {}
    for source, series, county, day, count, denominator, reporting in _standing(tx, first, last, known, counties, told):
        found.setdefault((source, series, county), {})[day] = (count, denominator, reporting)
    return found


def _standing(
    tx: Transaction,
    first: date,
    last: date,
    known: int,
    counties: Collection[str] | None,
    told: tuple[str, str] | None = None,
) -> list[tuple[Any, ...]]:
    return tx.rows(
        f"select distinct on (source, series, county, day) {_FIGURE} from surveillance.figure"  # noqa: S608
        " where day between %s and %s and figure <= %s and (%s::text[] is null or county = any(%s::text[]))"
        " and (%s::text is null or (source, series) = (%s, %s))"
        " order by source, series, county, day, figure desc",
        (
            first,
            last,
            known,
            *(2 * [None if counties is None else list(counties)]),
            *((told[0], *told) if told else (None, None, None)),
        ),
    )


def figures_of(
    tx: Transaction, source: str, series: str, county: str, first: date, last: date, known: int | None = None
) -> list[Figure]:
    """Return one series' figures of these days, both included, in order."""
    found = tx.rows(
        f"select distinct on (day) {_FIGURE} from surveillance.figure where source = %s and series = %s and county = %s"  # noqa: S608
        " and day between %s and %s and figure <= coalesce(%s, 9223372036854775807) order by day, figure desc",
        (source, series, county, first, last, known),
    )
    return [_figure(row) for row in found]


def revisions(tx: Transaction, source: str, series: str, county: str, first: date, last: date) -> list[Revision]:
    """Return everything that was ever told of one series and these days, oldest first in each."""
    found = tx.rows(
        f"select {_FIGURE}, at from surveillance.figure where source = %s and series = %s and county = %s"  # noqa: S608
        " and day between %s and %s order by day, figure",
        (source, series, county, first, last),
    )
    return [Revision(figure=_figure(row[:7]), at=row[7]) for row in found]


def insert_alerts(tx: Transaction, alerts: Sequence[Alert]) -> None:
    """Add alerts."""
    marks = ", ".join(["%s"] * len(_ALERT.split(", ")))
    tx.many(f"insert into surveillance.alert ({_ALERT}) values ({marks})", [_row(alert) for alert in alerts])  # noqa: S608


def alert(tx: Transaction, alert_id: UUID) -> Alert | None:
    """Return one alert."""
    found = tx.row(f"select {_ALERT} from surveillance.alert where alert_id = %s", (alert_id,))  # noqa: S608
    return _alert(found) if found else None


def latest_alerts(tx: Transaction, since: date) -> list[Alert]:
    """Return the alerts about days from `since` on, in order of raising."""
    found = tx.rows(
        f"select {_ALERT} from surveillance.alert where day >= %s order by alert",  # noqa: S608
        (since,),
    )
    return [_alert(row) for row in found]


def alerts(tx: Transaction, most: int) -> list[Alert]:
    """Return the newest alerts."""
    found = tx.rows(f"select {_ALERT} from surveillance.alert order by alert desc limit %s", (most,))  # noqa: S608
    return [_alert(row) for row in found]


def unsettled(tx: Transaction, settling: Sequence[str]) -> list[Alert]:
    """Return every alert that has none of these verdicts yet."""
    found = tx.rows(
        f"select {_ALERT} from surveillance.alert where not exists (select from surveillance.verification v"  # noqa: S608
        " where v.alert_id = alert.alert_id and v.verdict = any(%s::text[])) order by alert desc",
        (list(settling),),
    )
    return [_alert(row) for row in found]


def alerts_of(tx: Transaction, source: str, series: str, county: str, most: int) -> list[Alert]:
    """Return the alerts of one series and county, the newest day first."""
    found = tx.rows(
        f"select {_ALERT} from surveillance.alert where source = %s and series = %s and county = %s"  # noqa: S608
        " order by day desc, alert desc limit %s",
        (source, series, county, most),
    )
    return [_alert(row) for row in found]


def insert_verification(tx: Transaction, alert_id: UUID, one: Verification) -> None:
    """Add what somebody found out."""
    tx.run(
        "insert into surveillance.verification (alert_id, at, by, verdict, reason) values (%s, %s, %s, %s, %s)",
        (alert_id, one.at, one.by, one.verdict, one.reason),
    )


def verifications(tx: Transaction, alert_ids: Sequence[UUID]) -> dict[UUID, list[Verification]]:
    """Return what was found out about alerts, oldest first."""
    found = tx.rows(
        "select alert_id, at, by, verdict, reason from surveillance.verification where alert_id = any(%s::uuid[])"
        " order by verification",
        (list(alert_ids),),
    )
    result: dict[UUID, list[Verification]] = {}
    for id_, at, by, verdict, reason in found:
        result.setdefault(id_, []).append(Verification(at=at, by=by, verdict=Verdict(verdict), reason=reason))
    return result


def insert_assessment(tx: Transaction, alert_id: UUID, one: Assessment) -> None:
    """Add an assessment."""
    tx.run(
        "insert into surveillance.assessment (alert_id, at, by, likelihood, impact, confidence, level, text)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s)",
        (alert_id, one.at, one.by, one.likelihood, one.impact, one.confidence, one.level, one.text),
    )


def assessments(tx: Transaction, alert_id: UUID) -> list[Assessment]:
    """Return the assessments of an alert, oldest first."""
    found = tx.rows(
        "select at, by, likelihood, impact, confidence, level, text from surveillance.assessment"
        " where alert_id = %s order by assessment",
        (alert_id,),
    )
    return [
        Assessment(
            at=at,
            by=by,
            likelihood=Likelihood(likelihood),
            impact=Impact(impact),
            confidence=Confidence(confidence),
            level=Level(level),
            text=text,
        )
        for at, by, likelihood, impact, confidence, level, text in found
    ]


def insert_refusal(tx: Transaction, at: datetime, source: str, why: str) -> None:
    """Count a feed that was refused."""
    tx.run("insert into surveillance.feed_refusal (at, source, why) values (%s, %s, %s)", (at, source, why))


def refusals(tx: Transaction) -> dict[tuple[str, str], int]:
    """Return how many feeds were refused, by source and reason."""
    found = tx.rows("select source, why, count(*) from surveillance.feed_refusal group by source, why")
    return {(source, why): int(count) for source, why, count in found}


def _figure(row: tuple[Any, ...]) -> Figure:
    source, series, county, day, count, denominator, reporting = row
    return Figure(
        source=source,
        series=series,
        county=county,
        day=day,
        count=count,
        denominator=denominator,
        reporting=reporting,
    )


def _row(one: Alert) -> tuple[object, ...]:
    found = one.judgement
    judged = (
        found.rule,
        found.version,
        found.observed,
        found.expected,
        found.low,
        found.high,
        found.exceedance,
        found.share_exceedance,
        found.once_in_days,
        list(found.baseline),
    )
    about = (one.alert_id, one.episode, one.at, one.source, one.series, one.county, one.day)
    return (*about, *judged, list(one.reported), one.snapshot, one.known, one.reason_en, one.reason_zh)


def _alert(row: tuple[Any, ...]) -> Alert:
    alert_id, episode, at, source, series, county, day, *judged, reported, snapshot, known, reason_en, reason_zh = row
    return Alert(
        alert_id=alert_id,
        episode=episode,
        at=at,
        source=source,
        series=series,
        county=county,
        day=day,
        judgement=_judgement(judged),
        reported=tuple(reported),
        snapshot=bytes(snapshot),
        known=known,
        reason_en=reason_en,
        reason_zh=reason_zh,
    )


def _judgement(judged: Sequence[Any]) -> Judgement:
    rule, version, observed, expected, low, high, exceedance, share, once_in_days, baseline = judged
    return Judgement(
        rule=Rule(rule),
        version=version,
        observed=observed,
        expected=expected,
        low=low,
        high=high,
        exceedance=exceedance,
        share_exceedance=share,
        once_in_days=once_in_days,
        baseline=tuple(baseline),
        flagged=True,
    )

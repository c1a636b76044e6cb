"""The verbs of surveillance: ingest figures, detect, compute an alert again, verify, assess, wait."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from salus.storage import Transaction
from salus.surveillance import store
from salus.surveillance.catalogue import series
from salus.surveillance.detectors import LEAST, judge, reasons
from salus.surveillance.detectors.ears import SPAN
from salus.surveillance.errors import SignalUnknown
from salus.surveillance.intake.feed import read_feed
from salus.surveillance.model import (
    QUIET_DAYS,
    SMALLEST_SHOWN,
    Alert,
    Assessment,
    Figure,
    Ingested,
    Revision,
    Rule,
    Verdict,
    Verification,
    Wait,
    Window,
)

NewId = Callable[[], UUID]
_Place = tuple[str, str, str]
_Bare = tuple[int, int | None, int | None]


def ingest(tx: Transaction, told: Sequence[Figure], at: datetime) -> Ingested:
    """Take figures in. What is known already adds nothing; what differs is kept beside it as a revision."""
    if not told:
        return Ingested(new=0, revised=0, known=0)
    store.alone(tx)
    new, revised = store.insert_changed(tx, told, at)
    return Ingested(new=new, revised=revised, known=len(told) - new - revised)


def ingest_feed(tx: Transaction, source: str, series_key: str, body: Any, at: datetime, today: date) -> Ingested:
    """Take in another department's feed, whole or not at all. Raises FeedRefused; `refuse_feed` counts it."""
    return ingest(tx, read_feed(source, series_key, body, today), at)


def refuse_feed(tx: Transaction, source: str, why: str, at: datetime) -> None:
    """Count a feed that was refused: by whom and for what kind of reason, with nothing of what it held."""
    store.insert_refusal(tx, at, source, why)


def refused_feeds(tx: Transaction) -> dict[tuple[str, str], int]:
    """Return how many feeds of each source were refused for each kind of reason."""
    return store.refusals(tx)


def detect(
    tx: Transaction,
    first: date,
    last: date,
    at: datetime,
    new_id: NewId,
    *,
    rules: Collection[Rule] = tuple(Rule),
    counties: Collection[str] | None = None,
    told: tuple[str, str] | None = None,
) -> list[Alert]:
    """Judge each day from `first` to `last`, both included, and raise what is new; return that.

    Everything is judged from the figures known now. An episode is raised once: within seven days of its last alert
    again only when it has grown by half. Running it twice raises nothing twice. `counties` and `told`, a source and a
    series, judge these alone.
    """
    store.alone(tx)
    known = store.newest(tx)
    figures = store.by_place(tx, first - timedelta(days=SPAN - 1), last, known, counties, told)
    standing: dict[_Place, list[Alert]] = {}
    for earlier in store.latest_alerts(tx, first - timedelta(days=QUIET_DAYS)):
        standing.setdefault((earlier.source, earlier.series, earlier.county), []).append(earlier)
    raised: list[Alert] = []
    for place, days in figures.items():
        rule = series(place[1]).rule
        least = LEAST[rule]  # a day with fewer can never be flagged; most days of most counties are such
        for day in sorted(day for day, (count, *_) in days.items() if day >= first and count >= least):
            if rule in rules:
                window = _window(place, day, days)
                found = _raised(window, rule, standing.setdefault(place, []), known, at, new_id)
                if found is not None:
                    standing[place].append(found)
                    raised.append(found)
    store.insert_alerts(tx, raised)
    return raised


def _window(place: _Place, day: date, told: Mapping[date, _Bare]) -> Window:
    source, key, county = place
    figures = []
    for one in (day - timedelta(days=n) for n in reversed(range(SPAN))):
        count, denominator, reporting = told.get(one, (None, None, None))
        figures.append(
            None
            if count is None
            else Figure(
                source=source,
                series=key,
                county=county,
                day=one,
                count=count,
                denominator=denominator,
                reporting=reporting,
            )
        )
    return Window(source=source, series=key, county=county, day=day, figures=tuple(figures))


def _raised(
    window: Window, rule: Rule, standing: Iterable[Alert], known: int, at: datetime, new_id: NewId
) -> Alert | None:
    """Return the alert that a window raises, unless its episode was raised already and has not grown by half."""
    found = judge(window, rule)
    if found is None or not found.flagged:
        return None
    near = [one for one in standing if abs((one.day - window.day).days) < QUIET_DAYS]
    if near and found.observed * 2 < 3 * max(one.judgement.observed for one in near):
        return None
    id_ = new_id()
    english, chinese = reasons(series(window.series), window.county, window.day, found)
    return Alert(
        alert_id=id_,
        episode=near[-1].episode if near else id_,
        at=at,
        source=window.source,
        series=window.series,
        county=window.county,
        day=window.day,
        judgement=found,
        reported=tuple(figure.reporting if figure else None for figure in window.figures),
        snapshot=window.hash,
        known=known,
        reason_en=english,
        reason_zh=chinese,
    )


def reproduce(tx: Transaction, alert: Alert) -> Alert | None:
    """Compute an alert again from the figures as they stood when it was raised; None if they raise none.

    The answer equals the alert, snapshot hash included, if nothing was tampered with.
    """
    first = alert.day - timedelta(days=SPAN - 1)
    told = store.figures_of(tx, alert.source, alert.series, alert.county, first, alert.day, alert.known)
    bare = {one.day: (one.count, one.denominator, one.reporting) for one in told}
    window = _window((alert.source, alert.series, alert.county), alert.day, bare)
    again = _raised(window, series(alert.series).rule, (), alert.known, alert.at, lambda: alert.alert_id)
    return None if again is None else replace(again, episode=alert.episode)


def alert(tx: Transaction, alert_id: UUID) -> Alert:
    """Return one alert. Raises SignalUnknown."""
    found = store.alert(tx, alert_id)
    if found is None:
        raise SignalUnknown("there is no such signal; open the list again")
    return found


def alerts(tx: Transaction, most: int = 200) -> list[tuple[Alert, list[Verification]]]:
    """Return the newest alerts, each with what was found out about it."""
    found = store.alerts(tx, most)
    said = store.verifications(tx, [one.alert_id for one in found])
    return [(one, said.get(one.alert_id, [])) for one in found]


def pending(tx: Transaction, settled: int = 60) -> list[tuple[Alert, list[Verification]]]:
    """Return every alert that waits for a verdict, however many there are, and of the newest the settled ones too."""
    waiting = store.unsettled(tx, [one.value for one in Verdict if one is not Verdict.VERIFYING])
    known = {one.alert_id for one in waiting}
    found = [*waiting, *(one for one in store.alerts(tx, settled) if one.alert_id not in known)]
    said = store.verifications(tx, [one.alert_id for one in found])
    return [(one, said.get(one.alert_id, [])) for one in found]


def alerts_like(tx: Transaction, alert: Alert, most: int = 6) -> list[tuple[Alert, list[Verification]]]:
    """Return the other alerts of the same series and county, the newest first, with what was found out."""
    same = store.alerts_of(tx, alert.source, alert.series, alert.county, most + 1)
    others = [one for one in same if one.alert_id != alert.alert_id][:most]
    said = store.verifications(tx, [one.alert_id for one in others])
    return [(one, said.get(one.alert_id, [])) for one in others]


def figures_of(tx: Transaction, source: str, series_key: str, county: str, first: date, last: date) -> list[Figure]:
    """Return the figures of one series, as they stand now, in order of days; days without one are left out."""
    return store.figures_of(tx, source, series_key, county, first, last)


def figures(tx: Transaction, first: date, last: date) -> list[Figure]:
    """Return all figures of these days, both included, as they stand now."""
    return store.figures(tx, first, last, store.newest(tx))


def revisions(tx: Transaction, source: str, series_key: str, county: str, first: date, last: date) -> list[Revision]:
    """Return the reporting triangle of one series: every figure ever told of these days, and when."""
    return store.revisions(tx, source, series_key, county, first, last)


def verify(tx: Transaction, alert_id: UUID, one: Verification) -> None:
    """Record what somebody found out about an alert. Raises SignalUnknown."""
    alert(tx, alert_id)
    store.insert_verification(tx, alert_id, one)


def assess(tx: Transaction, alert_id: UUID, one: Assessment) -> None:
    """Record a rapid risk assessment of an alert. Raises SignalUnknown."""
    alert(tx, alert_id)
    store.insert_assessment(tx, alert_id, one)


def verifications(tx: Transaction, alert_id: UUID) -> list[Verification]:
    """Return what was found out about an alert, oldest first."""
    return store.verifications(tx, [alert_id]).get(alert_id, [])


def assessments(tx: Transaction, alert_id: UUID) -> list[Assessment]:
    """Return the assessments of an alert, oldest first."""
    return store.assessments(tx, alert_id)


def wait(alert: Alert, said: Sequence[Verification], at: datetime) -> Wait:
    """Tell how long an alert has waited, and whether its verification is overdue by law.

    It is settled by any verdict but `verifying`; a limit is set for single cases of listed diseases only.
    """
    limit = series(alert.series).limit
    settled = any(one.verdict is not Verdict.VERIFYING for one in said)
    due = None if limit is None else alert.at + limit
    return Wait(since=alert.at, due=due, settled=settled, overdue=due is not None and not settled and at > due)


def ranked(
    found: Sequence[tuple[Alert, list[Verification]]], at: datetime
) -> list[tuple[Alert, list[Verification], Wait]]:
    """Put alerts in the order in which they deserve a look.

    First those overdue by law, then single cases, then by how far they exceed what was expected; settled ones last, the
    newest of them first.
    """
    waits = [(one, said, wait(one, said, at)) for one, said in found]

    def key(row: tuple[Alert, list[Verification], Wait]) -> tuple[bool, bool, bool, float, float]:
        one, _, waiting = row
        settled = waiting.settled
        far = 0.0 if settled else -(one.judgement.exceedance or 0.0)
        return settled, not waiting.overdue, one.judgement.rule is not Rule.SINGLE_CASE, far, -one.at.timestamp()

    return sorted(waits, key=key)


def unfinished(told: Sequence[Figure], today: date) -> set[date]:
    """Return the days whose reports still come in: today and yesterday, and where fewer places sent than lately did.

    Lately is the fourteen days before each.
    """
    late = {today, today - timedelta(days=1)}
    by_day = {figure.day: figure.reporting for figure in told}
    for day, reporting in by_day.items():
        before = [by_day.get(day - timedelta(days=n)) or 0 for n in range(1, 15)]
        if today - day < timedelta(days=7) and reporting is not None and reporting < max(before):
            late.add(day)
    return late


def shown(count: int) -> int | None:
    """Return a count as pages without case access may show it: None stands for "fewer than 5" and is never a zero."""
    return None if 0 < count < SMALLEST_SHOWN else count

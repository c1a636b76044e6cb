"""Pages for epidemiologists: the signals, ranked, and each with its ground, its verdicts and its assessments."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from starlette.datastructures import FormData
from starlette.responses import Response
from starlette.routing import Route

from salus import app, surveillance
from salus.kernel import Purpose, Role
from salus.parties import Principal
from salus.surveillance import (
    CATALOGUE_VERSION,
    HOSPITALS,
    Confidence,
    Figure,
    Impact,
    Level,
    Likelihood,
    Rule,
    SignalUnknown,
    Verdict,
    VerdictInvalid,
)
from salus.web.gate import in_thread
from salus.web.pages.visit import Visit, paged
from salus.web.pages.words_of import county_words, naming, placed
from salus.web.views import Address, Notice, Words
from salus.web.views.surveillance import Judged, Said, SeriesDay, Signal, SignalLine, Signals, SignalTrouble, Similar

T = TypeVar("T", bound=StrEnum)
_FROM_RECORDS = Words(en="visits and results that hospitals sent", zh="医院报送的就诊与检验")


def _who(visit: Visit) -> Principal:
    return visit.principal(Role.EPIDEMIOLOGIST).for_purpose(Purpose.PUBHLTH)


@paged
async def signals(visit: Visit) -> Response:
    """Show the signals in the order in which they deserve a look."""
    who, node = _who(visit), visit.gate.node
    found = await in_thread(visit.gate, lambda: app.signals(node, who))
    lines = tuple(_line(one, county_words(node, one.alert.county)) for one in found)
    return visit.show(
        Signals(
            lines=lines,
            waiting=sum(not line.settled for line in lines),
            overdue=sum(line.overdue for line in lines),
        )
    )


@paged
async def signal(visit: Visit) -> Response:
    """Show one signal with its ground."""
    return await _signal(visit, _who(visit), None)


@paged
async def verify(visit: Visit) -> Response:
    """Record a verdict."""
    who, node, id_ = _who(visit), visit.gate.node, _id(visit)
    form = await visit.form()
    verdict, reason = _chosen(Verdict, form, "verdict"), str(form.get("reason", ""))
    if verdict is None:
        return await _signal(visit, who, SignalTrouble.CHOICE)
    try:
        await in_thread(visit.gate, lambda: app.verify_signal(node, who, id_, verdict, reason))
    except VerdictInvalid:
        return await _signal(visit, who, SignalTrouble.REASON)
    return visit.go(f"{Address.SIGNALS}/{id_}", Notice.VERDICT_RECORDED)


@paged
async def assess(visit: Visit) -> Response:
    """Record a rapid risk assessment."""
    who, node, id_ = _who(visit), visit.gate.node, _id(visit)
    form = await visit.form()
    likelihood, impact = _chosen(Likelihood, form, "likelihood"), _chosen(Impact, form, "impact")
    confidence, level = _chosen(Confidence, form, "confidence"), _chosen(Level, form, "level")
    if likelihood is None or impact is None or confidence is None or level is None:
        return await _signal(visit, who, SignalTrouble.CHOICE)
    judged, text = (likelihood, impact, confidence, level), str(form.get("text", ""))
    try:
        await in_thread(visit.gate, lambda: app.assess_signal(node, who, id_, judged, text))
    except VerdictInvalid:
        return await _signal(visit, who, SignalTrouble.REASON)
    return visit.go(f"{Address.SIGNALS}/{id_}", Notice.ASSESSMENT_RECORDED)


@paged
async def hand_over(visit: Visit) -> Response:
    """Hand a confirmed signal's figures over to the command room."""
    who, node, id_ = _who(visit), visit.gate.node, _id(visit)
    await visit.form()
    await in_thread(visit.gate, lambda: app.hand_signal_over(node, who, id_))
    return visit.go(f"{Address.SIGNALS}/{id_}", Notice.HANDED_OVER)


def _chosen(kind: type[T], form: FormData, field: str) -> T | None:
    value = str(form.get(field, ""))
    return kind(value) if value in set(kind) else None


async def _signal(visit: Visit, who: Principal, trouble: SignalTrouble | None) -> Response:
    node, id_ = visit.gate.node, _id(visit)
    seen = await in_thread(visit.gate, lambda: app.signal(node, who, id_))
    return visit.show(_view(visit, seen, trouble), 400 if trouble else 200)


def _id(visit: Visit) -> UUID:
    try:
        return UUID(visit.request.path_params["signal"])
    except ValueError:
        raise SignalUnknown("there is no such signal; open the list again") from None


def _line(one: app.Signal, county: Words) -> SignalLine:
    alert, found = one.alert, one.alert.judgement
    series = surveillance.series(alert.series)
    return SignalLine(
        page=f"{Address.SIGNALS}/{alert.alert_id}",
        name=_name(series),
        county=county,
        day=alert.day,
        observed=found.observed,
        expected=None if found.rule is Rule.SINGLE_CASE else found.expected,
        once_in_days=found.once_in_days,
        raised=alert.at,
        due=one.wait.due,
        overdue=one.wait.overdue,
        settled=one.wait.settled,
        verdict=one.verdict,
        days=_days(one.figures, frozenset()),
    )


def _name(series: surveillance.Series) -> Words:
    """Return a series' name as it begins a line."""
    return Words(en=series.en[0].upper() + series.en[1:], zh=series.zh)


def _days(figures: tuple[Figure, ...], unfinished: frozenset[object]) -> tuple[SeriesDay, ...]:
    """Return one entry for each day between the first and the last figure, with gaps where nothing was told."""
    if not figures:
        return ()
    by_day, first = {one.day: one for one in figures}, figures[0].day
    days = [first + timedelta(days=n) for n in range((figures[-1].day - first).days + 1)]
    return tuple(
        SeriesDay(
            on=day,
            count=by_day[day].count if day in by_day else None,
            denominator=by_day[day].denominator if day in by_day else None,
            reporting=by_day[day].reporting if day in by_day else None,
            unfinished=day in unfinished,
        )
        for day in days
    )


def _view(visit: Visit, seen: app.SignalSeen, trouble: SignalTrouble | None) -> Signal:
    alert, found = seen.alert, seen.alert.judgement
    node, series = visit.gate.node, surveillance.series(alert.series)
    county = county_words(node, alert.county)
    return Signal(
        page=f"{Address.SIGNALS}/{alert.alert_id}",
        name=_name(series),
        county=county,
        code=alert.county,
        source=_FROM_RECORDS if alert.source == HOSPITALS else naming(node)(alert.source),
        day=alert.day,
        observed=found.observed,
        expected=found.expected,
        low=found.low,
        high=found.high,
        rule=found.rule,
        version=found.version,
        catalogue=CATALOGUE_VERSION,
        definition=series.source,
        reason=placed(Words(en=alert.reason_en, zh=alert.reason_zh), alert.county, county),
        baseline=found.baseline,
        raised=alert.at,
        due=seen.wait.due,
        overdue=seen.wait.overdue,
        settled=seen.wait.settled,
        days=_days(seen.figures, frozenset(seen.unfinished)),
        said=tuple(_said(one, seen) for one in seen.verifications),
        judged=tuple(_judged(one, seen) for one in seen.assessments),
        similar=tuple(_similar(one, verdict) for one, verdict in seen.similar),
        snapshot=alert.snapshot.hex(),
        reproduced=seen.reproduced,
        as_of=node.clock.now(),
        reported=alert.reported[-1],
        usual=max((one or 0 for one in alert.reported), default=None) or None,
        trouble=trouble,
        hand_over=_handing_over(seen),
    )


def _handing_over(seen: app.SignalSeen) -> str | None:
    confirmed = bool(seen.verifications) and seen.verifications[-1].verdict is Verdict.CONFIRMED
    return f"{Address.SIGNALS}/{seen.alert.alert_id}/hand-over" if confirmed else None


def _similar(one: surveillance.Alert, verdict: Verdict | None) -> Similar:
    return Similar(
        page=f"{Address.SIGNALS}/{one.alert_id}", day=one.day, observed=one.judgement.observed, verdict=verdict
    )


def _said(one: surveillance.Verification, seen: app.SignalSeen) -> Said:
    return Said(at=one.at, by=_by(one.by, seen), verdict=one.verdict, reason=one.reason)


def _judged(one: surveillance.Assessment, seen: app.SignalSeen) -> Judged:
    return Judged(
        at=one.at,
        by=_by(one.by, seen),
        likelihood=one.likelihood,
        impact=one.impact,
        confidence=one.confidence,
        level=one.level,
        text=one.text,
    )


def _by(subject: str, seen: app.SignalSeen) -> Words | None:
    name = seen.names.get(subject)
    return Words(en=name[0] or None, zh=name[1] or None) if name and any(name) else None


ROUTES = [
    Route(Address.SIGNALS, signals, methods=["GET"], name="signals"),
    Route(Address.SIGNALS + "/{signal}", signal, methods=["GET"], name="signal"),
    Route(Address.SIGNALS + "/{signal}/verdict", verify, methods=["POST"], name="verify-signal"),
    Route(Address.SIGNALS + "/{signal}/assessment", assess, methods=["POST"], name="assess-signal"),
    Route(Address.SIGNALS + "/{signal}/hand-over", hand_over, methods=["POST"], name="hand-over"),
]

"""Carry counts from records into surveillance, and its signals to those who judge them. Nothing leads back.

Records are counted under duty CARE; what leaves are numbers, and only numbers reach duty SURVEILLANCE.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from salus import parties, records, surveillance
from salus.access import Action, Kind
from salus.app.facts import decide, refuse
from salus.app.node import Node
from salus.kernel import civil_day, new_id
from salus.parties import PartyUnknown, Principal
from salus.records import Wanted
from salus.storage import Duty
from salus.surveillance import (
    HOSPITALS,
    SERIES,
    Alert,
    Assessment,
    Confidence,
    FeedRefused,
    Figure,
    Impact,
    Ingested,
    Level,
    Likelihood,
    Rule,
    Verdict,
    Verification,
    Wait,
)

ICD10: Final = ("http://hl7.org/fhir/sid/icd-10", "http://hl7.org/fhir/sid/icd-10-cm")
LOINC: Final = "http://loinc.org"
LOOKS_BACK: Final = timedelta(days=27)
"""A single case is raised if it happened within so many days; older ones come with the import of old records."""
_JUDGED_DAYS: Final = timedelta(days=2)
_SHOWN_BEFORE: Final = timedelta(days=55)
_SHOWN_AFTER: Final = timedelta(days=14)
_NOT_YOURS = "signals are for epidemiologists, to protect public health"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A series that is watched: its names, the version of the detector, and the fewest cases that raise an alert."""

    en: str
    zh: str
    version: str
    least: int


def watched() -> tuple[Watched, ...]:
    """Return what is watched, and by which settings. They are constants: nobody sets one for a place or a day."""
    return tuple(
        Watched(en=one.en, zh=one.zh, version=surveillance.VERSIONS[one.rule], least=surveillance.LEAST[one.rule])
        for one in SERIES
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """An alert as the list shows it: with its last verdict, its clock, and the series around its day."""

    alert: Alert
    verdict: Verdict | None
    wait: Wait
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalSeen:
    """Everything about one alert. `names` are those of the staff who said something, in English and Chinese."""

    alert: Alert
    wait: Wait
    today: date
    figures: tuple[Figure, ...]
    unfinished: frozenset[date]
    verifications: tuple[Verification, ...]
    assessments: tuple[Assessment, ...]
    similar: tuple[tuple[Alert, Verdict | None], ...]
    names: dict[str, tuple[str, str]]
    reproduced: bool


def count_up_to(node: Node, day: date, days: int = 28) -> list[Alert]:
    """Count the civil days that end with `day`, `days` of them, and judge each; return what was raised anew.

    Idempotent: what is known already is counted to the same, and no episode is raised twice.
    """
    first = day - timedelta(days=days - 1)
    _count(node, [first + timedelta(days=n) for n in range(days)])
    with node.store.transaction(Duty.SURVEILLANCE) as tx:
        return surveillance.detect(tx, first, day, node.clock.now(), new_id)


def recount(node: Node) -> list[Alert]:
    """Count the days about which something came in since they were counted last, and judge what is still news.

    A crash on the way counts them again; nothing is counted or raised twice by it.
    """
    with node.store.transaction(Duty.CARE) as tx:
        notes = records.uncounted(tx)
    if not notes:
        return []
    days, today = sorted({day for day, _ in notes}), civil_day(node.clock.now())
    _count(node, days)
    raised: list[Alert] = []
    with node.store.transaction(Duty.SURVEILLANCE) as tx:
        at = node.clock.now()
        for since, rule in ((today - LOOKS_BACK, Rule.SINGLE_CASE), (today - _JUDGED_DAYS, Rule.EARS_C2)):
            if days[-1] >= since:
                raised += surveillance.detect(tx, max(days[0], since), today, at, new_id, rules=(rule,))
    with node.store.transaction(Duty.CARE) as tx:
        records.forget_uncounted(tx, notes)
    return raised


def _count(node: Node, days: Iterable[date]) -> Ingested:
    """Count days in the records, and hand the numbers of whole counties over."""
    counties = {place.facility_id: place.county for place in parties.facilities(node.store) if place.care}
    with node.store.transaction(Duty.CARE) as tx:
        found = records.counts(tx, node.custodian, _WANTED, list(days), counties)
    figures = [
        Figure(
            source=HOSPITALS,
            series=one.series,
            county=one.county,
            day=one.day,
            count=one.count,
            denominator=one.denominator,
            reporting=one.reporting,
        )
        for one in found
        if one.facility is None
    ]
    with node.store.transaction(Duty.SURVEILLANCE) as tx:
        return surveillance.ingest(tx, figures, node.clock.now())


def _wanted(one: surveillance.Series) -> Wanted:
    codes = [(system, code) for code in one.icd10 for system in ICD10] + [(LOINC, code) for code in one.loinc]
    return Wanted(series=one.key, codes=tuple(codes), results=bool(one.loinc), admitted=one.admitted)


_WANTED: Final = tuple(_wanted(one) for one in SERIES if not one.feed)


def take_feed(node: Node, who: Principal, series: str, body: Any) -> Ingested:
    """Take in a department's feed of one series: counts by county and day. `body` is parsed JSON.

    Raises Refused for any other role, and FeedRefused for what does not fit; both are counted, and nothing is stored.
    """
    if who.facility is None or not decide(node, who, Action.SEND_COUNTS, Kind.COUNTS, own_facility=True).allowed:
        raise refuse(node, who, Action.SEND_COUNTS, "feeds are sent by a registered department's own system")
    source, at = node.facility(who.facility).organisation, node.clock.now()
    try:
        with node.store.transaction(Duty.SURVEILLANCE) as tx:
            taken = surveillance.ingest_feed(tx, source, series, body, at, civil_day(at))
            today = civil_day(at)
            counties = {row["county"] for row in body}  # only what was told anew is judged anew
            told = (source, series)
            surveillance.detect(tx, today - _JUDGED_DAYS, today, at, new_id, counties=counties, told=told)
        return taken
    except FeedRefused as refused:
        with node.store.transaction(Duty.SURVEILLANCE) as tx:
            surveillance.refuse_feed(tx, source, refused.why, at)
        raise


def signals(node: Node, who: Principal) -> list[Signal]:
    """Return the signals in the order in which they deserve a look. Raises Refused."""
    _may(node, who, Action.READ_SIGNALS)
    with node.store.transaction(Duty.SURVEILLANCE) as tx:
        rows = surveillance.ranked(surveillance.pending(tx), node.clock.now())
        return [
            Signal(
                alert=alert,
                verdict=said[-1].verdict if said else None,
                wait=wait,
                figures=tuple(
                    surveillance.figures_of(
                        tx, alert.source, alert.series, alert.county, alert.day - timedelta(days=27), alert.day
                    )
                ),
            )
            for alert, said, wait in rows
        ]


def signal(node: Node, who: Principal, alert_id: UUID) -> SignalSeen:
    """Return one signal with everything about it, computed again from what was known. Raises SignalUnknown."""
    _may(node, who, Action.READ_SIGNALS)
    now = node.clock.now()
    today = civil_day(now)
    with node.store.transaction(Duty.SURVEILLANCE) as tx:
        alert = surveillance.alert(tx, alert_id)
        place = (alert.source, alert.series, alert.county)
        last = max(alert.day, min(today, alert.day + _SHOWN_AFTER))
        figures = surveillance.figures_of(tx, *place, alert.day - _SHOWN_BEFORE, last)
        said = surveillance.verifications(tx, alert_id)
        judged = surveillance.assessments(tx, alert_id)
        similar = surveillance.alerts_like(tx, alert)
        again = surveillance.reproduce(tx, alert)
    return SignalSeen(
        alert=alert,
        wait=surveillance.wait(alert, said, now),
        today=today,
        figures=tuple(figures),
        unfinished=frozenset(surveillance.unfinished(figures, today)),
        verifications=tuple(said),
        assessments=tuple(judged),
        similar=tuple((one, found[-1].verdict if found else None) for one, found in similar),
        names=_names(node, [*(one.by for one in said), *(one.by for one in judged)]),
        reproduced=again == alert,
    )


def verify_signal(node: Node, who: Principal, alert_id: UUID, verdict: Verdict, reason: str) -> None:
    """Record what an epidemiologist found out about a signal. Raises Refused, SignalUnknown or VerdictInvalid."""
    _may(node, who, Action.VERIFY_SIGNAL)
    one = Verification(at=node.clock.now(), by=who.subject, verdict=verdict, reason=reason.strip())
    with node.store.transaction(Duty.SURVEILLANCE) as tx:
        surveillance.verify(tx, alert_id, one)


def assess_signal(
    node: Node,
    who: Principal,
    alert_id: UUID,
    judged: tuple[Likelihood, Impact, Confidence, Level],
    text: str,
) -> None:
    """Record a rapid risk assessment of a signal. Raises Refused, SignalUnknown or VerdictInvalid."""
    _may(node, who, Action.VERIFY_SIGNAL)
    likelihood, impact, confidence, level = judged
    one = Assessment(
        at=node.clock.now(),
        by=who.subject,
        likelihood=likelihood,
        impact=impact,
        confidence=confidence,
        level=level,
        text=text.strip(),
    )
    with node.store.transaction(Duty.SURVEILLANCE) as tx:
        surveillance.assess(tx, alert_id, one)


def _may(node: Node, who: Principal, action: Action) -> None:
    if not decide(node, who, action, Kind.COUNTS).allowed:
        raise refuse(node, who, action, _NOT_YOURS)


def _names(node: Node, subjects: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return the institutional names of members of staff; who is no longer known has none."""
    names = {}
    for subject in set(subjects):
        try:
            member = parties.staff_member(node.store, UUID(subject))
        except (PartyUnknown, ValueError):
            continue
        names[subject] = (member.name_en, member.name_zh)
    return names


__all__ = [
    "Signal",
    "SignalSeen",
    "assess_signal",
    "count_up_to",
    "recount",
    "signal",
    "signals",
    "take_feed",
    "verify_signal",
    "watched",
]

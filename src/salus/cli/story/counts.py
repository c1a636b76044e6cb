"""Chapter four: counts become an alert, an incident, an order with two signatures, a report. No person is in it."""

from __future__ import annotations

import time
from datetime import timedelta
from uuid import UUID

from salus import app, synth
from salus.app import Signal
from salus.cli.country import feeds, resources
from salus.cli.story.stage import Stage, civil
from salus.command import Answer, IncidentKind, TaskKind, Verdict
from salus.kernel import CIVIL_TIME, Purpose, Role, SalusError, civil_day, format_instant
from salus.parties import Principal
from salus.surveillance import Confidence, Impact, Level, Likelihood, Rule
from salus.surveillance import Verdict as Found

SERIES = ("covid-19", "ili", "sars-cov-2-positive")
FEED = "school-absence"
_REASON = "Clinics and the laboratory confirm that the cases belong together."


def tell_counts(stage: Stage) -> None:
    """Count, judge, verify, hand over, open, order, countersign, report."""
    _fed(stage)
    _reported(stage)
    epidemiologist = stage.at_work(Role.EPIDEMIOLOGIST, "CDC1")
    found = _signal(stage, epidemiologist)
    if found is None:
        stage.say("nothing is above what was to be expected where the outbreak is: no incident is opened")
        return
    _verified(stage, epidemiologist, found)
    incident = _incident(stage, found)
    _order(stage, incident)
    _report(stage, incident)


def _fed(stage: Stage) -> None:
    """Let the department of education send its counts, and once a field that is none of them."""
    who = stage.at_work(Role.DEPARTMENT_SYSTEM, "EDU1")
    source = stage.node.facility("EDU1").organisation
    today = civil_day(stage.now)
    rows: list[dict[str, object]] = [
        {
            "source": source,
            "series": FEED,
            "county": one.county,
            "day": one.day.isoformat(),
            "count": one.absent,
            "denominator": one.enrolled,
        }
        for one in feeds(stage.country)
        if one.day <= today and one.enrolled
    ]
    app.take_feed(stage.node, who, FEED, rows)
    refused = ""
    try:
        app.take_feed(stage.node, who, FEED, [{**rows[0], "pupil": "somebody"}])
    except SalusError as error:
        refused = error.code
    stage.say(
        f"the education department sends {len(rows):,} counts of absence from school; a row with a pupil in it is"
        f" refused ({refused}), and nothing of it is kept"
    )


def _reported(stage: Stage) -> None:
    """Let hospitals report beds and supplies as they last told of them: some late, some not at all."""
    told, newest = 0, {one.facility: one for one in resources(stage.country)}
    for one in newest.values():
        who = stage.at_work(Role.HOSPITAL_SYSTEM, one.facility).for_purpose(Purpose.HOPERAT)
        numbers = {"ventilators-free": one.ventilators - one.ventilators_in_use, "masks": one.masks}
        for kind, beds in one.beds.items():
            numbers |= {f"{kind}-beds-staffed": beds.staffed, f"{kind}-beds-occupied": beds.occupied}
        as_of = format_instant(min(one.told_at.replace(tzinfo=CIVIL_TIME), stage.now))
        told += app.report_resources(stage.node, who, {"as_of": as_of, "resources": numbers})
    stage.say(f"{len(newest)} hospitals have told {told} figures of beds and supplies, each with its instant")


def _signal(stage: Stage, who: Principal) -> Signal | None:
    """Count and judge, say what stands out, and return the signal of the place where the outbreak is."""
    began = time.monotonic()
    app.count_up_to(stage.node, civil_day(stage.now) - timedelta(days=1))
    found = app.signals(stage.node, who)
    signals = "1 signal" if len(found) == 1 else f"{len(found)} signals"
    stage.say(f"visits counted by county and day and judged, in {time.monotonic() - began:.1f} s: {signals}")
    county = synth.outbreak(stage.country).county
    here = [one for one in found if one.alert.county == county and one.alert.series in SERIES]
    single = next((one for one in found if one.alert.judgement.rule is Rule.SINGLE_CASE), None)
    newest = max(here, key=lambda one: one.alert.day, default=None)
    for one in (single, newest):
        if one:
            stage.say(f"    {_named(stage, one)}")
    return newest


def _named(stage: Stage, found: Signal) -> str:
    """Return the reason of a signal with the name of its county in the place of the code."""
    code = found.alert.county
    name = next((county.name_en for county in stage.country.counties if county.code == code), code)
    return found.alert.reason_en.replace(f"county {code}", name)


def _verified(stage: Stage, who: Principal, found: Signal) -> None:
    alert_id = found.alert.alert_id
    app.verify_signal(stage.node, who, alert_id, Found.CONFIRMED, _REASON)
    judged = (Likelihood.LIKELY, Impact.MODERATE, Confidence.MODERATE, Level.MODERATE)
    app.assess_signal(stage.node, who, alert_id, judged, "Prepare beds and antivirals in the prefecture.")
    app.hand_signal_over(stage.node, who, alert_id)
    stage.say(f"{who.name_en} verifies it, assesses the risk as {Level.MODERATE}, and hands its counts over")


def _incident(stage: Stage, found: Signal) -> UUID:
    """Open an incident for the signal, or return the one that was opened from it before."""
    commander = stage.at_work(Role.COMMANDER, "EOC1")
    alert = str(found.alert.alert_id)
    for course in app.courses(stage.node, commander):
        if course.figures.alert == alert:
            stage.say(f"{commander.name_en} goes on with the incident that was opened from it")
            return course.incident.incident_id
    opened = app.open_incident(
        stage.node,
        commander,
        alert=alert,
        kind=IncidentKind.INFECTIOUS,
        areas=[found.alert.county],
        level=3,
        objectives="No one who needs a bed waits for one.",
    )
    stage.say(f"{commander.name_en} opens an incident")
    return opened


def _order(stage: Stage, incident: UUID) -> None:
    """Give an order for supplies, see that the own organisation cannot countersign, and let the other one do it."""
    node, first, other = stage.node, stage.at_work(Role.COMMANDER, "EOC1"), stage.at_work(Role.COMMANDER, "EOC2")
    order = app.give_order(
        node,
        first,
        incident,
        {
            "kind": "deliver-supply",
            "supply": "antiviral-courses",
            "amount": "200",
            "to_facility": "H2",
            "basis": "Regulation on Public Health Emergencies, article 32",
            "reason": "The outbreak is in its catchment.",
            "ends": format_instant(stage.now + timedelta(days=5)),
        },
    )
    alone = ""
    try:
        app.answer_order(node, first, order, Verdict.COUNTERSIGNED, "")
    except SalusError as error:
        alone = error.code
    app.answer_order(node, other, order, Verdict.COUNTERSIGNED, "")
    app.add_task(node, first, order, TaskKind.RECEIVE, "H2", stage.now + timedelta(hours=12))
    for task in app.situation_of(node, first, incident)[0].tasks:
        if task.order_id == order:
            app.answer_task(node, first, task.task_id, Answer.DONE, "Received and counted.")
    app.close_batch(node)
    place = next((one.index for one in app.public_orders(node)[0] if one.given.order.order_id == order), None)
    stage.say(
        f"{first.name_en} orders 200 antiviral courses for H2; alone it is refused ({alone}); {other.name_en} of"
        f" another organisation signs; it is entry {place} of the public log, has an end, and its task is done"
    )


def _report(stage: Stage, incident: UUID) -> None:
    commander = stage.at_work(Role.COMMANDER, "EOC1")
    number = app.make_report(stage.node, commander, incident)
    snapshot, digest = app.report_of(stage.node, commander, incident, number)
    stage.say(
        f"situation report {number}, frozen at {civil(snapshot.cut_off)}, hash {digest.hex()[:16]}…, as page and PDF:"
        f" {stage.address}/incidents/{incident}/reports/{number}"
    )


__all__ = ["tell_counts"]

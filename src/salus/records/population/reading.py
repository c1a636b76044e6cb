"""Read out of resources what the population register keeps of them. Pure: a resource in, a row or nothing out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from salus.kernel import civil_day
from salus.records.fhir.facts import span_of
from salus.records.population.model import SEXES, Keeping, Vital, month_of
from salus.records.summary import cards

KEEPING: Final = ("urn:salus:code:episode", "record-keeping")
"""The type of an EpisodeOfCare by which a facility declares that it keeps a resident's health record."""
_OPEN = ("active", "onhold", "finished")


def vital_of(
    chart_key: int, facility: str, patient: Mapping[str, Any], at: datetime, before: Vital | None = None
) -> Vital:
    """Return what a Patient says of birth, sex and death; `before` is what its chart said until now.

    A death without a day is of the month of its being said first.
    """
    born = patient.get("birthDate")
    dead, died = _death(patient, (before and before.died) or month_of(civil_day(at)), at)
    return Vital(
        chart_key=chart_key,
        facility=facility,
        born=_month(born),
        sex=patient.get("gender") if patient.get("gender") in SEXES else None,
        dead=dead,
        died=died,
        vouched=any(not born or card == born for card in cards(patient)),
        said_at=at,
    )


def keeping_of(
    resource_key: int,
    chart_key: int,
    facility: str,
    resource: Mapping[str, Any],
    at: datetime,
    before: Keeping | None = None,
) -> Keeping | None:
    """Return the declaration that an EpisodeOfCare makes; None for any other resource, or one that was called off.

    `before` is what it declared until now: a day that is not stated is the one on which it was said first.
    """
    if resource.get("resourceType") != "EpisodeOfCare" or resource.get("status") not in _OPEN:
        return None
    codings = [coding for concept in resource.get("type") or () for coding in concept.get("coding") or ()]
    if KEEPING not in [(coding.get("system"), coding.get("code")) for coding in codings]:
        return None
    today, period = civil_day(at), resource.get("period") or {}
    since, until = _day(period.get("start")) or (before.since if before else today), _day(period.get("end"))
    if until is None and resource["status"] == "finished":
        until = max(since, min(before.until, today) if before and before.until else today)
    if until is not None and until < since:
        return None
    return Keeping(
        resource_key=resource_key, chart_key=chart_key, facility=facility, since=since, until=until, said_at=at
    )


def _death(patient: Mapping[str, Any], first: date, at: datetime) -> tuple[bool | None, date | None]:
    if "deceasedDateTime" in patient:
        return True, min(_month(patient["deceasedDateTime"]) or first, month_of(civil_day(at)))
    if patient.get("deceasedBoolean") is True:
        return True, first
    return (False if patient.get("deceasedBoolean") is False else None), None


def _month(written: object) -> date | None:
    """Return the month of a FHIR date that is at least as precise as one."""
    if not isinstance(written, str) or len(written) < len("2031-03"):
        return None
    day = _day(written)
    return month_of(day) if day else None


def _day(written: object) -> date | None:
    """Return the civil day on which a FHIR date begins."""
    span = span_of(written) if isinstance(written, str) else None
    if span is None:
        return None
    try:
        return civil_day(span[0]) if len(str(written)) > len("2031-03-01") else span[0].date()
    except OverflowError:
        return None

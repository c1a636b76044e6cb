"""Turn what rooms answer into what pages show: texts with their language, dates, institutions' names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime

from salus.app import Node, map_properties
from salus.identity.surviving import Survivor
from salus.kernel import CIVIL_TIME, civil_day
from salus.parties import PartyUnknown, organisations
from salus.records import Summary as Found
from salus.records import SummaryLine
from salus.web.views import (
    Allergy,
    Day,
    Flag,
    Medicine,
    Patient,
    Problem,
    Record,
    Result,
    Severity,
    Sex,
    Source,
    Stated,
    Words,
)


def written(text: str | None) -> Words | None:
    """Return a text out of a record as words: Chinese if it has a Chinese character, else English."""
    if not text:
        return None
    chinese = any("\u3400" <= character <= "\u9fff" or character >= "\U00020000" for character in text)
    return Words(zh=text) if chinese else Words(en=text)


def facility_words(node: Node, facility: str) -> Words:
    """Return an institution's name, or its identifier if it is no longer registered."""
    try:
        found = node.facility(facility)
    except PartyUnknown:
        return Words(en=facility)
    return Words(en=found.name_en, zh=found.name_zh)


def naming(node: Node) -> Callable[[str], Words]:
    """Return what calls facilities, organisations and counties by name, and by their identifier where it is unknown."""
    known = _counties(node)
    known |= {one.organisation_id: Words(en=one.name_en, zh=one.name_zh) for one in organisations(node.store)}
    return lambda name: known.get(name) or facility_words(node, name)


def county_words(node: Node, county: str) -> Words:
    """Return a county's name, or its code where the node's map does not know it."""
    return _counties(node).get(county) or Words(en=f"county {county}", zh=f"{county}区县")


def placed(reason: Words, county: str, name: Words) -> Words:
    """Return a reason with the county's name in place of its code."""
    english, chinese = (reason.en or "").replace(f"county {county}", name.en or ""), reason.zh or ""
    return Words(en=english, zh=chinese.replace(f"{county}区县", name.zh or ""))


def _counties(node: Node) -> dict[str, Words]:
    return {code: Words(en=told["name_en"], zh=told["name_zh"]) for code, told in map_properties(node).items()}


def patient(summary: Found, now: datetime) -> Patient:
    """Return the person a summary is about."""
    born = summary.birth_date or None
    return Patient(
        name=written(summary.name) or Words(en="No name on record", zh="档案中没有姓名"),
        sex=Sex(summary.gender) if summary.gender in set(Sex) else Sex.UNKNOWN,
        born=born,
        age_years=_age(born, now.astimezone(CIVIL_TIME).date()),
    )


def record(node: Node, summary: Found, now: datetime) -> Record:
    """Return the lists of a summary, with their sources."""

    def source(line: SummaryLine) -> Source:
        return Source(facility=facility_words(node, line.facility), on=line.at)

    none_known = summary.no_known_allergy
    return Record(
        allergies=tuple(_allergy(line, source(line)) for line in summary.allergies),
        medicines=tuple(
            Medicine(name=text_of(line), dose=written(line.detail), active=line.active, source=source(line))
            for line in summary.medicines
        ),
        problems=tuple(
            Problem(name=_diagnosis(line), active=line.active, since=line.at, source=source(line))
            for line in summary.problems
        ),
        results=results(node, summary.results),
        answered=tuple(facility_words(node, facility) for facility in summary.facilities),
        silent=(),
        as_of=now,
        no_known_allergy=source(none_known) if none_known else None,
        vaccinations=tuple((text_of(line), source(line)) for line in summary.vaccinations),
        procedures=tuple((text_of(line), source(line)) for line in summary.procedures),
        devices=tuple((text_of(line), source(line)) for line in summary.devices),
    )


def results(node: Node, lines: Iterable[SummaryLine]) -> tuple[Result, ...]:
    """Return results with their sources."""
    return tuple(
        Result(
            name=text_of(line),
            value=line.value or "–",
            flag=Flag(line.flag) if line.flag else None,
            usual=line.usual,
            source=Source(facility=facility_words(node, line.facility), on=line.at),
        )
        for line in lines
    )


def stated(node: Node, summary: Found) -> tuple[Stated, ...]:
    """Return what stands of who a resident is, each with its source."""
    return tuple(
        Stated(
            element=one.element,
            value=_value(one),
            source=Source(facility=facility_words(node, one.source), on=civil_day(one.at)),
            reason=one.reason.value,
        )
        for one in summary.person
    )


def _value(one: Survivor) -> Words | Sex | Day:
    if one.element == "gender":
        return Sex(one.value) if one.value in set(Sex) else Sex.UNKNOWN
    if one.element == "birth_date":
        return one.value
    return written(one.value) or Words(en="?")


def _allergy(line: SummaryLine, source: Source) -> Allergy:
    return Allergy(
        substance=text_of(line),
        reaction=written(line.detail),
        severity=Severity(line.severity) if line.severity in set(Severity) else None,
        confirmed=line.confirmed,
        source=source,
    )


def _diagnosis(line: SummaryLine) -> Words:
    """Return a diagnosis as written, with its terms of traditional Chinese medicine in both languages behind it."""
    name = text_of(line)
    if not line.tcm:
        return name
    english = [name.en or "", *(one.en for one in line.tcm)]
    chinese = [name.zh or "", *(one.zh for one in line.tcm)]
    return Words(en="; ".join(dict.fromkeys(filter(None, english))), zh="；".join(dict.fromkeys(filter(None, chinese))))


def text_of(line: SummaryLine) -> Words:
    """Return what a line is about."""
    return written(line.text) or Words(en="?")


def _age(born: str | None, today: date) -> int | None:
    """Return an age in whole years; None for a birth date that is not known to the day."""
    try:
        day = date.fromisoformat(born or "")
    except ValueError:
        return None
    return max(0, today.year - day.year - ((today.month, today.day) < (day.month, day.day)))

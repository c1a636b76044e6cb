"""Examine intents before anything is written: shape, places, numbers, references. Collects every problem. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from salus.identity import DOCUMENT_SYSTEMS, ID_CARD_SYSTEMS, Identifier, NumberRefused, read_identifier
from salus.kernel import new_id
from salus.records.errors import Problem, RecordRefused
from salus.records.fhir import validation
from salus.records.fhir.definitions import DIRECTORY
from salus.records.fhir.facts import patient_references, span_of, unnamed_patients
from salus.records.fhir.references import References
from salus.records.fhir.walk import Where, walk
from salus.records.intake.within import Within, within
from salus.records.model import Intent

_UNNAMED = "must refer to a Patient that is stored here, so that the person can see the entry: send the Patient first"
_INSIDE = (
    "is about somebody who is no Patient stored here, and who would never see it read: send the Patient first and give"
    " it here an identifier that it has there, or send the entries as a transaction"
)
_DIRECTORY = "is about a person, and all that is in the directory everybody in care may read: send it by itself"

MOST_PROBLEMS = 100


@dataclass(slots=True)
class Examined:
    """One intent that may be stored, with what was found in it."""

    intent: Intent
    type: str
    id: UUID
    stripped: tuple[str, ...]
    numbers: tuple[Identifier, ...]
    references: list[tuple[dict[str, Any], Where]] = field(repr=False)
    within: Within = field(default_factory=Within, repr=False)

    @property
    def resource(self) -> dict[str, Any]:
        return self.intent.resource

    def patients(self) -> list[str]:
        """Return the references to Patients that say whose this is; those of resources inside of it among them."""
        nodes = [node for node, _ in self.within.people] + [node for one in self.within.told for node in one.references]
        inside = (str(node["reference"]) for node in nodes)
        own = [reference for reference, _ in patient_references(self.resource)]
        return own + [reference for reference in inside if reference.startswith("Patient/")]


@dataclass(slots=True)
class Ready:
    """What one sender sent together, examined: it may be stored once what it refers to is found."""

    examined: list[Examined] = field(repr=False)
    references: References = field(repr=False)


def together(several: Sequence[Ready]) -> Ready:
    """Return as one what was sent apart: nothing in one of them refers to an entry of another by its full address."""
    if len(several) == 1:
        return several[0]
    references = References({})
    for one in several:
        references.places += one.references.places
        references.conditional += one.references.conditional
        references.told += one.references.told
    return Ready(examined=[each for one in several for each in one.examined], references=references)


def examine(intents: Sequence[Intent]) -> Ready:
    """Check all intents of one transaction and resolve the references among them.

    Raises RecordRefused with every problem found, the first 100 of them, each naming its entry and element.
    """
    problems: list[Problem] = []
    examined: list[Examined] = []
    for intent in intents:
        if len(problems) >= MOST_PROBLEMS:
            raise RecordRefused(problems[:MOST_PROBLEMS])
        one = _one(intent)
        if isinstance(one, Examined):
            examined.append(one)
        else:
            problems += one
    problems += _twins(examined)
    references = References(_fresh(examined))
    for one in examined:
        problems += references.collect(one.resource, one.references, one.intent.entry)
        one.within.settle(one.resource)  # after a reference to an entry by its full address has become one to a Patient
        references.told += [(told.references, told.path, one.intent.entry) for told in one.within.told]
        problems += _unnamed(one)
    if problems:
        raise RecordRefused(problems[:MOST_PROBLEMS])
    return Ready(examined=examined, references=references)


def _unnamed(one: Examined) -> list[Problem]:
    """Find where a person is meant who is no Patient stored here, or who may not stand in a directory."""
    inside, people = one.within, one.within.people
    elsewhere = [where for node, where in people if str(node["reference"]).startswith(("http://", "https://"))]
    told = [(where, _UNNAMED) for where in unnamed_patients(one.resource)]
    told += [(where, _INSIDE) for where in (*inside.unnamed, *elsewhere)]
    if one.type in DIRECTORY:
        told += [(where, _DIRECTORY) for where in (*(path for _, path in people), *(one.path for one in inside.told))]
    return [Problem(where=where, text=text, code="business-rule", entry=one.intent.entry) for where, text in told]


def _one(intent: Intent) -> Examined | list[Problem]:
    resource, entry = intent.resource, intent.entry
    if intent.verb in ("delete", "stand"):
        kind, id_ = resource["resourceType"], intent.id or new_id()
        return Examined(intent=intent, type=kind, id=id_, stripped=(), numbers=(), references=[])
    walked = walk(resource)
    problems = [Problem(where=p.where, text=p.text, code=p.code, entry=entry) for p in walked.problems]
    problems = problems or validation.problems(resource, entry)
    if problems:
        return problems
    numbers, problems = _numbers(resource, entry)
    if problems:
        return problems
    inside = within(resource)
    known = {id(node) for node, _ in walked.references}
    return Examined(
        intent=intent,
        type=resource["resourceType"],
        id=intent.id or new_id(),
        stripped=tuple(walked.stripped),
        numbers=numbers,
        references=walked.references + [told for told in inside.people if id(told[0]) not in known],
        within=inside,
    )


def numbers_of(patient: dict[str, Any]) -> tuple[Identifier, ...]:
    """Return the numbers of a stored Patient's identity documents; one that cannot be read says nothing."""
    return _numbers(patient, None)[0]


def _numbers(resource: dict[str, Any], entry: int | None) -> tuple[tuple[Identifier, ...], list[Problem]]:
    """Read the numbers of a Patient's identity documents, in order, without repetition.

    An identity card's number that cannot be one is a problem; of another document it says nothing.
    """
    numbers: dict[str, Identifier] = {}
    problems = []
    for position, one in enumerate(resource.get("identifier") or ()) if resource["resourceType"] == "Patient" else ():
        type_ = DOCUMENT_SYSTEMS.get(one.get("system", ""))
        if type_ is None or "value" not in one or one.get("use") == "old":
            continue
        try:
            number = _number(type_, one)
            numbers.setdefault(number.key, number)
        except NumberRefused as refused:
            if one["system"] in ID_CARD_SYSTEMS:
                where = f"Patient.identifier[{position}].value"
                problems.append(Problem(where=where, text=refused.text, code="value", entry=entry))
    return tuple(numbers.values()), problems


def _number(type_: str, one: dict[str, Any]) -> Identifier:
    """Read a number with its validity; dates that contradict each other say nothing."""
    start, end = (_day((one.get("period") or {}).get(name)) for name in ("start", "end"))
    if start and end and start > end:
        start = end = None
    return read_identifier(type_, one["value"], valid_from=start, valid_until=end and _next(end))


def _day(written: object) -> date | None:
    span = span_of(written) if isinstance(written, str) else None
    return span[0].date() if span else None


def _next(day: date) -> date | None:
    return day + timedelta(days=1) if day < date.max else None


def _twins(examined: Sequence[Examined]) -> list[Problem]:
    """Find two entries under one fullUrl, and two updates of one resource."""
    problems = []
    seen: set[object] = set()
    for one in examined:
        for name in filter(None, (one.intent.full_url, one.intent.id)):
            if name in seen:
                text = "stands in the bundle twice"
                problems.append(Problem(where="fullUrl", text=text, code="duplicate", entry=one.intent.entry))
            seen.add(name)
    return problems


def _fresh(examined: Sequence[Examined]) -> dict[str, tuple[str, UUID]]:
    """Map what other entries may call an entry by to its type and new id (FHIR R4, bundle: resolving references)."""
    fresh = {}
    for one in examined:
        full_url = one.intent.full_url
        if full_url:
            fresh[full_url] = (one.type, one.id)
            base, _, old = full_url.rpartition("/")
            if full_url.startswith("http") and base.endswith(f"/{one.type}"):
                fresh[f"{one.type}/{old}"] = (one.type, one.id)
    return fresh

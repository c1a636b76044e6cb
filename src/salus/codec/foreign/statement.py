"""What a record says, to be written in a format of another system: a person and one event. Pure.

What the format asks for and the record does not say is refused; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from salus.codec.errors import CodecError, Fault
from salus.codec.foreign.model import EventKind
from salus.codec.foreign.smart import HEALTH_CARD
from salus.codec.foreign.values import CVX, LOINC, SNOMED, Row, value_set
from salus.kernel import CIVIL_TIME, format_instant

SCHEMA: Final = "1.3.0"
RECOVERED_AFTER: Final = timedelta(days=11)
RECOVERED_UNTIL: Final = timedelta(days=180)
_GROUPS = {EventKind.VACCINATION: "v", EventKind.TEST: "t", EventKind.RECOVERY: "r"}
_TYPES = {EventKind.VACCINATION: "immunization", EventKind.TEST: "laboratory"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whose it is: the names as the record has them, their spelling in capitals for machines, the birth date."""

    family: str = field(repr=False)
    given: str = field(repr=False)
    family_letters: str = field(repr=False)
    given_letters: str = field(repr=False)
    born: date = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One event. `code` is the record's own: CVX of a vaccine, LOINC of a test. `doses` is which one of how many.

    `at` is when it was given, the specimen taken or the infection found.
    """

    kind: EventKind
    disease: str
    at: datetime
    code: str
    doses: tuple[int, int] | None = None

    @property
    def day(self) -> str:
        """The civil day."""
        return self.at.astimezone(CIVIL_TIME).date().isoformat()


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who issues: the country's two letters, the issuer's name, and the certificate's own random name."""

    country: str
    issuer: str
    name: str


def dcc_of(subject: Subject, told: Statement, origin: Origin) -> dict[str, Any]:
    """Write the payload of an EU DCC (schema 1.3.0); CodecError where the record lacks what it needs."""
    target = _row("disease", told.disease).means
    event = {"tg": target, **_SAID[told.kind](told), "co": origin.country, "is": origin.issuer, "ci": origin.name}
    name = {"fn": subject.family, "fnt": subject.family_letters}
    if subject.given:
        name |= {"gn": subject.given, "gnt": subject.given_letters}
    return {"ver": SCHEMA, "nam": name, "dob": subject.born.isoformat(), _GROUPS[told.kind]: [event]}


def card_of(subject: Subject, told: Statement, rid: str | None = None) -> dict[str, Any]:
    """Write what is signed of a SMART Health Card: a bundle with nothing that its profile does not need.

    `rid` is the name under which it can be revoked. CodecError for a recovery, which these cards have no entry for.
    """
    if told.kind not in _TYPES:
        raise CodecError("a SMART Health Card holds vaccinations and tests", Fault.STRUCTURE)
    name = {"family": subject.family, **({"given": [subject.given]} if subject.given else {})}
    patient = {"resourceType": "Patient", "name": [name], "birthDate": subject.born.isoformat()}
    entries = [patient, _vaccination_entry(told) if told.kind is EventKind.VACCINATION else _test_entry(told)]
    types = [HEALTH_CARD, f"https://smarthealth.cards#{_TYPES[told.kind]}"]
    if told.disease == "covid-19":
        types.append("https://smarthealth.cards#covid19")
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"fullUrl": f"resource:{place}", "resource": one} for place, one in enumerate(entries)],
    }
    content = {"type": types, "credentialSubject": {"fhirVersion": "4.0.1", "fhirBundle": bundle}}
    return content if rid is None else {**content, "rid": rid}


def _vaccination(told: Statement) -> dict[str, Any]:
    if told.doses is None:
        raise CodecError("the record does not say which dose of how many this was", Fault.STRUCTURE)
    row = _row("product", told.code)
    dose, of = told.doses
    return {"vp": row.means, "mp": row.product, "ma": row.holder, "dn": dose, "sd": of, "dt": told.day}


def _test(told: Statement) -> dict[str, Any]:
    return {
        "tt": _row("test", told.code).means,
        "sc": format_instant(told.at.replace(microsecond=0)),
        "tr": value_set("result")["not-found"].means,
    }


def _recovery(told: Statement) -> dict[str, Any]:
    first = told.at.astimezone(CIVIL_TIME).date()
    return {
        "fr": told.day,
        "df": (first + RECOVERED_AFTER).isoformat(),
        "du": (first + RECOVERED_UNTIL).isoformat(),
    }


_SAID = {EventKind.VACCINATION: _vaccination, EventKind.TEST: _test, EventKind.RECOVERY: _recovery}


def _vaccination_entry(told: Statement) -> dict[str, Any]:
    return {
        "resourceType": "Immunization",
        "status": "completed",
        "vaccineCode": _concept(CVX, told.code),
        "patient": {"reference": "resource:0"},
        "occurrenceDateTime": told.day,
    }


def _test_entry(told: Statement) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": _concept(LOINC, told.code),
        "subject": {"reference": "resource:0"},
        "effectiveDateTime": format_instant(told.at.replace(microsecond=0)),
        "valueCodeableConcept": _concept(SNOMED, value_set("result")["not-found"].means),
    }


def _concept(system: str, code: str) -> Mapping[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def _row(name: str, code: str) -> Row:
    found = value_set(name).get(code)
    if found is None:
        raise CodecError("the value sets of this format have no code for it", Fault.STRUCTURE)
    return found

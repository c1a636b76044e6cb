"""Read facts out of opened resources. Pure: bodies in, typed facts out; what is not plainly said is no fact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from salus.records.attesting.model import RECOVERED_AFTER, RECOVERED_UNTIL, Attested, AttestedKind, Details, Named
from salus.records.fhir.facts import span_of
from salus.records.fhir.parse import parse
from salus.records.model import Located

TYPES = ("Immunization", "Observation")
_CVX = "http://hl7.org/fhir/sid/cvx"
_LOINC = "http://loinc.org"
# CVX codes by the disease that they protect from; what is not here has no certificate.
VACCINES: Mapping[str, list[str]] = {
    "covid-19": (
        "207 208 210 211 212 213 217 218 219 221 228 229 230 300 301 302 308 309 310 311 312 313 500 501 502 503 504"
        " 505 506 507 508 509 510 511 512 513 514 515 516 517 518 519 520 521"
    ).split(),
    "influenza": "15 16 88 111 135 140 141 144 149 150 153 155 158 161 168 171 185 186 197 205".split(),
    "measles": ["03", "04", "05", "94"],
    "poliomyelitis": ["02", "10", "89"],
    "yellow-fever": ["37", "183", "184"],
    "hepatitis-b": ["08", "42", "43", "44", "45", "189", "220"],
    "varicella": ["21"],
    "pneumococcal": ["33", "100", "109", "133", "152", "215", "216"],
    "tuberculosis": ["19"],
    "human-papillomavirus": ["62", "118", "137", "165"],
    "cholera": ["26", "172", "173", "174"],
}
# LOINC codes of examinations for the agent itself; antibodies say nothing about now.
TESTS: Mapping[str, list[str]] = {
    "covid-19": ["94500-6", "94309-2", "94558-4", "94745-7", "94845-5", "97097-0"],
    "influenza": ["80382-5", "80383-3", "92142-9", "92141-1", "76078-5", "76080-1"],
}
_VACCINE_OF = {code: disease for disease, codes in VACCINES.items() for code in codes}
_TEST_OF = {code: disease for disease, codes in TESTS.items() for code in codes}
# SNOMED CT and LOINC answers
_FOUND = {"260373001", "10828004", "LA11882-0", "LA6576-8"}
_NOT_FOUND = {"260415000", "260385009", "LA11883-8", "LA6577-6"}
_FINAL = {"final", "amended", "corrected"}


def facts(opened: Iterable[tuple[Located, bytes]], at: datetime) -> tuple[Attested, ...]:
    """Return what can be attested at this instant out of opened resources, newest first.

    A vaccination counts if it was completed, a test if it is final and nothing was found, a recovery from the eleventh
    to the hundred-and-eightieth day after a final finding. Each has to say when it was.
    """
    found = [_fact(located, parse(body), at) for located, body in opened]
    return tuple(sorted((one for one in found if one), key=lambda one: one.at, reverse=True))


def born_on(body: bytes) -> date | None:
    """Return a Patient's birth date where it is known to the day."""
    written = parse(body).get("birthDate")
    try:
        return date.fromisoformat(written) if isinstance(written, str) and len(written) == 10 else None
    except ValueError:
        return None


def details_of(body: bytes) -> Details | None:
    """Return the code of a vaccination or a test by which it is a fact here, and its doses where both are counted."""
    resource = parse(body)
    concept, system, known = (
        (resource.get("vaccineCode"), _CVX, _VACCINE_OF)
        if resource.get("resourceType") == "Immunization"
        else (resource.get("code"), _LOINC, _TEST_OF)
    )
    code = _code(concept, system, known)
    return None if code is None else Details(code=code, doses=_doses(resource.get("protocolApplied")))


def named(body: bytes) -> Named:
    """Return a Patient's first name."""
    names = parse(body).get("name")
    first = names[0] if isinstance(names, list) and names and isinstance(names[0], dict) else {}
    given = [str(one) for one in first.get("given") or () if one]
    return Named(family=str(first.get("family") or ""), given=" ".join(given), text=str(first.get("text") or ""))


def _doses(protocols: object) -> tuple[int, int] | None:
    first = protocols[0] if isinstance(protocols, list) and protocols else None
    if not isinstance(first, dict):
        return None
    dose, of = first.get("doseNumberPositiveInt"), first.get("seriesDosesPositiveInt")
    return (dose, of) if type(dose) is int and type(of) is int and 0 < dose < 100 and 0 < of < 100 else None


def _fact(located: Located, resource: dict[str, Any], now: datetime) -> Attested | None:
    read = {"Immunization": _vaccination, "Observation": _test}.get(located.type)
    found = read(resource, now) if read else None
    if found is None:
        return None
    kind, disease, at, text = found
    return Attested(
        resource=located.id,
        version=located.version,
        kind=kind,
        disease=disease,
        at=at,
        facility=located.facility,
        text=text,
    )


_Read = tuple[AttestedKind, str, datetime, str]


def _vaccination(resource: dict[str, Any], now: datetime) -> _Read | None:
    disease = _of(resource.get("vaccineCode"), _CVX, _VACCINE_OF)
    at = _when(resource.get("occurrenceDateTime"), 10)
    if resource.get("status") != "completed" or disease is None or at is None or at > now:
        return None
    return AttestedKind.VACCINATION, disease, at, _text(resource.get("vaccineCode"))


def _test(resource: dict[str, Any], now: datetime) -> _Read | None:
    disease = _of(resource.get("code"), _LOINC, _TEST_OF)
    at = _when(resource.get("effectiveDateTime"), 16)
    answers = {coding.get("code") for coding in _codings(resource.get("valueCodeableConcept"))}
    if resource.get("status") not in _FINAL or disease is None or at is None or at > now:
        return None
    text = _text(resource.get("code"))
    if answers & _NOT_FOUND and not answers & _FOUND:
        return AttestedKind.TEST, disease, at, text
    if answers & _FOUND and RECOVERED_AFTER <= now - at < RECOVERED_UNTIL:
        return AttestedKind.RECOVERY, disease, at, text
    return None


def _when(written: object, least: int) -> datetime | None:
    """Return the beginning of a FHIR date that is given at least this precisely."""
    span = span_of(written) if isinstance(written, str) and len(written) >= least else None
    return span[0] if span else None


def _codings(concept: object) -> list[dict[str, Any]]:
    codings = concept.get("coding") if isinstance(concept, dict) else None
    return [one for one in codings or () if isinstance(one, dict)]


def _of(concept: object, system: str, known: Mapping[str, str]) -> str | None:
    code = _code(concept, system, known)
    return None if code is None else known[code]


def _code(concept: object, system: str, known: Mapping[str, str]) -> str | None:
    codes = (str(one.get("code")) for one in _codings(concept) if one.get("system") == system)
    return next((code for code in codes if code in known), None)


def _text(concept: object) -> str:
    text = concept.get("text") if isinstance(concept, dict) else None
    return str(text or next((one["display"] for one in _codings(concept) if "display" in one), ""))[:200]

"""What a Specimen or a laboratory Observation says that can be evidence, in the closed words of `rules`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from salus.kernel import Invalid, parse_instant
from salus.records.errors import Problem, RecordRefused
from salus.rules import EvidenceKind, Result

LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"

# LOINC 2.78 codes of tests that published tables can know: (disease, kind of evidence).
TESTS: Mapping[str, tuple[str, EvidenceKind]] = MappingProxyType(
    {
        "94500-6": ("covid-19", EvidenceKind.NUCLEIC_ACID),
        "94558-4": ("covid-19", EvidenceKind.ANTIGEN),
        "48508-6": ("measles", EvidenceKind.NUCLEIC_ACID),
    }
)
# SNOMED CT qualifier values: positive, detected; negative, not detected; indeterminate, equivocal.
FINDINGS: Mapping[str, Result] = MappingProxyType(
    {
        "10828004": Result.POSITIVE,
        "260373001": Result.POSITIVE,
        "260385009": Result.NEGATIVE,
        "260415000": Result.NEGATIVE,
        "82334004": Result.INDETERMINATE,
        "42425007": Result.INDETERMINATE,
    }
)
_FINAL = {"final": False, "corrected": True, "amended": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecimenTold:
    """What a Specimen says: when it was taken."""

    taken: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultTold:
    """What an Observation says: which disease and kind of test, what was found, when it was issued, if it corrects."""

    disease: str
    kind: EvidenceKind
    result: Result
    reported: datetime
    corrects: bool


def specimen_told(resource: Mapping[str, Any]) -> SpecimenTold:
    """Read a Specimen that is taken from a person. Raises RecordRefused, naming the element, if it says too little."""
    if resource.get("resourceType") != "Specimen":
        raise _refused("resourceType", "a Specimen was expected here")
    if not isinstance(resource.get("subject"), dict):
        raise _refused("Specimen.subject", "a specimen is taken from a Patient: send that first")
    collection = resource.get("collection")
    taken = collection.get("collectedDateTime") if isinstance(collection, dict) else None
    return SpecimenTold(taken=_instant(taken, "Specimen.collection.collectedDateTime"))


def result_told(resource: Mapping[str, Any]) -> ResultTold:
    """Read a final or corrected laboratory Observation. Raises RecordRefused, naming the element, otherwise."""
    if resource.get("resourceType") != "Observation":
        raise _refused("resourceType", "an Observation was expected here")
    known = _FINAL.get(str(resource.get("status")))
    if known is None:
        raise _refused("Observation.status", "evidence is final, corrected or amended")
    tests = [TESTS[code] for code in _codes(resource.get("code"), LOINC) if code in TESTS]
    if len(set(tests)) != 1:
        raise _refused("Observation.code", f"evidence is coded as one of LOINC {', '.join(TESTS)}")
    found = {FINDINGS[code] for code in _codes(resource.get("valueCodeableConcept"), SNOMED) if code in FINDINGS}
    if len(found) != 1:
        raise _refused("Observation.valueCodeableConcept", "a result is coded as positive, negative or indeterminate")
    disease, kind = tests[0]
    reported = _instant(resource.get("issued"), "Observation.issued")
    return ResultTold(disease=disease, kind=kind, result=found.pop(), reported=reported, corrects=known)


def _codes(concept: object, system: str) -> list[str]:
    codings = concept.get("coding") if isinstance(concept, dict) else None
    return [
        str(one.get("code")) for one in codings or () if isinstance(one, dict) and one.get("system") == system
    ]  # fmt: skip


def _instant(value: object, where: str) -> datetime:
    try:
        found = parse_instant(value) if isinstance(value, str) else None
    except Invalid:
        found = None
    if found is None or found.microsecond:
        raise _refused(where, "write an instant in whole seconds with its offset")
    return found


def _refused(where: str, text: str) -> RecordRefused:
    return RecordRefused([Problem(where=where, text=text, code="business-rule")], 422)

"""Which entries of a record a certificate can be taken of: by example, and what is not plainly said is none."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from salus.codec.certificates import CertificateKind, Disease
from salus.records import Located
from salus.records.attesting import AttestedKind, born_on, facts
from salus.records.attesting.reading import TESTS, VACCINES

NOW = datetime(2031, 3, 1, 8, tzinfo=UTC)
CVX, LOINC, SNOMED = "http://hl7.org/fhir/sid/cvx", "http://loinc.org", "http://snomed.info/sct"


def concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}], "text": "as written"}


def vaccination(**changed: Any) -> dict[str, Any]:
    good = {
        "resourceType": "Immunization",
        "status": "completed",
        "vaccineCode": concept(CVX, "140"),
        "occurrenceDateTime": "2031-02-20",
    }
    return {name: value for name, value in (good | changed).items() if value is not None}


def examined(answer: str = "260415000", taken: str = "2031-03-01T05:30:00+08:00", **changed: Any) -> dict[str, Any]:
    good = {
        "resourceType": "Observation",
        "status": "final",
        "code": concept(LOINC, "94500-6"),
        "effectiveDateTime": taken,
        "valueCodeableConcept": concept(SNOMED, answer),
    }
    return {name: value for name, value in (good | changed).items() if value is not None}


def read(resource: dict[str, Any]) -> list[tuple[str, str, datetime]]:
    located = Located(
        classes=0,
        resource_key=1,
        id=UUID(int=1),
        type=resource["resourceType"],
        version=1,
        chart_key=1,
        chart_kind="resident",
        facility="H1",
        at=NOW,
        sealed=b"",
    )
    return [(one.kind.value, one.disease, one.at) for one in facts([(located, json.dumps(resource).encode())], NOW)]


def test_a_vaccination_is_attested_with_its_day() -> None:
    assert read(vaccination()) == [("vaccination", "influenza", datetime(2031, 2, 20, tzinfo=UTC))]


def test_a_test_in_which_nothing_was_found_is_attested_with_its_hour() -> None:
    assert read(examined()) == [("test", "covid-19", datetime(2031, 2, 28, 21, 30, tzinfo=UTC))]


@pytest.mark.parametrize(("days", "recovered"), [(10, False), (11, True), (179, True), (180, False)])
def test_a_finding_is_never_a_test_and_is_a_recovery_from_the_eleventh_day(days: int, *, recovered: bool) -> None:
    taken = NOW - timedelta(days=days)
    expected = [("recovery", "covid-19", taken)] if recovered else []

    assert read(examined("260373001", taken.isoformat())) == expected


NO_FACT = {
    "a vaccination that was not done": vaccination(status="not-done"),
    "a vaccination entered in error": vaccination(status="entered-in-error"),
    "a vaccine against something else": vaccination(vaccineCode=concept(CVX, "20")),
    "a vaccine by name alone": vaccination(vaccineCode={"text": "influenza vaccine"}),
    "the code of another system": vaccination(vaccineCode=concept(SNOMED, "140")),
    "a vaccination in the future": vaccination(occurrenceDateTime="2031-03-02"),
    "a vaccination known to the month": vaccination(occurrenceDateTime="2031-02"),
    "a vaccination without a day": vaccination(occurrenceDateTime=None, occurrenceString="last winter"),
    "a preliminary result": examined(status="preliminary"),
    "a result entered in error": examined(status="entered-in-error"),
    "a result that says nothing": examined(valueCodeableConcept=None),
    "a result that says both": examined(
        valueCodeableConcept={"coding": [{"code": "260415000"}, {"code": "260373001"}]}
    ),
    "a result in words": examined(valueCodeableConcept=None, valueString="negative"),
    "antibodies": examined(code=concept(LOINC, "94564-2")),
    "a specimen without its hour": examined(taken="2031-02-28"),
    "a specimen of tomorrow": examined(taken="2031-03-02T08:00:00Z"),
}


@pytest.mark.parametrize("resource", NO_FACT.values(), ids=NO_FACT.keys())
def test_what_is_not_plainly_said_is_no_fact(resource: dict[str, Any]) -> None:
    assert read(resource) == []


def test_records_and_certificates_know_the_same_kinds_and_diseases() -> None:
    assert {kind.value for kind in AttestedKind} == {kind.word for kind in CertificateKind}
    assert set(VACCINES) | set(TESTS) == {disease.word for disease in Disease}


def test_a_code_stands_for_one_disease() -> None:
    for table in (VACCINES, TESTS):
        codes = [code for known in table.values() for code in known]
        assert len(set(codes)) == len(codes)


@pytest.mark.parametrize(
    ("written", "born"), [("1980-02-29", date(1980, 2, 29)), ("1980-02", None), ("1980", None), (None, None)]
)
def test_a_birth_date_counts_only_where_it_is_known_to_the_day(written: str | None, born: date | None) -> None:
    person = {"resourceType": "Patient"} | ({"birthDate": written} if written else {})

    assert born_on(json.dumps(person).encode()) == born

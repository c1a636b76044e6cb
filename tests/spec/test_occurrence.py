"""On which day a visit, a diagnosis or a result happened, and what is counted of it, by example."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from salus.records.fhir.occurrence import ADMITTED, FINDING, findings, occurred

ARRIVED = datetime(2031, 3, 5, 17, 30, tzinfo=UTC)  # 6 March 1:30 in civil time
TODAY = date(2031, 3, 6)
POSITIVE = {"interpretation": [{"coding": [{"code": "POS"}]}]}
DETECTED = {"valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": "260373001"}]}}
NEGATIVE = {"interpretation": [{"coding": [{"code": "NEG"}]}]}
FLU = {"coding": [{"system": "http://loinc.org", "code": "80382-5"}]}


def refuted(code: str) -> dict[str, Any]:
    return {"verificationStatus": {"coding": [{"code": code}]}}


@pytest.mark.parametrize(
    ("resource", "day"),
    [
        ({"resourceType": "Condition", "recordedDate": "2031-03-02"}, date(2031, 3, 2)),
        ({"resourceType": "Condition", "recordedDate": "2031-03-02T20:00:00Z"}, date(2031, 3, 3)),
        ({"resourceType": "Condition", "recordedDate": "2031-03-02T20:00:00+08:00"}, date(2031, 3, 2)),
        ({"resourceType": "Condition", "recordedDate": "2031-03-02", "onsetDateTime": "2031-02-20"}, date(2031, 3, 2)),
        ({"resourceType": "Condition", "onsetDateTime": "2031-02-20"}, date(2031, 2, 20)),
        ({"resourceType": "Condition", "onsetDateTime": "2011"}, TODAY),
        ({"resourceType": "Condition"}, TODAY),
        ({"resourceType": "Condition", "recordedDate": "2099-01-01"}, TODAY),
        ({"resourceType": "Condition", "recordedDate": "2031-03-02", **refuted("provisional")}, date(2031, 3, 2)),
        ({"resourceType": "Condition", "recordedDate": "2031-03-02", **refuted("refuted")}, None),
        ({"resourceType": "Condition", "recordedDate": "2031-03-02", **refuted("entered-in-error")}, None),
        ({"resourceType": "Encounter", "status": "finished", "period": {"start": "2031-03-02T09:00:00+08:00"}},
         date(2031, 3, 2)),
        ({"resourceType": "Encounter", "status": "planned", "period": {"start": "2031-03-02"}}, None),
        ({"resourceType": "Encounter", "status": "cancelled", "period": {"start": "2031-03-02"}}, None),
        ({"resourceType": "Observation", "status": "final", "effectiveDateTime": "2031-03-02", **POSITIVE},
         date(2031, 3, 2)),
        ({"resourceType": "Observation", "status": "final", "effectiveDateTime": "2031-03-02", **NEGATIVE},
         date(2031, 3, 2)),
        ({"resourceType": "Observation", "status": "final", "effectiveDateTime": "2031-03-02"}, None),
        ({"resourceType": "Observation", "status": "entered-in-error", "effectiveDateTime": "2031-03-02", **POSITIVE},
         None),
        ({"resourceType": "Immunization", "occurrenceDateTime": "2031-03-02"}, None),
    ],
)  # fmt: skip
def test_a_resource_happened_on_one_civil_day_or_is_not_counted(resource: dict[str, Any], day: date | None) -> None:
    assert occurred(resource, ARRIVED) == day


@pytest.mark.parametrize(
    ("resource", "found"),
    [
        ({"resourceType": "Observation", "code": FLU, **POSITIVE}, {(FINDING, "http://loinc.org\x0080382-5\x00")}),
        ({"resourceType": "Observation", "code": FLU, **DETECTED}, {(FINDING, "http://loinc.org\x0080382-5\x00")}),
        ({"resourceType": "Observation", "code": FLU, **NEGATIVE}, set()),
        ({"resourceType": "Observation", "code": FLU}, set()),
        ({"resourceType": "Encounter", "class": {"code": "IMP"}}, {(FINDING, ADMITTED)}),
        ({"resourceType": "Encounter", "class": {"code": "AMB"}}, set()),
        ({"resourceType": "Condition", "code": FLU}, set()),
    ],
)
def test_only_positive_results_and_admissions_are_findings(
    resource: dict[str, Any], found: set[tuple[int, str]]
) -> None:
    assert findings(resource) == found

"""What it costs a write to be counted: the numbers that an acceptance's event tells, beside writing the bodies out.

    .venv/bin/python bench/arrivals.py

Nothing else is measured: no database, no sealing. The floor is the JSON of the same resources, written once.
"""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from salus.keys import Custodian
from salus.records import Outcome, arriving
from salus.records.fhir.parse import dump

AT = datetime(2031, 3, 1, 8, tzinfo=UTC)
ROUNDS, EACH = 7, 2_000


def main() -> None:
    """Measure, and print the best and the worst of some rounds."""
    custodian = _custodian()
    arrived = [(one, _outcome(one)) for n in range(EACH) for one in _resources(n)]
    for name, work in (
        ("floor: JSON written once", lambda: [dump(one) for one, _ in arrived]),
        ("counted", lambda: arriving.told(arrived, {}, custodian, "H1", AT)),
    ):
        micros = sorted(_seconds(work) * 1e6 / len(arrived) for _ in range(ROUNDS))
        print(f"{name:28} {micros[0]:6.1f} to {micros[-1]:6.1f} µs a resource, {len(arrived):,} of 3 types")


def _seconds(work: Any) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _resources(n: int) -> list[dict[str, Any]]:
    about = {"subject": {"reference": f"Patient/{uuid4()}"}}
    coded = {"coding": [{"system": "http://loinc.org", "code": "718-7", "display": "Hemoglobin"}]}
    amount = {"value": 100 + n % 60, "unit": "g/L", "system": "http://unitsofmeasure.org", "code": "g/L"}
    meta = {"id": str(uuid4()), "meta": {"versionId": "1", "lastUpdated": "2031-03-01T08:00:00Z"}}
    number = [{"system": "urn:oid:2.16.156.10011.1.3", "value": f"90010119800101{n % 1000:04}"}]
    return [
        {"resourceType": "Patient", **meta, "identifier": number, "name": [{"text": "Wu"}], "birthDate": "1980-01-01"},
        {"resourceType": "Observation", **meta, "status": "final", "code": coded, **about, "valueQuantity": amount,
         "effectiveDateTime": "2031-02-28T10:00:00+08:00"},
        {"resourceType": "Condition", **meta, "code": coded, **about, "recordedDate": "2031-02-28"},
    ]  # fmt: skip


def _outcome(one: dict[str, Any]) -> Outcome:
    return Outcome(
        type=one["resourceType"], id=uuid4(), version=1, at=AT, created=True, stripped=(), chart_key=1, resource_key=1,
        body=dump(one),
    )  # fmt: skip


def _custodian() -> Custodian:
    with tempfile.TemporaryDirectory() as folder:
        return Custodian.open(Path(folder) / "keys", b"a passphrase for the bench")


if __name__ == "__main__":
    main()

"""People of `synth.records` as rows of a node's index, and as Patients that a hospital sends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from salus import records
from salus.identity import DOCUMENT_SYSTEMS, NumberRefused, read_identifier
from salus.identity.matching import digests
from salus.identity.matching.describing import person
from salus.identity.matching.packing import LAYOUT, pack
from salus.kernel import bucket, new_id
from salus.keys import Custodian
from salus.synth.register import Record, Records

AT = datetime(2026, 6, 30, tzinfo=UTC)
PAGE = 20_000
SYSTEMS = {code: system for system, code in reversed(DOCUMENT_SYSTEMS.items())}
Rows = list[tuple[str, str, list[tuple[object, ...]]]]


def patient(record: Record) -> dict[str, Any]:
    """Return a row of a register as a Patient, with nothing that the row leaves open."""
    found: dict[str, Any] = {"resourceType": "Patient", "name": [{"text": record.name}] if record.name else None}
    if record.id_number and record.id_type in SYSTEMS:
        found["identifier"] = [{"system": SYSTEMS[record.id_type], "value": record.id_number}]
    found["gender"] = record.sex if record.sex in ("male", "female") else None
    found["birthDate"] = record.birth_date if len(record.birth_date) == 10 else None
    found["telecom"] = [{"system": "phone", "value": record.phone}] if record.phone else None
    address = {"postalCode": record.county, "text": record.address}
    found["address"] = [{name: text for name, text in address.items() if text}] if any(address.values()) else None
    return {name: value for name, value in found.items() if value}


def readable(record: Record) -> bool:
    """Tell whether a hospital's system may send a record: an identity card's number that cannot be one is refused."""
    if record.id_type != "resident-id" or not record.id_number:
        return True
    try:
        read_identifier(record.id_type, record.id_number)
    except NumberRefused:
        return False
    return True


def charts(custodian: Custodian, register: Records, people: int) -> Iterator[tuple[Rows, list[Record]]]:
    """Return pages of rows, one chart and one resident for each person, and the same people's other records."""
    rows, seen, chart = iter(register), set[int](), 0
    while len(seen) < people and (page := list(islice(rows, PAGE))):
        prepared: list[tuple[int, bytes, list[int]]] = []
        again = []
        for record in page:
            whose = register.people[record.record_id]
            if whose in seen:
                again.append(record)
                continue
            seen.add(whose)
            chart += 1
            one = person(records.described(patient(record)))
            aad = b"identity.person.sealed\x00" + chart.to_bytes(8, "big", signed=True)
            sealed = custodian.seal("identity.person", pack(one), aad)
            prepared.append((chart, sealed, list(digests(custodian, one))))
        yield _rows(prepared), again


def _rows(prepared: list[tuple[int, bytes, list[int]]]) -> Rows:
    ids = [new_id() for _ in prepared]
    return [
        ("identity.member", "chart_key, resident_key", [(chart, chart) for chart, *_ in prepared]),
        (
            "identity.resident",
            "resident_key, resident_id, bucket, anchor_chart, opened_at",
            [(chart, id_, bucket(id_), chart, AT) for (chart, *_), id_ in zip(prepared, ids, strict=True)],
        ),
        (
            "identity.person",
            "chart_key, source, sealed, layout, at",
            [(chart, "base", sealed, LAYOUT, AT) for chart, sealed, _ in prepared],
        ),
        ("identity.found_by", "digest, chart_key", [(key, chart) for chart, _, keys in prepared for key in keys]),
    ]

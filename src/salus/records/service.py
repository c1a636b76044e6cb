"""The verbs of the record: accept, fetch, open, search, summarise. Bodies leave as bytes, never as FHIR objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import orjson

from salus.access.consent import Sight
from salus.identity import DOCUMENT_SYSTEMS, Arrival, Described
from salus.kernel import format_instant
from salus.records import following, population, store
from salus.records.errors import NotFound, Problem, RecordRefused
from salus.records.fhir.definitions import DIRECTORY, resource_types
from salus.records.fhir.facts import born
from salus.records.fhir.parse import names_an_element, parse
from salus.records.fhir.person import columns
from salus.records.intake.examine import numbers_of
from salus.records.intake.within import HOLDERS, holds_people
from salus.records.model import Identified, Located, Personal, Sealer, Summary
from salus.records.population import Keeping, Stands, standing
from salus.records.sealing import unseal
from salus.records.summary import TYPES, name_of, personal_of, summarise
from salus.storage import Transaction

_MOST_OF_A_TYPE = 200
_CONTAINED = b'"contained":'


def check_type(name: str) -> str:
    """Return a resource type's name, or raise RecordRefused (404) if R4 has no such type."""
    if name not in resource_types():
        shown = name if names_an_element(name) else "this"
        problem = Problem(where="address", text=f"{shown} is no FHIR R4 resource type", code="not-supported")
        raise RecordRefused([problem], 404)
    return name


def fetch(tx: Transaction, ids: Sequence[UUID]) -> list[Located]:
    """Return the sealed current versions of those resources that exist, in one statement."""
    return store.fetch(tx, ids)


def lock(tx: Transaction, ids: Sequence[UUID]) -> None:
    """Lock resources for update, all in one order, so that two batches over the same ones wait and do not deadlock."""
    if ids:
        store.lock(tx, ids)


def shown(located: Located, sight: Sight) -> bool:
    """Tell whether a sight shows a resource. The directory, and what is in nobody's chart, holds no person."""
    return located.chart_kind != "resident" or sight.shows(located.chart_key, located.facility, located.classes)


def known(located: Located, sight: Sight) -> bool:
    """Tell whether it is known if a sight shows a resource: not while its classes wait and would decide it."""
    return (
        located.classes is not None or shown(located, sight) or not sight.shows(located.chart_key, located.facility, 0)
    )


def open_body(located: Located, keys: Mapping[int, bytes], sight: Sight) -> bytes:
    """Open one body with its chart's key: the FHIR JSON, byte for byte as it was finished when stored.

    Raises NotFound for what the sight does not show, as if it were not there: nothing is opened without one. So it does
    for what is about people inside and was stored in nobody's chart, by an earlier release: they would not be told.
    """
    if not shown(located, sight):
        raise NotFound(f"there is no {located.type} with this id here")
    body = unseal(keys[located.chart_key], located.resource_key, located.version, located.sealed)
    if located.chart_kind in ("facility", "directory") and (located.type in HOLDERS or _CONTAINED in body):
        _check_nobody(located, body)
    return body


def _check_nobody(located: Located, body: bytes) -> None:
    if holds_people(parse(body)):
        text = f"this {located.type} is about people and was stored in nobody's chart: delete it, and send it again"
        raise NotFound(text)


def patients(tx: Transaction, sight: Sight) -> list[Located]:
    """Return the Patient resources that a sight shows, sealed."""
    return store.patients(tx, sight)


def patients_at(tx: Transaction, chart_keys: Sequence[int], facility: str) -> dict[int, UUID]:
    """Return the ids of the Patients of those charts that are a facility's own, by chart."""
    return store.patients_at(tx, chart_keys, facility)


def charts_of_patients(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, tuple[int, str]]:
    """Return chart and facility of each Patient that exists."""
    found = store.targets(tx, [("Patient", id_) for id_ in ids])
    return {id_: (chart, facility) for (name, id_), (chart, _, facility, _) in found.items() if name == "Patient"}


def charts_of(tx: Transaction, named: Sequence[tuple[str, UUID]]) -> dict[tuple[str, UUID], int]:
    """Return the chart of each resource, by type and id, that is stored."""
    return {literal: chart for literal, (chart, *_) in store.targets(tx, named).items()}


def patients_named(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, tuple[int, str, int | None]]:
    """Return chart, facility and classes of each Patient that exists."""
    found = store.targets(tx, [("Patient", id_) for id_ in ids])
    return {id_: (chart, at, classes) for (name, id_), (chart, _, at, classes) in found.items() if name == "Patient"}


def summary_parts(tx: Transaction, sight: Sight) -> tuple[list[Located], dict[str, int]]:
    """Return the sealed resources that a summary is made of, and the count of everything that the sight shows."""
    return store.of_types(tx, sight, TYPES, _MOST_OF_A_TYPE), store.count_types(tx, sight)


def newest_of(tx: Transaction, sight: Sight, types: Sequence[str], most: int) -> list[Located]:
    """Return the newest `most` sealed resources of each of these types that a sight shows."""
    return store.of_types(tx, sight, types, most)


def summary(parts: Sequence[Located], counts: Mapping[str, int], keys: Mapping[int, bytes], sight: Sight) -> Summary:
    """Open the parts and make the one-screen summary."""
    opened = [(located, open_body(located, keys, sight)) for located in parts]
    return summarise(opened, counts)


def stands(
    parts: Sequence[Located],
    keys: Mapping[int, bytes],
    sight: Sight,
    keepings: Sequence[Keeping],
    found: Summary,
    today: date,
) -> Stands:
    """Open the Patients among a summary's parts and say how the record stands, and why."""
    patients = [(one.facility, one.at, parse(open_body(one, keys, sight))) for one in parts if one.type == "Patient"]
    lines = (*found.allergies, *found.medicines, *found.problems, *found.results)
    return standing.stands(patients, keepings, (line.at for line in lines), today)


def patient_name(located: Located, keys: Mapping[int, bytes], sight: Sight) -> str | None:
    """Open one Patient and return the name as written, and nothing else of it; None too where its key is not left."""
    if located.chart_key not in keys:
        return None
    return name_of(orjson.loads(open_body(located, keys, sight)))


def personal(located: Located, keys: Mapping[int, bytes], sight: Sight) -> Personal:
    """Open one Patient and return what says who somebody is, and nothing else of it."""
    return personal_of(located, open_body(located, keys, sight))


def described(patient: Mapping[str, Any], recorded_at: str = "") -> Described:
    """Return who a Patient resource says that somebody is, as the index compares it. Nothing written is an error.

    `recorded_at` is when it is said, an instant in ISO 8601: a birth date after it, or 130 years before it, cannot be.
    """
    return Described(**columns(patient, DOCUMENT_SYSTEMS), recorded_at=recorded_at)


def identified(located: Located, keys: Mapping[int, bytes], sight: Sight) -> Identified:
    """Open one Patient and return its identifiers, and nothing else of it."""
    found = orjson.loads(open_body(located, keys, sight)).get("identifier") or ()
    pairs = ((one.get("system"), one.get("value")) for one in found)
    return Identified(
        id=located.id,
        facility=located.facility,
        identifiers=tuple(dict.fromkeys((system, value) for system, value in pairs if system and value)),
    )


def arrival(located: Located, keys: Mapping[int, bytes], sight: Sight) -> Arrival:
    """Open a Patient with its chart's key and return what it says of whose the chart is, as the index takes it."""
    patient = parse(open_body(located, keys, sight))
    return Arrival(
        chart_key=located.chart_key,
        source=located.facility,
        described=described(patient, format_instant(located.at)),
        numbers=numbers_of(patient),
        born=born(patient),
    )


def note_again(tx: Transaction, sealer: Sealer, found: Sequence[Located], keys: Mapping[int, bytes]) -> None:
    """Note of stored resources what the population register and follow-up keep, as if they arrived. Lock them first."""
    for located in found:
        body = unseal(keys[located.chart_key], located.resource_key, located.version, located.sealed)
        written = [(located.resource_key, located.chart_key, parse(body))]
        population.note(tx, located.facility, located.at, written)
        following.note(tx, sealer, located.at, written, [located.resource_key])


def deliver(tx: Transaction, event: int, acceptance: int, facility: str, day: date, entries: int) -> bool:
    """Count what a facility delivered, once for each event; tell whether this call did."""
    return store.deliver(tx, event, acceptance, facility, day, entries)


def deliveries(tx: Transaction) -> list[tuple[str, int, int]]:
    """Return facility, number of deliveries and entries delivered."""
    return store.deliveries(tx)


def note_uncounted(tx: Transaction, event: int, days: Sequence[date]) -> None:
    """Note that something new came in about these civil days, so that they are counted again."""
    store.note_uncounted(tx, event, days)


def uncounted(tx: Transaction, most: int = 60) -> list[tuple[date, int]]:
    """Return (day, event) of the newest days that wait to be counted; give them back to `forget_uncounted` after."""
    return store.uncounted(tx, most)


def forget_uncounted(tx: Transaction, notes: Sequence[tuple[date, int]]) -> None:
    """Strike out notes of days that were counted; what came in meanwhile stays noted."""
    if notes:
        store.forget_uncounted(tx, notes)


def imported(tx: Transaction, file: bytes) -> set[int]:
    """Return the lines of a file that are in already."""
    return store.imported(tx, file)


def note_lines(tx: Transaction, file: bytes, lines: Sequence[int], acceptance: int) -> bool:
    """Note, in the transaction that took them, that lines of a file went in; false if another import had one first."""
    return store.note_lines(tx, file, lines, acceptance) == len(lines)


def totals(tx: Transaction) -> dict[str, int]:
    """Return how many charts, resources and versions there are."""
    return store.totals(tx)


def charts(tx: Transaction, page: int = 10_000) -> Iterator[list[int]]:
    """Yield the keys of all charts in pages, in key order."""
    last = 0
    while found := store.charts(tx, last, page):
        yield found
        last = found[-1]


def skip_keys(tx: Transaction, highest: int) -> None:
    """Never give out a physical key up to `highest` again; a restore's doing, under duty MIGRATION."""
    store.skip_keys(tx, highest)


def is_directory(resource_type: str) -> bool:
    """Tell whether a type describes institutions and terms only, and never a person cared for."""
    return resource_type in DIRECTORY

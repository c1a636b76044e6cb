"""Searches against a slow twin that reads every resource's JSON and knows nothing of digests, spans or keys."""

from __future__ import annotations

import json
import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

import pytest

from salus import access, records
from salus.identity.names import read_name
from salus.records import Intent, accept, parse, parse_query, take_apart
from salus.storage import Duty, Store
from salus.synth import bundles, country
from taking import AT, a_writer, take

TYPES = ("Observation", "Condition", "Encounter", "MedicationRequest", "Immunization", "Patient", "DiagnosticReport")
SEARCHES = 400
WHO = {"birthdate", "family", "gender", "given", "name", "phone", "telecom"}
KNOWN = WHO | {"_id", "code", "date", "identifier", "patient"}
Resource = dict[str, Any]
Held = dict[str, list[Resource]]
PREFIXES = ("", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb")


@pytest.fixture(scope="module")
def held(store: Store) -> Held:
    """Take in a small country at two facilities; return what each sent, as stored, in the order of arrival."""
    kept: Held = {"H1": [], "H2": []}
    writers = {facility: a_writer(facility) for facility in kept}
    for delivery in bundles(country(5, 150)):
        if delivery.facility_id in kept:
            with store.transaction(Duty.CARE) as tx:
                intents: tuple[Intent, ...] = take_apart(parse(json.dumps(delivery.bundle).encode())).intents
                done = accept(tx, writers[delivery.facility_id], intents, AT)
            kept[delivery.facility_id] += [json.loads(one.body) for one in done.outcomes]
    return kept


def test_a_search_finds_what_its_twin_finds(store: Store, held: Held) -> None:
    rng, found_any = Random(17), 0
    for _ in range(SEARCHES):
        kind, pairs = _search(rng, held["H1"])
        expected = [one["id"] for one in held["H1"] if one["resourceType"] == kind and _matches(one, pairs)]
        found_any += bool(expected)

        found, pages = _all(store, kind, pairs, rng.choice((3, 20, 200)))

        assert found == expected, (kind, pairs)
        assert pages >= 1
    print(f"{SEARCHES} searches over {len(held['H1'])} resources, {found_any} of them with matches: 0 differences")
    assert found_any > SEARCHES // 4


def test_nothing_of_another_facility_is_found(store: Store, held: Held) -> None:
    others = {one["id"] for one in held["H2"]}
    for kind in TYPES:
        found, _ = _all(store, kind, [], 200)
        assert found
        assert not others & set(found)

        named = [one["id"] for one in held["H2"] if one["resourceType"] == kind][:100]
        assert named
        assert _all(store, kind, [("_id", ",".join(named))], 200)[0] == []


def test_pages_stay_right_while_others_write(store: Store, held: Held) -> None:
    writer = a_writer("H1")
    written = {"resourceType": "Observation", "status": "final", "code": {"text": "new"}}
    expected = [one["id"] for one in held["H1"] if one["resourceType"] == "Observation"]
    cursors: list[tuple[str, str]] = []
    pages: list[str] = []
    for _ in range(len(expected) // 5):
        asked = parse_query("Observation", [("_count", "5"), *cursors], writer.sealer)
        with store.transaction(Duty.CARE) as tx:
            page, _more = records.search(tx, asked, "H1", access.Sight(facility="H1", closed={}))
        expected += [str(take(store, writer, written).outcomes[0].id)]
        pages += [str(located.id) for located in page]
        cursors = [("_cursor", records.next_cursor(asked, page[-1], writer.sealer))]

    assert len(pages) > 50
    assert pages == expected[: len(pages)]


def _all(store: Store, kind: str, pairs: list[tuple[str, str]], count: int) -> tuple[list[str], int]:
    """Follow a search to its last page, each query through a URL and back."""
    found: list[str] = []
    pages, cursor = 0, None
    while True:
        more = [("_count", str(count)), *([("_cursor", cursor)] if cursor else [])]
        sent = parse_qsl(urlencode([*pairs, *more]), keep_blank_values=True)
        asked = parse_query(kind, sent, a_writer().sealer)
        with store.transaction(Duty.CARE) as tx:
            page, follows = records.search(tx, asked, "H1", access.Sight(facility="H1", closed={}))
        found += [str(located.id) for located in page]
        pages += 1
        if not follows:
            return found, pages
        assert len(page) == count
        cursor = records.next_cursor(asked, page[-1], a_writer().sealer)


def _search(rng: Random, resources: list[Resource]) -> tuple[str, list[tuple[str, str]]]:
    """Draw a type and one to three parameters, mostly about something that is there."""
    kind = rng.choice(TYPES)
    of_kind = [one for one in resources if one["resourceType"] == kind]
    known = sorted(KNOWN & set(records.supported(kind)))
    about = of_kind if rng.random() < 0.3 else [rng.choice(of_kind)]
    pairs = []
    for name in rng.choices(known, k=rng.randint(1, 3)):
        values = [value for _ in range(rng.choice((1, 1, 1, 2, 3))) if (value := _value(rng, name, about))]
        if values:
            pairs.append((name, ",".join(values)))
    return kind, pairs


def _value(rng: Random, name: str, resources: list[Resource]) -> str | None:
    one = rng.choice(resources)
    if name == "_id":
        return rng.choice([one["id"], "nobody", str(UUID(int=rng.getrandbits(128)))])
    if name == "patient":
        target = next(iter(_patients(one)), None) or f"Patient/{one['id']}"
        return rng.choice((target, target.partition("/")[2]))
    if name == "date":
        dates = list(_dates(one))
        return rng.choice(PREFIXES) + _blurred(rng, rng.choice(dates)) if dates else "ge1990"
    if name in WHO:
        return _who(rng, name, one)
    drawn = list(_tokens(one, name))
    system, code = rng.choice(drawn) if drawn else ("urn:none", "none")
    written = rng.choice((code, f"{system}|{code}", f"|{code}", f"{system}x|{code}"))
    return written.replace("\\", "\\\\").replace(",", "\\,")


def _who(rng: Random, name: str, patient: Resource) -> str:
    """Draw something by which a Patient is found."""
    if name == "birthdate":
        return rng.choice(PREFIXES) + _blurred(rng, patient["birthDate"])
    if name == "gender":
        return rng.choice(("male", "female"))
    if name in ("phone", "telecom"):
        number = patient["telecom"][0]["value"]
        return rng.choice((number, f"+86 {number}", "13800138000"))
    part = rng.choice(patient["name"])
    written = {"family": [part["family"]], "given": part["given"], "name": [part["text"], part["family"]]}
    return rng.choice(written[name]).replace(",", "\\,")


def _blurred(rng: Random, date: str) -> str:
    """Cut a date to another precision, or move it a little."""
    year, rest = int(date[:4]), date[4:]
    if rng.random() < 0.3:
        return str(year + rng.randint(-2, 2))
    full = f"{year}{rest}"
    return rng.choice(
        [full, full[:4], *([full[:7]] if len(full) >= 7 else []), *([full[:10]] if len(full) > 10 else [])]
    )


def _matches(resource: Resource, pairs: list[tuple[str, str]]) -> bool:
    return all(any(_one(resource, name, value) for value in _split(values)) for name, values in pairs)


def _split(values: str) -> list[str]:
    marked = values.replace("\\\\", "\x01").replace("\\,", "\x02")
    return [part.replace("\x02", ",").replace("\x01", "\\") for part in marked.split(",")]


def _one(resource: Resource, name: str, value: str) -> bool:
    if name == "_id":
        return bool(resource["id"] == value)
    if name == "patient":
        return any(patient in (value, f"Patient/{value}") for patient in _patients(resource))
    if name == "date":
        return _date_matches(resource, value)
    if name in WHO:
        return _is_who(resource, name, value)
    system, bar, code = value.rpartition("|")
    return any(code == c and (not bar or system == (s or "")) for s, c in _tokens(resource, name))


def _is_who(patient: Resource, name: str, value: str) -> bool:
    if name == "birthdate":
        return _compared(value, patient["birthDate"], patient["birthDate"])
    if name == "gender":
        return bool(patient["gender"] == value)
    if name in ("phone", "telecom"):
        return any(value.endswith(point["value"]) for point in patient["telecom"])
    parts = [(one["text"], one["family"], one["given"][0]) for one in patient["name"]]
    kinds = {"family": (1,), "given": (2,), "name": (0, 1, 2)}[name]
    return any(_sounds(one[kind]) & _sounds(value) for one in parts for kind in kinds)


def _sounds(name: str) -> set[str]:
    read = read_name(name)
    return {read.full, *read.variants}


def _patients(resource: Resource) -> Iterator[str]:
    for element in ("subject", "patient", "beneficiary"):
        reference = resource.get(element, {}).get("reference", "")
        if reference.startswith("Patient/"):
            yield reference


def _tokens(resource: Resource, name: str) -> Iterator[tuple[str | None, str]]:
    if name == "identifier":
        found = resource.get("identifier", [])
        for one in found if isinstance(found, list) else [found]:
            yield one.get("system"), one["value"]
        return
    coded = "medicationCodeableConcept" if resource["resourceType"] == "MedicationRequest" else "code"
    for coding in resource.get(coded, {}).get("coding", []):
        yield coding.get("system"), coding["code"]


def _dates(resource: Resource) -> Iterator[str]:
    start, end = _period(resource)
    yield from (text for text in (start, end) if text)


def _period(resource: Resource) -> tuple[str | None, str | None]:
    """Return start and end as written; one date is both. Which element it is, R4 says for each type."""
    kind = resource["resourceType"]
    if kind == "Encounter":
        period = resource.get("period", {})
        return period.get("start"), period.get("end")
    element = {
        "Observation": "effectiveDateTime",
        "DiagnosticReport": "effectiveDateTime",
        "Immunization": "occurrenceDateTime",
    }.get(kind)
    if kind == "MedicationRequest":
        return None, None
    return (resource.get(element or ""),) * 2


def _date_matches(resource: Resource, value: str) -> bool:
    start, end = _period(resource)
    return (start is not None or end is not None) and _compared(value, start, end)


def _compared(value: str, start: str | None, end: str | None) -> bool:
    prefix, asked = re.fullmatch(r"(eq|ne|gt|lt|ge|le|sa|eb)?(.*)", value).groups()  # type: ignore[union-attr]
    low = _first(start) if start else datetime.min.replace(tzinfo=UTC)
    high = _last(end) if end else datetime.max.replace(tzinfo=UTC)
    first, last = _first(asked), _last(asked)
    contained = first <= low and high <= last
    answers = {
        "eq": contained,
        "ne": not contained,
        "gt": high > last,
        "lt": low < first,
        "ge": high > last or contained,
        "le": low < first or contained,
        "sa": low > last,
        "eb": high < first,
    }
    return answers[prefix or "eq"]


def _first(text: str) -> datetime:
    return _bounds(text)[0]


def _last(text: str) -> datetime:
    """Return the last microsecond that a date covers."""
    return _bounds(text)[1]


def _bounds(text: str) -> tuple[datetime, datetime]:
    tick = timedelta(microseconds=1)
    if len(text) == 4:
        return datetime(int(text), 1, 1, tzinfo=UTC), datetime(int(text), 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    if len(text) == 7:
        year, month = int(text[:4]), int(text[5:])
        last = monthrange(year, month)[1]
        return datetime(year, month, 1, tzinfo=UTC), datetime(year, month, last, 23, 59, 59, 999999, tzinfo=UTC)
    start = datetime.fromisoformat(text).astimezone(UTC) if "T" in text else datetime.fromisoformat(f"{text}T00:00:00Z")
    return start, start + (timedelta(seconds=1) if "T" in text else timedelta(days=1)) - tick

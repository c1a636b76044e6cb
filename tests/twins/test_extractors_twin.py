"""What the extractors read is what `fhirpathpy` finds, which interprets HL7's search expressions as they are.

On HL7's examples and on Synthea's bundles: for each parameter whether there is anything, and which values.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

import fhirpathpy
import pytest
from fhirpathpy.models import models

from salus.records import RecordRefused, resource_types
from salus.records.fhir.facts import span_of
from salus.records.fhir.parse import parse
from salus.records.search.extract import Extracted, extract
from salus.records.search.parameters import Parameter, Slot, hot, parameters
from support import corpus

Values = set[Any]
SKIPPED_TYPES = frozenset({"Bundle", "Parameters"})
NOT_COMPARED = {
    ("Patient", "deceased"): "false without the element, which is a value and no absence",
}
"""By presence; and those of persons' names and numbers, whose forms demographics have a table of their own."""


@cache
def _expressions() -> dict[tuple[str, str], str]:
    found = {}
    for one in json.loads((files("salus.records.search") / "expressions.json").read_text("utf-8")):
        for base in one["base"] if one["expression"] else ():
            for kind in resource_types() if base == "Resource" else (base,):
                found[kind, one["code"]] = one["expression"].replace("Resource.", f"{kind}.")
    return found


@cache
def _compiled(kind: str, name: str) -> Callable[..., list[Any]]:
    """Compile the parts of an expression that are about a type; whom a reference leads to is read off its text."""
    parts = [part.strip() for part in _expressions()[kind, name].split(" | ")]
    mine = " | ".join(part for part in parts if re.match(rf"\(*{kind}\b", part))
    told = re.sub(r"resolve\(\) is (\w+)", r"reference.startsWith('\1/')", mine)
    found: Callable[..., list[Any]] = fhirpathpy.compile(told, models["r4"])
    return found


def _examples() -> Iterator[dict[str, Any]]:
    with gzip.open(corpus("fhir/r4-examples-patch-fhirpath.ndjson.gz"), "rt", encoding="utf-8") as lines:
        for line in lines:
            text = json.loads(line)["text"]
            if text.lstrip().startswith("{"):
                yield from _parsed(text)


def _patients(most: int) -> Iterator[dict[str, Any]]:
    with gzip.open(corpus("synthea/bundles.public.ndjson.gz"), "rt", encoding="utf-8") as lines:
        for _, line in zip(range(most), lines, strict=False):
            yield from (entry["resource"] for entry in parse(line.encode())["entry"])


def _parsed(text: str) -> Iterator[dict[str, Any]]:
    try:
        found = parse(text.encode())
    except RecordRefused:
        return
    if found.get("resourceType") in resource_types() - SKIPPED_TYPES:
        yield found


def test_examples_yield_what_the_interpreter_finds() -> None:
    assert _differences(_examples()) == []


def test_a_patient_s_records_yield_what_the_interpreter_finds() -> None:
    assert _differences(_patients(1)) == []


@pytest.mark.slow
def test_twenty_patients_records_yield_what_the_interpreter_finds() -> None:
    assert _differences(_patients(20)) == []


def _differences(resources: Iterator[dict[str, Any]]) -> list[tuple[str, str, object, object]]:
    found: list[tuple[str, str, object, object]] = []
    compared = 0
    for resource in resources:
        kind, mine = resource["resourceType"], extract(resource)
        plain = json.loads(json.dumps(resource, default=float))
        for name, parameter in parameters(kind).items():
            if parameter.kind == "composite" or (kind, name) in NOT_COMPARED:
                continue
            theirs = _compiled(kind, name)(plain)
            compared += 1
            there = any(slot.number in mine.present for slot in parameter.slots)
            if there != bool(theirs):
                found.append((kind, name, there, theirs))
            elif not parameter.who and (ours := _ours(parameter, mine)) != (wanted := _wanted(parameter, theirs)):
                found.append((kind, name, ours, wanted))
    print(f"{compared} parameters compared, {len(found)} differences")
    assert compared
    return found


def _ours(parameter: Parameter, mine: Extracted) -> Values:
    found: Values = set()
    for slot in parameter.slots:
        found |= _at(slot, parameter, mine)
    return found


def _at(slot: Slot, parameter: Parameter, mine: Extracted) -> Values:
    forms = {form.partition("\0")[2] for form in mine.forms if form.partition("\0")[0] == slot.path}
    match parameter.kind:
        case "token":
            return {form[1:] for form in forms if form[0] == "c"}
        case "reference":
            return {form[1:] for form in forms if form[0] == "r" and form[1:].startswith(f"{slot.more or ''}")}
        case "string":
            return {form[1:] for form in forms if form[0] == "e"}
        case "uri":
            return {form[1:] for form in forms if form[0] == "u"}
        case "date":
            spans = {(low, high) for path, low, high in mine.dates if path == slot.path}
            return spans | ({mine.date} if mine.date and slot.number in (hot(mine.type) or ((), ()))[1] else set())
    return {float(low or high or 0) for path, low, high, *_ in mine.numbers if path == f"{slot.path}\0"}


def _wanted(parameter: Parameter, theirs: list[Any]) -> Values:
    found: Values = set()
    for one in theirs:
        found |= set(_READ[parameter.kind](one))
    return found


def _codes(one: Any) -> Iterator[str]:
    if isinstance(one, bool):
        yield "true" if one else "false"
    elif not isinstance(one, dict):
        yield str(one)
    elif "coding" in one:
        yield from (coding["code"] for coding in one["coding"] if "code" in coding)
    elif "code" in one:
        yield one["code"]
    elif "value" in one and one.get("system") not in ("phone", "fax", "email", "pager", "url", "sms", "other"):
        yield one["value"]


def _references(one: Any) -> Iterator[str]:
    text = one if isinstance(one, str) else one.get("reference")
    if text and not text.startswith("#"):
        yield text
        if not isinstance(one, dict) and "|" in text:
            yield text.partition("|")[0]


def _texts(one: Any) -> Iterator[str]:
    if isinstance(one, str):
        yield one
        return
    for name, value in one.items():
        if name not in ("use", "type", "period", "extension", "id") and not name.startswith("_"):
            yield from (each for each in (value if isinstance(value, list) else [value]) if each)


def _addresses(one: str) -> Iterator[str]:
    yield from (one, one.partition("|")[0])


def _spans(one: Any) -> Iterator[Any]:
    if isinstance(one, str):
        yield span_of(one)
        return
    if "event" in one:
        told = [span_of(each) for each in one["event"]]
        yield min(low for low, _ in told if low), max(high for _, high in told if high)
        return
    start, end = span_of(one.get("start", "")), span_of(one.get("end", ""))
    if start or end:
        low, high = span_of("0001"), span_of("9999-12-31T23:59:59.999999Z")
        assert low
        assert high
        yield (start or low)[0], (end or high)[1]


def _numbers(one: Any) -> Iterator[float]:
    if isinstance(one, int | float | Decimal):
        yield float(one)
        return
    found = [one.get("value"), (one.get("low") or {}).get("value"), (one.get("high") or {}).get("value")]
    yield from (float(value) for value in [each for each in found if each is not None][:1])


_READ: dict[str, Callable[[Any], Iterator[Any]]] = {
    "token": _codes,
    "reference": _references,
    "string": _texts,
    "uri": _addresses,
    "date": _spans,
    "number": _numbers,
    "quantity": _numbers,
}

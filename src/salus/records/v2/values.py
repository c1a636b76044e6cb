"""OBX-5 by its type (OBX-2) as the value of an Observation: NM, SN, ST, TX, FT, CE, CWE, CNE, DT, TM, TS and DTM."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from salus.records.v2 import codes, datatypes, dates
from salus.records.v2.errors import DATATYPE, V2Refused
from salus.records.v2.message import Segment, Value

_TEXTS = frozenset({"ST", "TX", "FT", "", "IS", "ID"})
_CODED = frozenset({"CE", "CWE", "CNE", "CF"})
_NUMBER = re.compile(r"[+-]?\d{1,40}(\.\d{1,20})?", re.ASCII)
_COMPARED = re.compile(r"(<=|>=|<|>)\s*(\S+)")
_ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"


def is_text(obx: Segment) -> bool:
    """Tell whether a line holds free text."""
    return obx.text(2).upper() in _TEXTS


def value_of(lines: Sequence[Segment], facility: str, code: dict[str, Any]) -> dict[str, Any]:
    """Return the value[x] of an Observation, or why there is none; several values of one line as components.

    Raises V2Refused for a date or time that is none. What is said to be a number and is none stays text.
    """
    obx = lines[0]
    kind = obx.text(2).upper()
    values = [value for line in lines for value in line.values(5)]
    if not values:
        return {"dataAbsentReason": _absent("not-performed" if obx.text(11).upper() in ("X", "N") else "unknown")}
    if kind in _TEXTS:
        return {"valueString": "\n".join(value.text for value in values)}
    found = [_one(kind, value, obx, facility) for value in values]
    if len(found) == 1:
        return found[0]
    return {"component": [{"code": code, **one} for one in found]}


def _one(kind: str, value: Value, obx: Segment, facility: str) -> dict[str, Any]:
    if kind == "NM":
        return _number(value, obx)
    if kind == "SN":
        return _structured(value, obx)
    if kind in _CODED:
        found = datatypes.concept(value, facility)
        return {"valueCodeableConcept": found} if found else {"dataAbsentReason": _absent("unknown")}
    if kind in ("DT", "TS", "DTM"):
        return {"valueDateTime": _or_refused(dates.date_time(value.part(1)), obx)}
    if kind == "TM":
        return {"valueTime": _or_refused(dates.clock(value.part(1)), obx)}
    return {"dataAbsentReason": _absent("unsupported")}


def _number(value: Value, obx: Segment) -> dict[str, Any]:
    """Read an NM. Analysers write `<0.5` there too, and words: the first is a quantity, the second text."""
    text = value.text
    compared = _COMPARED.fullmatch(text)
    number = _decimal(compared[2] if compared else text)
    if number is None:
        return {"valueString": text}
    return {"valueQuantity": ({"comparator": compared[1]} if compared else {}) | _quantity(number, obx)}


def _structured(value: Value, obx: Segment) -> dict[str, Any]:
    """Read an SN: comparator, number, separator, second number (2.A.71)."""
    mark, first, between, second = (value.part(n) for n in (1, 2, 3, 4))
    one, other = _decimal(first), _decimal(second)
    if one is None:
        return {"valueString": value.text.replace(value.delimiters.component, " ").strip()}
    if between == "-" and other is not None:
        return {"valueRange": {"low": _quantity(one, obx), "high": _quantity(other, obx)}}
    if between in (":", "/") and other is not None:
        return {"valueRatio": {"numerator": {"value": one}, "denominator": {"value": other}}}
    comparator = {"comparator": mark} if mark in ("<", "<=", ">", ">=") else {}
    if between or mark not in ("", "=", *comparator.values()):
        return {"valueString": value.text.replace(value.delimiters.component, " ").strip()}
    return {"valueQuantity": comparator | _quantity(one, obx)}


def _quantity(number: int | Decimal, obx: Segment) -> dict[str, Any]:
    """Return a quantity with the unit as written; coded where its sender says that it is UCUM."""
    found: dict[str, Any] = {"value": number}
    unit, shown = obx.text(6), obx.text(6, 2)
    if shown or unit:
        found["unit"] = shown or unit
    if unit and obx.text(6, 3).upper() == "UCUM":
        found |= {"system": codes.SYSTEMS["UCUM"], "code": " ".join(unit.split())}
    return found


def _decimal(text: str) -> int | Decimal | None:
    if not _NUMBER.fullmatch(text):
        return None
    return int(text) if "." not in text and len(text) <= 18 else Decimal(text)


def _absent(code: str) -> dict[str, Any]:
    return {"coding": [{"system": _ABSENT, "code": code}]}


def _or_refused(found: str | None, obx: Segment) -> str:
    if found is None:
        raise V2Refused(f"OBX-5 is no {obx.text(2).upper()}", DATATYPE, obx.where(5))
    return found

"""The value sets that codes of other issuers are written and read with: `value_sets.csv`, read once. Pure.

Each row says where it comes from. A code that is not there is written into nothing, and decides nothing at a door.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

CVX = "http://hl7.org/fhir/sid/cvx"
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
_SETS = {"disease", "product", "test", "result", "vaccine", "examination"}
_COLUMNS = ["set", "code", "means", "product", "holder", "source"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One code of a set: what it means there, for a product also its two other codes, and whose table says so."""

    code: str
    means: str
    product: str
    holder: str
    source: str


@cache
def value_set(name: str) -> Mapping[str, Row]:
    """Return a set by its codes.

    `disease` leads from our words to SNOMED CT, `product` from CVX to the three codes of an EU DCC, `test` from LOINC
    to its kind of test, `result` from our words to SNOMED CT; `vaccine` (CVX) and `examination` (LOINC) to our
    diseases.
    """
    if name not in _SETS:
        raise KeyError(name)
    text = (files("salus.codec.foreign") / "value_sets.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    if rows.fieldnames != _COLUMNS:
        raise ValueError("value_sets.csv has other columns")
    found = (_row(columns) for columns in rows if columns.pop("set") == name)
    return MappingProxyType({row.code: row for row in found})


def disease_of(target: str) -> str | None:
    """Return the disease, by our word, of what an event names: SNOMED CT alone as in an EU DCC, or `system|code`."""
    system, _, code = target.rpartition("|")
    if not system:
        return next((one.code for one in value_set("disease").values() if one.means == code), None)
    found = value_set({CVX: "vaccine", LOINC: "examination"}[system]).get(code) if system in (CVX, LOINC) else None
    return found.means if found else None


def _row(columns: dict[str, str]) -> Row:
    return Row(**columns)

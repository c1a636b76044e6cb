"""The table of document types: `types.toml`, read once."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from salus.identity.errors import DocumentUnknown


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentType:
    """One row of the table of document types; the columns are explained at the head of `types.toml`."""

    code: str
    name_en: str
    name_zh: str
    space: str
    shapes: tuple[str, ...]
    check: str
    names_birth_date: bool
    names_sex: bool
    per_issuer: bool
    links: bool
    systems: tuple[str, ...]
    v2: str
    source: str
    pattern: re.Pattern[str]


@cache
def document_types() -> MappingProxyType[str, DocumentType]:
    """Return all document types by code, in the order of the table."""
    text = (files("salus.identity.documents") / "types.toml").read_text("utf-8")
    rows = (_row(row) for row in tomllib.loads(text)["type"])
    return MappingProxyType({row.code: row for row in rows})


def document_type(code: str) -> DocumentType:
    """Return the type with this code. Raises DocumentUnknown, which never repeats what was asked for."""
    found = document_types().get(code)
    if found is None:
        raise DocumentUnknown(f"no such type of document; use one of {', '.join(document_types())}")
    return found


def _row(row: dict[str, Any]) -> DocumentType:
    columns = {one.name for one in fields(DocumentType)} - {"pattern"}
    if set(row) != columns:
        raise ValueError(f"types.toml: {row.get('code')} has other columns than {sorted(columns)}")
    values: dict[str, Any] = {name: tuple(of) if isinstance(of, list) else of for name, of in row.items()}
    pattern = re.compile("|".join(f"(?:{shape})" for shape in row["shapes"]) or r"(?!)")
    return DocumentType(**values, pattern=pattern)

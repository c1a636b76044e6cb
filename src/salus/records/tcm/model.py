"""Terms of traditional Chinese medicine (GB/T 15657-2021): what a code names, and the shape of a code. Pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from salus.records.errors import Problem

SYSTEM: Final = "urn:oid:2.16.156.10011.2.3.3.14"
"""China's object identifier of the code table, as the shared documents of WS/T 500 and hospitals' systems use it."""
VERSION: Final = "2021"
_SHAPE = re.compile(r"[AB]\d\d(?:\.\d\d)*\.?", re.ASCII)
# The edition of 1995: three letters, of which the first is B (diseases) or Z (patterns), and up to three digits.
_SHAPE_1995 = re.compile(r"[BZ][A-Z]{2}\d{0,3}", re.ASCII)
_SHAPELESS = "has not the shape of a code of GB/T 15657: A or B, two digits, and pairs of digits after dots"
_UNKNOWN = "is not among the terms of GB/T 15657 that this node knows; it is kept as it is"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One term. `pattern` tells a pattern (证候) from a disease; a category is no diagnosis by itself in most cases."""

    code: str
    en: str
    zh: str

    @property
    def pattern(self) -> bool:
        """Tell whether it is a pattern."""
        return self.code.startswith("B")

    @property
    def category(self) -> bool:
        """Tell whether it is a category of the standard, whose code ends with a dot."""
        return self.code.endswith(".")


@cache
def terms() -> Mapping[str, Term]:
    """Return the terms that come along, by code."""
    told = tomllib.loads((files("salus.records.tcm") / "terms.toml").read_text("utf-8"))["terms"]
    rows = (line.split(" | ") for line in told.strip().splitlines())
    return {code: Term(code=code, zh=zh, en=en) for code, zh, en in rows}


def term(code: str) -> Term | None:
    """Return the term of a code, written with or without the dot that marks a category; None if it is not here."""
    return terms().get(code) or terms().get(f"{code}.")


def terms_of(concept: object) -> tuple[Term, ...]:
    """Return the terms that a concept's codings name, diseases first, each once; unknown codes name none here."""
    codings = concept.get("coding") if isinstance(concept, dict) else None
    named = [
        term(str(one.get("code"))) for one in codings or () if isinstance(one, dict) and one.get("system") == SYSTEM
    ]
    found = dict.fromkeys(one for one in named if one is not None)
    return tuple(sorted(found, key=lambda one: one.pattern))


def is_code(text: str) -> bool:
    """Tell whether a text has the shape of a code, of this edition or of that of 1995, which hospitals still send."""
    return bool(_SHAPE.fullmatch(text) or _SHAPE_1995.fullmatch(text))


def doubts(resource: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield a warning of what is odd in codes of this system in a Condition: never a reason to refuse it."""
    code = resource.get("code") if resource.get("resourceType") == "Condition" else None
    codings = code.get("coding") if isinstance(code, dict) else None
    for place, coding in enumerate(codings or ()):
        if not isinstance(coding, dict) or coding.get("system") != SYSTEM or not isinstance(coding.get("code"), str):
            continue
        where = f"Condition.code.coding[{place}].code"
        if not is_code(coding["code"]):
            yield Problem(where=where, text=_SHAPELESS, code="code-invalid", severity="warning", rule="tcm-shape")
        elif term(coding["code"]) is None:
            yield Problem(where=where, text=_UNKNOWN, code="code-invalid", severity="warning", rule="tcm-unknown")


def code_system() -> dict[str, Any]:
    """Return the terms as a CodeSystem of FHIR R4, a fragment of the standard, with both languages."""
    return {
        "resourceType": "CodeSystem",
        "url": SYSTEM,
        "version": VERSION,
        "name": "TraditionalChineseMedicineTerms",
        "title": "GB/T 15657-2021 中医病证分类与代码",
        "status": "active",
        "content": "fragment",
        "caseSensitive": True,
        "count": len(terms()),
        "concept": [
            {"code": one.code, "display": one.zh, "designation": [{"language": "en", "value": one.en}]}
            for one in terms().values()
        ],
    }

"""Walk the FHIRPath of R4's search parameters over JSON, for the few forms that R4 uses.

`fhirpathpy` does the same some hundred times slower; test_naive_extraction.py holds this walk to it. Where that package
is no judge, because it resolves no reference, the walk looks at the type that a reference is written with.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

FACTS: dict[str, Any] = json.loads((Path(__file__).parent / "r4.json").read_text("utf-8"))
_STEP = re.compile(r"([A-Za-z]+)(?:\(([^()]*(?:\(\))?[^()]*)\))?(?:\.|$)")
# The ends of names of elements that may be of several types (R4, formats.html#choice).
_CHOICES = frozenset(
    "Address Age Annotation Attachment Base64Binary Boolean Canonical Code CodeableConcept Coding ContactPoint Count"
    " Date DateTime Decimal Distance Dosage Duration Expression HumanName Id Identifier Instant Integer Markdown Money"
    " Oid Period PositiveInt Quantity Range Ratio Reference SampledData Signature String Time Timing UnsignedInt Uri"
    " Url Uuid".split()
)
DECEASED = "Patient.deceased.exists() and Patient.deceased != false"


def nodes(resource: dict[str, Any], expression: str) -> list[Any]:
    """Return what an expression of a search parameter leads to in a resource."""
    if expression == DECEASED:
        found = [one for key, one in resource.items() if key in ("deceasedBoolean", "deceasedDateTime")]
        return [bool(found) and found != [False]]
    return [one for steps in _alternatives(expression) for one in _walk(resource, steps)]


def may_be_a_choice(name: str) -> bool:
    """Tell whether an element's name could be that of a choice with its type."""
    return any(name.endswith(one) for one in _CHOICES)


def is_choice(name: str, stem: str) -> bool:
    """Tell whether an element's name is this stem with a type."""
    return name.startswith(stem) and name[len(stem) :] in _CHOICES


@cache
def _alternatives(expression: str) -> tuple[tuple[tuple[str, str | None], ...], ...]:
    parts = []
    for part in expression.split(" | "):
        text = re.sub(r"^\((.*)\)(?=$|\.)", r"\1", part.strip())
        parts.append(tuple((name, inner or None) for name, inner in _STEP.findall(text)))
    return tuple(parts)


def _walk(resource: dict[str, Any], steps: tuple[tuple[str, str | None], ...]) -> Iterator[Any]:
    root, *rest = steps
    found: list[tuple[Any, str]] = [(resource, "")] if root[0] in (resource.get("resourceType"), "Resource") else []
    if root[0][0].islower():  # a component of a composite: relative to its element
        found, rest = [(resource, "")], list(steps)
    for name, inner in rest:
        found = _stepped(found, name, inner)
    yield from (node for node, _ in found)


def _stepped(found: list[tuple[Any, str]], name: str, inner: str | None) -> list[tuple[Any, str]]:
    if name == "ofType":
        return [(node, kind) for node, kind in found if kind.lower() == str(inner).lower()]
    if name == "where":
        return [(node, kind) for node, kind in found if _holds(node, str(inner))]
    return [one for node, _ in found for one in _children(node, name)]


def _holds(node: Any, condition: str) -> bool:
    if condition.startswith("resolve() is "):
        return str(node.get("reference", "")).rpartition("/")[0].endswith(condition.removeprefix("resolve() is "))
    name, _, value = condition.partition("=")
    return bool(node.get(name) == value.strip("'"))


def _children(node: Any, name: str) -> Iterator[tuple[Any, str]]:
    if not isinstance(node, dict):
        return
    for key in (name, *(key for key in node if key.startswith(name) and key[len(name) :] in _CHOICES)):
        value = node.get(key)
        for one in value if isinstance(value, list) else () if value is None else (value,):
            if one is not None:
                yield one, key[len(name) :]

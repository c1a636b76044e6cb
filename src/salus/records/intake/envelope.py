"""What is wrong with a Bundle around its resources: the shape of its own elements and of each entry. Pure.

The resources themselves are examined where they are taken in, each by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from salus.records.errors import Problem
from salus.records.fhir.validation import is_shaped, shape_problems

_ANY = {"resourceType": "Basic"}


def envelope_problems(bundle: dict[str, Any]) -> list[Problem]:
    """Return what is wrong with the elements beside `entry`."""
    return shape_problems({name: value for name, value in bundle.items() if name != "entry"}, "Bundle")


def well_shaped(entries: Sequence[Any]) -> bool:
    """Tell whether the shape of every entry is right; far cheaper than asking for each one's problem."""
    return not entries or is_shaped(
        {"resourceType": "Bundle", "type": "batch", "entry": [*map(_bare, entries)]}, "Bundle"
    )


def entry_problem(entry: Any, position: int) -> Problem | None:
    """Return the first thing that is wrong with the shape of an entry."""
    found = shape_problems({"resourceType": "Bundle", "type": "batch", "entry": [_bare(entry)]}, "Bundle")
    where = f"Bundle.entry[{position}]"
    return replace(found[0], where=found[0].where.replace("Bundle.entry[0]", where)) if found else None


def _bare(entry: Any) -> Any:
    """Leave out the resource, which is examined by itself, and a urn that is a name among entries and no real UUID."""
    if not isinstance(entry, dict):
        return entry
    bare = dict(entry)
    if isinstance(bare.get("resource"), dict):
        bare["resource"] = _ANY
    if str(bare.get("fullUrl")).startswith("urn:uuid:"):
        del bare["fullUrl"]
    return bare

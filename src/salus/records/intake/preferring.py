"""Which of several that match is meant: the asker's own, else the registry's, else anybody's. Pure.

What one facility keeps in the directory so never stands in the way of another that keeps its own, or of institutions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from salus.records.errors import Problem
from salus.records.fhir import facts
from salus.records.institutions import BODY, FACILITY, REGISTRY
from salus.records.intake.examine import Examined

T = TypeVar("T")
_RESERVED = (BODY, FACILITY)
_NOT_YOURS = "names an institution, which the registry alone does: use a system of your own"


def nearest(found: Iterable[T], keeper: Callable[[T], str], asker: str) -> list[T]:
    """Return those that are kept nearest to who asks."""
    tiers: dict[int, list[T]] = {}
    for one in found:
        kept = keeper(one)
        tiers.setdefault(0 if kept == asker else 1 if kept == REGISTRY else 2, []).append(one)
    return tiers[min(tiers)] if tiers else []


def usurped(examined: Sequence[Examined], facility: str) -> list[Problem]:
    """Find where somebody else than the registry gives a resource the identifier of an institution."""
    if facility == REGISTRY:
        return []
    return [
        Problem(where=f"{one.type}.identifier", text=_NOT_YOURS, code="business-rule", entry=one.intent.entry)
        for one in examined
        if any(system in _RESERVED for system, _ in facts.identifiers(one.resource))
    ]

"""Rules of survivorship as data: in which order the reasons for a value count, element by element. Pure.

Nothing is merged: the value shown is one that a chart states, with its source and date; the others stay where they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    """Why a value stands: nobody states another, a document vouches for it, most state it, it is the newest."""

    ALONE = "alone"
    DOCUMENT = "document"
    MOST = "most"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What one chart states of one element. `vouched` tells whether a valid number in the same chart goes with it."""

    element: str
    value: str = field(repr=False)
    source: str
    at: datetime
    vouched: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Survivor:
    """The value that stands, who states it since when (the newest who does), why, and how many others are stated."""

    element: str
    value: str = field(repr=False)
    source: str
    at: datetime
    reason: Reason
    others: int


RULES: Final[Mapping[str, tuple[Reason, ...]]] = {
    # A number carries its holder's birth date; a name beside a valid number was read off the same card.
    "name": (Reason.DOCUMENT, Reason.MOST, Reason.NEWEST),
    "birth_date": (Reason.DOCUMENT, Reason.MOST, Reason.NEWEST),
    # A slip of the pen is one sender's; a change is rare.
    "gender": (Reason.MOST, Reason.NEWEST),
    # People move and change their telephone: the newest is right, however many know the old one.
    "telephone": (Reason.NEWEST,),
    "address": (Reason.NEWEST,),
}


def survivors(statements: Iterable[Statement]) -> tuple[Survivor, ...]:
    """Return the value that stands of each element of which anything is stated, in the order of the rules.

    It depends on what is stated and on nothing else: neither on the order, nor on charts having been linked or parted.
    """
    stated: dict[str, dict[str, list[Statement]]] = {}
    for one in statements:
        stated.setdefault(one.element, {}).setdefault(one.value, []).append(one)
    return tuple(_survivor(name, stated[name]) for name in RULES if name in stated)


def _survivor(name: str, stated: Mapping[str, list[Statement]]) -> Survivor:
    left, reason = sorted(stated), Reason.ALONE
    for rule in RULES[name]:
        if len(left) == 1:
            break
        marks = {value: _MARKS[rule](stated[value]) for value in left}
        best = max(marks.values())
        if len(keep := [value for value in left if marks[value] == best]) < len(left):
            left, reason = keep, rule
    value = left[0]
    newest = max(stated[value], key=lambda one: (one.at, one.source))
    return Survivor(
        element=name, value=value, source=newest.source, at=newest.at, reason=reason, others=len(stated) - 1
    )


def _most(found: list[Statement]) -> float:
    """Count the sources, not their charts: one that writes a mistake ten times is one."""
    return float(len(Counter(one.source for one in found)))


_MARKS: Mapping[Reason, Callable[[list[Statement]], float]] = {
    Reason.DOCUMENT: lambda found: float(any(one.vouched for one in found)),
    Reason.MOST: _most,
    Reason.NEWEST: lambda found: max(one.at for one in found).timestamp(),
}

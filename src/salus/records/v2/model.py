"""A message taken apart, and what it tells of. Pure; no person shows in a repr."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Delimiters:
    """What separates, as MSH-1 and MSH-2 declare it; empty where a message has none. `truncation` is of 2.7."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    truncation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a sender is told: `code` AA, AE or AR, `condition` of table 0357, `element` as ERR-2 writes it, a safe text.

    `notes` are (element, text) of what was left out of a message that was taken. `seal` and `at` make an answer's own
    control identifier and time, so that the answer to a message that was answered before is the same.
    """

    code: str
    condition: int = 0
    element: str | None = None
    salus: str = ""
    text: str = ""
    notes: tuple[tuple[str, str], ...] = ()
    seal: bytes = b""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One resource that a message tells of.

    `keys` are (system, value) by any of which it is found again; where none is known it is new. `manner` says what
    happens to one that is known: `update` changes what the message names and leaves the rest (a None takes an element
    away), `replace` makes it as the message says, `keep` leaves it. `name` is how others of the message refer to it;
    `fresh` is what a new one has besides, where the message does not say it.
    """

    type: str
    name: str
    keys: tuple[tuple[str, str], ...] = field(repr=False)
    resource: dict[str, Any] = field(repr=False)
    manner: str
    element: str
    fresh: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """All that one message tells, the Patient first. `said` is when it was said; `notes` name what was left out."""

    told: tuple[Told, ...]
    said: datetime
    notes: tuple[tuple[str, str], ...] = ()

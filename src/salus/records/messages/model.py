"""A message on its way into the record. Pure; neither its content nor its identifier shows in a repr."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from salus.records.v2.model import Mapped


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A message that was read, with the digests it is known by.

    `locks` guard every number that it is about against other messages, `barred` against writes by a condition.
    """

    facility: str
    mapped: Mapped = field(repr=False)
    message: bytes = field(repr=False)
    fingerprint: bytes = field(repr=False)
    locks: frozenset[int] = field(repr=False)
    barred: frozenset[int] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What was answered to a message that came before. `same` is false for another message under its identifier."""

    at: datetime
    notes: tuple[tuple[str, str], ...]
    same: bool

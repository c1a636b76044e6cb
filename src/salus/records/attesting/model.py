"""A fact as a record has it: what, of which disease, when, and which version of which entry says so. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

RECOVERED_AFTER: Final = timedelta(days=11)
RECOVERED_UNTIL: Final = timedelta(days=180)
"""From and until when a finding counts as recovered from, as in Regulation (EU) 2021/953."""


class AttestedKind(StrEnum):
    """What can be attested."""

    VACCINATION = "vaccination"
    TEST = "test"
    RECOVERY = "recovery"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attested:
    """One fact. `at` is when it was given, the specimen taken or the infection found; `text` is how it was written."""

    resource: UUID
    version: int
    kind: AttestedKind
    disease: str
    at: datetime
    facility: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What an entry says beyond the fact, for a format that asks: its own code, and which dose of how many."""

    code: str
    doses: tuple[int, int] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A Patient's names as written: the parts, or the whole where it has no parts."""

    family: str = field(repr=False)
    given: str = field(repr=False)
    text: str = field(repr=False)

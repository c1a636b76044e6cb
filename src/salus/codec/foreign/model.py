"""What a code of another issuer says: whose, what happened, and who signed it. Pure.

There is no field for a colour, a status or a place of a person; what a format has of those is not read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class EventKind(StrEnum):
    """What happened; the three that certificates of ours have too."""

    VACCINATION = "vaccination"
    TEST = "test"
    RECOVERY = "recovery"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Whose it is, as its issuer wrote it: names and birth date, any of them empty."""

    family: str = field(repr=False)
    given: str = field(repr=False)
    born: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One fact: its kind, the agent or disease and what was given or found by the codes of the format, and when.

    `on` is a date or date-time as written. `detail` holds the format's other codes, sorted by their name.
    """

    kind: EventKind
    target: str
    on: str
    country: str
    detail: tuple[tuple[str, str], ...]

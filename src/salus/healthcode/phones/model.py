"""A resident's telephones and what is handed to one. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

MOST_PHONES: Final = 4
"""How many telephones one resident has; the table has as many places."""
TOKEN_LASTS: Final = timedelta(hours=24)
"""How long a telephone shows codes without asking the node again. It carries a right: no setting changes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """One telephone of a resident: since when, and until when it shows codes without asking again."""

    phone_id: UUID
    registered: datetime
    ends: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a telephone signs each step around, and the first instant at which it is good no longer."""

    phone_id: UUID
    message: bytes = field(repr=False)
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The telephone that a shown code claims to be of."""

    phone_id: UUID
    resident_key: int
    point: bytes
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """Whose code was shown, and whether it is the first time that this step of it is taken."""

    resident_key: int
    first: bool

"""One order of a card, and on what word it stands. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from salus.healthcode.cards.errors import CardRefused

ORDER_LASTS: Final = timedelta(hours=24)
"""How long an order waits to be printed. It carries a right: no setting changes it."""
MOST_WAITING: Final = 200
"""So many cards may wait at one facility at once. It bounds what one printing can take away."""


class Agreed(StrEnum):
    """How the resident agreed: aloud, to whoever was there, or on a paper that they signed."""

    SAID = "said"
    SIGNED = "signed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """An order of a card for one resident at one facility. `paper` numbers the signed paper, if there is one."""

    id: UUID
    resident_key: int
    facility: str
    ordered_by: str
    agreed: Agreed
    paper: str | None
    at: datetime
    printed: datetime | None = None

    def __post_init__(self) -> None:
        if (self.agreed is Agreed.SIGNED) != (self.paper is not None):
            raise CardRefused("a card stands on a signed paper, by its number, or on what was said, without one")

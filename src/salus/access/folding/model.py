"""Look-ups by a system as one line of a day. Pure; nothing in the register is folded, only what is shown of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from salus.kernel import Purpose, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """All entries of one civil day by one facility's system, for one purpose, about one resident.

    `looks` is how many entries, `first` and `last` when. `newest` is the batch and item of the newest of them.
    """

    day: date
    role: Role
    facility: str | None
    purpose: Purpose
    looks: int
    first: datetime
    last: datetime
    newest: tuple[int, int]

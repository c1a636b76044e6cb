"""A look at a record, as the resident is shown it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from salus.kernel import Purpose, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One entry of the register about this resident.

    `reader` identifies the person or system; `own` is true for the resident's own looks. `proved` tells that the
    public log covers the entry already; until then `proof_by` is when it will, at the latest.
    """

    batch: int
    item: int
    at: datetime
    role: Role
    reader: str
    facility: str | None
    what: str
    action: str
    count: int
    purpose: Purpose
    ground: str
    own: bool
    proved: bool
    proof_by: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfolded:
    """A page of what is behind one line of a day, newest first; `more` tells that older ones exist."""

    looks: tuple[Look, ...]
    more: bool

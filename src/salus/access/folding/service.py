"""Tell people's looks from those of systems, and fold the latter. Changes nothing in the register."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from salus.access.folding import store
from salus.access.folding.model import Fold
from salus.access.model import RegisteredRead
from salus.kernel import Purpose, Role
from salus.storage import Transaction

Place = tuple[int, int]


def looks_by_people(
    tx: Transaction, resident_keys: Sequence[int], before: Place | None = None, limit: int = 50
) -> list[RegisteredRead]:
    """Return who looked in person, newest first: however often systems asked in between, they hide nobody."""
    return store.by_people(tx, resident_keys, before, limit)


def folds(tx: Transaction, resident_keys: Sequence[int], before: Place | None, after: Place, limit: int) -> list[Fold]:
    """Return what systems did of themselves between two places of the register, one line a day, facility and purpose.

    A line belongs where its newest entry stands; both places are left out, the newest first. Entries stay as they are,
    and `looks_of_fold` returns them.
    """
    return store.folded(tx, resident_keys, before, after, limit)


def looks_of_fold(
    tx: Transaction,
    resident_keys: Sequence[int],
    day: tuple[datetime, datetime],
    by: tuple[Role, str | None, Purpose],
    before: Place | None = None,
    limit: int = 50,
) -> list[RegisteredRead]:
    """Return the entries of one fold, newest first: of a role at a facility for a purpose, `since <= at < until`."""
    return store.of_fold(tx, resident_keys, day, by, before, limit)

"""Order cards and mark them printed, in the caller's transaction. Duty CARE."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from salus.healthcode.cards import store
from salus.healthcode.cards.errors import TooManyCards
from salus.healthcode.cards.model import MOST_WAITING, ORDER_LASTS, Card
from salus.storage import Transaction

MOST_SHOWN = 20


def order(tx: Transaction, card: Card) -> None:
    """Keep an order. Raises TooManyCards where as many wait at the facility as may."""
    if store.count_waiting(tx, card.facility, card.at - ORDER_LASTS) >= MOST_WAITING:
        raise TooManyCards(f"{MOST_WAITING} cards wait here to be printed; print them first")
    store.insert(tx, card)


def waiting(tx: Transaction, facility: str, at: datetime) -> list[Card]:
    """Return the orders of a facility that wait and have not lapsed, in their order."""
    return store.waiting(tx, facility, at - ORDER_LASTS, MOST_WAITING)


def mark_printed(tx: Transaction, cards: Sequence[UUID], at: datetime) -> frozenset[UUID]:
    """Note that cards are printed, and return those that were not yet: none is printed twice."""
    return store.insert_printed(tx, cards, at)


def of_residents(tx: Transaction, residents: Sequence[int]) -> list[Card]:
    """Return the newest cards that were ordered for a resident, under any of these keys."""
    return store.of_residents(tx, residents, MOST_SHOWN)

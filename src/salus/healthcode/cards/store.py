"""SQL of card and card_printed. Rows are only ever inserted and read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from salus.healthcode.cards.model import Agreed, Card
from salus.storage import Transaction

_COLUMNS = "c.card_id, c.resident_key, c.facility, c.ordered_by, c.agreed, c.paper, c.at"
WAITING = f"""
    select {_COLUMNS}, null from healthcode.card c
    where c.facility = %s and c.at > %s
      and not exists (select from healthcode.card_printed p where p.card_id = c.card_id)
    order by c.at, c.card_id limit %s
"""  # noqa: S608 - a constant
OF_RESIDENTS = f"""
    select {_COLUMNS}, p.at from healthcode.card c left join healthcode.card_printed p on p.card_id = c.card_id
    where c.resident_key = any(%s::bigint[]) order by c.at desc, c.card_id limit %s
"""  # noqa: S608 - a constant
_INSERT = """
    insert into healthcode.card (card_id, resident_key, facility, ordered_by, agreed, paper, at)
    values (%s, %s, %s, %s, %s, %s, %s)
"""
_PRINTED = """
    insert into healthcode.card_printed (card_id, at) select unnest(%s::uuid[]), %s
    on conflict do nothing returning card_id
"""


def insert(tx: Transaction, card: Card) -> None:
    """Add an order."""
    tx.run(
        _INSERT,
        (card.id, card.resident_key, card.facility, card.ordered_by, card.agreed.value, card.paper, card.at),
    )


def waiting(tx: Transaction, facility: str, since: datetime, most: int) -> list[Card]:
    """Return the orders of a facility after `since` that are not printed."""
    return [_card(row) for row in tx.rows(WAITING, (facility, since, most))]


def count_waiting(tx: Transaction, facility: str, since: datetime) -> int:
    """Return how many orders of a facility after `since` are not printed."""
    row = tx.row(f"select count(*) from ({WAITING}) w", (facility, since, 10_000))  # noqa: S608 - a constant
    return int(row[0]) if row else 0


def insert_printed(tx: Transaction, cards: Sequence[UUID], at: datetime) -> frozenset[UUID]:
    """Note that cards are printed, and return those that were not yet."""
    return frozenset(row[0] for row in tx.rows(_PRINTED, (list(cards), at)))


def of_residents(tx: Transaction, residents: Sequence[int], most: int) -> list[Card]:
    """Return the newest orders for any of these keys."""
    return [_card(row) for row in tx.rows(OF_RESIDENTS, (list(residents), most))]


def _card(row: Sequence[Any]) -> Card:
    id_, resident_key, facility, ordered_by, agreed, paper, at, printed = row
    return Card(
        id=id_,
        resident_key=resident_key,
        facility=facility,
        ordered_by=ordered_by,
        agreed=Agreed(agreed),
        paper=paper,
        at=at,
        printed=printed,
    )

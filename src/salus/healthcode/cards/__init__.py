"""Cards with an identity code on paper: ordered at a desk for who is there and agrees, printed once, never listed.

Refuses to hold a name or a code: an order says whose card and who asked for it on what word, until it is printed.
"""

from salus.healthcode.cards.errors import CardRefused, TooManyCards
from salus.healthcode.cards.model import MOST_WAITING, ORDER_LASTS, Agreed, Card
from salus.healthcode.cards.service import mark_printed, of_residents, order, waiting

__all__ = [
    "MOST_WAITING",
    "ORDER_LASTS",
    "Agreed",
    "Card",
    "CardRefused",
    "TooManyCards",
    "mark_printed",
    "of_residents",
    "order",
    "waiting",
]

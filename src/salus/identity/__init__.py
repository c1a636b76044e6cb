"""The resident index: a random identifier for each resident, found by keyed digests of numbers. Cannot be listed."""

from salus.identity.errors import NumberRefused
from salus.identity.model import ID_CARD_SYSTEMS, IdNumber, Resident, check_character
from salus.identity.service import Arrival, add_numbers, find, last_two, place, resident, resident_by_key, residents_of

__all__ = [
    "ID_CARD_SYSTEMS",
    "Arrival",
    "IdNumber",
    "NumberRefused",
    "Resident",
    "add_numbers",
    "check_character",
    "find",
    "last_two",
    "place",
    "resident",
    "resident_by_key",
    "residents_of",
]

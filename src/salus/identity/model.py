"""Resident identity numbers after GB 11643-1999. Pure; a number never shows in a repr."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from salus.identity.documents import (
    check_character,
    check_citizen,
    document_type,
    document_types,
    read_citizen_number,
)
from salus.identity.documents.citizen import birth_date

__all__ = ["DOCUMENT_SYSTEMS", "ID_CARD_SYSTEMS", "IdNumber", "Resident", "check_character"]

# FHIR identifier systems under which a resident identity card number arrives.
ID_CARD_SYSTEMS = frozenset(document_type("resident-id").systems)
# The type of document of each FHIR identifier system that the table of document types knows.
DOCUMENT_SYSTEMS = {system: kind.code for kind in document_types().values() for system in kind.systems}


@dataclass(frozen=True, slots=True, repr=False)
class IdNumber:
    """An 18-character resident identity number: 17 digits and a check character (ISO 7064 MOD 11-2).

    Build it with `IdNumber.read`, which normalises; the constructor refuses everything that is not canonical.
    """

    text: str

    def __post_init__(self) -> None:
        check_citizen(self.text)

    @classmethod
    def read(cls, written: str) -> IdNumber:
        """Read a number as people write it: full-width digits, lower-case x, spaces and hyphens are normalised.

        The 15 digits from before 1999 are upgraded. Raises NumberRefused, which never repeats the number.
        """
        return cls(read_citizen_number(written))

    @property
    def born(self) -> date:
        """The birth date that the number names."""
        return birth_date(self.text)

    def __repr__(self) -> str:
        return "IdNumber(…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """A resident of the index: a random identifier, and the charts that belong together under it."""

    key: int
    resident_id: UUID
    charts: tuple[int, ...] = ()

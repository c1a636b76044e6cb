"""Resident identity numbers after GB 11643-1999. Pure; a number never shows in a repr."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from salus.identity.errors import NumberRefused

# FHIR identifier systems under which a resident identity card number arrives; the OID is WS/T 482's.
ID_CARD_SYSTEMS = frozenset({"urn:oid:2.16.156.10011.1.3", "urn:salus:id-card"})
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_ASCII_DIGITS = frozenset("0123456789")


@dataclass(frozen=True, slots=True, repr=False)
class IdNumber:
    """An 18-character resident identity number: 17 digits and a check character (ISO 7064 MOD 11-2).

    Build it with `IdNumber.read`, which normalises; the constructor refuses everything that is not canonical.
    """

    text: str

    def __post_init__(self) -> None:
        if len(self.text) != 18 or not set(self.text[:17]) <= _ASCII_DIGITS:
            raise NumberRefused("an identity number has 17 digits and a check character; check the number")
        if self.text[17] != check_character(self.text[:17]):
            raise NumberRefused("the identity number's check character does not fit; check the number")
        try:
            date(int(self.text[6:10]), int(self.text[10:12]), int(self.text[12:14]))
        except ValueError:
            raise NumberRefused("the identity number names no possible birth date; check the number") from None

    @classmethod
    def read(cls, written: str) -> IdNumber:
        """Read a number as people write it: full-width digits, lower-case x, spaces and hyphens are normalised.

        Raises NumberRefused, which never repeats the number.
        """
        if len(written) > 64:
            raise NumberRefused("an identity number has 18 characters")
        folded = unicodedata.normalize("NFKC", written).strip()
        return cls(folded.replace(" ", "").replace("-", "").upper())

    @property
    def born(self) -> date:
        """The birth date that the number names."""
        return date(int(self.text[6:10]), int(self.text[10:12]), int(self.text[12:14]))

    def __repr__(self) -> str:
        return "IdNumber(…)"


def check_character(digits: str) -> str:
    """Return the check character of 17 digits (ISO 7064 MOD 11-2)."""
    return _CHECK[sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=True)) % 11]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """A resident of the index: a random identifier, and the charts that belong together under it."""

    key: int
    resident_id: UUID
    charts: tuple[int, ...] = ()

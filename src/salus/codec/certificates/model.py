"""What a certificate can say: a kind, a disease, when; at most a hint to match a card. Pure; no other field exists."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum
from types import MappingProxyType

from salus.codec.errors import CodecError, Fault

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
LIST_SIZE = 1 << 20
MOST_LISTS = 1 << 16
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_DAY = 36_524  # in the year 2069
_INITIALS = re.compile("[A-Z\u4e00-\u9fff]{1,4}")
_LAST_TWO = re.compile("[0-9][0-9X]", re.ASCII)


class CertificateKind(IntEnum):
    """What happened. A test is one in which nothing was found: a finding is for care, never for a door."""

    VACCINATION = 1
    TEST = 2
    RECOVERY = 3

    @property
    def word(self) -> str:
        """The word that declarations and commands use."""
        return self.name.lower()


class Disease(IntEnum):
    """Against or for what: a closed list, by numbers that never change their meaning."""

    COVID_19 = 1
    INFLUENZA = 2
    MEASLES = 3
    POLIOMYELITIS = 4
    YELLOW_FEVER = 5
    HEPATITIS_B = 6
    VARICELLA = 7
    PNEUMOCOCCAL = 8
    TUBERCULOSIS = 9
    HUMAN_PAPILLOMAVIRUS = 10
    CHOLERA = 11

    @property
    def word(self) -> str:
        """The word that records and commands use."""
        return self.name.lower().replace("_", "-")


LONGEST = MappingProxyType(
    {
        CertificateKind.VACCINATION: timedelta(days=365),
        CertificateKind.TEST: timedelta(hours=72),
        CertificateKind.RECOVERY: timedelta(days=180),
    }
)
"""How long a certificate may live, from its issue; a test's, also from its specimen. Constants: they bound exposure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """What helps to match a card, and no more: initials, day and month of birth, the number's last two characters."""

    initials: str
    month: int
    day: int
    last_two: str

    def __post_init__(self) -> None:
        if not _INITIALS.fullmatch(self.initials) or not _LAST_TWO.fullmatch(self.last_two):
            raise CodecError("a hint has one to four initials and the last two characters", Fault.STRUCTURE)
        try:
            date(2000, self.month, self.day)  # a leap year, so that 29 February is a day
        except ValueError:
            raise CodecError("a hint has a day and a month that a calendar has", Fault.STRUCTURE) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One fact. `when` is the civil day of a vaccination, the hour of a specimen, the civil day of a first finding.

    `issued` and `expires` are whole hours in UTC, so that the minute of issue links nobody. `list_number` and `index`
    are the place in the status list where the certificate is voided. Building an impossible one raises CodecError.
    """

    kind: CertificateKind
    disease: Disease
    when: int
    issued: datetime
    expires: datetime
    list_number: int
    index: int
    hint: Hint | None = None

    def __post_init__(self) -> None:
        if not (0 <= self.list_number < MOST_LISTS and 0 <= self.index < LIST_SIZE):
            raise CodecError("there is no such place in a status list", Fault.STRUCTURE)
        test, issued, expires = self.kind is CertificateKind.TEST, self.issued, self.expires
        if not 0 <= self.when <= (_LAST_DAY * 24 if test else _LAST_DAY):
            raise CodecError("a certificate's fact lies in the years 1970 to 2069", Fault.STRUCTURE)
        if not (_is_whole_hour(issued) and _is_whole_hour(expires)):
            raise CodecError("a certificate is issued and expires at whole hours", Fault.STRUCTURE)
        begins = min(issued, self.at) if test else issued
        if not issued < expires <= begins + LONGEST[self.kind]:
            raise CodecError("a certificate expires, and within the longest life of its kind", Fault.STRUCTURE)

    @property
    def at(self) -> datetime:
        """The instant, or the beginning in UTC of the civil day, of the fact."""
        return _EPOCH + self.when * (HOUR if self.kind is CertificateKind.TEST else DAY)

    @property
    def hour(self) -> datetime | None:
        """The hour of a test's specimen; None for other kinds, whose fact is a day."""
        return self.at if self.kind is CertificateKind.TEST else None

    @property
    def day(self) -> date:
        """The civil day of the fact; for a test, of its specimen in UTC."""
        return self.at.date()


def _is_whole_hour(at: datetime) -> bool:
    """Tell whether an instant is a whole hour in UTC, in whichever zone it is written."""
    if at.tzinfo is UTC:
        return not (at.minute or at.second or at.microsecond)
    return not (at - _EPOCH) % HOUR


def day_number(day: date) -> int:
    """Count a civil day from 1 January 1970."""
    return (day - _EPOCH.date()).days


def hour_number(at: datetime) -> int:
    """Count the hour that an instant lies in from 1970."""
    return (at - _EPOCH) // HOUR


def seconds(at: datetime) -> int:
    """Count whole seconds from 1970 (NumericDate of RFC 8392)."""
    return (at - _EPOCH) // _SECOND


def instant(number: int) -> datetime:
    """Return the instant of a NumericDate."""
    return _EPOCH + timedelta(0, number)

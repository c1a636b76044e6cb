"""A person's record, prepared: eleven columns as a sender wrote them in, what is compared out. Pure.

Nothing that a sender writes is an error here. What says nothing (a filler, an impossible date) is None.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from salus.identity.documents import (
    Doubt,
    document_types,
    is_generic_phone,
    is_placeholder,
    read,
    read_phone,
)
from salus.identity.documents.spelling import canonical
from salus.identity.errors import NumberRefused
from salus.identity.linkage.comparing import question
from salus.identity.linkage.model import Row
from salus.identity.linkage.people.addresses import address_keys
from salus.identity.linkage.people.spelling import spelling
from salus.identity.linkage.specs import read_test

COLUMNS = (
    "record_id",
    "source",
    "name",
    "sex",
    "birth_date",
    "id_type",
    "id_number",
    "phone",
    "county",
    "address",
    "recorded_at",
)
"""The columns of a table of people that needs no specification."""

_DATES = (
    re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})"),
    re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?(?:[ T].*)?"),
)
_MALE = frozenset({"male", "m", "1", "男", "男性"})
_FEMALE = frozenset({"female", "f", "2", "女", "女性"})
OLDEST_YEARS = 130
FILLER_DAYS = frozenset({"19000101", "18991231", "19700101", "11110101"})
_CODE = re.compile(r"[0-9]{6}")
LINKING = frozenset(code for code, kind in document_types().items() if kind.links)
_SHAPED = re.compile(r"[0-9]{17}[0-9X]")
SERIES = (
    "birth-certificate",
    "passport",
    "military",
    "hk-macau-permit",
    "taiwan-permit",
    "citizen",
    "hospital-card",
)
"""The number spaces whose numbers come one after the other, so that neighbours are two people's. `citizen` is here the
card of foreigners from before 2023; what has a check character is in none. A guard knows a series by its place."""
ONE_BIRTHDAY = tuple(
    map(read_test, ("damerau birth 1", "date-swapped birth", "date-parts birth 2", "within birth_day 60"))
)
"""How far two writings of one birth date may lie apart: a slip, one part wrong, the calendar of the moon."""


class Features(NamedTuple):
    """What is compared. Texts are ASCII and never empty; a column that says nothing is None.

    `characters` are the name's Chinese characters as code points, `tones` how it is called; `sound` and `surname` are
    its keys in Latin letters, `sounds` all keys under which it may be meant. `birth` has eight digits, `birth_day`
    counts days, and `vague` is 1 for the first of January, which stands for a year alone. `citizen` is a valid
    resident's number that is this person's own, `typed` that, or one with a slip of the pen, or a number of another
    type with the type in front; `guardian` is a valid number of somebody else. `dwelling` and `house` are keys of the
    address. `numbered` and `unnamed` are 1 or 0: `citizen` had its check character; the record must never be linked by
    itself. `series` says in which of `SERIES` the number `typed` was given, counted from 1; 0: in none, or no number.
    """

    characters: str | None
    tones: str | None
    sound: str | None
    surname: str | None
    sounds: tuple[str, ...] | None
    birth: str | None
    birth_year: str | None
    birth_day: int | None
    vague: int
    sex: str | None
    citizen: str | None
    typed: str | None
    guardian: str | None
    phone: str | None
    county: str | None
    dwelling: str | None
    house: str | None
    numbered: int
    unnamed: int
    series: int

    def __repr__(self) -> str:
        return "Features(…)"


def features(record: Mapping[str, str | None]) -> Features:
    """Prepare one record, a mapping with any of the eleven columns; a missing one says nothing."""
    return prepared(*(record.get(column) or "" for column in COLUMNS[2:]))


def prepared(
    name: str,
    sex: str,
    birth_date: str,
    id_type: str,
    id_number: str,
    phone: str,
    county: str,
    address: str,
    recorded_at: str,
) -> Features:
    """Prepare one record, given as its columns from the third on; "" is not written."""
    characters, tones, sound, surname, sounds, nameless = spelling(name)
    born = _born(birth_date, recorded_at)
    citizen, typed, guardian, numbered = numbers(id_type, id_number, born)
    dwelling, house = address_keys(address)
    return Features(
        characters,
        tones,
        sound,
        surname,
        sounds,
        born,
        born and born[:4],
        _ordinal(born) if born else None,
        int(born is not None and born.endswith("0101")),
        sex_letter(sex),
        citizen,
        typed,
        guardian,
        telephone(phone),
        county_code(county),
        dwelling,
        house,
        numbered,
        int(nameless or id_type == "temporary"),
        series(typed),
    )


def series(typed: str | None) -> int:
    """Return the place in `SERIES` of the space in which a number was given, from 1, or 0."""
    space, dot, _ = (typed or "").partition(".")
    return SERIES.index(space) + 1 if dot else 0


def _ordinal(day_: str) -> int:
    return date(int(day_[:4]), int(day_[4:6]), int(day_[6:])).toordinal()


def numbers(id_type: str, written: str, born: str | None) -> tuple[str | None, str | None, str | None, int]:
    """Read a number: citizen, typed, guardian and numbered. `born` is the stated birth date, eight digits."""
    if not written or id_type not in LINKING:
        return None, None, None, 0
    try:
        found = read(id_type, written, issuer="-" if id_type == "hospital-card" else "")
    except NumberRefused:
        return None, _slipped(id_type, written), None, 0
    if not found.carries_weight:
        return None, None, None, 0
    if found.born is None:
        return None, _ascii(f"{found.kind.space}.{found.value}"), None, 0
    if born is not None and not one_birthday(born, f"{found.born:%Y%m%d}".zfill(8)):
        return None, None, found.value, 0
    return found.value, found.value, None, int(Doubt.UPGRADED not in found.warnings)


_ALIKE = tuple(map(question, ONE_BIRTHDAY))


def one_birthday(stated: str, numbered: str) -> bool:
    """Say whether the stated birth date may be the one that a number names, put down wrongly; else it is borrowed.

    Takes eight digits of possible dates. A stated first of January may stand for its year alone.
    """
    if stated == numbered or (stated[4:] == "0101" and stated[:4] == numbered[:4]):
        return True
    one: Row = {"birth": stated, "birth_day": _ordinal(stated)}
    other: Row = {"birth": numbered, "birth_day": _ordinal(numbered)}
    return any(alike(one, other) for alike in _ALIKE)


def _slipped(id_type: str, written: str) -> str | None:
    """Return what has the shape of a resident's number and is none: a slip of the pen."""
    if id_type != "resident-id":
        return None
    try:
        text = canonical(written)
    except NumberRefused:
        return None
    return text if _SHAPED.fullmatch(text) and not is_placeholder(text) else None


def _ascii(text: str) -> str:
    return text if text.isascii() else "".join(c if c.isascii() else f"{ord(c):x}" for c in text)


def _born(written: str, recorded_at: str) -> str | None:
    born, recorded = day(written), day(recorded_at)
    if born is None or recorded is None:
        return born
    return None if born > recorded or int(recorded[:4]) - int(born[:4]) > OLDEST_YEARS else born


@lru_cache(maxsize=65_536)
def day(written: str) -> str | None:
    """Read a day of the civil calendar, with or without a time after it, as eight digits. A filler is None."""
    text = unicodedata.normalize("NFKC", written[:64]).strip()
    for form in _DATES:
        if found := form.fullmatch(text):
            year, month, on = found.groups()
            digits = f"{year}{month:0>2}{on:0>2}"
            try:
                date(int(year), int(month), int(on))
            except ValueError:
                return None
            return None if digits in FILLER_DAYS else digits
    return None


@lru_cache(maxsize=256)
def sex_letter(written: str) -> str | None:
    """Read a sex as `m` or `f`; anything else says nothing."""
    word = unicodedata.normalize("NFKC", written[:16]).strip().lower()
    return "m" if word in _MALE else "f" if word in _FEMALE else None


def telephone(written: str) -> str | None:
    """Read a telephone number as its digits; one that is nobody's own says nothing."""
    digits = read_phone(written) if written else ""
    return None if not digits or is_generic_phone(digits) else digits


@lru_cache(maxsize=8_192)
def county_code(written: str) -> str | None:
    """Read the six digits of a county; further digits, of a township, are left out."""
    found = _CODE.match(unicodedata.normalize("NFKC", written[:32]).strip())
    return found[0] if found else None

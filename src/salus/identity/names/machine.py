"""Names as machine-readable documents spell them (ICAO Doc 9303, part 3, section 6): capitals A to Z and `<`. Pure."""

from __future__ import annotations

import re
import unicodedata

from salus.identity.names import han as chinese
from salus.identity.names.latin import folded, read_latin
from salus.identity.names.spelling import DOT, HAN, LONGEST

_MOST = 80
_LETTERS = str.maketrans(
    {"Ä": "AE", "Ö": "OE", "Ü": "UE", "ß": "SS", "ẞ": "SS", "Æ": "AE", "Œ": "OE", "Ø": "OE", "Å": "AA", "Ł": "L"}
    | {"Đ": "D", "Ð": "D", "Þ": "TH", "Ħ": "H", "Ŋ": "N", "Ŧ": "T", "İ": "I"}
)
_APART = re.compile(rf"[\s\-‐‑{DOT}]+")
_NO_LETTER = re.compile("[^A-Z]")
_LETTER = re.compile(r"[^\W\d_]")


def halves(text: str) -> tuple[str, str]:
    """Split a name that was written as one text into family and given names, as they stand there.

    Chinese names by their surname, in pinyin too where it is a known one; else the last word is the family name.
    """
    written = text[:LONGEST].strip()
    if HAN.search(written) and " " not in written:
        length = len(chinese.parts(chinese.simplified(written))[0])
        return written[:length], written[length:].lstrip(DOT)
    words, read = written.split(), read_latin(written)
    for count in (1, 2):
        if not read.guessed and len(words) > count and folded("".join(words[:count])) == read.family:
            return " ".join(words[:count]), " ".join(words[count:])
    return (words[-1], " ".join(words[:-1])) if words else ("", "")


def machine_letters(family: str, given: str) -> tuple[str, str]:
    """Spell family and given names; empty where there is nothing to spell, or in a script that is not read here."""
    if HAN.search(family + given):
        return _pinyin(family, given)
    return _latin(family), _latin(given)


def _pinyin(family: str, given: str) -> tuple[str, str]:
    """Spell Chinese names as passports do: ü after l and n is YU."""
    plain = [chinese.simplified("".join(HAN.findall(one))) for one in (family, given)]
    if not plain[0]:
        return "", ""
    first, second, _ = chinese.readings(*plain)
    return tuple(one.replace("v", "yu").upper()[:_MOST] for one in (first, second))  # type: ignore[return-value]


def _latin(text: str) -> str:
    words = [_word(one) for one in _APART.split(text[:LONGEST].strip()) if one]
    return "" if None in words else "<".join(filter(None, words))[:_MOST]


def _word(written: str) -> str | None:
    """Spell one word; None if a letter of it has no spelling here."""
    open_ = unicodedata.normalize("NFD", unicodedata.normalize("NFC", written).upper().translate(_LETTERS))
    letters = "".join(char for char in open_ if _LETTER.match(char))
    return None if _NO_LETTER.search(letters) else letters

"""Raw text to prepared text: what is compared is ASCII, folded, and missing rather than empty.

A letter that has no Latin form is written as its code point, so that it is equal to itself and to nothing else.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from salus.identity.linkage.model import Reads, Value

LATIN = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i", "ŋ": "n", "ħ": "h",
     "ə": "e", "ʻ": "", "ʼ": "", "’": "", "'": "", "‘": "", "`": ""}
)  # fmt: skip
DATES = (
    re.compile(r"(?P<y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>[0-9]{2})(?:[ T].*)?"),
    re.compile(r"(?P<y>[0-9]{4})[-/.](?P<m>[0-9]{1,2})[-/.](?P<d>[0-9]{1,2})(?:[ T].*)?"),
    re.compile(r"(?P<y>[0-9]{4})年(?P<m>[0-9]{1,2})月(?P<d>[0-9]{1,2})日?"),
)


def prepare(reads: Reads, text: str | None) -> Value:
    """Read one raw value. Nothing that can be compared gives None; no value is an error."""
    return None if text is None else _READERS[reads](unicodedata.normalize("NFKC", text))


def _folded(text: str) -> str:
    bare = unicodedata.normalize("NFKD", text.casefold().translate(LATIN))
    letters = (letter for letter in bare if not unicodedata.combining(letter))
    return "".join(letter if letter.isascii() or not letter.isalnum() else f"u{ord(letter):x}" for letter in letters)


def _words(text: str) -> tuple[str, ...] | None:
    return tuple(sorted(set(re.findall(r"[a-z0-9]+", _folded(text))))) or None


def _letters(text: str) -> str | None:
    return " ".join(re.findall(r"[a-z0-9]+", _folded(text))) or None


def _code(text: str) -> str | None:
    return "".join(re.findall(r"[a-z0-9]+", _folded(text))) or None


def _digits(text: str) -> str | None:
    return "".join(re.findall(r"[0-9]", text)) or None


def _date(text: str) -> str | None:
    """Return eight digits. A month or day that cannot be is kept: it is a clerk's error, and compares as one."""
    for form in DATES:
        if found := form.fullmatch(text.strip()):
            return f"{found['y']}{found['m']:0>2}{found['d']:0>2}"
    return None


def _integer(text: str) -> int | None:
    found = re.fullmatch(r"\s*([+-]?[0-9]{1,15})(?:\.0*)?\s*", text)
    return int(found[1]) if found else None


_READERS: dict[Reads, Callable[[str], Value]] = {
    Reads.LETTERS: _letters,
    Reads.WORDS: _words,
    Reads.DIGITS: _digits,
    Reads.CODE: _code,
    Reads.DATE: _date,
    Reads.INTEGER: _integer,
}

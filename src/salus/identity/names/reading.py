"""Read a name, whatever was written. Nothing is refused: what cannot be read is said in the answer."""

from __future__ import annotations

import re

from salus.identity.names import han as chinese
from salus.identity.names.latin import Latin, read_latin
from salus.identity.names.model import UNKNOWN, Name, NameDoubt, turned
from salus.identity.names.spelling import (
    DOT,
    HAN,
    LONGEST,
    SPECIAL,
    cleaned,
    is_child_of,
    is_nobody,
    without_title,
)
from salus.identity.names.tables import SURNAME, USUAL

_PLAIN = re.compile("[一-鿿]{2,4}")
_HAN_TEXT = re.compile(f"[{HAN.pattern[1:-1]}{DOT}?]+")
_LETTER = re.compile("[A-Za-z]")
_NOT_HAN = re.compile(f"[^{HAN.pattern[1:-1]}{DOT}?]+")


def read_name(text: str) -> Name:
    """Read one name in Chinese characters, pinyin or any other letters; every text has an answer, `doubts` says which.

    Only the first 256 characters are read. Traditional and simplified writing have the same keys. Where Chinese
    characters stand beside Latin letters, two or more of them make the name, and the letters are a variant.
    """
    if _PLAIN.fullmatch(text) and SPECIAL.isdisjoint(text):
        return _plain(text)
    doubts = (NameDoubt.CUT,) if len(text) > LONGEST else ()
    clean = cleaned(text[:LONGEST])
    count = 0 if clean.isascii() else len(HAN.findall(clean))
    letters = _LETTER.search(clean) is not None if clean.isascii() else _letters(clean)
    if count > 1 or (count and not letters):
        name = chinese.simplified(without_title(_NOT_HAN.sub("", _dotted(clean)).strip(DOT)))
        return _han(text, name, _HAN_TEXT.sub(" ", clean) if letters else "", doubts)
    if letters:
        return _foreign(text, _spelled(clean), doubts)
    unknown = clean.count(UNKNOWN)
    empty = UNKNOWN * unknown
    found = doubts + ((NameDoubt.UNKNOWN_CHARACTER,) if unknown else (NameDoubt.EMPTY,))
    return Name(raw=text, normalised=empty, family=empty, given="", sorted=empty, variants=(),
                keys=(empty,) if empty else (), doubts=found)  # fmt: skip


def _letters(clean: str) -> bool:
    return any(char.isalpha() and not HAN.match(char) for char in clean)


def _plain(text: str) -> Name:
    """Read what most names are: two to four characters and nothing else. `_han` would say the same, more slowly."""
    name = chinese.simplified(text)
    family, given, variants = chinese.readings(*chinese.parts(name))
    order_free = turned(family + given)
    keys: tuple[str, ...] = (order_free,)
    if variants:
        keys = tuple(dict.fromkeys((order_free, *map(turned, variants))))
    return Name(raw=text, normalised=name, family=family, given=given, sorted=order_free, variants=variants, keys=keys)


def _dotted(clean: str) -> str:
    return re.sub(r"(?<=[^\x00-\x7f])\.(?=[^\x00-\x7f])", DOT, clean)


def _spelled(clean: str) -> str:
    """Put a reading for a single Chinese character among letters: at the front a surname's."""
    found = HAN.search(clean)
    if found is None:
        return clean
    char = chinese.simplified(found[0])
    reading = SURNAME[char][0] if found.start() == 0 else USUAL[char]
    return f"{clean[: found.start()]} {reading} {clean[found.end() :]}"


def _han(raw: str, name: str, beside: str, doubts: tuple[NameDoubt, ...]) -> Name:
    family, given, variants = chinese.readings(*chinese.parts(name))
    full = family + given
    order_free = turned(full)
    keys: tuple[str, ...] = (order_free,)
    if beside and (latin := read_latin(beside)).sorted:
        variants = (*variants, latin.family + latin.given, *latin.variants)
        keys = (order_free, latin.sorted)
    if variants:
        variants = tuple(dict.fromkeys(one for one in variants if one != full))
        keys = tuple(dict.fromkeys((*keys, *map(turned, variants))))
    normalised = name.replace(DOT, "")
    unknown = name.count(UNKNOWN)
    if unknown or not SPECIAL.isdisjoint(normalised):
        doubts += _doubts(normalised, unknown)
    return Name(raw=raw, normalised=normalised, family=family, given=given, sorted=order_free,
                variants=variants, keys=keys, doubts=doubts)  # fmt: skip


def _foreign(raw: str, clean: str, doubts: tuple[NameDoubt, ...]) -> Name:
    found: Latin = read_latin(clean)
    normalised = " ".join(found.words)
    full = found.family + found.given
    unknown = full.count(UNKNOWN)
    doubts += _doubts(normalised, unknown) + ((NameDoubt.ORDER_GUESSED,) if found.guessed else ())
    if not full:
        doubts += (NameDoubt.EMPTY,)
    variants = tuple(dict.fromkeys(one for one in found.variants if one != full))
    keys = (found.sorted,) if found.sorted else ()
    return Name(raw=raw, normalised=normalised, family=found.family, given=found.given, sorted=found.sorted,
                variants=variants, keys=keys, doubts=doubts)  # fmt: skip


def _doubts(normalised: str, unknown: int) -> tuple[NameDoubt, ...]:
    asked = (
        (NameDoubt.UNKNOWN_CHARACTER, unknown > 0),
        (NameDoubt.NOBODY, is_nobody(normalised)),
        (NameDoubt.CHILD_OF, is_child_of(normalised)),
    )
    return tuple(doubt for doubt, holds in asked if holds)

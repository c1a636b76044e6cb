"""What the language does: simplified characters by OpenCC, readings by pypinyin, and the readings that names have.

Both libraries are asked once for each distinct character, when it first occurs; afterwards a name costs dictionary
look-ups. They are loaded at first use.
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Callable
from functools import cache
from importlib.resources import files

from salus.identity.names.model import UNKNOWN

_MOST_READINGS = 4


class Simplified(dict[int, str]):
    """Code point of a character to its simplified form, for `str.translate`; characters of names' own are kept."""

    def __missing__(self, point: int) -> str:
        char = chr(point)
        found = char if char in kept() else _simplify()(char)
        self[point] = found if len(found) == 1 else char
        return self[point]


class Usual(dict[str, str]):
    """Simplified character to its usual reading; what pypinyin does not read is `_` and its code point."""

    def __missing__(self, char: str) -> str:
        read = char if char == UNKNOWN else _ascii(_pinyin()(char))
        self[char] = read or f"_{ord(char):x}"
        return self[char]


class Given(dict[str, tuple[str, ...]]):
    """Simplified character to its readings in a given name, usual first."""

    def __missing__(self, char: str) -> tuple[str, ...]:
        self[char] = _with_plain_u(_listed("given").get(char, (USUAL[char],)))
        return self[char]


class Surname(dict[str, tuple[str, ...]]):
    """Simplified surname, one character or a compound, to its readings as one; the usual reading comes last."""

    def __missing__(self, name: str) -> tuple[str, ...]:
        usual = "".join(USUAL[char] for char in name)
        listed = _listed("surname" if len(name) == 1 else "compound").get(name, ())
        self[name] = _with_plain_u((*listed, usual))
        return self[name]


SIMPLIFIED, USUAL, GIVEN, SURNAME = Simplified(), Usual(), Given(), Surname()


@cache
def surnames() -> frozenset[str]:
    """Return common surnames of one character."""
    return frozenset(_text("surnames")) - {"\n"}


@cache
def compounds() -> frozenset[str]:
    """Return surnames of two characters."""
    return frozenset(_text("compounds").split())


@cache
def kept() -> frozenset[str]:
    """Return characters that are not simplified."""
    return frozenset(_text("kept"))


@cache
def romanised_surnames() -> frozenset[str]:
    """Return the readings of all surnames, compounds in one word."""
    return frozenset(reading for name in surnames() | compounds() for reading in SURNAME[name])


def _with_plain_u(readings: tuple[str, ...]) -> tuple[str, ...]:
    """Add how lv, nv, lve, nve are spelled where ü is not to be had: with u. Each reading once, order kept."""
    plain = tuple(one.replace("v", "u") for one in readings if "v" in one)
    return tuple(dict.fromkeys(readings + plain))[:_MOST_READINGS]


def _ascii(reading: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKD", reading.lower()) if "a" <= char <= "z")


@cache
def _listed(section: str) -> dict[str, tuple[str, ...]]:
    pairs = (word.split("=") for word in _text(section).split())
    return {name: tuple(readings.split("/")) for name, readings in pairs}


@cache
def _tables() -> dict[str, str]:
    return tomllib.loads((files("salus.identity.names") / "readings.toml").read_text("utf-8"))


def _text(section: str) -> str:
    return _tables()[section]


@cache
def _simplify() -> Callable[[str], str]:
    from opencc import OpenCC  # noqa: PLC0415  a dictionary of its own: loaded where it is used

    convert: Callable[[str], str] = OpenCC("t2s").convert
    return convert


@cache
def _pinyin() -> Callable[[str], str]:
    from pypinyin import lazy_pinyin  # noqa: PLC0415  loads for a third of a second

    return lambda char: "".join(lazy_pinyin(char, errors="ignore"))

"""Read JSON from strangers: bounded, strict, and without losing a decimal's digits."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson

from salus.kernel import nests_deeper
from salus.records.errors import Problem, RecordRefused

MOST_BYTES = 64 * 1024 * 1024
# A parsed document takes up to 25 times its bytes where it is all structure. Real bundles have one object or list in
# 50 bytes and one comma in 40, so 64 MiB of them stay below both of these.
MOST_STRUCTURES, MOST_COMMAS = 1_500_000, 2_000_000
MOST_DEPTH = 64
MOST_NESTED = 160
"""How many lists and objects may stand inside of each other: what is `MOST_DEPTH` deep has some twice as many."""
MOST_DIGITS = 64
MOST_EXPONENT = 300
_BOM = b"\xef\xbb\xbf"


class _Duplicate(ValueError):
    pass


def parse(raw: bytes, most_bytes: int = MOST_BYTES) -> dict[str, Any]:
    """Parse one JSON object.

    Refuses, each with its reason: more than `most_bytes`, more parts than memory should hold, invalid UTF-8, truncated
    or malformed JSON, NaN and Infinity, an object that names a key twice, lone surrogates, more than 160 lists and
    objects inside of each other whatever the parser can follow, and anything that is not an object. Numbers with a
    fraction become `Decimal`: FHIR gives meaning to their digits.
    """
    value = _parsed(raw, most_bytes)
    if not isinstance(value, dict):
        raise _refused("a JSON object was expected", "structure")
    return value


def parse_list(raw: bytes, most_bytes: int = MOST_BYTES) -> list[Any]:
    """Parse one JSON array, as strictly."""
    value = _parsed(raw, most_bytes)
    if not isinstance(value, list):
        raise _refused("a JSON array was expected", "structure")
    return value


def _parsed(raw: bytes, most_bytes: int) -> Any:
    if len(raw) > most_bytes:
        raise _refused(f"larger than {most_bytes // (1024 * 1024)} MiB; send it in parts", "too-long", 413)
    structures = raw.count(b"{") + raw.count(b"[")
    if structures > MOST_STRUCTURES or raw.count(b",") > MOST_COMMAS:
        raise _refused("made of too many parts; send it in parts of its own", "too-long", 413)
    try:
        text = raw.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        raise _refused(f"not UTF-8 at byte {error.start}", "structure") from None
    try:
        value = json.loads(
            text, object_pairs_hook=_unique, parse_float=_decimal, parse_int=_integer, parse_constant=_no_constant
        )
        if structures > MOST_NESTED and nests_deeper(value, MOST_NESTED):  # a few hundred bytes are never looked into
            raise RecursionError
        _encodable(text, value)
    except _Duplicate as error:
        raise _refused(str(error), "structure") from None
    except json.JSONDecodeError as error:
        raise _refused(f"not JSON at line {error.lineno}, column {error.colno}", "structure") from None
    except RecursionError:
        raise _refused(f"nested deeper than {MOST_DEPTH}", "structure") from None
    except (ValueError, TypeError, ArithmeticError):
        raise _refused("a number or a text in it is outside what JSON can carry safely", "structure") from None
    return value


def dump(value: object) -> bytes:
    """Write JSON as it was read, decimals with all their digits."""
    return orjson.dumps(value, default=_number)


def names_an_element(name: str) -> bool:
    """Tell whether a name may be repeated in an error: it looks like a FHIR element, and no number is in it."""
    return len(name) <= 40 and _like_an_element(name)


@lru_cache(maxsize=4096)
def _like_an_element(name: str) -> bool:
    return name.isascii() and name.lstrip("_").isalpha()


def _number(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal):
        exponent = value.as_tuple().exponent
        plain = isinstance(exponent, int) and -MOST_DIGITS <= exponent <= 0
        return orjson.Fragment((format(value, "f") if plain else str(value)).encode("ascii"))
    raise TypeError


def _decimal(text: str) -> Decimal:
    """Read a number that is no machine integer. Beyond a double's range other readers would see infinity."""
    read = Decimal(text) if len(text) <= MOST_DIGITS else Decimal("Infinity")
    if not read.is_finite() or abs(read.adjusted()) > MOST_EXPONENT:
        raise ValueError
    return read


def _integer(text: str) -> int | Decimal:
    return int(text) if len(text) <= 18 else _decimal(text)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    built = dict(pairs)
    if len(built) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        shown = twice if names_an_element(twice) else "a key"
        raise _Duplicate(f"an object names {shown} twice")
    return built


def _no_constant(_: str) -> Any:
    raise ValueError


def _encodable(text: str, value: object) -> None:
    if "\\u" in text:
        orjson.dumps(value, default=_number)  # raises on a lone surrogate


def _refused(text: str, code: str, status: int = 400) -> RecordRefused:
    return RecordRefused([Problem(where="Resource", text=text, code=code)], status)

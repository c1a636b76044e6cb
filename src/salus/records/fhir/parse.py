"""Read JSON from strangers: bounded, strict, and without losing a decimal's digits."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import orjson

from salus.records.errors import Problem, RecordRefused

MOST_BYTES = 64 * 1024 * 1024
MOST_DEPTH = 64
_BOM = b"\xef\xbb\xbf"


class _Duplicate(ValueError):
    pass


def parse(raw: bytes, most_bytes: int = MOST_BYTES) -> dict[str, Any]:
    """Parse one JSON object.

    Refuses, each with its reason: more than `most_bytes`, invalid UTF-8, truncated or malformed JSON, NaN and
    Infinity, an object that names a key twice, lone surrogates, nesting beyond what a parser can follow, and
    anything that is not an object. Numbers with a fraction become `Decimal`: FHIR gives meaning to their digits.
    """
    if len(raw) > most_bytes:
        raise _refused(f"larger than {most_bytes // (1024 * 1024)} MiB; send it in parts", "too-long", 413)
    try:
        text = raw.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        raise _refused(f"not UTF-8 at byte {error.start}", "structure") from None
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_float=_decimal, parse_constant=_no_constant)
        _encodable(text, value)
    except _Duplicate as error:
        raise _refused(str(error), "structure") from None
    except json.JSONDecodeError as error:
        raise _refused(f"not JSON at line {error.lineno}, column {error.colno}", "structure") from None
    except RecursionError:
        raise _refused(f"nested deeper than {MOST_DEPTH}", "structure") from None
    except (ValueError, TypeError, OverflowError):
        raise _refused("a number or a text in it is outside what JSON can carry safely", "structure") from None
    if not isinstance(value, dict):
        raise _refused("a JSON object was expected", "structure")
    return value


def dump(value: object) -> bytes:
    """Write JSON as it was read, decimals with all their digits."""
    return orjson.dumps(value, default=_number)


def _number(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value).encode("ascii"))
    if isinstance(value, int):
        return orjson.Fragment(str(value).encode("ascii"))
    raise TypeError


def _decimal(text: str) -> Decimal:
    if len(text) > 64:
        raise ValueError
    return Decimal(text)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    built = dict(pairs)
    if len(built) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        shown = twice if twice.isascii() and twice.isidentifier() and len(twice) <= 40 else "a key"
        raise _Duplicate(f"an object names {shown} twice")
    return built


def _no_constant(_: str) -> Any:
    raise ValueError


def _encodable(text: str, value: object) -> None:
    if "\\u" in text:
        orjson.dumps(value, default=_number)  # raises on a lone surrogate


def _refused(text: str, code: str, status: int = 400) -> RecordRefused:
    return RecordRefused([Problem(where="Resource", text=text, code=code)], status)

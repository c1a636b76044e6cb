"""What R4 says a value matches, kind by kind (FHIR R4, search.html, 3.1.1.4). Slow and plain on purpose; what is
read from a text is read once."""

from __future__ import annotations

import math
import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb")
UCUM = "http://unitsofmeasure.org"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
# Unit of UCUM -> how many of the unit beside it; enough for what the corpus holds (UCUM, tables 1 and 3).
_METRIC: dict[str, tuple[str, Decimal]] = {
    **{unit: ("g/L", Decimal(factor)) for unit, factor in {"g/L": "1", "mg/dL": "0.01", "g/dL": "10"}.items()},
    **{unit: ("g/L", Decimal(factor)) for unit, factor in {"ng/mL": "1e-6", "pg/mL": "1e-9", "mg/L": "0.001"}.items()},
    **{unit: ("m", Decimal(factor)) for unit, factor in {"m": "1", "cm": "0.01", "mm": "0.001"}.items()},
    **{unit: ("g", Decimal(factor)) for unit, factor in {"g": "1", "kg": "1000", "mg": "0.001", "pg": "1e-12"}.items()},
    **{unit: ("U/L", Decimal(factor)) for unit, factor in {"U/L": "1", "kU/L": "1000"}.items()},
    **{unit: ("1/uL", Decimal(factor)) for unit, factor in {"10*3/uL": "1e3", "10*6/uL": "1e6"}.items()},
    **{unit: ("1", Decimal(factor)) for unit, factor in {"1": "1", "%": "0.01", "mg/g": "0.001"}.items()},
    **{unit: ("1", Decimal(1)) for unit in ("{score}", "{T-score}", "{nominal}", "{count}")},
    **{unit: ("mL/min", Decimal(1)) for unit in ("mL/min", "mL/min/{1.73_m2}")},
}


class Wrong(Exception):
    """A value that R4 does not allow for its kind of parameter."""


class Token(NamedTuple):
    """A code with its system; `bare` where the element has no room for a system."""

    system: str | None
    code: str | None
    bare: bool = False


class Quantity(NamedTuple):
    """A number with its unit."""

    value: Decimal
    system: str | None
    code: str | None
    unit: str | None


class Span(NamedTuple):
    """Microseconds since 1970, from `low` to before `high`; infinite where a period is open."""

    low: float
    high: float


def keys(kind: str, node: Any) -> Iterator[Any]:
    """Return what one node is found by."""
    yield from _KEYS[kind](node)


def matches(kind: str, key: Any, modifier: str, wanted: str) -> bool:
    """Tell whether a key matches one value of a parameter. Raises Wrong for a value of another kind."""
    return bool(_MATCHES[kind](key, modifier, wanted))


def _token_keys(node: Any) -> Iterator[Token]:
    if not isinstance(node, dict):
        yield Token(None, str(node).lower() if isinstance(node, bool) else str(node), bare=True)
    elif "coding" in node:
        yield from (Token(one.get("system"), one.get("code")) for one in node["coding"])
    elif "code" in node:
        yield Token(node.get("system"), node["code"])
    elif "value" in node:
        point = node.get("system") in ("phone", "fax", "email", "pager", "url", "sms", "other")
        yield Token(None if point else node.get("system"), node["value"], bare=point)


def _token_matches(key: Token, modifier: str, wanted: str) -> bool:
    parts = split(wanted, "|")
    if len(parts) == 1:
        return key.code == plain(wanted)
    if len(parts) != 2 or parts == ["", ""]:
        raise Wrong(wanted)
    system, code = (plain(one) for one in parts)
    if key.bare:
        raise Wrong("what a system says of an element that has none is not settled")
    return (key.system or "") == system and (not code or key.code == code)


def _string_keys(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for part in ("text", "family", "given", "prefix", "suffix", "line", "city", "district", "state"):
            yield from _texts(node.get(part))
        yield from (text for part in ("country", "postalCode") for text in _texts(node.get(part)))
    else:
        yield str(node)


def _texts(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value] if isinstance(value, str) else []


@cache
def folded(text: str) -> str:
    """Return a text without case, accents and needless space."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(one for one in apart if not unicodedata.combining(one)).split())


def _string_matches(key: str, modifier: str, wanted: str) -> bool:
    if modifier == "exact":
        return key == plain(wanted)
    if modifier == "whole":
        return folded(plain(wanted)) == folded(key)
    if modifier == "contains":
        return folded(plain(wanted)) in folded(key)
    return folded(key).startswith(folded(plain(wanted)))


def _uri_matches(key: str, modifier: str, wanted: str) -> bool:
    asked = plain(wanted)
    if modifier == "below":
        return key.startswith(asked) or key == asked.removesuffix("/")
    if modifier == "above":
        return asked.startswith(key)
    return key == asked


def _reference_keys(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif "reference" in node and not node["reference"].startswith("#"):
        yield node["reference"]


def _reference_matches(key: str, modifier: str, wanted: str) -> bool:
    asked = plain(wanted)
    if modifier:
        return key == f"{modifier}/{asked.removeprefix(f'{modifier}/')}"
    return key == asked or ("/" not in asked and key.count("/") == 1 and key.endswith(f"/{asked}"))


def _date_keys(node: Any) -> Iterator[Span]:
    if isinstance(node, dict):
        moments = [span(one) for one in node.get("event", ())]
        if moments:
            yield Span(min(one.low for one in moments), max(one.high for one in moments))
        elif "start" in node or "end" in node:
            low = span(node["start"]).low if "start" in node else -math.inf
            yield Span(low, span(node["end"]).high if "end" in node else math.inf)
    elif isinstance(node, str):
        yield span(node)


@cache
def span(text: str) -> Span:
    """Return what a date of any precision covers. Raises Wrong for none."""
    found = _DATE.fullmatch(text)
    if not found:
        raise Wrong(text)
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        start = datetime(int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), tzinfo=UTC)
    except ValueError:
        raise Wrong(text) from None
    if zone not in (None, "Z"):
        hours, minutes = int(zone[1:3]), int(zone[4:])
        start -= timedelta(hours=hours, minutes=minutes) * (-1 if zone[0] == "-" else 1)
    low = (start - _EPOCH) // _MICROSECOND
    if second:
        low += int(second) * 1_000_000 + int(Decimal(fraction or 0) * 1_000_000)
        return Span(low, low + (10 ** max(0, 7 - len(fraction)) if fraction else 1_000_000))
    if hour:
        return Span(low, low + 60_000_000)
    days = 1 if day else monthrange(int(year), int(month))[1] if month else 366 if _leap(int(year)) else 365
    return Span(low, low + days * 86_400_000_000)


def _leap(year: int) -> bool:
    return monthrange(year, 2)[1] == 29


def _date_matches(key: Span, modifier: str, wanted: str) -> bool:
    prefix, rest = prefixed(wanted)
    asked = span(rest)
    within = asked.low <= key.low and key.high <= asked.high
    above, below = key.high > asked.high, key.low < asked.low
    return {
        "eq": within,
        "ne": not within,
        "gt": above,
        "lt": below,
        "ge": above or within,
        "le": below or within,
        "sa": key.low >= asked.high,
        "eb": key.high <= asked.low,
    }[prefix]


def _number_keys(node: Any) -> Iterator[Decimal]:
    if isinstance(node, int | float | Decimal):
        yield Decimal(str(node))


def _number_matches(key: Decimal, modifier: str, wanted: str) -> bool:
    prefix, rest = prefixed(wanted)
    low, high = around(rest)
    value = Decimal(rest)
    return compared(prefix, key, value, low, high)


@cache
def around(text: str) -> tuple[Decimal, Decimal]:
    """Return the numbers that are this one at the precision it is written with."""
    if not _NUMBER.fullmatch(text):
        raise Wrong(text)
    number = Decimal(text)
    half = Decimal((0, (5,), int(number.as_tuple().exponent) - 1))
    return number - half, number + half


def compared(prefix: str, key: Decimal, value: Decimal, low: Decimal, high: Decimal) -> bool:
    """Compare as R4 does: the precision counts for eq and ne alone."""
    return {
        "eq": low <= key < high,
        "ne": not low <= key < high,
        "gt": key > value,
        "lt": key < value,
        "ge": key >= value,
        "le": key <= value,
        "sa": key > value,
        "eb": key < value,
    }[prefix]


def _quantity_keys(node: Any) -> Iterator[Quantity]:
    if isinstance(node, dict) and "value" in node:
        currency = node.get("currency")
        system = "urn:iso:std:iso:4217" if currency else node.get("system")
        yield Quantity(Decimal(str(node["value"])), system, currency or node.get("code"), node.get("unit"))


def _quantity_matches(key: Quantity, modifier: str, wanted: str) -> bool:
    number, *unit = (plain(one) for one in split(wanted, "|"))
    if unit and len(unit) != 2:
        raise Wrong(wanted)
    prefix, rest = prefixed(number)
    low, high = around(rest)
    value = Decimal(rest)
    if not unit:
        return compared(prefix, key.value, value, low, high)
    system, code = unit
    if not system:
        return code in (key.code, key.unit) and compared(prefix, key.value, value, low, high)
    if system == UCUM == key.system and code in _METRIC and key.code in _METRIC and code != key.code:
        (ours, mine), (theirs, its) = _METRIC[code], _METRIC[str(key.code)]
        return ours == theirs and compared(prefix, key.value * its, value * mine, low * mine, high * mine)
    return (system, code) == (key.system, key.code) and compared(prefix, key.value, value, low, high)


def prefixed(text: str) -> tuple[str, str]:
    """Take the prefix off a value; none is eq."""
    return (text[:2], text[2:]) if text[:2] in PREFIXES else ("eq", text)


@cache
def split(text: str, at: str) -> list[str]:
    """Cut a value where a mark stands without a backslash; escapes stay. The list is everybody's: nobody changes it."""
    return [one.replace("\0", "\\\\") for one in re.split(rf"(?<!\\){re.escape(at)}", text.replace("\\\\", "\0"))]


@cache
def plain(text: str) -> str:
    """Take the escapes off a value."""
    return re.sub(r"\\([\\,|$])", r"\1", text)


_KEYS = {
    "token": _token_keys,
    "string": _string_keys,
    "uri": lambda node: [node],
    "reference": _reference_keys,
    "date": _date_keys,
    "number": _number_keys,
    "quantity": _quantity_keys,
}
_MATCHES = {
    "token": _token_matches,
    "string": _string_matches,
    "uri": _uri_matches,
    "reference": _reference_matches,
    "date": _date_matches,
    "number": _number_matches,
    "quantity": _quantity_matches,
}

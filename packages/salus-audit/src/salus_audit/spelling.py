"""How bytes, instants and JSON are spelt where there is one spelling only. Instants are whole seconds since 1970."""

from __future__ import annotations

import base64
import binascii
import json
import re
import unicodedata
from datetime import UTC, datetime
from typing import Any

_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)
_QUOTE = json.JSONEncoder(ensure_ascii=False).encode


class Misspelt(ValueError):
    """It is not written in the one way in which it can be."""


def octets(text: object, length: int | None = None) -> bytes:
    """Read base64 (RFC 4648 section 4) with complete padding and no stray bits; Misspelt otherwise."""
    if not isinstance(text, str):
        raise Misspelt("base64 is text")
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        raise Misspelt("this is no base64") from None
    if base64.b64encode(raw).decode() != text or (length is not None and len(raw) != length):
        raise Misspelt("this base64 is not in its one spelling, or too long or short")
    return raw


def folded(name: object) -> str:
    """Return the name of an organisation as names are compared: width, case and spaces make nobody another one."""
    return " ".join(unicodedata.normalize("NFKC", str(name)).casefold().split())


def base64_of(raw: bytes) -> str:
    """Write bytes in base64."""
    return base64.b64encode(raw).decode()


def is_octets(text: object, length: int) -> bool:
    """Tell whether a value is so many bytes in base64, in the one spelling."""
    try:
        octets(text, length)
    except Misspelt:
        return False
    return True


def seconds(text: object) -> int:
    """Read 2031-03-01T08:00:00Z; Misspelt for every other way to write an instant."""
    if not isinstance(text, str) or not _INSTANT.fullmatch(text):
        raise Misspelt("an instant is written 2031-03-01T08:00:00Z")
    try:
        return int(datetime.fromisoformat(text).timestamp())
    except (ValueError, OverflowError):
        raise Misspelt("there is no such instant") from None


def instant(at: int) -> str:
    """Write an instant."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


def jcs(value: Any) -> bytes:
    """Write JSON after RFC 8785, for what the log holds: no floats, integers below 2**53 in size."""
    parts: list[str] = []
    _write(value, parts)
    try:
        return "".join(parts).encode()
    except UnicodeEncodeError:
        raise Misspelt("half a surrogate pair is no character") from None


def _write(value: Any, parts: list[str]) -> None:
    if isinstance(value, str):
        parts.append(_QUOTE(value))
    elif value is None or value is True or value is False:
        parts.append({None: "null", True: "true", False: "false"}[value])
    elif isinstance(value, int) and -(2**53) < value < 2**53:
        parts.append(str(value))
    elif isinstance(value, list | tuple):
        _between("[", value, "]", parts, _write)
    elif isinstance(value, dict) and all(isinstance(name, str) for name in value):
        by_units = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
        _between("{", [(name, value[name]) for name in by_units], "}", parts, _pair)
    else:
        raise Misspelt(f"the log has no way to write a {type(value).__name__} like this one")


def _pair(pair: tuple[str, Any], parts: list[str]) -> None:
    parts.append(_QUOTE(pair[0]) + ":")
    _write(pair[1], parts)


def _between(first: str, items: Any, last: str, parts: list[str], write: Any) -> None:
    parts.append(first)
    for place, item in enumerate(items):
        if place:
            parts.append(",")
        write(item, parts)
    parts.append(last)


def parsed(raw: bytes) -> Any:
    """Read JSON that is in its one spelling; Misspelt otherwise."""
    try:
        value = json.loads(raw)
        same = jcs(value) == raw
    except (ValueError, RecursionError):
        raise Misspelt("this is no JSON of the log's kind") from None
    if not same:
        raise Misspelt("this JSON is not in its one spelling (RFC 8785)")
    return value

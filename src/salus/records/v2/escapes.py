"""Escape sequences of HL7 v2 (chapter 2, section 2.7): read, and written. What is unknown stays as it stands."""

from __future__ import annotations

import re
from functools import cache

from salus.records.v2.model import Delimiters

_BREAKS = {".br": "\n", ".sp": "\n", ".ce": "\n"}
_HEX = re.compile(r"X((?:[0-9A-Fa-f]{2})+)", re.ASCII)
# Highlighting, formatting of FT, and locally defined sequences: they carry no characters of their own.
_SILENT = re.compile(r"[HN]|Z[^\\]*|\.(?:in|ti|fi|nf|sk)[+-]?\d{0,4}|[CM][0-9A-Fa-f]{4,6}", re.ASCII)
_COUNTED = re.compile(r"\.sp\+?(\d{1,2})", re.ASCII)


def unescape(text: str, delimiters: Delimiters, encoding: str) -> str:
    """Return the characters that a field stands for. Linear in its length; what is no sequence stays."""
    mark = delimiters.escape
    if not mark or mark not in text:
        return text
    return _sequence(mark).sub(lambda found: _one(found[0], found[1], delimiters, encoding), text)


def escape(text: str, delimiters: Delimiters) -> str:
    """Write text so that it stands in one subcomponent: `unescape` gives it back."""
    mark = delimiters.escape
    table = {
        mark: f"{mark}E{mark}",
        delimiters.field: f"{mark}F{mark}",
        delimiters.component: f"{mark}S{mark}",
        delimiters.subcomponent: f"{mark}T{mark}",
        delimiters.repetition: f"{mark}R{mark}",
        delimiters.truncation: f"{mark}P{mark}",
        "\r": f"{mark}X0D{mark}",
        "\n": f"{mark}X0A{mark}",
    }
    return "".join(table.get(character, character) for character in text)


@cache
def _sequence(mark: str) -> re.Pattern[str]:
    one = re.escape(mark)
    return re.compile(f"{one}([^{one}\r\n]{{0,2000}}){one}")


def _one(whole: str, inner: str, delimiters: Delimiters, encoding: str) -> str:
    plain = {
        "F": delimiters.field,
        "S": delimiters.component,
        "T": delimiters.subcomponent,
        "R": delimiters.repetition,
        "E": delimiters.escape,
        "P": delimiters.truncation or "#",
    }.get(inner)
    if plain is not None:
        return plain
    if inner in _BREAKS:
        return _BREAKS[inner]
    if counted := _COUNTED.fullmatch(inner):
        return "\n" * max(1, int(counted[1]))
    if packed := _HEX.fullmatch(inner):
        try:
            return bytes.fromhex(packed[1]).decode(encoding)
        except UnicodeDecodeError:
            return whole
    return "" if _SILENT.fullmatch(inner) else whole

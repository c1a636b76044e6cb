"""How values are spelt before they become keyed digests: once for what is stored and for what is asked. Pure.

A form is a text whose first letter says what it is of. U+0000 stands in no text that is stored, so it parts what must
not run together.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from itertools import zip_longest
from typing import Any, Final

from salus.records.search.units import UCUM, canonical

MOST_PREFIX: Final = 32
"""The longest beginning of a text that is found; whole texts are found by :exact whatever their length."""
MOST_STRINGS: Final = 1000
"""How many texts of one resource are found by their beginnings; those behind them by :exact alone."""
_MOST_STEPS = 12
Node = Mapping[str, Any]
Measure = tuple[str, Decimal | None, Decimal | None, str, str, str]
"""Base unit or "", from, to, None for an open end; then the forms of the unit, of its code, and as it is printed."""


def token_forms(system: str | None, code: str) -> tuple[str, ...]:
    """Return what finds a code: with its system or without one, in any, and any code of its system."""
    system = system or ""
    return (f"t{system}\0{code}", f"c{code}", f"s{system}") if system else (f"t\0{code}", f"c{code}")


def coded(told: str, value: Any) -> Iterator[str]:
    """Yield the forms of a token element of a FHIR type."""
    if told == "CodeableConcept":
        for coding in value.get("coding") or ():
            yield from coded("Coding", coding)
    elif told == "Coding":
        if isinstance(value.get("code"), str):
            yield from token_forms(value.get("system"), value["code"])
        elif value.get("system"):
            yield f"s{value['system']}"
    elif told == "Identifier":
        yield from _identified(value)
    elif isinstance(value, bool):
        yield from token_forms(None, "true" if value else "false")
    elif isinstance(value, str):
        yield from token_forms(None, value)


def _identified(value: Node) -> Iterator[str]:
    text = value.get("value")
    if not isinstance(text, str):
        if value.get("system"):
            yield f"s{value['system']}"
        return
    yield from token_forms(value.get("system"), text)
    for coding in (value.get("type") or {}).get("coding") or ():
        if isinstance(coding.get("code"), str):
            yield f"o{coding.get('system') or ''}\0{coding['code']}\0{text}"


def reference_forms(value: Any) -> Iterator[str]:
    """Yield the forms of a reference: what it leads to, and the identifier that it may have instead."""
    if isinstance(value, str):  # a canonical or an address
        yield f"r{value}"
        if "|" in value:
            yield f"r{value.partition('|')[0]}"
        return
    text, named = value.get("reference"), value.get("identifier") or {}
    if isinstance(text, str) and not text.startswith("#"):
        yield f"r{text.partition('/_history/')[0]}"
    if isinstance(named.get("value"), str):
        yield from (f"i{form}" for form in token_forms(named.get("system"), named["value"]))


def uri_forms(value: str) -> Iterator[str]:
    """Yield the forms of an address: whole, without its version, and each beginning that ends at a step."""
    whole = value.partition("|")[0]
    yield from dict.fromkeys((f"u{value}", f"u{whole}"))
    yield from (f"b{one}" for one in steps(whole))


def steps(address: str) -> list[str]:
    """Return an address and what it lies below, the longest first: 12 of them at most."""
    found = [address]
    while "/" in found[-1] and not found[-1].endswith("//") and len(found) < _MOST_STEPS:
        found.append(found[-1].rpartition("/")[0])
    return [one for one in found if one and not one.endswith((":/", ":"))]


@lru_cache(maxsize=8192)
def plainly(text: str) -> str:
    """Return a text without case and accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", "".join(one for one in apart if not unicodedata.combining(one)))


def string_forms(text: str, person: bool, beginnings: bool) -> Iterator[str]:
    """Yield the forms of a text: as it is written, and how it begins; of a person's name only all of it."""
    yield f"e{text}"
    told = plainly(text)
    if person:
        yield f"w{told}"
    elif beginnings:
        yield from (f"p{told[:length]}" for length in range(1, min(len(told), MOST_PREFIX) + 1))


def texts(told: str, value: Any) -> Iterator[str]:
    """Yield the texts of a string element of a FHIR type."""
    if isinstance(value, str):
        yield value
        return
    names = ("text", "family", "given", "prefix", "suffix")
    address = ("text", "line", "city", "district", "state", "postalCode", "country")
    for name in names if told == "HumanName" else address:
        found = value.get(name)
        yield from (one for one in (found if isinstance(found, list) else (found,)) if isinstance(one, str))


def measured(told: str, value: Any) -> Iterator[Measure]:
    """Yield what a number or quantity is found by: as it is written, and once more in base units.

    None is an open end. A comparator such as `<` is not looked at: the value stands for itself.
    """
    if told == "Range":
        yield from _ranged(value)
        return
    if isinstance(value, Mapping):
        number, code = value.get("value"), value.get("code") or value.get("currency")
        system, label = value.get("system"), value.get("unit")
        if told == "Money":
            system = "urn:iso:std:iso:4217"
    else:
        number, code, system, label = value, None, None, None
    exact = _exact(number)
    if exact is None:
        return
    unit = f"q{system or ''}\0{code}" if code else ""
    yield "", exact, exact, unit, f"l{code}" if code else "", f"l{label}" if label else ""
    based = canonical(exact, code) if code and system == UCUM else None
    if based:
        yield f"k{based[1]}", based[0], based[0], "", "", ""


def _ranged(value: Node) -> Iterator[Measure]:
    lows, highs = (list(measured("Quantity", value.get(end) or {})) for end in ("low", "high"))
    for low, high in zip_longest(lows, highs):
        one = low or high
        if one and (low is None or high is None or (low[0], low[3]) == (high[0], high[3])):  # else no one range
            yield one[0], low[1] if low else None, high[2] if high else None, *one[3:]


def _exact(number: Any) -> Decimal | None:
    if isinstance(number, bool) or not isinstance(number, int | float | Decimal):
        return None
    return number if isinstance(number, Decimal) else Decimal(str(number))

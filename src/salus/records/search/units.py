"""Quantities in base units (UCUM, ucum.org): what is written in mg is found when it is asked for in g. Pure.

A table of our own: the prefixes, the base units and the derived ones that clinical data use. A unit that is not in it,
or that is measured from another zero (degrees Fahrenheit), is found as it is written only.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Final

UCUM: Final = "http://unitsofmeasure.org"
_PART = re.compile(r"[./]|\{[^{}]*\}|[^./{}]+")
_POWER = re.compile(r"(.*?[^0-9+-])?([+-]?[0-9]{1,2})?", re.DOTALL)
_MOST_POWER = 40
_PREFIXES: Final = {
    "Y": 24, "Z": 21, "E": 18, "P": 15, "T": 12, "G": 9, "M": 6, "k": 3, "h": 2, "da": 1,
    "d": -1, "c": -2, "m": -3, "u": -6, "n": -9, "p": -12, "f": -15, "a": -18,
}  # fmt: skip
# Factor and dimensions: metre, gram, second, coulomb, kelvin, candela, mole; U and IU are units of their own.
_METRIC: Final = {
    "m": ("1", "m"), "g": ("1", "g"), "s": ("1", "s"), "mol": ("1", "mol"), "K": ("1", "K"), "C": ("1", "C"),
    "L": ("1/1000", "m3"), "l": ("1/1000", "m3"), "Hz": ("1", "s-1"), "N": ("1000", "g.m.s-2"),
    "Pa": ("1000", "g.m-1.s-2"), "J": ("1000", "g.m2.s-2"), "W": ("1000", "g.m2.s-3"),
    "bar": ("100000000", "g.m-1.s-2"),
    "eq": ("1", "eq"), "osm": ("1", "osm"), "kat": ("1", "mol.s-1"), "U": ("1/60000000", "mol.s-1"),
    "[IU]": ("1", "[iU]"), "[iU]": ("1", "[iU]"), "cal": ("4184", "g.m2.s-2"),
    "Bq": ("1", "s-1"), "Gy": ("1", "m2.s-2"),
    "Sv": ("1", "m2.s-2"), "V": ("1000", "g.m2.s-2.C-1"), "A": ("1", "C.s-1"), "t": ("1000000", "g"),
    "m[Hg]": ("133322", "g.m-1.s-2"), "m[H2O]": ("9806650/1000", "g.m-1.s-2"), "B": ("1", "B"),
}  # fmt: skip
_PLAIN: Final = {
    "min": ("60", "s"), "h": ("3600", "s"), "d": ("86400", "s"), "wk": ("604800", "s"), "a": ("31557600", "s"),
    "mo": ("2629800", "s"), "Cel": ("1", "Cel"), "%": ("1/100", ""), "[pH]": ("1", "[pH]"), "[ppth]": ("1/1000", ""),
    "[ppm]": ("1/1000000", ""), "[in_i]": ("254/10000", "m"), "[ft_i]": ("3048/10000", "m"),
    "[lb_av]": ("45359237/100000", "g"),
    "[oz_av]": ("45359237/1600000", "g"), "10*": ("10", ""), "10^": ("10", ""), "[drp]": ("1/20000000", "m3"),
    "[degF]": ("1", "[degF]"), "[CFU]": ("1", "[CFU]"), "[arb'U]": ("1", "[arb'U]"),
}  # fmt: skip
_CONTEXT = Context(prec=30)


def canonical(value: Decimal, code: str) -> tuple[Decimal, str] | None:
    """Return a value in base units, and these; None for a unit that the table does not know."""
    found = _scale(code)
    if found is None:
        return None
    above, below, dimensions = found
    return _CONTEXT.divide(_CONTEXT.multiply(value, above), below), dimensions


@lru_cache(maxsize=4096)
def _scale(code: str) -> tuple[Decimal, Decimal, str] | None:
    found = unit(code)
    return None if found is None else (Decimal(found[0].numerator), Decimal(found[0].denominator), found[1])


def unit(code: str) -> tuple[Fraction, str] | None:
    """Return a unit's factor and its dimensions in one spelling; None for one that the table does not know."""
    if not code or len(code) > 60:
        return None
    factor, powers, sign, expected = Fraction(1), dict[str, int](), 1, True
    for part in _PART.findall(code if code[0] != "/" else f"1{code}"):
        if part in ("/", "."):
            if expected:
                return None
            sign, expected = (-1 if part == "/" else 1), True
        elif not part.startswith("{") or expected:
            read = _term(part) if expected else None
            if read is None:
                return None
            factor *= read[0] ** sign
            for name, told in read[1].items():
                powers[name] = powers.get(name, 0) + told * sign
            expected = False
    if expected:
        return None
    return factor, ".".join(f"{name}{told}" for name, told in sorted(powers.items()) if told)


def _term(part: str) -> tuple[Fraction, dict[str, int]] | None:
    """Read one factor of a unit: an annotation, a number, a power of ten, or an atom with its prefix and exponent."""
    if part.startswith("{"):
        return Fraction(1), {}
    if part.isascii() and part.isdigit():
        return (Fraction(int(part)), {}) if int(part) else None
    match = _POWER.fullmatch(part)
    if match is None or match[1] is None or abs(int(match[2] or 1)) > _MOST_POWER:
        return None
    name, exponent = match[1], int(match[2] or 1)
    found = _atom(name)
    if found is None:
        return None
    factor, dimensions = found
    return factor**exponent, {one: power * exponent for one, power in dimensions.items()}


def _atom(name: str) -> tuple[Fraction, dict[str, int]] | None:
    told = _METRIC.get(name) or _PLAIN.get(name)
    if told:
        return Fraction(told[0]), _dimensions(told[1])
    for prefix, power in _PREFIXES.items():
        rest = _METRIC.get(name[len(prefix) :]) if name.startswith(prefix) else None
        if rest:
            return Fraction(rest[0]) * Fraction(10) ** power, _dimensions(rest[1])
    return None


def _dimensions(text: str) -> dict[str, int]:
    found = {}
    for part in text.split(".") if text else ():
        match = re.fullmatch(r"(\[.*\]|[A-Za-z]+)(-?\d+)?", part)
        assert match is not None  # noqa: S101  the table above is ours
        found[match[1]] = int(match[2] or 1)
    return found

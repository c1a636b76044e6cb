"""Read the values of a parameter into a condition: one function a kind. What cannot be understood is refused. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from salus.records.errors import Problem, RecordRefused
from salus.records.fhir import facts
from salus.records.fhir.demographics import Unanswerable, asked_contact, asked_demographics
from salus.records.fhir.references import parse_literal
from salus.records.model import Compared
from salus.records.search import forms
from salus.records.search.asking import All, Any, Condition, Dates, Forms, Measured, Numbers
from salus.records.search.extract import form_of
from salus.records.search.parameters import PERSONS, Parameter, Slot, hot, targets_of
from salus.records.search.units import UCUM, canonical

MOST_VALUES: Final = 100
PREFIXES: Final = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")
_NUMBER = re.compile(r"[+-]?\d{1,40}(?:\.\d{1,40})?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
_WITHOUT_SYSTEM: Final = frozenset({"code", "boolean", "string", "id", "uri", "deceased"})
_TENTH: Final = Decimal("0.1")


def refused(where: str, text: str, code: str = "invalid") -> RecordRefused:
    """Return the refusal of one parameter."""
    return RecordRefused([Problem(where=where, text=text, code=code)])


def condition(kind: str, parameter: Parameter, modifier: str, value: str) -> Condition:
    """Return the condition that one parameter of a type states; values parted by commas are alternatives."""
    parts = values(parameter.name, value)
    if parameter.who:
        return _who(parameter, modifier, parts)
    if parameter.kind == "composite":
        return Any(parts=tuple(_composite(kind, parameter, one) for one in parts))
    read = _KINDS[parameter.kind]
    return read(kind, parameter, modifier, parts)


def values(name: str, value: str) -> list[str]:
    """Return the alternatives of a value, their backslashes still in them."""
    parts = facts.split(value, ",")
    if any(not part for part in parts) or len(parts) > MOST_VALUES or "\x00" in value:
        raise refused(name, f"needs 1 to {MOST_VALUES} values, none of them empty")
    return parts


def _who(parameter: Parameter, modifier: str, parts: Sequence[str]) -> Condition:
    if modifier:
        whole = ": a name is found whole, by its keys" if parameter.kind == "string" else ""
        raise refused(f"{parameter.name}:{modifier}", f"modifiers are not supported{whole}", "not-supported")
    try:
        asked = [asked_demographics(parameter.name, one) for one in parts]
    except Unanswerable as reason:
        raise refused(parameter.name, str(reason)) from None
    return Forms(forms=tuple(form_of("", f"d{param}\0{told}") for param, found in asked for told in sorted(found)))


def _token(kind: str, parameter: Parameter, modifier: str, parts: Sequence[str]) -> Condition:
    if modifier == "of-type":
        return Forms(forms=tuple(_of_type(parameter, one) for one in parts))
    if modifier:
        raise refused(f"{parameter.name}:{modifier}", "is no modifier of a code here; known are not, missing, of-type",
                      "not-supported")  # fmt: skip
    found: list[str] = []
    codes: list[str] = []
    marked = hot(kind)
    is_hot = marked is not None and {slot.number for slot in parameter.slots} == marked[0]
    for one in parts:
        if parameter.slots[0].told == "ContactPoint":
            found += _contact(parameter, one)
            continue
        form, code = _asked_token(parameter, one)
        found += [form_of(slot.path, form) for slot in parameter.slots]
        codes += [form_of(slot.path, f"c{code}") for slot in parameter.slots if code]
    all_coded = is_hot and len(codes) == len(found)
    return Forms(forms=tuple(found), codes=tuple(codes) if all_coded else ())


def _asked_token(parameter: Parameter, value: str) -> tuple[str, str]:
    """Return the form that finds `code`, `system|code`, `|code` or `system|`, and the code."""
    parts = [facts.plain(one) for one in facts.split(value, "|")]
    if len(parts) > 2 or not any(parts):
        raise refused(parameter.name, r"must be code, system|code, |code or system|; a | in a value is written \|")
    if len(parts) == 1:
        return f"c{parts[0]}", parts[0]
    system, code = parts
    if system and parameter.slots and all(slot.told in _WITHOUT_SYSTEM for slot in parameter.slots):
        raise refused(parameter.name, "has values without a system here: write the code alone")
    return (f"t{system}\0{code}" if code else f"s{system}"), code


def _of_type(parameter: Parameter, value: str) -> str:
    parts = [facts.plain(one) for one in facts.split(value, "|")]
    if all(slot.told != "Identifier" for slot in parameter.slots):
        raise refused(f"{parameter.name}:of-type", "is for identifiers only", "not-supported")
    if len(parts) != 3 or not parts[1] or not parts[2]:
        raise refused(f"{parameter.name}:of-type", "must be system|code|value")
    return form_of(parameter.slots[0].path, f"o{parts[0]}\0{parts[1]}\0{parts[2]}")


def _contact(parameter: Parameter, value: str) -> list[str]:
    name = parameter.name if parameter.name in ("phone", "email") else "telecom"
    try:
        return [form_of(slot.path, f"d{told}") for told in asked_contact(name, value) for slot in parameter.slots]
    except Unanswerable as reason:
        raise refused(parameter.name, str(reason)) from None


def _reference(_: str, parameter: Parameter, modifier: str, parts: Sequence[str]) -> Condition:
    found: list[str] = []
    for one in parts:
        told = (
            [f"i{_asked_token(parameter, one)[0]}"] if modifier == "identifier" else _led_to(parameter, modifier, one)
        )
        found += [form_of(slot.path, form) for slot in parameter.slots for form in told]
    return Forms(forms=tuple(dict.fromkeys(found)))


def _led_to(parameter: Parameter, kind: str, value: str) -> list[str]:
    """Return the forms of `Type/id`, `id` or an address; `kind` is the type that the parameter's name says."""
    text = facts.plain(value)
    literal = parse_literal(text)
    if literal and "/_history/" not in text:
        if kind and literal[0] != kind:
            raise refused(f"{parameter.name}:{kind}", f"leads to {kind}, and the value to another type")
        return [f"r{text}"]
    if ":" in text or all(slot.told != "Reference" for slot in parameter.slots):
        if kind:
            raise refused(f"{parameter.name}:{kind}", "must be an id, or Type/id")
        return [f"r{text}"]
    if not _ID.fullmatch(text):
        raise refused(parameter.name, "must be Type/id, an id, or an address with its scheme")
    return [f"r{one}/{text}" for one in ((kind,) if kind else targets_of(parameter))]


def _string(kind: str, parameter: Parameter, modifier: str, parts: Sequence[str]) -> Condition:
    exact, person = modifier == "exact", kind in PERSONS
    if modifier and not exact:
        more = ": texts are found by their beginnings, or whole, by their keys" if modifier == "contains" else ""
        raise refused(f"{parameter.name}:{modifier}", f"is no modifier of a text here{more}", "not-supported")
    found: list[str] = []
    for one in parts:
        text = facts.plain(one)
        told = forms.plainly(text)
        if not told:
            raise refused(parameter.name, "must hold a letter or a digit")
        if not exact and not person and len(told) > forms.MOST_PREFIX:
            most = forms.MOST_PREFIX
            raise refused(parameter.name, f"beginnings have {most} characters at most; find a whole text by :exact")
        form = f"e{text}" if exact else f"{'w' if person else 'p'}{told}"
        found += [form_of(slot.path, form) for slot in parameter.slots]
    return Forms(forms=tuple(found))


def _uri(_: str, parameter: Parameter, modifier: str, parts: Sequence[str]) -> Condition:
    found: list[str] = []
    for one in parts:
        text = facts.plain(one)
        if modifier == "above":
            told = [f"u{above}" for above in forms.steps(text)]
        elif modifier in ("", "below"):
            told = [f"b{text.removesuffix('/')}" if modifier else f"u{text}"]
        else:
            raise refused(f"{parameter.name}:{modifier}", "is no modifier of an address; known: above, below, missing",
                          "not-supported")  # fmt: skip
        found += [form_of(slot.path, form) for slot in parameter.slots for form in told]
    return Forms(forms=tuple(found))


def _date(kind: str, parameter: Parameter, modifier: str, parts: Sequence[str]) -> Condition:
    _no_modifier(parameter, modifier)
    marked = hot(kind)
    numbers = {slot.number for slot in parameter.slots}
    is_hot = marked is not None and numbers <= marked[1]
    paths = tuple(slot.path for slot in parameter.slots)
    return Dates(paths=paths, hot=is_hot, asked=tuple(asked_date(parameter.name, one) for one in parts))


def asked_date(name: str, value: str) -> Compared:
    """Read a prefix and a date. `ap` is the date with as much again before and after it."""
    prefix, rest = prefixed(name, value)
    found = facts.span_of(rest.replace(" ", "+"))
    if found is None:
        raise refused(name, "must be a date such as 2031, 2031-03, 2031-03-01 or 2031-03-01T08:00:00Z")
    if prefix != "ap":
        return (prefix, *found)
    low, high = found
    return prefix, _moved(low, low - high), _moved(high, high - low)


def prefixed(name: str, value: str) -> tuple[str, str]:
    """Part a value into its prefix and the rest."""
    prefix, rest = (value[:2], value[2:]) if value[:2].isalpha() else ("eq", value)
    if prefix not in PREFIXES:
        raise refused(name, f"unknown prefix; known are {', '.join(PREFIXES)}")
    return prefix, rest


def _moved(at: datetime, length: timedelta) -> datetime:
    try:
        return at + length
    except OverflowError:
        return at


def _number(_: str, parameter: Parameter, modifier: str, parts: Sequence[str]) -> Condition:
    _no_modifier(parameter, modifier)
    keys = tuple(form_of(slot.path, "") for slot in parameter.slots)
    return Numbers(asked=tuple(_measured(parameter.name, one, keys) for one in parts))


def _quantity(_: str, parameter: Parameter, modifier: str, parts: Sequence[str]) -> Condition:
    _no_modifier(parameter, modifier)
    asked = tuple(_of_unit(parameter.name, one, [form_of(slot.path, "") for slot in parameter.slots]) for one in parts)
    return Numbers(asked=asked)


def _of_unit(name: str, value: str, keys: Sequence[str]) -> Measured:
    """Read `number`, `number|system|code` or `number||code`; a UCUM unit of the table finds every unit of its kind."""
    parts = [facts.plain(one) for one in facts.split(value, "|")]
    if len(parts) not in (1, 3) or (len(parts) == 3 and not parts[2]):
        raise refused(name, "must be number, number|system|code or number||code")
    asked = _measured(name, parts[0], tuple(keys))
    if len(parts) == 1:
        return asked
    _, system, code = parts
    if not system:
        return replace(asked, label=f"l{code}")
    ends = canonical(asked.low, code), canonical(asked.high, code)
    if system != UCUM or ends[0] is None or ends[1] is None:
        return replace(asked, unit=f"q{system}\0{code}")
    based = tuple(f"{key}k{ends[0][1]}" for key in keys)
    return replace(asked, low=ends[0][0], high=ends[1][0], keys=based)


def _measured(name: str, value: str, keys: tuple[str, ...]) -> Measured:
    """Read a prefix and a number (FHIR R4, search, 3.1.1.4.6): equality is to the digits written, all else exact."""
    prefix, rest = prefixed(name, value)
    if not _NUMBER.fullmatch(rest):
        raise refused(name, "must be a number such as 5.4 or 1e3")
    exact = Decimal(rest)
    if exact and abs(exact.adjusted()) > 300:
        raise refused(name, "is a number outside what is stored")
    low = high = exact
    if prefix in ("eq", "ne"):
        exponent = exact.as_tuple().exponent
        half = Decimal(5).scaleb((exponent if isinstance(exponent, int) else 0) - 1)
        low, high = exact - half, exact + half
    elif prefix == "ap":
        low, high = exact - abs(exact) * _TENTH, exact + abs(exact) * _TENTH
    return Measured(prefix=prefix, low=low, high=high, keys=keys)


def _composite(kind: str, parameter: Parameter, value: str) -> Condition:
    sides = facts.split(value, "$")
    if len(sides) != 2 or not all(sides):
        raise refused(parameter.name, "must be two values with $ between them")
    found: list[Condition] = []
    if parameter.sides:
        both = [
            condition(kind, Parameter(parameter.name, told, slots), "", side)
            for told, slots, side in zip(parameter.kinds, parameter.sides, sides, strict=True)
        ]
        found.append(All(parts=tuple(both)))
    found += [_paired(parameter, slot, sides) for slot in parameter.pairs]
    return Any(parts=tuple(found))


def _paired(parameter: Parameter, slot: Slot, sides: Sequence[str]) -> Condition:
    code = _whole_token(parameter, sides[0])
    if parameter.kinds[1] == "quantity":
        return Numbers(asked=(_of_unit(parameter.name, sides[1], [form_of(slot.path, f"x{code}\0\0")]),))
    return Forms(forms=(form_of(slot.path, f"x{code}\0\0{_whole_token(parameter, sides[1])}"),))


def _whole_token(parameter: Parameter, value: str) -> str:
    form, code = _asked_token(parameter, value)
    if not code:
        raise refused(parameter.name, "needs a code in each part: code or system|code")
    return form


def _no_modifier(parameter: Parameter, modifier: str) -> None:
    if modifier:
        raise refused(f"{parameter.name}:{modifier}", f"is no modifier of a {parameter.kind}; known is missing",
                      "not-supported")  # fmt: skip


_KINDS: dict[str, Callable[[str, Parameter, str, Sequence[str]], Condition]] = {
    "token": _token,
    "reference": _reference,
    "string": _string,
    "uri": _uri,
    "date": _date,
    "number": _number,
    "quantity": _quantity,
}

"""CertLogic (EU DCC, specification 1.3), a second time: whether an expression is one, and what it says of data.

What the specification leaves open is refused. Operators that read a birth date or a certificate's number are known only
so that they can be told of: no rule here may use them, and they are never worked out.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

DEEPEST, MOST_STEPS, GREATEST = 64, 10_000, 2**53 - 1
UNITS = {"hour": 3_600_000, "day": 86_400_000, "month": 1, "year": 12}
"""Hours and days in milliseconds; months and years in months."""
_TAKES: Mapping[str, tuple[int, int]] = {
    "if": (3, 3),
    "and": (2, MOST_STEPS - 1),
    "!": (1, 1),
    "===": (2, 2),
    "in": (2, 2),
    "+": (2, 2),
    "plusTime": (3, 3),
    "dccDateOfBirth": (1, 1),
    "reduce": (3, 3),
    "extractFromUVCI": (2, 2),
    **dict.fromkeys(("<", ">", "<=", ">=", "after", "before", "not-after", "not-before"), (2, 3)),
}
_ORDER: Mapping[str, Callable[[int, int], bool]] = {
    "<": lambda one, other: one < other,
    ">": lambda one, other: one > other,
    "<=": lambda one, other: one <= other,
    ">=": lambda one, other: one >= other,
}
_IN_TIME = {"before": "<", "after": ">", "not-after": "<=", "not-before": ">="}
_DAY = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?(?:-([0-9]{2}))?")
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?(?:Z|([+-])([0-9]{1,2}):?([0-9]{2})?)?"
)
_FIRST_YEAR = 1000


class Undefined(Exception):
    """The specification does not say what this means."""


@dataclass(frozen=True, slots=True)
class Instant:
    """Milliseconds since 1970; nothing but a comparison takes one."""

    at: int


def whole(value: object) -> bool:
    """Tell whether a value is an integer that every engine counts exactly."""
    return type(value) is int and -GREATEST <= value <= GREATEST


def is_expression(part: object, depth: int = 0) -> bool:
    """Tell whether a value is an expression, before it meets any data."""
    if depth > DEEPEST:
        return False
    if isinstance(part, str | bool):
        return True
    if isinstance(part, list):
        return all(is_expression(one, depth + 1) for one in part)
    if not isinstance(part, dict):
        return whole(part)
    if len(part) != 1:
        return False
    ((name, operands),) = part.items()
    if name == "var":
        return isinstance(operands, str) and (operands == "" or all(operands.split(".")))
    least, most = _TAKES.get(name, (1, 0))
    if not isinstance(operands, list) or not least <= len(operands) <= most:
        return False
    if name in ("plusTime", "extractFromUVCI") and not whole(operands[1]):
        return False
    if name == "plusTime" and not (isinstance(operands[2], str) and operands[2] in UNITS):
        return False
    return all(is_expression(one, depth + 1) for one in operands)


def accepted(rule: object, data: object) -> bool | None:
    """Tell whether an expression says `true` of data; None where it is undefined."""
    try:
        found = _Work().out(rule, data, 0)
    except Undefined:
        return None
    return None if isinstance(found, Instant) else found is True


class _Work:
    """One working out of an expression, with the steps that are left."""

    def __init__(self) -> None:
        self.left = MOST_STEPS

    def out(self, part: Any, data: Any, depth: int) -> Any:
        self.left -= 1
        if depth > DEEPEST or self.left < 0:
            raise Undefined
        if isinstance(part, list):
            items = [self.out(one, data, depth + 1) for one in part]
            if any(isinstance(one, Instant) for one in items):
                raise Undefined
            return items
        if not isinstance(part, dict):
            return part
        ((name, operands),) = part.items()
        return _found(operands, data) if name == "var" else self.operation(name, operands, data, depth + 1)

    def operation(self, name: str, given: list[Any], data: Any, depth: int) -> Any:
        if name == "if":
            return self.out(given[1 if _true(self.out(given[0], data, depth)) else 2], data, depth)
        if name == "and":
            found = None
            for one in given:
                found = self.out(one, data, depth)
                if not _true(found):
                    break
            return found
        if name == "plusTime":
            return _moved(_instant(self.out(given[0], data, depth)), given[1], given[2])
        if name == "reduce":
            return self.reduced(given, data, depth)
        return _OPERATIONS.get(name, _none)(name, [self.out(one, data, depth) for one in given])

    def reduced(self, given: list[Any], data: Any, depth: int) -> Any:
        items = self.out(given[0], data, depth)
        if items is not None and not isinstance(items, list):
            raise Undefined
        found = self.out(given[2], data, depth)
        for one in items or ():
            inside = {"current": one, "accumulator": _plain(found), "data": data}
            found = self.out(given[1], inside, depth)
        return found


def _none(name: str, values: list[Any]) -> Any:
    raise Undefined


def _compared(name: str, values: list[Any]) -> bool:
    numbers = [_number(one) for one in values]
    return all(map(_ORDER[name], numbers, numbers[1:]))


def _compared_in_time(name: str, values: list[Any]) -> bool:
    if not all(isinstance(one, Instant) for one in values):
        raise Undefined
    instants = [one.at for one in values]
    return all(map(_ORDER[_IN_TIME[name]], instants, instants[1:]))


def _among(_: str, values: list[Any]) -> bool:
    wanted, among = _plain(values[0]), values[1]
    if among is None:
        return False
    if not isinstance(among, list):
        raise Undefined
    return any(_is_plain(one) and _same(wanted, one) for one in among)


_OPERATIONS: Mapping[str, Callable[[str, list[Any]], Any]] = {
    "!": lambda _, values: not _true(values[0]),
    "===": lambda _, values: _same(_plain(values[0]), _plain(values[1])),
    "in": _among,
    "+": lambda _, values: _number(_number(values[0]) + _number(values[1])),
    **dict.fromkeys(_ORDER, _compared),
    **dict.fromkeys(_IN_TIME, _compared_in_time),
}


def _found(path: str, data: Any) -> Any:
    for name in path.split(".") if path else ():
        if isinstance(data, dict):
            data = data.get(name)
        elif isinstance(data, list) and re.fullmatch("0|[1-9][0-9]{0,8}", name) and int(name) < len(data):
            data = data[int(name)]
        else:
            return None
    return data


def _number(value: Any) -> int:
    if not whole(value):
        raise Undefined
    return int(value)


def _true(value: Any) -> bool:
    if isinstance(value, Instant):
        raise Undefined
    return bool(_number(value)) if type(value) is int else bool(value)


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | bool) or whole(value)


def _plain(value: Any) -> Any:
    if not _is_plain(value):
        raise Undefined
    return value


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and one == other


def _instant(text: Any) -> int:
    """Read a date or a date-time in milliseconds; a year or a month alone means its last day."""
    if not isinstance(text, str):
        raise Undefined
    if match := _DAY.fullmatch(text):
        year, month = int(match[1]), int(match[2] or 12)
        return _midnight(year, month, int(match[3]) if match[3] else _longest(year, month))
    match = _TIME.fullmatch(text)
    if not match:
        raise Undefined
    year, month, day = map(int, match[1].split("-"))
    hour, minute, second, away, more = (int(match[place] or 0) for place in (2, 3, 4, 7, 8))
    if max(hour, away) > 23 or max(minute, second, more) > 59:
        raise Undefined
    clock = ((hour * 60 + minute) * 60 + second) * 1000 + int((match[5] or "0").ljust(3, "0")[:3])
    offset = (away * 60 + more) * (-60_000 if match[6] == "-" else 60_000)
    return _within(_midnight(year, month, day) + clock - offset)


def _longest(year: int, month: int) -> int:
    if year < _FIRST_YEAR or not 1 <= month <= 12:
        raise Undefined
    return monthrange(year, month)[1]


def _midnight(year: int, month: int, day: int) -> int:
    if not 1 <= day <= _longest(year, month):
        raise Undefined
    return (date(year, month, day).toordinal() - _EPOCH) * UNITS["day"]


_EPOCH = date(1970, 1, 1).toordinal()
_BEGINS = (date(_FIRST_YEAR, 1, 1).toordinal() - _EPOCH) * UNITS["day"]
_ENDS = (date(9999, 12, 31).toordinal() - _EPOCH + 1) * UNITS["day"]


def _within(at: int) -> int:
    if not _BEGINS <= at < _ENDS:
        raise Undefined
    return at


def _moved(at: int, amount: int, unit: str) -> Instant:
    if unit in ("hour", "day"):
        return Instant(_within(at + amount * UNITS[unit]))
    days, clock = divmod(at, UNITS["day"])
    day = date.fromordinal(days + _EPOCH)
    year, month = divmod(day.year * 12 + day.month - 1 + amount * UNITS[unit], 12)
    if not _FIRST_YEAR <= year <= 9999:
        raise Undefined
    return Instant(_midnight(year, month + 1, min(day.day, _longest(year, month + 1))) + clock)

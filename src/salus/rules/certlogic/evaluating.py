"""Evaluate one expression over data. No loop but `reduce` over a list that is there; depth and steps are bounded."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, Final

from salus.rules.certlogic.moments import UNITS, Moment, parse_date, parse_moment, plus
from salus.rules.errors import RuleRefused

MOST_DEPTH: Final = 64
MOST_STEPS: Final = 10_000
SAFE: Final = 2**53 - 1
"""The greatest integer that a browser counts exactly; beyond it nothing is compared or added."""
PATH: Final = re.compile(r"[^.]+(\.[^.]+)*")

_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")
_SEPARATOR = re.compile("[/#:]")
_NUMBERS: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
_MOMENTS: dict[str, Callable[[Any, Any], bool]] = {
    "after": operator.gt,
    "before": operator.lt,
    "not-after": operator.le,
    "not-before": operator.ge,
}


def evaluate(rule: object, data: object) -> Any:
    """Return what a rule's expression says of data; both are parsed JSON, and so is the answer.

    Raises RuleRefused, and nothing else, for whatever the specification does not define: an unknown operator, operands
    of another type, a date-time as the answer, more than MOST_DEPTH levels or MOST_STEPS steps.
    """
    found = _Evaluation().value(rule, data, 0)
    if isinstance(found, Moment):
        raise RuleRefused("a rule's answer is JSON, and a date-time is not")
    return found


def integer(value: object) -> int | None:
    """Return an integer that every engine counts exactly; None for any other value."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= SAFE else None


class _Evaluation:
    """One evaluation, and how many steps it took so far."""

    def __init__(self) -> None:
        self.steps = 0

    def value(self, rule: object, data: object, depth: int) -> Any:
        self.steps += 1
        if depth > MOST_DEPTH or self.steps > MOST_STEPS:
            raise RuleRefused(f"a rule is at most {MOST_DEPTH} deep and takes at most {MOST_STEPS} steps")
        if isinstance(rule, Mapping):
            return self._operation(rule, data, depth)
        if isinstance(rule, list | tuple):
            items = [self.value(item, data, depth + 1) for item in rule]
            if any(isinstance(item, Moment) for item in items):
                raise RuleRefused("a list holds no date-times")
            return items
        if isinstance(rule, str | bool):
            return rule
        number = integer(rule)
        if number is None:
            raise RuleRefused("an expression is a list, a string, an integer, true, false or an operation")
        return number

    def _operation(self, rule: Mapping[Any, Any], data: object, depth: int) -> Any:
        if len(rule) != 1:
            raise RuleRefused("an operation has one operator")
        ((name, values),) = rule.items()
        if name == "var":
            return _var(values, data)
        if not isinstance(values, list | tuple) or not values:
            raise RuleRefused("an operation has its operands in a list")
        found = _OPERATIONS.get(name)
        if found is None or len(values) not in found[1]:
            raise RuleRefused("there is no such operator with so many operands")
        return found[0](self, name, values, data, depth + 1)

    def if_(self, _: str, values: Any, data: object, depth: int) -> Any:
        chosen = values[1] if _truthy(self.value(values[0], data, depth)) else values[2]
        return self.value(chosen, data, depth)

    def and_(self, _: str, values: Any, data: object, depth: int) -> Any:
        found = None
        for one in values:
            found = self.value(one, data, depth)
            if not _truthy(found):
                break
        return found

    def not_(self, _: str, values: Any, data: object, depth: int) -> bool:
        return not _truthy(self.value(values[0], data, depth))

    def equal(self, _: str, values: Any, data: object, depth: int) -> bool:
        left, right = (_scalar(self.value(one, data, depth)) for one in values)
        return _same(left, right)

    def in_(self, _: str, values: Any, data: object, depth: int) -> bool:
        wanted, among = (self.value(one, data, depth) for one in values)
        wanted = _scalar(wanted)
        if among is None:  # the test suite wants this, though the specification calls it an error
            return False
        if not isinstance(among, list | tuple):
            raise RuleRefused("`in` looks into a list")
        return any(_is_scalar(one) and _same(wanted, one) for one in among)

    def add(self, _: str, values: Any, data: object, depth: int) -> int:
        left, right = (_integer(self.value(one, data, depth)) for one in values)
        return _integer(left + right)

    def compare(self, name: str, values: Any, data: object, depth: int) -> bool:
        read = [_integer(self.value(one, data, depth)) for one in values]
        return all(_NUMBERS[name](a, b) for a, b in pairwise(read))

    def compare_moments(self, name: str, values: Any, data: object, depth: int) -> bool:
        read = [self.value(one, data, depth) for one in values]
        if not all(isinstance(one, Moment) for one in read):
            raise RuleRefused("date-times are compared with date-times; plusTime makes one")
        return all(_MOMENTS[name](a.milliseconds, b.milliseconds) for a, b in pairwise(read))

    def plus_time(self, _: str, values: Any, data: object, depth: int) -> Moment:
        moment = parse_moment(self.value(values[0], data, depth))
        if not isinstance(values[2], str) or values[2] not in UNITS:
            raise RuleRefused("a unit of time is year, month, day or hour")
        return plus(moment, _integer(values[1]), values[2])

    def birth(self, _: str, values: Any, data: object, depth: int) -> Moment:
        return parse_date(self.value(values[0], data, depth))

    def reduce(self, _: str, values: Any, data: object, depth: int) -> Any:
        items = self.value(values[0], data, depth)
        if items is not None and not isinstance(items, list | tuple):
            raise RuleRefused("`reduce` goes through a list")
        found = self.value(values[2], data, depth)
        for item in items or ():
            # a list that grew with each item could grow without bound
            inside = {"current": item, "accumulator": _scalar(found), "data": data}
            found = self.value(values[1], inside, depth)
        return found

    def extract(self, _: str, values: Any, data: object, depth: int) -> str | None:
        text, index = self.value(values[0], data, depth), _integer(values[1])
        if text is None:
            return None
        if not isinstance(text, str):
            raise RuleRefused("an identifier of a certificate is a string")
        parts = _SEPARATOR.split(text.removeprefix("URN:UVCI:"))
        return parts[index] if 0 <= index < len(parts) else None


_Operation = Callable[[_Evaluation, str, Any, object, int], Any]
_OPERATIONS: dict[str, tuple[_Operation, range]] = {
    "if": (_Evaluation.if_, range(3, 4)),
    "and": (_Evaluation.and_, range(2, MOST_STEPS)),
    "!": (_Evaluation.not_, range(1, 2)),
    "===": (_Evaluation.equal, range(2, 3)),
    "in": (_Evaluation.in_, range(2, 3)),
    "+": (_Evaluation.add, range(2, 3)),
    "plusTime": (_Evaluation.plus_time, range(3, 4)),
    "dccDateOfBirth": (_Evaluation.birth, range(1, 2)),
    "reduce": (_Evaluation.reduce, range(3, 4)),
    "extractFromUVCI": (_Evaluation.extract, range(2, 3)),
    **dict.fromkeys(_NUMBERS, (_Evaluation.compare, range(2, 4))),
    **dict.fromkeys(_MOMENTS, (_Evaluation.compare_moments, range(2, 4))),
}
OPERANDS: Final = {name: count for name, (_, count) in _OPERATIONS.items()}
"""How many operands each operator takes."""


def _var(path: object, data: object) -> Any:
    if path == "":
        return data
    if not isinstance(path, str) or not PATH.fullmatch(path):
        raise RuleRefused("data is named by a path such as payload.v.0.dt")
    found = data
    for part in path.split("."):
        if isinstance(found, Mapping):
            found = found.get(part)
        elif isinstance(found, list | tuple) and _INDEX.fullmatch(part):
            found = found[int(part)] if int(part) < len(found) else None
        else:
            return None
    return found


def _truthy(value: object) -> bool:
    """Tell whether a value counts as true; RuleRefused for the few that are neither true nor false."""
    if value is None or isinstance(value, bool | str | list | tuple | Mapping):
        return bool(value)
    return bool(_integer(value))


def _is_scalar(value: object) -> bool:
    return value is None or isinstance(value, str | bool) or integer(value) is not None


def _scalar(value: Any) -> Any:
    if not _is_scalar(value):
        raise RuleRefused("only strings, integers, true, false and what is missing are compared or accumulated")
    return value


def _same(left: object, right: object) -> bool:
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def _integer(value: object) -> int:
    number = integer(value)
    if number is None:
        raise RuleRefused("this operand is a whole number")
    return number

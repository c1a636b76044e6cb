"""Say what is wrong with an expression before it meets any data, in the words of the public validation suite."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from salus.rules.certlogic.evaluating import MOST_DEPTH, OPERANDS, PATH, integer
from salus.rules.certlogic.moments import UNITS


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that is wrong: the part of the rule, and why."""

    expression: Any
    message: str


def issues(rule: object) -> list[Issue]:
    """Return everything that can be told to be wrong from the rule alone.

    An empty list does not say that it means well: the lint of acceptance rules asks what a rule reads, and that
    it cannot hold a list of people.
    """
    return list(_issues(rule, 0))


def _issues(rule: object, depth: int) -> Iterator[Issue]:
    if depth > MOST_DEPTH:
        yield Issue(rule, f"deeper than {MOST_DEPTH} levels")
    elif isinstance(rule, Mapping):
        yield from _operation(rule, depth)
    elif isinstance(rule, list | tuple):
        for item in rule:
            yield from _issues(item, depth + 1)
    elif isinstance(rule, int | float) and not isinstance(rule, bool):
        if integer(rule) is None:
            yield Issue(rule, f"{json.dumps(rule)} is a non-integer number")
    elif not isinstance(rule, str | bool):
        yield Issue(rule, "invalid CertLogic expression")


def _operation(rule: Mapping[Any, Any], depth: int) -> Iterator[Issue]:
    if len(rule) != 1:
        yield Issue(rule, f"expression object must have exactly one key, but it has {len(rule)}")
        return
    ((name, values),) = rule.items()
    if name == "var":
        yield from _var(rule, values)
    elif not isinstance(values, list | tuple):
        yield Issue(rule, 'operation not of the form { "<operator>": [ <values...> ] }')
    elif name not in OPERANDS:
        yield Issue(rule, f"unrecognised operator: {json.dumps(name)}")
    elif len(values) not in OPERANDS[name]:
        yield Issue(rule, f"{json.dumps(name)} does not take {len(values)} operands")
    else:
        yield from _literals(rule, name, values)
        for value in values:
            yield from _issues(value, depth + 1)


def _var(rule: Mapping[Any, Any], path: object) -> Iterator[Issue]:
    if not isinstance(path, str):
        yield Issue(rule, 'not of the form { "var": "<path>" }')
    elif path and not PATH.fullmatch(path):
        yield Issue(rule, f"data access path doesn't have a valid format: {path}")


def _literals(rule: Mapping[Any, Any], name: str, values: Any) -> Iterator[Issue]:
    """Amounts, units and indices stand in a rule as they are; nothing works them out."""
    if name in {"plusTime", "extractFromUVCI"} and integer(values[1]) is None:
        yield Issue(rule, "the second operand is a whole number")
    if name == "plusTime" and not (isinstance(values[2], str) and values[2] in UNITS):
        yield Issue(rule, "the third operand is year, month, day or hour")

"""What acceptance rules may not hold: persons, by name, day, number, place, or as a list of anything fine enough.

CertLogic is a general language. A rule reads facts and dates of events, compares dates with a few days of the calendar
and codes with short lists, and shows by its examples that it takes some certificates and not others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from salus_audit.contents.certlogic import UNITS, accepted, is_expression
from salus_audit.contents.naming import digits_of
from salus_audit.contents.told import is_region
from salus_audit.recomputing.linting import hides, is_disease
from salus_audit.spelling import Misspelt, seconds

MOST_RULES, MOST_ITEMS, MOST_EXAMPLES, MOST_EVENTS = 32, 32, 32, 4
MOST_TABLES, MOST_PERIODS = 8, 16
MOST_PARTS, MOST_DAYS, MOST_AMOUNTS, MOST_AMOUNT = 400, 4, 8, 10_000
MOST_DIGITS = 10
_GROUPS = {"vaccination": "v", "test": "t", "recovery": "r"}
_CODES = {
    "v": {"tg", "vp", "mp", "ma", "dn", "sd"},
    "t": {"tg", "tt", "nm", "ma", "tr"},
    "r": {"tg"},
}
_DATES = {"v": {"dt"}, "t": {"sc", "dr"}, "r": {"fr", "df", "du"}}
_PERSONS = {"nam", "fn", "fnt", "gn", "gnt", "dob", "ci", "is", "co", "tc"}
"""Names, a birth date, a certificate's number, who issued it, where: fields by which one would single people out."""
_WORD = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+){0,7}", re.ASCII)
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9/._-]{0,19}", re.ASCII)
_HASH = re.compile(r"[0-9a-fA-F]{12}|[A-Za-z0-9+/_-]{20}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_WHEN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:Z|[+-][0-9]{2}:[0-9]{2}))?", re.ASCII)
_LIKE_A_TIME = re.compile(r"[0-9]{4}-[0-9]{2}(?:-[0-9]{2}(?:T.*)?)?", re.ASCII)
_TABLE = re.compile(r"external\.valueSets\.([a-z0-9-]{1,60})")
_CLOCK = "external.validationClock"


def fault_of_acceptance(document: Mapping[str, Any]) -> str | None:
    """Judge acceptance rules, and run their examples."""
    return next(_document(document["body"]), None)


def _document(body: Mapping[str, Any]) -> Iterator[str]:
    if set(body) != {"region", "disease", "tables", "periods", "rules"}:
        yield "acceptance rules have other fields than these"
        return
    if not is_region(body["region"]) or not is_disease(body["disease"]):
        yield "acceptance rules are for one region and about one disease"
    yield from _beside(body["tables"], {"codes", "source"}, MOST_TABLES, "tables")
    yield from _beside(body["periods"], {"amount", "unit", "source"}, MOST_PERIODS, "periods")
    rules = body["rules"]
    if not isinstance(rules, list) or not 1 <= len(rules) <= MOST_RULES:
        yield f"acceptance rules are one to {MOST_RULES}"
        return
    tables = {name: one["codes"] for name, one in body["tables"].items()}
    periods = {(one["amount"], one["unit"]) for one in body["periods"].values()}
    for place, rule in enumerate(rules):
        yield from _rule(rule, f"rules[{place}]", tables, periods)
    if len({rule["name"] for rule in rules}) != len(rules):
        yield "two rules have one name"


def _beside(named: Any, fields: set[str], most: int, where: str) -> Iterator[str]:
    """Judge the lists, or the periods, that stand beside the rules."""
    if not isinstance(named, dict) or len(named) > most:
        yield f"{where} are at most {most}, each with a name"
        return
    for name, one in named.items():
        if not _WORD.fullmatch(name) or _HASH.search(name) or not isinstance(one, dict) or set(one) != fields:
            yield f"{where} have words for names, and {sorted(fields)} alone"
            return
        if not isinstance(one["source"], str) or not one["source"].strip() or hides(one["source"]):
            yield f"the source of {where}.{name[:40]} is none, or could hold a list or a number"
        yield from _codes(one["codes"], f"{where}.{name}") if "codes" in fields else _period(one, f"{where}.{name}")


def _codes(codes: Any, where: str) -> Iterator[str]:
    if not isinstance(codes, list) or not 1 <= len(codes) <= MOST_ITEMS or not all(map(_is_code, codes)):
        yield f"{where} lists one to {MOST_ITEMS} codes, none of which could be a number or a name"
    elif len(set(codes)) != len(codes):
        yield f"{where} lists a code twice"


def _period(one: Mapping[str, Any], where: str) -> Iterator[str]:
    amount, unit = one["amount"], one["unit"]
    if type(amount) is not int or not 0 < amount < MOST_AMOUNT or not isinstance(unit, str) or unit not in UNITS:
        yield f"{where} is no period"


def _is_code(text: Any) -> bool:
    """Tell whether a value is a short code, with too few digits for a person's number, and no hash."""
    if not isinstance(text, str) or digits_of(text) > MOST_DIGITS or not _CODE.fullmatch(text):
        return False
    return text.isdigit() or not _HASH.search(text)


def _rule(rule: Any, where: str, tables: Mapping[str, Any], periods: set[tuple[int, str]]) -> Iterator[str]:
    if not isinstance(rule, dict) or set(rule) != {"name", "kind", "description", "logic", "examples"}:
        yield f"{where} has other fields than a rule"
        return
    name, described, kind = rule["name"], rule["description"], rule["kind"]
    if not isinstance(name, str) or not _WORD.fullmatch(name) or _HASH.search(name):
        yield f"{where} has no word for a name"
    if not isinstance(described, dict) or set(described) != {"en", "zh"}:
        yield f"{where} is not described in both languages"
    elif not all(isinstance(text, str) and text.strip() and not hides(text) for text in described.values()):
        yield f"the description of {where} says nothing, or could hold a list or a number"
    if not isinstance(kind, str) or kind not in _GROUPS:
        yield f"{where} is about no kind of fact that there is"
    elif not is_expression(rule["logic"]):
        yield f"{where} is no CertLogic"
    else:
        yield from _Walk(_GROUPS[kind], set(tables), periods).faults(rule["logic"], where)
    yield from _examples(rule, where, tables)


class _Walk:
    """One way through an expression, with what it has met so far. Each part comes with whether it is a time."""

    def __init__(self, group: str, tables: set[str], periods: set[tuple[int, str]]) -> None:
        self.group, self.tables, self.periods = group, tables, periods
        self.parts = 0
        self.days: set[str] = set()
        self.amounts: set[tuple[int, str]] = set()
        self.reads = False

    def faults(self, logic: Any, where: str) -> Iterator[str]:
        waiting: list[tuple[Any, bool]] = [(logic, False)]
        while waiting:
            part, timed = waiting.pop()
            self.parts += 1
            fault = self.fault(part, timed, waiting)
            if fault:
                yield f"{where} {fault}"
        if self.parts > MOST_PARTS or len(self.days) > MOST_DAYS or len(self.amounts) > MOST_AMOUNTS:
            yield f"{where} has room for a list: too many parts, days or periods"
        if not self.reads:
            yield f"{where} reads nothing of a certificate"

    def fault(self, part: Any, timed: bool, waiting: list[tuple[Any, bool]]) -> str | None:
        """Judge one part, and put what it consists of on the list of what waits."""
        if isinstance(part, str):
            return self.text(part, timed)
        if isinstance(part, list):
            waiting += [(one, False) for one in part]
            return "holds a long list" if len(part) > MOST_ITEMS else None
        if not isinstance(part, dict):
            return None
        ((name, operands),) = part.items()
        if name == "var":
            return self.path(operands, timed)
        if name in ("extractFromUVCI", "dccDateOfBirth"):
            return "reads a certificate's number or a birth date"
        if name == "plusTime":
            waiting.append((operands[0], True))
            return self.period(*operands)
        waiting += [(one, False) for one in operands]
        return None

    def text(self, text: str, timed: bool) -> str | None:
        if timed:
            self.days.add(text)
            return None if _DAY.fullmatch(text) else "names a time of day"
        if _LIKE_A_TIME.fullmatch(text):
            return "compares a date as text"
        return None if _is_code(text) else "holds a text that is no code"

    def period(self, of: Any, amount: int, unit: str) -> str | None:
        if not amount:
            return None
        self.amounts.add((amount, unit))
        if isinstance(of, str):
            return "moves a day of the calendar"
        return None if (abs(amount), unit) in self.periods else "adds a period that is not beside the rules"

    def path(self, path: str, timed: bool) -> str | None:
        names = path.removeprefix("data.").split(".")
        if _PERSONS.intersection(names):
            return "reads who a person is, or where"
        if path == _CLOCK:
            return None if timed else "compares a date as text"
        if match := _TABLE.fullmatch(path):
            return None if match[1] in self.tables else "reads a list that is not beside it"
        if path == "accumulator":
            return None
        self.reads = True
        return self.fact(names, timed)

    def fact(self, names: list[str], timed: bool) -> str | None:
        """Judge a path to events, to one event, or to a field of one."""
        first, *rest = names
        if first == "payload" and rest and rest[0] in _CODES:
            group, rest = rest[0], rest[1:]
            if not rest or (len(rest) <= 2 and re.fullmatch("[0-9]{1,4}", rest[0])):
                return self.field(group, rest[1], timed) if len(rest) == 2 else None
        elif first == "current" and len(rest) <= 1:
            return None if not rest or rest[0] in ("0", "1") else self.field(self.group, rest[0], timed)
        return "reads what no rule may"

    def field(self, group: str, name: str, timed: bool) -> str | None:
        if name in _DATES[group]:
            return None if timed else "compares a date as text"
        return None if name in _CODES[group] and not timed else "reads what no rule may"


def _examples(rule: Mapping[str, Any], where: str, tables: Mapping[str, Any]) -> Iterator[str]:
    examples = rule["examples"]
    fields = {"payload", "at", "accepted"}
    if not isinstance(examples, list) or not 2 <= len(examples) <= MOST_EXAMPLES:
        yield f"{where} has no examples, or too many"
        return
    for place, one in enumerate(examples):
        if not isinstance(one, dict) or set(one) != fields or type(one["accepted"]) is not bool:
            yield f"example {place} of {where} has other fields than an example"
            return
        yield from _payload(one["payload"], f"example {place} of {where}")
    if {one["accepted"] for one in examples} != {True, False}:
        yield f"{where} accepts everything or nothing, as far as its examples show"
    for place, one in enumerate(examples):
        external = {"validationClock": _clock(one["at"]), "valueSets": dict(tables)}
        if accepted(rule["logic"], {"payload": one["payload"], "external": external}) is not one["accepted"]:
            yield f"example {place} of {where} comes out otherwise"


def _clock(text: Any) -> str:
    if seconds(text) and text[0] == "2":
        return str(text)
    raise Misspelt("an example is of this millennium")


def _payload(payload: Any, where: str) -> Iterator[str]:
    if not isinstance(payload, dict) or set(payload) - set(_CODES):
        yield f"{where} holds something else than events"
        return
    for group, events in payload.items():
        if not isinstance(events, list) or len(events) > MOST_EVENTS:
            yield f"{where} has too many events"
            return
        for event in events:
            if not isinstance(event, dict) or not all(_is_fact(group, *pair) for pair in event.items()):
                yield f"{where} has an event with something else than codes and dates"


def _is_fact(group: str, name: str, value: Any) -> bool:
    if name in _DATES[group]:
        return isinstance(value, str) and bool(_WHEN.fullmatch(value))
    if name not in _CODES[group]:
        return False
    return _is_code(value) if isinstance(value, str) else type(value) is int and 0 <= value < 100

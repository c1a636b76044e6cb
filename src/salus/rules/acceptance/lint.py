"""Say what an acceptance rule may not hold: a word for each forbidden construct. Pure.

CertLogic is general, so somebody could write a list of people into it: by name, birth date, number of a certificate, by
who issued it or where; as hashes; or as so many dates and times that each fits one person. A rule reads facts and
dates, compares dates with a few days of the calendar, and codes with short lists; nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, Final

from salus.rules.certlogic import issues
from salus.rules.tables.lint import CLAUSE, MOST_EXAMPLES, MOST_ITEMS, Fault, lint_text

MOST_RULES: Final = 32
MOST_NODES: Final = 400
MOST_DAYS: Final = 4
"""How many days of the calendar a rule may name: enough for two windows, too few to tell one person from others."""
MOST_EVENTS: Final = 4
MOST_DOSES: Final = 100

DOCUMENT = frozenset({"rules"})
RULE = frozenset({"name", "kind", "description", "logic", "examples"})
EXAMPLE = frozenset({"payload", "at", "accepted"})
KINDS: Final = {"vaccination": "v", "test": "t", "recovery": "r"}

CODES: Final = {"v": {"tg", "vp", "mp", "ma", "dn", "sd"}, "t": {"tg", "tt", "nm", "ma", "tr"}, "r": {"tg"}}
DATES: Final = {"v": {"dt"}, "t": {"sc", "dr"}, "r": {"fr", "df", "du"}}
# What somebody would single people out by; each under the word for it.
SUBJECTS: Final = {
    **dict.fromkeys(("nam", "fn", "fnt", "gn", "gnt"), "NAME"),
    "dob": "BIRTH-DATE",
    "ci": "CERTIFICATE-IDENTIFIER",
    "is": "ISSUER",
    "co": "REGION",
    "tc": "PLACE",
}
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+){0,7}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WHEN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2}))?")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 /._-]{0,39}")
_HASH = re.compile(r"[0-9a-fA-F]{12,}|[A-Za-z0-9+/_-]{20,}")
_LONG_NUMBER = re.compile(r"[0-9]{11,}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}(-[0-9]{2}(T.*)?)?")
_VALUE_SET = re.compile(r"external\.valueSets\.[a-z0-9-]{1,60}")
_CLOCK = "external.validationClock"


def lint_acceptance(document: object) -> tuple[Fault, ...]:
    """Return every forbidden construct of acceptance rules as read from JSON; none means that they may be built."""
    if not isinstance(document, Mapping):
        return (Fault(word="TYPE", where="document"),)
    return tuple(dict.fromkeys(_document(document)))


def _document(document: Mapping[str, Any]) -> Iterator[Fault]:
    yield from _fields(document, DOCUMENT, "document")
    rules = document.get("rules")
    if not isinstance(rules, list) or not rules:
        yield Fault(word="TYPE", where="rules")
        return
    if len(rules) > MOST_RULES:
        yield Fault(word="LIST-TOO-LONG", where="rules")
    for place, rule in enumerate(rules[:MOST_RULES]):
        yield from _rule(rule, f"rules[{place}]")


def _rule(rule: object, where: str) -> Iterator[Fault]:
    if not isinstance(rule, Mapping):
        yield Fault(word="TYPE", where=where)
        return
    yield from _fields(rule, RULE, where)
    if not isinstance(rule.get("name"), str) or not _NAME.fullmatch(rule["name"]):
        yield Fault(word="TYPE", where=f"{where}.name")
    described = rule.get("description")
    texts = list(described.values()) if isinstance(described, Mapping) and set(described) == CLAUSE else [None]
    if not all(isinstance(text, str) and text.strip() for text in texts):
        yield Fault(word="CLAUSE", where=f"{where}.description")
    yield from chain.from_iterable(lint_text(text, f"{where}.description") for text in texts if isinstance(text, str))
    kind = rule.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        yield Fault(word="UNKNOWN-WORD", where=f"{where}.kind")
    else:
        yield from lint_logic(rule.get("logic"), kind, f"{where}.logic")
    yield from _examples(rule.get("examples"), f"{where}.examples")


def _examples(examples: object, where: str) -> Iterator[Fault]:
    """A rule that accepts everything, or nothing, is no rule: its examples show one of each."""
    if not isinstance(examples, list) or len(examples) > MOST_EXAMPLES:
        yield Fault(word="EXAMPLES", where=where)
        return
    good = [one for one in examples if isinstance(one, Mapping) and set(one) == EXAMPLE]
    if len(good) != len(examples) or {one["accepted"] for one in good if type(one["accepted"]) is bool} != {
        True,
        False,
    }:
        yield Fault(word="EXAMPLES", where=where)
    for place, one in enumerate(good):
        yield from _payload(one["payload"], f"{where}[{place}].payload")
        if not isinstance(one["at"], str) or not _WHEN.fullmatch(one["at"]):
            yield Fault(word="TYPE", where=f"{where}[{place}].at")


def _payload(payload: object, where: str) -> Iterator[Fault]:
    """An example is an invented certificate: events with the codes and dates that a rule may read, and no person."""
    if not isinstance(payload, Mapping):
        yield Fault(word="TYPE", where=where)
        return
    for group, events in payload.items():
        if group not in CODES:
            yield Fault(word=SUBJECTS.get(group, "UNKNOWN-FIELD"), where=f"{where}.{str(group)[:40]}")
        elif not isinstance(events, list) or len(events) > MOST_EVENTS:
            yield Fault(word="TYPE", where=f"{where}.{group}")
        else:
            for place, event in enumerate(events):
                yield from _event(event, group, f"{where}.{group}[{place}]")


def _event(event: object, group: str, where: str) -> Iterator[Fault]:
    if not isinstance(event, Mapping):
        yield Fault(word="TYPE", where=where)
        return
    for name, value in event.items():
        if name not in CODES[group] | DATES[group]:
            yield Fault(word=SUBJECTS.get(name, "UNKNOWN-FIELD"), where=f"{where}.{str(name)[:40]}")
        elif name in DATES[group]:
            if not isinstance(value, str) or not _WHEN.fullmatch(value):
                yield Fault(word="TYPE", where=f"{where}.{name}")
        elif isinstance(value, str):
            yield from _code(value, f"{where}.{name}")
        elif type(value) is not int or not 0 <= value < MOST_DOSES:
            yield Fault(word="NUMBER", where=f"{where}.{name}")


def _code(text: str, where: str) -> Iterator[Fault]:
    if _LONG_NUMBER.search(text):
        yield Fault(word="NUMBER", where=where)
    elif _HASH.search(text):
        yield Fault(word="HASH", where=where)
    elif not _CODE.fullmatch(text):
        yield Fault(word="FREE-TEXT", where=where)


def lint_logic(logic: object, kind: str, where: str = "logic", *, value_sets: bool = False) -> tuple[Fault, ...]:
    """Return every forbidden construct of one rule's expression about certificates of a kind.

    `value_sets` lets it name lists that stand elsewhere, as the rules of EU states do; a rule of ours brings its own.
    """
    found = [Fault(word="CERTLOGIC", where=where)] if issues(logic) else []
    if not found:
        found += _Walk(KINDS[kind], value_sets).faults(logic, where)
    return tuple(dict.fromkeys(found))


class _Walk:
    """One walk through an expression: how large it is, what it reads, which days it names."""

    def __init__(self, group: str, value_sets: bool) -> None:
        self.group = group
        self.value_sets = value_sets
        self.nodes = 0
        self.days: set[str] = set()
        self.reads = False

    def faults(self, logic: Any, where: str) -> list[Fault]:
        found = list(self.part(logic, where, in_time=False))
        if self.nodes > MOST_NODES:
            found.append(Fault(word="TOO-LONG", where=where))
        if len(self.days) > MOST_DAYS:
            found.append(Fault(word="TOO-MANY-DATES", where=where))
        if not self.reads:
            found.append(Fault(word="UNCONDITIONAL", where=where))
        return found

    def part(self, part: Any, where: str, *, in_time: bool) -> Iterator[Fault]:
        self.nodes += 1
        if isinstance(part, str):
            yield from self.text(part, where, in_time=in_time)
        elif isinstance(part, list | tuple):
            if len(part) > MOST_ITEMS:
                yield Fault(word="LIST-TOO-LONG", where=where)
            for place, item in enumerate(part):
                yield from self.part(item, f"{where}[{place}]", in_time=False)
        elif isinstance(part, Mapping):
            ((name, values),) = part.items()
            yield from self.operation(name, values, f"{where}.{name}", in_time=in_time)

    def operation(self, name: str, values: Any, where: str, *, in_time: bool) -> Iterator[Fault]:
        if name == "var":
            yield from self.path(values, where, in_time=in_time)
        elif name == "plusTime":
            yield from self.part(values[0], f"{where}[0]", in_time=True)
        elif name == "extractFromUVCI":
            yield Fault(word="CERTIFICATE-IDENTIFIER", where=where)
        elif name == "dccDateOfBirth":
            yield Fault(word="BIRTH-DATE", where=where)
        else:
            for place, value in enumerate(values):
                yield from self.part(value, f"{where}[{place}]", in_time=False)

    def text(self, text: str, where: str, *, in_time: bool) -> Iterator[Fault]:
        if in_time:
            self.days.add(text)
            if not _DAY.fullmatch(text):
                yield Fault(word="TIME-OF-DAY", where=where)
        elif _TIME.fullmatch(text):
            yield Fault(word="DATE-COMPARED", where=where)
        else:
            yield from _code(text, where)

    def path(self, path: str, where: str, *, in_time: bool) -> Iterator[Fault]:
        parts = path.removeprefix("data.").split(".")
        words = [SUBJECTS[one] for one in parts if one in SUBJECTS]
        if words:
            yield Fault(word=words[0], where=where)
        elif path == _CLOCK:
            if not in_time:
                yield Fault(word="DATE-COMPARED", where=where)
        elif _VALUE_SET.fullmatch(path):
            if not self.value_sets:
                yield Fault(word="VALUE-SET", where=where)
        elif path != "accumulator":
            self.reads = True
            yield from self.fact(parts, where, in_time=in_time)

    def fact(self, parts: list[str], where: str, *, in_time: bool) -> Iterator[Fault]:
        """A path into the payload: a group of events, one of them, or a field of one."""
        match parts:
            case ["payload", group, *rest] if group in CODES and len(rest) <= 2 and all(map(str.isdecimal, rest[:1])):
                if len(rest) == 2:
                    yield from self.field(group, rest[1], where, in_time=in_time)
            case ["current"] | ["current", "0" | "1"]:
                return
            case ["current", name]:
                yield from self.field(self.group, name, where, in_time=in_time)
            case _:
                yield Fault(word="UNKNOWN-FIELD", where=where)

    def field(self, group: str, name: str, where: str, *, in_time: bool) -> Iterator[Fault]:
        if name in DATES[group]:
            # compared as text, a time to the second would be a name
            if not in_time:
                yield Fault(word="DATE-COMPARED", where=where)
        elif name not in CODES[group] or in_time:
            yield Fault(word="UNKNOWN-FIELD", where=where)


def _fields(value: Mapping[str, Any], known: frozenset[str], where: str) -> Iterator[Fault]:
    for name in sorted(set(map(str, value)) - known):
        yield Fault(word="UNKNOWN-FIELD", where=f"{where}.{name[:40]}")
    for name in sorted(known - set(value)):
        yield Fault(word="MISSING", where=f"{where}.{name}")

"""Say what an acceptance rule may not hold: a word for each forbidden construct. Pure.

CertLogic is general, so somebody could write a list of people into it: by name, birth date, number of a certificate, by
who issued it or where; as hashes; or as so many dates and times that each fits one person. A rule reads facts and
dates, compares dates with a few days of the calendar, and codes with short lists; nothing else. Its lists and periods
may stand beside it, each with its source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from salus.rules.certlogic import UNITS, issues
from salus.rules.tables.lint import CLAUSE, MOST_EXAMPLES, MOST_ITEMS, Fault, is_long_number, lint_text

MOST_RULES: Final = 32
MOST_NODES: Final = 400
MOST_DAYS: Final = 4
"""How many days of the calendar a rule may name: enough for two windows, too few to tell one person from others."""
MOST_EVENTS: Final = 4
MOST_DOSES: Final = 100
MOST_AMOUNT: Final = 10_000
MOST_AMOUNTS: Final = 8
"""How many different periods a rule may name. Each could move a day of the calendar to another one."""
MOST_TABLES: Final = 8
MOST_PERIODS: Final = 16

DOCUMENT = frozenset({"rules"})
BESIDE = frozenset({"tables", "periods"})
LISTED = frozenset({"codes", "source"})
PERIOD = frozenset({"amount", "unit", "source"})
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
_INSTANT = re.compile(r"2[0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_EVENT = re.compile(r"[0-9]{1,4}")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9/._-]{0,19}")
_HASH = re.compile(r"[0-9a-fA-F]{12,}|[A-Za-z0-9+/_-]{20,}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}(-[0-9]{2}(T.*)?)?")
_VALUE_SET = re.compile(r"external\.valueSets\.([a-z0-9-]{1,60})")
_CLOCK = "external.validationClock"


def lint_acceptance(document: object) -> tuple[Fault, ...]:
    """Return every forbidden construct of acceptance rules as read from JSON; none means that they may be built."""
    if not isinstance(document, Mapping):
        return (Fault(word="TYPE", where="document"),)
    return tuple(dict.fromkeys(_document(document)))


def _document(document: Mapping[str, Any]) -> Iterator[Fault]:
    yield from _fields(document, DOCUMENT, "document", BESIDE)
    tables, periods = document.get("tables", {}), document.get("periods", {})
    yield from lint_beside(tables, LISTED, MOST_TABLES, "tables")
    yield from lint_beside(periods, PERIOD, MOST_PERIODS, "periods")
    rules = document.get("rules")
    if not isinstance(rules, list) or not rules:
        yield Fault(word="TYPE", where="rules")
        return
    if len(rules) > MOST_RULES:
        yield Fault(word="LIST-TOO-LONG", where="rules")
    names = [str(rule.get("name")) for rule in rules if isinstance(rule, Mapping)]
    if len(set(names)) != len(names):
        yield Fault(word="TWICE", where="rules")
    beside = Beside.of(tables, periods if "periods" in document else None)
    for place, rule in enumerate(rules[:MOST_RULES]):
        yield from _rule(rule, f"rules[{place}]", beside)


def lint_beside(named: object, known: frozenset[str], most: int, where: str) -> Iterator[Fault]:
    """What is wrong with the lists, or the periods, that stand beside the rules: each is named and has its source."""
    if not isinstance(named, Mapping):
        yield Fault(word="TYPE", where=where)
        return
    if len(named) > most:
        yield Fault(word="LIST-TOO-LONG", where=where)
    for name, one in named.items():
        here = f"{where}.{str(name)[:40]}"
        if not isinstance(name, str) or not _NAME.fullmatch(name) or _HASH.search(name):
            yield Fault(word="TYPE", where=here)
        if not isinstance(one, Mapping):
            yield Fault(word="TYPE", where=here)
            continue
        yield from _fields(one, known, here)
        source = one.get("source")
        if not isinstance(source, str) or not source.strip():
            yield Fault(word="SOURCE", where=here)
        else:
            yield from lint_text(source, f"{here}.source")
        yield from _codes(one.get("codes"), here) if "codes" in known else _period(one, here)


def _codes(codes: object, where: str) -> Iterator[Fault]:
    if not isinstance(codes, list) or not codes or not all(isinstance(one, str) for one in codes):
        yield Fault(word="TYPE", where=f"{where}.codes")
        return
    if len(codes) > MOST_ITEMS:
        yield Fault(word="LIST-TOO-LONG", where=f"{where}.codes")
    if len(set(codes)) != len(codes):
        yield Fault(word="TWICE", where=f"{where}.codes")
    for one in codes:
        yield from _code(one, f"{where}.codes")


def _period(one: Mapping[str, Any], where: str) -> Iterator[Fault]:
    amount = one.get("amount")
    if type(amount) is not int or not 0 < amount < MOST_AMOUNT or one.get("unit") not in UNITS:
        yield Fault(word="TYPE", where=where)


def _rule(rule: object, where: str, beside: Beside) -> Iterator[Fault]:
    if not isinstance(rule, Mapping):
        yield Fault(word="TYPE", where=where)
        return
    yield from _fields(rule, RULE, where)
    if not isinstance(rule.get("name"), str) or not _NAME.fullmatch(rule["name"]):
        yield Fault(word="TYPE", where=f"{where}.name")
    elif _HASH.search(rule["name"]):
        yield Fault(word="HASH", where=f"{where}.name")
    described = rule.get("description")
    texts = list(described.values()) if isinstance(described, Mapping) and set(described) == CLAUSE else [None]
    if not all(isinstance(text, str) and text.strip() for text in texts):
        yield Fault(word="CLAUSE", where=f"{where}.description")
    yield from chain.from_iterable(lint_text(text, f"{where}.description") for text in texts if isinstance(text, str))
    kind = rule.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        yield Fault(word="UNKNOWN-WORD", where=f"{where}.kind")
    else:
        yield from lint_logic(rule.get("logic"), kind, f"{where}.logic", beside=beside)
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
        if not isinstance(one["at"], str) or not _INSTANT.fullmatch(one["at"]):
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
    number, hashed = is_long_number(text), not text.isdigit() and bool(_HASH.search(text))
    if number:
        yield Fault(word="NUMBER", where=where)
    if hashed:
        yield Fault(word="HASH", where=where)
    if not (number or hashed or _CODE.fullmatch(text)):
        yield Fault(word="FREE-TEXT", where=where)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What stands beside a rule: the names of its lists, and its periods; None where any may be named."""

    tables: frozenset[str] | None
    periods: frozenset[tuple[int, str]] | None

    @classmethod
    def of(cls, tables: object, periods: object) -> Beside:
        """Take the names of lists and the periods from a document, whatever it holds."""
        named = tables if isinstance(tables, Mapping) else {}
        spans = periods.values() if isinstance(periods, Mapping) else ()
        told = [(one.get("amount"), str(one.get("unit"))) for one in spans if isinstance(one, Mapping)]
        whole = frozenset((amount, unit) for amount, unit in told if isinstance(amount, int))
        return cls(tables=frozenset(map(str, named)), periods=None if periods is None else whole)


ANYTHING: Final = Beside(tables=None, periods=None)
"""For rules whose lists stand elsewhere, as those of EU states do; a rule of ours brings its own."""


def lint_logic(logic: object, kind: str, where: str = "logic", *, beside: Beside = ANYTHING) -> tuple[Fault, ...]:
    """Return every forbidden construct of one rule's expression about certificates of a kind."""
    found = [Fault(word="CERTLOGIC", where=where)] if issues(logic) else []
    if not found:
        found += _Walk(KINDS[kind], beside).faults(logic, where)
    return tuple(dict.fromkeys(found))


class _Walk:
    """One walk through an expression: how large it is, what it reads, which days and periods it names."""

    def __init__(self, group: str, beside: Beside) -> None:
        self.group = group
        self.beside = beside
        self.nodes = 0
        self.days: set[str] = set()
        self.amounts: set[tuple[int, str]] = set()
        self.reads = False

    def faults(self, logic: Any, where: str) -> list[Fault]:
        found = list(self.part(logic, where, in_time=False))
        if self.nodes > MOST_NODES:
            found.append(Fault(word="TOO-LONG", where=where))
        if len(self.days) > MOST_DAYS:
            found.append(Fault(word="TOO-MANY-DATES", where=where))
        if len(self.amounts) > MOST_AMOUNTS:
            found.append(Fault(word="TOO-MANY-PERIODS", where=where))
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
            yield from self.amount(values, where)
        elif name == "extractFromUVCI":
            yield Fault(word="CERTIFICATE-IDENTIFIER", where=where)
        elif name == "dccDateOfBirth":
            yield Fault(word="BIRTH-DATE", where=where)
        else:
            for place, value in enumerate(values):
                yield from self.part(value, f"{where}[{place}]", in_time=False)

    def amount(self, values: Any, where: str) -> Iterator[Fault]:
        """How much is added to a date: nothing, or a period; in a document that lists its periods, one of those."""
        amount, unit = values[1], values[2]
        if not amount:
            return
        self.amounts.add((amount, unit))
        # a day of the calendar moved by a period would be one more day, and one moved by hours a time of day
        if isinstance(values[0], str):
            yield Fault(word="DATE-MOVED", where=where)
        if abs(amount) >= MOST_AMOUNT:
            yield Fault(word="NUMBER", where=where)
        if self.beside.periods is not None and (abs(amount), unit) not in self.beside.periods:
            yield Fault(word="PERIOD", where=where)

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
        elif named := _VALUE_SET.fullmatch(path):
            if self.beside.tables is not None and named[1] not in self.beside.tables:
                yield Fault(word="VALUE-SET", where=where)
        elif path != "accumulator":
            self.reads = True
            yield from self.fact(parts, where, in_time=in_time)

    def fact(self, parts: list[str], where: str, *, in_time: bool) -> Iterator[Fault]:
        """A path into the payload: a group of events, one of them, or a field of one."""
        match parts:
            case ["payload", group] if group in CODES:
                return
            case ["payload", group, event, *names] if group in CODES and len(names) < 2 and _EVENT.fullmatch(event):
                for name in names:
                    yield from self.field(group, name, where, in_time=in_time)
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


def _fields(
    value: Mapping[str, Any], known: frozenset[str], where: str, also: frozenset[str] = frozenset()
) -> Iterator[Fault]:
    for name in sorted(set(map(str, value)) - known - also):
        yield Fault(word="UNKNOWN-FIELD", where=f"{where}.{name[:40]}")
    for name in sorted(known - set(value)):
        yield Fault(word="MISSING", where=f"{where}.{name}")

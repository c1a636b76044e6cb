"""Say what an assignment table may not hold: a word for each forbidden construct. Pure.

A table is the place where somebody would smuggle in a list of people, a place or a catch-all; so its form is closed,
its lists are short, nothing in it looks like a hash or a person's number, and every measure has a longest duration.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Final

from salus.rules.model import EvidenceKind, Measure, Result

MOST_DUE_HOURS: Final = 48
MOST_EXPOSED_DAYS: Final = 14
MOST_ITEMS: Final = 32
MOST_TEXT: Final = 300
MOST_EXAMPLES: Final = 32

TABLE = frozenset({"name", "disease", "longest_hours", "clauses", "rows", "examples"})
EXPOSURE = frozenset({"within_days", "lasts_hours", "released_by", "clause"})
ROW = frozenset({"kind", "result", "within_hours", "gives", "lasts_hours", "released_by", "clause"})
RELEASE = frozenset({"kind", "after_hours"})
EXAMPLE = frozenset({"evidence", "gives", "ends_in_hours"})
EXAMPLE_EVIDENCE = frozenset({"kind", "result", "taken_hours_ago", "reported_hours_ago"})
CLAUSE = frozenset({"en", "zh"})

# What a field's name gives away about what somebody wanted to decide by.
SUBJECTS = (
    ("PLACE", r"place|venue|address|county|city|province|district|region|coordinate|latitude|longitude|location|area"),
    ("MOVEMENT", r"movement|travel|trip|itinerary|roam|cell|visited|scan|check_?in|route"),
    ("KINSHIP", r"kin|kinship|household(?!_reg)|family|contact|parent|child|spouse|relative|cohabit"),
    ("FINANCE", r"bank|deposit|account|credit|debt|loan|tax|income|payment|petition"),
    ("OCCUPATION", r"occupation|employer|job|profession|work"),
    ("REGISTRATION", r"hukou|household_reg\w*|residence_permit"),
    ("ETHNICITY", r"ethnic\w*|nationality|religion|language|race"),
    ("IDENTIFIER", r"id|ids|identifier|number|phone|passport|resident|person|subject|name_hash|bloom|filter|set"),
    ("FREE-TEXT", r"text|note|remark|comment|reason|condition|expression|script|regex|pattern"),
)
_CATCH_ALL = re.compile(r"\*|any|all|others?|else|default|unknown|misc\w*|其他|其它", re.IGNORECASE)
_HASH = re.compile(r"[0-9a-fA-F]{16,}|[A-Za-z0-9+/_-]{24,}={0,2}|[A-Za-z0-9+/]{10,}={1,2}(?![A-Za-z0-9])")
_DIGITS = re.compile(r"\d{5,}")
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+){0,3}", re.ASCII)
_DIGIT = re.compile("[0-9]")
_MOST_DIGITS = 10  # a telephone's number has eleven
_DISEASE_LETTERS = 32
_DISEASE_DIGITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One forbidden construct: its stable word, and where it stands."""

    word: str
    where: str

    def __str__(self) -> str:
        return f"{self.word} at {self.where}"


def lint(table: object) -> tuple[Fault, ...]:
    """Return every forbidden construct of a table as it was read from JSON; none means that it may be built.

    The worked examples are run where the table is built, not here.
    """
    if not isinstance(table, Mapping):
        return (Fault(word="TYPE", where="table"),)
    return tuple(dict.fromkeys([*_everywhere(table, "table"), *_table(table)]))


def _everywhere(value: object, where: str) -> Iterator[Fault]:
    """What is forbidden wherever it stands."""
    if isinstance(value, bool | float) or value is None:
        if not (value is None and where.endswith(("clause", "ends_in_hours"))):
            yield Fault(word="TYPE", where=where)
    elif isinstance(value, int):
        if not 0 <= value < 10_000:
            yield Fault(word="NUMBER", where=where)
    elif isinstance(value, str):
        yield from _text(value, where)
    elif isinstance(value, Mapping | list):
        if len(value) > MOST_ITEMS:
            yield Fault(word="LIST-TOO-LONG", where=where)
        pairs = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, item in pairs:
            if isinstance(key, str):
                yield from _text(key, f"{where} (a name)")
            yield from _everywhere(item, f"{where}.{key}" if isinstance(key, str) else f"{where}[{key}]")
    else:
        yield Fault(word="TYPE", where=where)


def lint_text(text: str, where: str) -> tuple[Fault, ...]:
    """Return what is forbidden of a text that people read: a hash, a long number, too much, what does not print."""
    return tuple(_text(text, where))


def is_long_number(text: str) -> bool:
    """Tell whether a text's digits, however they are parted, could be a person's number."""
    return len(_DIGIT.findall(text)) > _MOST_DIGITS


def is_disease(value: object) -> bool:
    """Tell whether a value is the short word for a disease, such as covid-19."""
    if not isinstance(value, str) or not _NAME.fullmatch(value) or len(value) > _DISEASE_LETTERS:
        return False
    return len(_DIGIT.findall(value)) <= _DISEASE_DIGITS


def _text(text: str, where: str) -> Iterator[Fault]:
    if len(text) > MOST_TEXT:
        yield Fault(word="TEXT-TOO-LONG", where=where)
    if _HASH.search(text):
        yield Fault(word="HASH", where=where)
    if _DIGITS.search(text):
        yield Fault(word="NUMBER", where=where)
    if not text.isprintable():
        yield Fault(word="TEXT", where=where)


def _fields(value: Mapping[str, object], known: frozenset[str], where: str) -> Iterator[Fault]:
    """A field that has no type, under the word for what it would have decided by; and a field that is missing."""
    for name in sorted(set(map(str, value)) - known):
        words = [word for word, pattern in SUBJECTS if re.search(rf"(?:^|_)(?:{pattern})(?:$|_)", name.lower())]
        yield Fault(word=words[0] if words else "UNKNOWN-FIELD", where=f"{where}.{name[:40]}")
    for name in sorted(known - set(value)):
        yield Fault(word="NO-END" if name in ("longest_hours", "lasts_hours") else "MISSING", where=f"{where}.{name}")


def _table(table: Mapping[str, object]) -> Iterator[Fault]:
    yield from _fields(table, TABLE | ({"exposure"} & set(table)), "table")
    if "exposure" in table:
        yield from _exposure(table["exposure"], table, "table.exposure")
    if not isinstance(table.get("name"), str) or not _NAME.fullmatch(str(table.get("name"))):
        yield Fault(word="TYPE", where="table.name")
    if not is_disease(table.get("disease")):
        yield Fault(word="TYPE", where="table.disease")
    longest = table.get("longest_hours")
    if not _hours(longest, 1, 14 * 24):
        yield Fault(word="OVERLONG", where="table.longest_hours")
    yield from _clauses(table.get("clauses"))
    rows = table.get("rows")
    if not isinstance(rows, list) or not rows:
        yield Fault(word="TYPE", where="table.rows")
    else:
        for place, row in enumerate(rows):
            yield from _row(row, table, f"table.rows[{place}]")
        yield from _whole(rows)
    yield from _examples(table.get("examples"))


def _clauses(clauses: object) -> Iterator[Fault]:
    if not isinstance(clauses, Mapping) or not clauses:
        yield Fault(word="TYPE", where="table.clauses")
        return
    for name, clause in clauses.items():
        where = f"table.clauses.{name}"
        texts = list(clause.values()) if isinstance(clause, Mapping) and set(clause) == CLAUSE else [None]
        if not all(isinstance(text, str) and text.strip() for text in texts):
            yield Fault(word="CLAUSE", where=where)
        if _CATCH_ALL.fullmatch(str(name)):
            yield Fault(word="CATCH-ALL", where=where)


def _row(row: object, table: Mapping[str, object], where: str) -> Iterator[Fault]:
    if not isinstance(row, Mapping):
        yield Fault(word="TYPE", where=where)
        return
    yield from _fields(row, ROW, where)
    yield from _member(row.get("kind"), EvidenceKind, f"{where}.kind")
    yield from _member(row.get("result"), Result, f"{where}.result")
    yield from _member(row.get("gives"), Measure, f"{where}.gives")
    if not _hours(row.get("within_hours"), 0, 7 * 24):
        yield Fault(word="OVERLONG", where=f"{where}.within_hours")
    releases = row.get("released_by")
    if not isinstance(releases, list):
        yield Fault(word="TYPE", where=f"{where}.released_by")
        releases = []
    for place, release in enumerate(releases):
        yield from _release(release, f"{where}.released_by[{place}]")
    yield from _asked(row, table, bool(releases), where)


def _asked(row: Mapping[str, object], table: Mapping[str, object], releases: bool, where: str) -> Iterator[Fault]:
    """What a row that asks for something must have, and what it may not rest on."""
    gives, lasts, longest = row.get("gives"), row.get("lasts_hours"), table.get("longest_hours")
    clauses, clause = table.get("clauses"), row.get("clause")
    known = isinstance(clauses, Mapping) and isinstance(clause, str) and clause in clauses
    if gives == Measure.NONE:
        if lasts != 0 or releases or row.get("clause") is not None:
            yield Fault(word="CONTRADICTION", where=where)
        return
    most = 7 * 24 if gives == Measure.ADVISE else 14 * 24
    if not _hours(lasts, 1, min(most, longest if isinstance(longest, int) else most)):
        yield Fault(word="OVERLONG", where=f"{where}.lasts_hours")
    if not releases:
        yield Fault(word="NO-RELEASE", where=where)
    if not known:
        yield Fault(word="CLAUSE", where=where)
    if row.get("result") == Result.NEGATIVE or (gives == Measure.PRECAUTION and row.get("result") != Result.POSITIVE):
        yield Fault(word="WITHOUT-POSITIVE", where=where)


def _exposure(row: object, table: Mapping[str, object], where: str) -> Iterator[Fault]:
    """An exposure asks for a test, for 48 hours at most: there is no field for a measure, and none for another end."""
    if not isinstance(row, Mapping):
        yield Fault(word="TYPE", where=where)
        return
    if {"gives", "measure", "result"} & set(row):
        yield Fault(word="WITHOUT-POSITIVE", where=where)
    yield from _fields(row, EXPOSURE, where)
    if not _hours(row.get("within_days"), 0, MOST_EXPOSED_DAYS):
        yield Fault(word="OVERLONG", where=f"{where}.within_days")
    longest, clauses = table.get("longest_hours"), table.get("clauses")
    if not _hours(row.get("lasts_hours"), 1, min(MOST_DUE_HOURS, longest if isinstance(longest, int) else 0)):
        yield Fault(word="OVERLONG", where=f"{where}.lasts_hours")
    releases = row.get("released_by")
    if not isinstance(releases, list) or not releases:
        yield Fault(word="NO-RELEASE", where=where)
        releases = []
    for place, release in enumerate(releases):
        yield from _release(release, f"{where}.released_by[{place}]")
    clause = row.get("clause")
    if not isinstance(clauses, Mapping) or not isinstance(clause, str) or clause not in clauses:
        yield Fault(word="CLAUSE", where=where)


def _release(release: object, where: str) -> Iterator[Fault]:
    if not isinstance(release, Mapping):
        yield Fault(word="TYPE", where=where)
        return
    yield from _fields(release, RELEASE, where)
    yield from _member(release.get("kind"), EvidenceKind, f"{where}.kind")
    if not _hours(release.get("after_hours"), 0, 72):
        yield Fault(word="OVERLONG", where=f"{where}.after_hours")


def _whole(rows: list[object]) -> Iterator[Fault]:
    """A table is total: for each kind that it knows each result once; and it asks for nothing in at least one row."""
    cells = [(str(row.get("kind")), str(row.get("result"))) for row in rows if isinstance(row, Mapping)]
    wanted = set(product({kind for kind, _ in cells}, Result))
    if len(set(cells)) != len(cells):
        yield Fault(word="TWICE", where="table.rows")
    if set(cells) != wanted:
        yield Fault(word="NOT-TOTAL", where="table.rows")
    if not any(isinstance(row, Mapping) and row.get("gives") == Measure.NONE for row in rows):
        yield Fault(word="UNCONDITIONAL", where="table.rows")


def _examples(examples: object) -> Iterator[Fault]:
    if not isinstance(examples, list) or not examples or len(examples) > MOST_EXAMPLES:
        yield Fault(word="EXAMPLES", where="table.examples")
        return
    for place, example in enumerate(examples):
        where = f"table.examples[{place}]"
        if not isinstance(example, Mapping) or not isinstance(example.get("evidence"), list):
            yield Fault(word="EXAMPLES", where=where)
            continue
        yield from _fields(example, EXAMPLE, where)
        yield from _member(example.get("gives"), Measure, f"{where}.gives")
        ends = example.get("ends_in_hours")
        if ends is not None and not _hours(ends, 0, 9_999):
            yield Fault(word="TYPE", where=f"{where}.ends_in_hours")
        for number, item in enumerate(example["evidence"]):
            yield from _example_evidence(item, f"{where}.evidence[{number}]")


def _example_evidence(item: object, where: str) -> Iterator[Fault]:
    if not isinstance(item, Mapping):
        yield Fault(word="TYPE", where=where)
        return
    yield from _fields(item, EXAMPLE_EVIDENCE, where)
    yield from _member(item.get("kind"), EvidenceKind, f"{where}.kind")
    yield from _member(item.get("result"), Result, f"{where}.result")
    if not (_hours(item.get("taken_hours_ago"), 0, 2_000) and _hours(item.get("reported_hours_ago"), 0, 2_000)):
        yield Fault(word="TYPE", where=where)


def _member(value: object, kind: type[EvidenceKind] | type[Result] | type[Measure], where: str) -> Iterator[Fault]:
    if isinstance(value, str) and value in set(kind):
        return
    catching = isinstance(value, str) and _CATCH_ALL.fullmatch(value)
    yield Fault(word="CATCH-ALL" if catching else "UNKNOWN-WORD", where=where)


def _hours(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most

"""What a table of rules may not hold. Its form is closed, so that no list of people, place or catch-all fits in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from salus_audit.recomputing.deciding import HOUR, Result, Rules, Table, decide

KINDS = {"nucleic-acid-test", "antigen-test", "antibody-test", "culture"}
RESULTS = {"positive", "negative", "indeterminate"}
MOST_DUE_HOURS, MOST_EXPOSED_DAYS = 48, 14
MOST_HOURS = {"none": 0, "advise": 7 * 24, "precaution": 14 * 24}
"""The longest that any table may ask for, by measure."""
_FORM: Mapping[str, set[str]] = {
    "table": {"name", "disease", "longest_hours", "clauses", "rows", "examples"},
    "row": {"kind", "result", "within_hours", "gives", "lasts_hours", "released_by", "clause"},
    "release": {"kind", "after_hours"},
    "exposure": {"within_days", "lasts_hours", "released_by", "clause"},
    "clause": {"en", "zh"},
    "example": {"evidence", "gives", "ends_in_hours"},
    "result": {"kind", "result", "taken_hours_ago", "reported_hours_ago"},
}
_WORD = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+){0,3}", re.ASCII)
_CATCH_ALL = re.compile(r"\*|any|all|others?|else|default|unknown|misc\w*|其他|其它", re.IGNORECASE)
_HIDES = (
    re.compile(r"[0-9a-fA-F]{16}"),
    re.compile(r"[A-Za-z0-9+/_-]{24}"),
    re.compile(r"[A-Za-z0-9+/]{10,}={1,2}(?![A-Za-z0-9])"),
    re.compile(r"\d{5}"),
)
_MOST_ITEMS, _MOST_TEXT = 32, 300
_NOW = 1_900_000_000
_LONG = 100 * 24 * HOUR


def hides(text: str) -> bool:
    """Tell whether a text could hold a hash or a person's number, is too long, or does not print."""
    return len(text) > _MOST_TEXT or not text.isprintable() or any(one.search(text) for one in _HIDES)


def is_disease(value: object) -> bool:
    """Tell whether a value is the short word for a disease."""
    if not isinstance(value, str) or not _WORD.fullmatch(value) or len(value) > 32:
        return False
    return sum(char in "0123456789" for char in value) <= 4


def faults_of(body: Any) -> list[str]:
    """Return what is wrong with a table, in words; nothing if `decide` may be run over it."""
    found = list(dict.fromkeys([*_hidden(body, "table"), *_table(body)]))
    return found or [
        f"example {place} comes out otherwise" for place, one in enumerate(body["examples"]) if _fails(body, one)
    ]


def _hidden(value: Any, where: str) -> Iterator[str]:
    """What stands nowhere, whatever it is called."""
    if isinstance(value, str):
        if hides(value):
            yield f"{where} could hold a list or a number"
    elif isinstance(value, bool | float) or (value is None and not where.endswith((".clause", ".ends_in_hours"))):
        yield f"{where} is of no type that rules have"
    elif isinstance(value, int) and not 0 <= value < 10_000:
        yield f"{where} is a number beyond any of hours"
    elif isinstance(value, dict | list):
        if len(value) > _MOST_ITEMS:
            yield f"{where} has more than {_MOST_ITEMS} items"
        for name, item in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(name, str) and hides(name):
                yield f"a name in {where} could hold a list or a number"
            yield from _hidden(item, f"{where}.{str(name)[:40]}")


def _form(value: Any, kind: str, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where} is no {kind}"
    elif set(value) != _FORM[kind]:
        yield f"{where} has other fields than a {kind}: {sorted(set(value) ^ _FORM[kind])[:3]}"


def _table(body: Any) -> Iterator[str]:
    exposed = isinstance(body, dict) and "exposure" in body
    rest = {name: body[name] for name in body if name != "exposure"} if exposed else body
    wrong = list(_form(rest, "table", "table"))
    yield from wrong
    if wrong:
        return
    if not isinstance(body["name"], str) or not _WORD.fullmatch(body["name"]) or not is_disease(body["disease"]):
        yield "the table's name or disease is no short word"
    if not _within(body["longest_hours"], 1, MOST_HOURS["precaution"]):
        yield "the table has no longest time within 14 days"
    yield from _clauses(body["clauses"])
    yield from _exposure(body["exposure"], body) if exposed else ()
    rows, examples = body["rows"], body["examples"]
    if not isinstance(rows, list) or not rows or not isinstance(examples, list) or not examples:
        yield "a table has rows, and examples"
        return
    bad = [one for place, row in enumerate(rows) for one in _row(row, body, f"table.rows[{place}]")]
    yield from bad or _total(rows)
    for place, one in enumerate(examples):
        yield from _example(one, f"table.examples[{place}]")


def _clauses(clauses: Any) -> Iterator[str]:
    if not isinstance(clauses, dict) or not clauses:
        yield "a table has clauses"
        return
    for name, clause in clauses.items():
        wrong = list(_form(clause, "clause", f"table.clauses.{name[:40]}"))
        if wrong or not all(isinstance(text, str) and text.strip() for text in clause.values()):
            yield f"the clause {name[:40]} is not written in both languages"
        if _CATCH_ALL.fullmatch(name):
            yield f"the clause {name[:40]} is a catch-all"


def _row(row: Any, body: Mapping[str, Any], where: str) -> Iterator[str]:
    wrong = list(_form(row, "row", where))
    yield from wrong
    if wrong:
        return
    if row["kind"] not in KINDS or row["result"] not in RESULTS or row["gives"] not in MOST_HOURS:
        yield f"{where} names a kind, a result or a measure that there is not"
        return
    if not _within(row["within_hours"], 0, 7 * 24):
        yield f"{where} takes results that are too old"
    releases = row["released_by"]
    if not isinstance(releases, list) or any(_unreleasing(one) for one in releases):
        yield f"{where} is released by something that is no release"
    elif row["gives"] == "none":
        if row["lasts_hours"] != 0 or releases or row["clause"] is not None:
            yield f"{where} asks for nothing and yet for something"
    else:
        yield from _asking(row, body, where)


def _asking(row: Mapping[str, Any], body: Mapping[str, Any], where: str) -> Iterator[str]:
    longest = body["longest_hours"] if isinstance(body["longest_hours"], int) else 0
    if not _within(row["lasts_hours"], 1, min(MOST_HOURS[row["gives"]], longest)):
        yield f"{where} lasts longer than it may"
    if not row["released_by"]:
        yield f"nothing releases what {where} asks for"
    if not _named(row["clause"], body["clauses"]):
        yield f"{where} has no clause"
    if row["result"] == "negative" or (row["gives"] == "precaution" and row["result"] != "positive"):
        yield f"{where} asks for something without a positive result"


def _exposure(row: Any, body: Mapping[str, Any]) -> Iterator[str]:
    """What follows from an exposure is a test, for 48 hours at most; nothing in its row could say otherwise."""
    wrong = list(_form(row, "exposure", "table.exposure"))
    yield from wrong
    if wrong:
        return
    longest = body["longest_hours"] if isinstance(body["longest_hours"], int) else 0
    if not _within(row["within_days"], 0, MOST_EXPOSED_DAYS):
        yield "an exposure counts for longer than 14 days"
    if not _within(row["lasts_hours"], 1, min(MOST_DUE_HOURS, longest)):
        yield "a test is due for longer than it may be"
    releases = row["released_by"]
    if not isinstance(releases, list) or not releases or any(_unreleasing(one) for one in releases):
        yield "nothing, or no release, ends what an exposure asks for"
    if not _named(row["clause"], body["clauses"]):
        yield "what an exposure asks for has no clause"


def _named(clause: Any, clauses: Any) -> bool:
    return isinstance(clauses, dict) and isinstance(clause, str) and clause in clauses


def _unreleasing(one: Any) -> bool:
    return bool(list(_form(one, "release", ""))) or one["kind"] not in KINDS or not _within(one["after_hours"], 0, 72)


def _total(rows: list[Mapping[str, Any]]) -> Iterator[str]:
    cells = [(row["kind"], row["result"]) for row in rows]
    if sorted(cells) != sorted((kind, result) for kind in {kind for kind, _ in cells} for result in RESULTS):
        yield "the rows are not one for each result of each kind"
    if all(row["gives"] != "none" for row in rows):
        yield "every row asks for something"


def _example(one: Any, where: str) -> Iterator[str]:
    wrong = list(_form(one, "example", where))
    if not wrong and (one["gives"] not in MOST_HOURS or not isinstance(one["evidence"], list)):
        wrong = [f"{where} is no example"]
    yield from wrong
    for item in [] if wrong else one["evidence"]:
        bad = list(_form(item, "result", where))
        if bad or item["kind"] not in KINDS or item["result"] not in RESULTS or not _hours_ago(item):
            yield f"{where} has a result that there cannot be"


def _hours_ago(item: Mapping[str, Any]) -> bool:
    return _within(item["taken_hours_ago"], 0, 2000) and _within(item["reported_hours_ago"], 0, 2000)


def _fails(body: Mapping[str, Any], example: Mapping[str, Any]) -> bool:
    """Run an example under an emergency that began long before."""
    table = Table.of(body)
    results = [
        Result(
            str(place),
            table.disease,
            one["kind"],
            one["result"],
            _NOW - one["taken_hours_ago"] * HOUR,
            _NOW - one["reported_hours_ago"] * HOUR,
        )
        for place, one in enumerate(example["evidence"])
    ]
    span = (_NOW - _LONG, _NOW + _LONG)
    found = decide(results, Rules(table, *span, (table.disease, *span)), _NOW)
    ends = None if example["ends_in_hours"] is None else _NOW + example["ends_in_hours"] * HOUR
    return (found.gives, found.ends) != (example["gives"], ends)


def _within(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most

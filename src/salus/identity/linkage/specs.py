"""Specifications as TOML, the way a user writes them. Every refusal names the entry."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any, cast

from salus.identity.linkage.errors import SpecRefused
from salus.identity.linkage.model import (
    LIMITED,
    Blocking,
    Comparison,
    Grouping,
    Kind,
    Level,
    Part,
    Reading,
    Reads,
    Spec,
    Test,
)

PLAIN: dict[str, type | tuple[type, ...]] = {
    "name": str,
    "record_id": str,
    "source": str,
    "link": (int, float),
    "review": (int, float),
    "across_sources": bool,
    "per_source": int,
    "single": list,
}
TOP = {*PLAIN, "grouping", "columns", "comparisons", "blocking"}
KEY = re.compile(r"([a-z][a-z0-9_]*)(?:\[(?:([0-9]+):([0-9]+)|(each)(?: ([12]))?)\])?")


def read_spec(text: str) -> Spec:
    """Parse a specification. An unknown key is refused, so that no misspelt rule is without effect."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SpecRefused(f"the specification is not TOML: {error}") from error
    _known(document, TOP, "the specification")
    plain: dict[str, Any] = {}
    for key, kind in PLAIN.items():
        if key in document:
            value = document[key]
            if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
                raise SpecRefused(f"'{key}' has a value of the wrong kind")
            plain[key] = tuple(map(str, value)) if isinstance(value, list) else value
    if "name" not in plain:
        raise SpecRefused("the specification has no 'name'")
    blocking = [(_blocking(one), bool(one.get("seed", False))) for one in _tables(document, "blocking")]
    return Spec(
        **plain,
        grouping=_chosen(Grouping, document.get("grouping", "connected"), "grouping"),
        readings=tuple(_reading(column, how) for column, how in _table(document, "columns").items()),
        comparisons=tuple(_comparison(one) for one in _tables(document, "comparisons")),
        blocking=tuple(rule for rule, _ in blocking),
        seeds=tuple(rule.name for rule, seed in blocking if seed),
    )


def read_test(text: str) -> Test:
    """Parse one test, as in `damerau surname 2` or `swapped given_name surname`."""
    kind_text, *words = text.split()
    kind = _chosen(Kind, kind_text, f"test '{text}'")
    column, other, limit = (words[0] if words else ""), "", 0
    wanted = 2 if kind in LIMITED or kind is Kind.SWAPPED else 1
    if len(words) != wanted:
        raise SpecRefused(f"test '{text}' takes {wanted} words after '{kind}'")
    if kind in LIMITED:
        if not re.fullmatch(r"[0-9]{1,6}", words[1]):
            raise SpecRefused(f"test '{text}' ends in a number")
        limit = int(words[1])
    elif kind is Kind.SWAPPED:
        other = words[1]
    return Test(kind=kind, column=column, limit=limit, other=other)


def read_part(text: str) -> Part:
    """Parse a piece of a blocking key, as in `surname`, `birth_date[0:4]`, `words[each]` or `words[each 2]`."""
    found = KEY.fullmatch(text)
    if not found:
        raise SpecRefused(f"'{text}' is no key: write column, column[0:4], column[each] or column[each 2]")
    column, start, end, each, count = found.groups()
    return Part(column=column, start=int(start or 0), end=int(end or 0), each=int(count or 1) if each else 0)


def _comparison(entry: Mapping[str, Any]) -> Comparison:
    _known(entry, {"name", "needs", "levels", "frequencies", "ordered", "chance"}, "a comparison")
    name, texts = str(entry.get("name", "")), entry.get("levels")
    if not (isinstance(texts, list) and texts and all(isinstance(text, str) and text.strip() for text in texts)):
        raise SpecRefused(f"comparison '{name}' has no levels")
    weighed = str(entry.get("frequencies", ""))
    chances = _table(entry, "chance")
    if unknown := sorted(set(chances) - set(texts)):
        raise SpecRefused(f"comparison '{name}' gives a chance to levels that it has not: {', '.join(unknown)}")
    levels = tuple(_level(text, weighed, chances.get(text, 0.0)) for text in texts)
    if weighed and not any(level.by_frequency for level in levels):
        raise SpecRefused(f"comparison '{name}' has no level 'equal {weighed}' to weigh by frequency")
    needs = entry.get("needs", list(dict.fromkeys(column for test in levels[0].tests for column in test.columns)))
    if not isinstance(needs, list):
        raise SpecRefused(f"comparison '{name}': 'needs' is a list of columns")
    return Comparison(name=name, needs=tuple(map(str, needs)), levels=levels, ordered=bool(entry.get("ordered", True)))


def _level(text: str, weighed: str, chance: object) -> Level:
    if not isinstance(chance, int | float):
        raise SpecRefused(f"level '{text}' has a chance that is no probability")
    tests = tuple(read_test(one) for one in text.split(" and "))
    found = any(test.kind is Kind.EQUAL and test.column == weighed for test in tests)
    return Level(name=text, tests=tests, by_frequency=weighed if found else "", chance=float(chance))


def _blocking(entry: Mapping[str, Any]) -> Blocking:
    _known(entry, {"name", "on", "at_most", "pairs", "seed"}, "a blocking rule")
    on = entry.get("on")
    if not (isinstance(on, list) and on and all(isinstance(text, str) for text in on)):
        raise SpecRefused("a blocking rule has no 'on', a list of keys")
    limits = {key: entry[key] for key in ("at_most", "pairs") if key in entry}
    if not all(isinstance(value, int) for value in limits.values()):
        raise SpecRefused("the limits of a blocking rule are whole numbers")
    return Blocking(name=str(entry.get("name", " + ".join(on))), parts=tuple(read_part(text) for text in on), **limits)


def _reading(column: str, how: object) -> Reading:
    entry = {"reads": how} if isinstance(how, str) else how
    if not isinstance(entry, dict):
        raise SpecRefused(f"column '{column}' says neither how it is read nor from what")
    _known(entry, {"reads", "from"}, f"column '{column}'")
    sources = entry.get("from", column)
    return Reading(
        column=column,
        reads=_chosen(Reads, entry.get("reads", ""), f"column '{column}'"),
        sources=(sources,) if isinstance(sources, str) else tuple(map(str, sources)),
    )


def _chosen(kind: Any, text: object, where: str) -> Any:
    try:
        return kind(text)
    except ValueError as error:
        raise SpecRefused(f"{where}: '{text}' is none of {', '.join(kind)}") from error


def _known(entry: Mapping[str, Any], keys: set[str], where: str) -> None:
    if unknown := sorted(set(entry) - keys):
        raise SpecRefused(f"{where} has unknown entries: {', '.join(unknown)}")


def _tables(document: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    found = document.get(key, [])
    if not (isinstance(found, list) and all(isinstance(one, dict) for one in found)):
        raise SpecRefused(f"'{key}' is a list of tables: [[{key}]]")
    return cast("list[dict[str, Any]]", found)


def _table(document: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = document.get(key, {})
    if not isinstance(found, dict):
        raise SpecRefused(f"'{key}' is a table: [{key}]")
    return found

"""The core data set as it is written in core.toml, and which of its elements a resource carries. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from salus.records.arriving.model import Element, Sharing

Paths = tuple[tuple[str, ...], ...]


@cache
def _written() -> dict[str, Any]:
    return tomllib.loads((files("salus.records.arriving") / "core.toml").read_text("utf-8"))


@cache
def sharings() -> tuple[Sharing, ...]:
    """Return what each level is to share, in words."""
    return tuple(Sharing(**one) for one in _written()["sharing"])


@cache
def elements() -> tuple[Element, ...]:
    """Return all elements of the core set, in the order in which they are written."""
    return tuple(
        Element(
            level=one["level"],
            type=one["type"],
            name=one["name"],
            paths=_paths(one["path"]),
            among=frozenset(one["among"]) if "among" in one else None,
            en=one["en"],
            zh=one["zh"],
            source=one["source"],
        )
        for one in _written()["element"]
    )


def core_set(level: int) -> tuple[Element, ...]:
    """Return what a place of care of a level is to share: its own elements and those of the lower levels."""
    return tuple(one for one in elements() if one.level <= level)


def carried(resource: dict[str, Any]) -> list[str]:
    """Return the names of the elements of the core set that a resource carries."""
    found = []
    for one in _by_type().get(resource["resourceType"], ()):
        for path in one.paths:
            if _stands(resource, path, 0, one.among):
                found.append(one.name)
                break
    return found


def day_of(resource: dict[str, Any]) -> date | None:
    """Return the day of which a resource is, as it is written; None where none is as precise as a day."""
    for path in _when().get(resource["resourceType"], ()):
        for value in _at(resource, path):
            if isinstance(value, str) and len(value) >= len("2031-03-01"):
                try:
                    return date.fromisoformat(value[:10])
                except ValueError:
                    continue
    return None


@cache
def _by_type() -> dict[str, tuple[Element, ...]]:
    found: dict[str, tuple[Element, ...]] = {}
    for one in elements():
        found[one.type] = (*found.get(one.type, ()), one)
    return found


@cache
def _when() -> dict[str, Paths]:
    return {name: _paths(text) for name, text in _written()["when"].items()}


def _paths(text: str) -> Paths:
    return tuple(tuple(path.split(".")) for path in text.split("|"))


def _stands(value: Any, path: tuple[str, ...], at: int, among: frozenset[str] | None) -> bool:
    """Tell whether something, or one of these values, stands at the end of a path, through lists.

    It is asked of every resource that is written, some times each: a loop, and no generator.
    """
    while at < len(path):
        if isinstance(value, list):
            break
        if not isinstance(value, dict):
            return False
        value = value.get(path[at])
        at += 1
    if isinstance(value, list):
        for one in value:  # noqa: SIM110  any() would make a generator
            if _stands(one, path, at, among):
                return True
        return False
    if among is not None:
        return isinstance(value, str) and value in among
    return value is not None and value not in ("", {})


def _at(value: Any, path: tuple[str, ...]) -> Iterator[Any]:
    """Yield what stands at the end of a path, through lists, nothing empty."""
    if isinstance(value, list):
        for one in value:
            yield from _at(one, path)
    elif not path:
        if value not in (None, "", {}):
            # An object in the place of a value cannot be among values; it stands there all the same.
            yield value if not isinstance(value, dict) else ""
    elif isinstance(value, dict) and path[0] in value:
        yield from _at(value[path[0]], path[1:])

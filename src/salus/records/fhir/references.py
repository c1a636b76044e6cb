"""Resolve the references of what one sender sent together, and of what is stored already."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

from salus.records.errors import Problem
from salus.records.fhir.definitions import resource_types
from salus.records.fhir.invariants.terms import targets
from salus.records.fhir.walk import Where, element_of, written

_LITERAL = re.compile(r"([A-Za-z]{2,40})/([A-Za-z0-9\-.]{1,64})(/_history/\d{1,9})?", re.ASCII)
_LONGEST = 40 + 1 + 64 + len("/_history/") + 9
_CONDITIONAL = re.compile(r"([A-Za-z]{2,40})\?identifier=([^&]{1,400})", re.ASCII)


def parse_literal(reference: str) -> tuple[str, UUID] | None:
    """Read `Type/id` of this server; None for anything else. An id that is no UUID cannot be one of ours."""
    return _literal(reference) if len(reference) <= _LONGEST else None


@lru_cache(maxsize=8192)
def _literal(reference: str) -> tuple[str, UUID] | None:
    """Read one that may be long enough to lead somewhere; a record refers to its patient and visits again and again."""
    match = _LITERAL.fullmatch(reference)
    if match is None or match[1] not in resource_types():
        return None
    found = uuid_of(match[2])
    return (match[1], found) if found else (match[1], UUID(int=0))


def referred(found: Iterable[tuple[dict[str, Any], object]]) -> list[str]:
    """Return what references name, as `Type/id`, without the version; of this server or not."""
    return [str(node["reference"]).partition("/_history/")[0] for node, _ in found]


def uuid_of(text: str) -> UUID | None:
    """Read an id as this server writes it: a UUID, lower case, with hyphens."""
    if len(text) != 36:
        return None
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text else None


def conditional(reference: str) -> tuple[str, str] | None:
    """Read `Type?identifier=token`; None for anything else."""
    match = _CONDITIONAL.fullmatch(reference)
    return (match[1], match[2]) if match and match[1] in resource_types() else None


class References:
    """The references of one transaction: collected first, looked up together, rewritten then."""

    def __init__(self, fresh: Mapping[str, tuple[str, UUID]]) -> None:
        self._fresh = fresh
        self.places: list[tuple[tuple[str, UUID], Where, int | None]] = []
        self.conditional: list[tuple[tuple[str, str], dict[str, Any], Where, int | None]] = []
        self.told: list[tuple[list[dict[str, Any]], str, int | None]] = []
        """References that say together who a Patient inside of something is, of which one at least must lead there."""

    @property
    def wanted(self) -> set[tuple[str, UUID]]:
        """What must be stored already, by type and id."""
        return {literal for literal, _, _ in self.places} | set(filter(None, map(parse_literal, self._told())))

    @property
    def asked(self) -> set[tuple[str, str]]:
        """What must be found by type and identifier."""
        return {asked for asked, _, _, _ in self.conditional} | set(filter(None, map(conditional, self._told())))

    def _told(self) -> Iterator[str]:
        return (node["reference"] for nodes, _, _ in self.told for node in nodes)

    def collect(
        self, resource: dict[str, Any], found: list[tuple[dict[str, Any], Where]], entry: int | None
    ) -> list[Problem]:
        """Rewrite what can be resolved among the entries, note what must exist already, report what leads nowhere."""
        problems = []
        contained = {c.get("id") for c in resource.get("contained") or () if isinstance(c, dict)}
        for node, where in found:
            problem = self._one(node, contained, where, entry)
            if problem:
                problems.append(
                    Problem(where=f"{written(where)}.reference", text=problem, code="not-found", entry=entry)
                )
        return problems

    def _one(self, node: dict[str, Any], contained: set[Any], where: Where, entry: int | None) -> str | None:
        text = node["reference"]
        fresh = self._fresh.get(text)
        if fresh:
            allowed = targets(element_of(where))
            if allowed and fresh[0] not in allowed:
                return "leads to an entry of a type that may not stand here"
            node["reference"] = f"{fresh[0]}/{fresh[1]}"
            return None
        if text.startswith("#"):
            return None if text == "#" or text[1:] in contained else "refers to nothing contained in this resource"
        if text.startswith("urn:"):
            return "refers to no entry of this bundle"
        literal, asked = parse_literal(text), conditional(text)
        if literal:
            self.places.append((literal, where, entry))
        elif asked:
            self.conditional.append((asked, node, where, entry))
        elif not text.startswith(("http://", "https://")):
            return "is not a reference that this server understands"
        return None

"""Say what a message changes of what is known: new resources, changed ones, and those that stay as they are. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from salus.records.model import Intent
from salus.records.v2.errors import DUPLICATE_KEY, V2Refused
from salus.records.v2.model import Mapped, Told

Key = tuple[str, str, str]
"""Type, system and value of an identifier."""
_REFERENCES = frozenset({"subject", "encounter"})
OLDER = "is older than what is stored: left as it is"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A stored resource that a message may be about. `said` is when the newest message about it was said."""

    id: UUID
    resource_key: int
    chart_key: int
    version: int
    resource: dict[str, Any] = field(repr=False)
    said: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be written for one message: intents, the element that each came from, and what was opened."""

    intents: tuple[Intent, ...]
    elements: tuple[str, ...]
    opened: tuple[Known, ...]
    notes: tuple[tuple[str, str], ...]


def plan(mapped: Mapped, found: Mapping[Key, list[Known]], serial: int) -> Plan:
    """Plan one message. `serial` sets its new resources apart from those of others that are taken with it.

    Raises V2Refused where numbers of one resource lead to two.
    """
    known = {one.name: _the_one(one, found) for one in mapped.told}
    names = {
        one.name: f"{one.type}/{stored.id}" if (stored := known[one.name]) else f"urn:salus:v2:{serial}:{one.name}"
        for one in mapped.told
    }
    intents, elements, notes = [], [], list(mapped.notes)
    for one in mapped.told:
        stored = known[one.name]
        told = _linked(one.resource, names)
        if stored is None:
            fresh = _without_none({**one.fresh, **told})
            intents.append(Intent(verb="create", resource=fresh, full_url=names[one.name]))
            elements.append(one.element)
        elif one.manner != "keep" and stored.said is not None and stored.said > mapped.said:
            notes.append((one.element, OLDER))
        elif one.manner != "keep":
            changed = _merged(stored.resource, told) if one.manner == "update" else _replaced(stored.resource, told)
            if _bare(changed) != _bare(stored.resource):
                intents.append(Intent(verb="update", resource=changed, id=stored.id, expected=stored.version))
                elements.append(one.element)
    return Plan(
        intents=tuple(intents),
        elements=tuple(elements),
        opened=tuple(one for one in known.values() if one),
        notes=tuple(notes),
    )


def _the_one(told: Told, found: Mapping[Key, list[Known]]) -> Known | None:
    stored = {known.id: known for key in told.keys for known in found.get((told.type, *key), ())}
    if len(stored) > 1:
        raise V2Refused(
            "its numbers belong to two records here; say which are one person's by A40, or send one number",
            DUPLICATE_KEY,
            told.element,
        )
    return next(iter(stored.values()), None)


def _linked(resource: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return a resource whose references by name are references to what is stored, or comes along."""
    linked = dict(resource)
    for element in _REFERENCES & linked.keys():
        linked[element] = {"reference": names[linked[element]["reference"]]}
    if "result" in linked:
        linked["result"] = [{"reference": names[one["reference"]]} for one in linked["result"]]
    return linked


def _merged(stored: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """Change what a message names and leave the rest; of identifiers and periods the parts that it names."""
    changed = stored | told
    if "identifier" in told:
        systems = {one["system"] for one in told["identifier"]}
        kept = [one for one in stored.get("identifier") or () if one.get("system") not in systems]
        changed["identifier"] = [*told["identifier"], *kept]
    if isinstance(told.get("period"), dict):
        changed["period"] = {**(stored.get("period") or {}), **told["period"]}
    return _without_none(changed)


def _replaced(stored: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """Make it as the message says. A report keeps the results that an earlier message told of."""
    changed = _without_none(dict(told))
    if stored.get("result"):
        named = [one["reference"] for one in told.get("result") or ()]
        kept = [one for one in stored["result"] if one.get("reference") not in named]
        changed["result"] = [*kept, *(told.get("result") or ())]
    return changed | ({"meta": stored["meta"]} if "meta" in stored else {})


def _without_none(resource: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in resource.items() if value is not None}
    if isinstance(kept.get("period"), dict):
        kept["period"] = {key: value for key, value in kept["period"].items() if value is not None}
        if not kept["period"]:
            del kept["period"]
    return kept


def _bare(resource: dict[str, Any]) -> dict[str, Any]:
    """Return a resource without what storing it gave it."""
    return {key: value for key, value in resource.items() if key not in ("id", "meta")}

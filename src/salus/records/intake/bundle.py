"""Take a submission apart: a resource, or a transaction or batch Bundle, into intents. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from salus.records.errors import Problem, RecordRefused
from salus.records.fhir.references import uuid_of
from salus.records.intake.entries import Ask, read_entry, read_tag, read_update
from salus.records.intake.envelope import entry_problem, envelope_problems, well_shaped
from salus.records.intake.never import refuse_never_sent
from salus.records.model import Condition, Intent

MOST_ENTRIES = 10_000
MOST_ASKS = 100
_BUNDLE = frozenset(
    "resourceType id meta implicitRules language identifier type timestamp total link entry signature _id _type"
    " _timestamp _total _implicitRules _language".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A Bundle taken apart. `wrong` names the entries that cannot be tried at all."""

    kind: str
    intents: tuple[Intent, ...]
    asks: tuple[Ask, ...]
    wrong: tuple[Problem, ...]
    size: int


def take_apart(bundle: dict[str, Any]) -> Submission:
    """Read a transaction or batch Bundle. Raises RecordRefused for anything else, or for more than 10,000 entries."""
    if bundle.get("resourceType") != "Bundle":
        raise _refused("resourceType", "a Bundle was expected here")
    kind = bundle.get("type")
    if kind not in ("transaction", "batch"):
        raise _refused("Bundle.type", "must be transaction or batch to be sent here")
    if not bundle.keys() <= _BUNDLE:
        raise _refused("Bundle", "an element that does not exist here", "structure")
    entries = _entries(bundle)
    sound = well_shaped(entries)
    intents: list[Intent] = []
    asks: list[Ask] = []
    wrong: list[Problem] = []
    for position, entry in enumerate(entries):
        read = (None if sound else entry_problem(entry, position)) or read_entry(entry, position)
        if isinstance(read, Problem):
            wrong.append(read)
        elif isinstance(read, Ask):
            asks.append(read)
            if len(asks) > MOST_ASKS:
                raise _refused("Bundle.entry", f"more than {MOST_ASKS} GET entries; ask in parts", "too-long", 413)
        else:
            intents.append(read)
    return Submission(kind=kind, intents=tuple(intents), asks=tuple(asks), wrong=tuple(wrong), size=len(entries))


def _entries(bundle: dict[str, Any]) -> list[Any]:
    """Return the entries of a Bundle whose own elements have the right shape."""
    entries = bundle.get("entry", [])
    if not isinstance(entries, list):
        raise _refused("Bundle.entry", "must be a list")
    if len(entries) > MOST_ENTRIES:
        raise _refused("Bundle.entry", f"more than {MOST_ENTRIES} entries; send it in parts", "too-long", 413)
    if misshapen := envelope_problems(bundle):
        raise RecordRefused(misshapen)
    return entries


def of_resource(resource: dict[str, Any], resource_type: str) -> Intent:
    """Return the intent of `POST Type`."""
    refuse_never_sent(resource_type)
    return of_checked(resource, resource_type)


def of_checked(resource: dict[str, Any], resource_type: str) -> Intent:
    """Return the intent of a resource that is examined, and not sent: of any type that R4 has."""
    return _checked_type(Intent(verb="create", resource=resource), resource_type)


def of_update(resource: dict[str, Any], resource_type: str, id_text: str, if_match: str | None) -> Intent:
    """Return the intent of `PUT Type/id`."""
    refuse_never_sent(resource_type)
    found = read_update(resource, resource_type, id_text, if_match, None, None)
    if isinstance(found, Problem):
        raise RecordRefused([found], 404 if found.code == "not-found" else 400)
    return _checked_type(found, resource_type)


def of_conditional_create(resource: dict[str, Any], condition: Condition) -> Intent:
    """Return the intent of `POST Type` with `If-None-Exist`."""
    refuse_never_sent(condition.type)
    return _checked_type(Intent(verb="create", resource=resource, condition=condition), condition.type)


def of_conditional_update(resource: dict[str, Any], condition: Condition, if_match: str | None) -> Intent:
    """Return the intent of `PUT Type?search`."""
    refuse_never_sent(condition.type)
    expected = _expected_of(if_match)
    intent = Intent(verb="update", resource=resource, condition=condition, expected=expected)
    return _checked_type(intent, condition.type)


def of_conditional_patch(condition: Condition, operations: tuple[dict[str, Any], ...], if_match: str | None) -> Intent:
    """Return the intent of `PATCH Type?search`."""
    refuse_never_sent(condition.type)
    bare, expected = {"resourceType": condition.type}, _expected_of(if_match)
    return Intent(verb="patch", resource=bare, condition=condition, patch=operations, expected=expected)


def of_conditional_delete(condition: Condition, if_match: str | None) -> Intent:
    """Return the intent of `DELETE Type?search`."""
    refuse_never_sent(condition.type)
    bare, expected = {"resourceType": condition.type}, _expected_of(if_match)
    return Intent(verb="delete", resource=bare, condition=condition, expected=expected)


def of_patch(resource_type: str, id_text: str, operations: tuple[dict[str, Any], ...], if_match: str | None) -> Intent:
    """Return the intent of `PATCH Type/id`. Raises RecordRefused for an id that this server cannot have given."""
    return replace(of_delete(resource_type, id_text, if_match), verb="patch", patch=operations)


def of_delete(resource_type: str, id_text: str, if_match: str | None, entry: int | None = None) -> Intent:
    """Return the intent of `DELETE Type/id`. Raises RecordRefused for an id that this server cannot have given."""
    refuse_never_sent(resource_type, entry)
    id_ = uuid_of(id_text)
    if id_ is None:
        text = "there is no such resource; ids are given by this server"
        where = f"{resource_type}.id"
        raise RecordRefused([Problem(where=where, text=text, code="not-found", entry=entry)], 404)
    resource, expected = {"resourceType": resource_type, "id": id_text}, _expected_of(if_match, entry)
    return Intent(verb="delete", resource=resource, id=id_, expected=expected, entry=entry)


def _checked_type(intent: Intent, resource_type: str) -> Intent:
    told = intent.resource.get("resourceType")
    if told != resource_type:
        raise _refused("resourceType", f"the address says {resource_type}, the body does not")
    return intent


def _expected_of(if_match: Any, entry: int | None = None) -> int | None:
    found = read_tag(if_match, entry)
    if isinstance(found, Problem):
        raise RecordRefused([found])
    return found


def _refused(where: str, text: str, code: str = "invalid", status: int = 400) -> RecordRefused:
    return RecordRefused([Problem(where=where, text=text, code=code)], status)

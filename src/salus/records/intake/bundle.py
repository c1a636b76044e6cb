"""Take a submission apart: a resource, or a transaction or batch Bundle, into intents. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from salus.records.errors import Problem, RecordRefused
from salus.records.fhir.definitions import resource_types
from salus.records.fhir.references import uuid_of
from salus.records.intake.envelope import entry_problem, envelope_problems, well_shaped
from salus.records.model import Condition, Intent

MOST_ENTRIES = 10_000
MOST_ASKS = 100
_TARGET = re.compile(r"([A-Za-z]{2,40})(?:/([A-Za-z0-9\-.]{1,64}))?", re.ASCII)
_BUNDLE = frozenset(
    "resourceType id meta implicitRules language identifier type timestamp total link entry signature _id _type"
    " _timestamp _total _implicitRules _language".split()
)
_ENTRY = frozenset("id extension modifierExtension link fullUrl _fullUrl resource search request response".split())
_REQUEST = frozenset(
    "id extension modifierExtension method _method url _url ifNoneMatch ifModifiedSince ifMatch ifNoneExist".split()
)
_ETAG = re.compile(r'(?:W/)?"(\d{1,9})"', re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A GET entry of a batch or transaction: a path below the FHIR base."""

    path: str
    entry: int


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
        read = (None if sound else entry_problem(entry, position)) or _entry(entry, position)
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
    return _checked_type(Intent(verb="create", resource=resource), resource_type)


def of_update(resource: dict[str, Any], resource_type: str, id_text: str, if_match: str | None) -> Intent:
    """Return the intent of `PUT Type/id`."""
    found = _update(resource, resource_type, id_text, if_match, None, None)
    if isinstance(found, Problem):
        raise RecordRefused([found], 404 if found.code == "not-found" else 400)
    return _checked_type(found, resource_type)


def of_conditional_create(resource: dict[str, Any], condition: Condition) -> Intent:
    """Return the intent of `POST Type` with `If-None-Exist`."""
    return _checked_type(Intent(verb="create", resource=resource, condition=condition), condition.type)


def of_conditional_update(resource: dict[str, Any], condition: Condition, if_match: str | None) -> Intent:
    """Return the intent of `PUT Type?search`."""
    expected = _expected_of(if_match)
    intent = Intent(verb="update", resource=resource, condition=condition, expected=expected)
    return _checked_type(intent, condition.type)


def of_conditional_patch(condition: Condition, operations: tuple[dict[str, Any], ...], if_match: str | None) -> Intent:
    """Return the intent of `PATCH Type?search`."""
    bare, expected = {"resourceType": condition.type}, _expected_of(if_match)
    return Intent(verb="patch", resource=bare, condition=condition, patch=operations, expected=expected)


def of_conditional_delete(condition: Condition, if_match: str | None) -> Intent:
    """Return the intent of `DELETE Type?search`."""
    bare, expected = {"resourceType": condition.type}, _expected_of(if_match)
    return Intent(verb="delete", resource=bare, condition=condition, expected=expected)


def of_patch(resource_type: str, id_text: str, operations: tuple[dict[str, Any], ...], if_match: str | None) -> Intent:
    """Return the intent of `PATCH Type/id`. Raises RecordRefused for an id that this server cannot have given."""
    return replace(of_delete(resource_type, id_text, if_match), verb="patch", patch=operations)


def of_delete(resource_type: str, id_text: str, if_match: str | None, entry: int | None = None) -> Intent:
    """Return the intent of `DELETE Type/id`. Raises RecordRefused for an id that this server cannot have given."""
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


def _entry(entry: Any, position: int) -> Intent | Ask | Problem:
    def wrong(where: str, text: str, code: str = "invalid") -> Problem:
        return Problem(where=f"Bundle.entry[{position}].{where}", text=text, code=code)

    if not isinstance(entry, dict) or not isinstance(entry.get("request"), dict):
        return wrong("request", "is required", "required")
    request = entry["request"]
    if not entry.keys() <= _ENTRY or not request.keys() <= _REQUEST:
        return wrong("request", "or the entry around it has an element that does not exist here", "structure")
    method, url = request.get("method"), request.get("url")
    if not isinstance(url, str) or not url:
        return wrong("request.url", "is required", "required")
    if method == "GET":
        return Ask(path=url, entry=position)
    if method not in ("POST", "PUT"):
        return wrong("request.method", "is not supported here: GET, POST and PUT are", "not-supported")
    if request.get("ifNoneExist") or "?" in url:
        return wrong("request", "conditional writes are not supported yet", "not-supported")
    return _write(entry, position, wrong)


def _write(entry: dict[str, Any], position: int, wrong: Callable[..., Problem]) -> Intent | Problem:
    request, resource, full_url = entry["request"], entry.get("resource"), entry.get("fullUrl")
    if not isinstance(resource, dict):
        return wrong("resource", "is required", "required")
    if full_url is not None and not isinstance(full_url, str):
        return wrong("fullUrl", "must be a text")
    target = _TARGET.fullmatch(request["url"])
    if target is None or target[1] not in resource_types() or target[1] != resource.get("resourceType"):
        return wrong("request.url", "must name the type of the entry's resource")
    if request["method"] == "PUT":
        return _update(resource, target[1], target[2] or "", request.get("ifMatch"), full_url, position)
    if target[2]:
        return wrong("request.url", "POST names a type only; the server gives the id")
    return Intent(verb="create", resource=resource, full_url=full_url, entry=position)


def _update(
    resource: dict[str, Any],
    resource_type: str,
    id_text: str,
    if_match: Any,
    full_url: str | None,
    position: int | None,
) -> Intent | Problem:
    id_ = uuid_of(id_text)
    where = f"{resource_type}.id"
    if id_ is None:
        return Problem(where=where, text="no such id: ids are given by this server", code="not-found", entry=position)
    if resource.get("id") != id_text:
        return Problem(where=where, text="must equal the id in the address", entry=position)
    expected = _expected(if_match, position)
    if isinstance(expected, Problem):
        return expected
    return Intent(verb="update", resource=resource, full_url=full_url, id=id_, expected=expected, entry=position)


def _expected_of(if_match: Any, entry: int | None = None) -> int | None:
    found = _expected(if_match, entry)
    if isinstance(found, Problem):
        raise RecordRefused([found])
    return found


def _expected(if_match: Any, position: int | None) -> int | Problem | None:
    if if_match is None:
        return None
    match = _ETAG.fullmatch(if_match) if isinstance(if_match, str) else None
    if match is None:
        return Problem(where="If-Match", text='must be a version such as W/"3"', entry=position)
    return int(match[1])


def _refused(where: str, text: str, code: str = "invalid", status: int = 400) -> RecordRefused:
    return RecordRefused([Problem(where=where, text=text, code=code)], status)

"""Read one entry of a transaction or batch: what it asks, or what is wrong with it (FHIR R4, http.html). Pure."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NoReturn

from salus.kernel import Invalid, parse_instant
from salus.records.errors import Problem, RecordRefused
from salus.records.fhir.definitions import resource_types
from salus.records.fhir.references import uuid_of
from salus.records.intake.conditions import parse_condition
from salus.records.intake.never import refuse_never_sent
from salus.records.intake.patching import parse_patch
from salus.records.model import Condition, Intent

Stop = Callable[..., NoReturn]
JSON_PATCH = "application/json-patch+json"
_TARGET = re.compile(r"([A-Za-z]{2,40})(?:/([A-Za-z0-9\-.]{1,64}))?(?:\?(.*))?", re.ASCII | re.DOTALL)
_ENTRY = frozenset("id extension modifierExtension link fullUrl _fullUrl resource search request response".split())
_REQUEST = frozenset(
    "id extension modifierExtension method _method url _url ifNoneMatch ifModifiedSince ifMatch ifNoneExist".split()
)
_READS = ("ifNoneMatch", "ifModifiedSince")
_CONDITIONS = {
    "GET": _READS,
    "HEAD": _READS,
    "POST": ("ifNoneExist",),
    "PUT": ("ifMatch",),
    "PATCH": ("ifMatch",),
    "DELETE": ("ifMatch",),
}
"""Which of a request's conditions mean something to which method."""
_ETAG = re.compile(r'(?:W/)?"(\d{1,9})"', re.ASCII)
_NO_ID = "no such id: ids are given by this server"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A GET or HEAD entry of a batch or transaction: a path below the FHIR base, and what the asker has already."""

    path: str
    entry: int
    head: bool = False
    none_match: str | None = None
    modified_since: datetime | None = None


class _Wrong(Exception):
    """Ends the reading of an entry."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.problem = problem


def read_entry(entry: Any, position: int) -> Intent | Ask | Problem:
    """Return what an entry asks for, or what is wrong with it."""
    try:
        return _read(entry, position)
    except _Wrong as wrong:
        return wrong.problem
    except RecordRefused as refused:
        return refused.problems[0]


def read_update(
    resource: dict[str, Any], kind: str, id_text: str, if_match: Any, full_url: str | None, position: int | None
) -> Intent | Problem:
    """Return the intent of `PUT Type/id`."""
    id_ = uuid_of(id_text)
    where = f"{kind}.id"
    if id_ is None:
        return Problem(where=where, text=_NO_ID, code="not-found", entry=position)
    if resource.get("id") != id_text:
        return Problem(where=where, text="must equal the id in the address", entry=position)
    expected = read_tag(if_match, position)
    if isinstance(expected, Problem):
        return expected
    return Intent(verb="update", resource=resource, full_url=full_url, id=id_, expected=expected, entry=position)


def read_tag(if_match: Any, position: int | None) -> int | Problem | None:
    """Return the version that `If-Match` names, if there is one."""
    if if_match is None:
        return None
    match = _ETAG.fullmatch(if_match) if isinstance(if_match, str) else None
    if match is None:
        return Problem(where="If-Match", text='must be a version such as W/"3"', entry=position)
    return int(match[1])


def _read(entry: Any, position: int) -> Intent | Ask:
    def stop(where: str, text: str, code: str = "invalid") -> NoReturn:
        raise _Wrong(Problem(where=f"Bundle.entry[{position}].{where}", text=text, code=code))

    if not isinstance(entry, dict) or not isinstance(entry.get("request"), dict):
        stop("request", "is required", "required")
    request = entry["request"]
    if not entry.keys() <= _ENTRY or not request.keys() <= _REQUEST:
        stop("request", "or the entry around it has an element that does not exist here", "structure")
    method, url = request.get("method"), request.get("url")
    if not isinstance(url, str) or not url:
        stop("request.url", "is required", "required")
    if not isinstance(method, str) or method not in _CONDITIONS:
        stop("request.method", "is not supported here: GET, HEAD, POST, PUT, PATCH and DELETE are", "not-supported")
    told = _told(request, method, stop)
    if method in ("GET", "HEAD"):
        if "resource" in entry:
            stop("resource", "means nothing here: a read holds none")
        since, tags = _since(told, position), told.get("ifNoneMatch")
        return Ask(path=url, entry=position, head=method == "HEAD", none_match=tags, modified_since=since)
    return _write(entry, position, told, stop)


def _told(request: dict[str, Any], method: str, stop: Stop) -> dict[str, str]:
    """Return the conditions of a request; one that means nothing to its method is not passed over."""
    told = {name: request[name] for name in ("ifMatch", "ifNoneExist", *_READS) if request.get(name) is not None}
    for name, value in told.items():
        if name not in _CONDITIONS[method]:
            stop(f"request.{name}", f"means nothing to {method}", "not-supported")
        if not isinstance(value, str):
            stop(f"request.{name}", "must be a text")
    return told


def _write(entry: dict[str, Any], position: int, told: dict[str, str], stop: Stop) -> Intent:
    method, resource, full_url = entry["request"]["method"], entry.get("resource"), entry.get("fullUrl")
    if full_url is not None and not isinstance(full_url, str):
        stop("fullUrl", "must be a text")
    target = _TARGET.fullmatch(entry["request"]["url"])
    if target is None or target[1] not in resource_types() or (target[2] and target[3] is not None):
        stop("request.url", "must name a type, and an id or a search where one is meant")
    kind, id_text, query = target[1], target[2], target[3]
    refuse_never_sent(kind, position)
    condition = None if query is None else parse_condition(kind, query, "url", position)
    if method in ("POST", "PUT"):
        if not isinstance(resource, dict):
            stop("resource", "is required", "required")
        if resource.get("resourceType") != kind:
            stop("request.url", "must name the type of the entry's resource")
        return _stored(method, resource, kind, id_text, condition, told, full_url, position, stop)
    intent = _named(kind, id_text, condition, told, position, stop)
    if method == "DELETE":
        if resource is not None:
            stop("resource", "means nothing here: a deletion holds none")
        return intent
    return replace(intent, verb="patch", patch=_operations(resource, position, stop))


def _stored(
    method: str,
    resource: dict[str, Any],
    kind: str,
    id_text: str | None,
    condition: Condition | None,
    told: dict[str, str],
    full_url: str | None,
    position: int,
    stop: Stop,
) -> Intent:
    if method == "POST":
        if id_text or condition:
            stop("request.url", "POST names a type only; the server gives the id, and ifNoneExist holds a search")
        if "ifNoneExist" in told:
            condition = parse_condition(kind, told["ifNoneExist"].lstrip("?"), "ifNoneExist", position)
        return Intent(verb="create", resource=resource, full_url=full_url, condition=condition, entry=position)
    if condition is None:
        found = read_update(resource, kind, id_text or "", told.get("ifMatch"), full_url, position)
        if isinstance(found, Problem):
            raise _Wrong(found)
        return found
    expected = _expected(told, position)
    return Intent(
        verb="update", resource=resource, full_url=full_url, condition=condition, expected=expected, entry=position
    )


def _named(
    kind: str,
    id_text: str | None,
    condition: Condition | None,
    told: dict[str, str],
    position: int,
    stop: Stop,
) -> Intent:
    """Return the intent to delete what an address names; a patch is made of it."""
    id_ = uuid_of(id_text) if id_text else None
    if id_ is None and condition is None:
        stop("request.url", _NO_ID, "not-found")
    bare = {"resourceType": kind} | ({"id": str(id_)} if id_ else {})
    expected = _expected(told, position)
    return Intent(verb="delete", resource=bare, id=id_, condition=condition, expected=expected, entry=position)


def _operations(resource: Any, position: int, stop: Stop) -> tuple[dict[str, Any], ...]:
    """Read a JSON Patch out of the Binary that carries it (R4, http.html, patch)."""
    binary = resource if isinstance(resource, dict) else {}
    if binary.get("resourceType") != "Binary" or binary.get("contentType") != JSON_PATCH:
        stop("resource", f"a patch comes in a Binary whose contentType is {JSON_PATCH}")
    try:
        raw = base64.b64decode(binary.get("data", ""), validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise _Wrong(Problem(where="Binary.data", text="must be base64", entry=position)) from None
    return parse_patch(raw, f"Bundle.entry[{position}].resource.data")


def _since(told: dict[str, str], position: int) -> datetime | None:
    """Read `ifModifiedSince`, an instant in a Bundle."""
    try:
        return parse_instant(told["ifModifiedSince"]) if "ifModifiedSince" in told else None
    except Invalid:
        where = f"Bundle.entry[{position}].request.ifModifiedSince"
        raise _Wrong(Problem(where=where, text="must be an instant such as 2031-03-01T08:00:00Z")) from None


def _expected(told: dict[str, str], position: int) -> int | None:
    found = read_tag(told.get("ifMatch"), position)
    if isinstance(found, Problem):
        raise _Wrong(found)
    return found

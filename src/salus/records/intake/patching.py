"""Change a stored resource by a JSON Patch (RFC 6902): opened, changed, stored like any update; own charts only."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import jsonpatch

from salus.access.consent import whole
from salus.records.errors import Conflict, Gone, NotFound, NotYours, Problem, RecordRefused
from salus.records.fhir.parse import MOST_BYTES as MOST_SENT
from salus.records.fhir.parse import MOST_DEPTH, names_an_element, parse, parse_list
from salus.records.history import changing as history
from salus.records.history.model import Standing
from salus.records.intake.attempts import refuse_measures
from salus.records.intake.conditions import Looks
from salus.records.intake.permitting import Writer, permit_write
from salus.records.model import Intent, Located
from salus.records.service import fetch, open_body
from salus.storage import Transaction

MOST_BYTES = 1024 * 1024
MOST_OPERATIONS = 500
MOST_PARTS, MOST_TEXT = 200_000, 16 * 1024 * 1024
"""How many values and characters a patched resource may hold at any moment: a copy costs its sender a line."""
MOST_MADE = MOST_SENT
"""How many characters all patches of a submission may make together: as many as could be sent."""
_MUCH = (
    f"makes more than {MOST_PARTS} parts or {MOST_TEXT} characters, or nests deeper than {MOST_DEPTH}; all patches of a"
    f" submission together make {MOST_MADE} characters at most"
)
_MISSING = "there is no such resource to patch; ids are given by this server"
_OURS = ("/meta/versionId", "/meta/lastUpdated")
"""What each version says of itself: only this server knows it."""
_VERBS = {"add": "value", "remove": None, "replace": "value", "move": "from", "copy": "from", "test": "value"}


def parse_patch(raw: bytes, where: str = "patch") -> tuple[dict[str, Any], ...]:
    """Read a JSON Patch. Raises RecordRefused for anything else, or for more than 1 MiB or 500 operations."""
    found = parse_list(raw, MOST_BYTES)
    if not 1 <= len(found) <= MOST_OPERATIONS:
        raise _refused(where, f"must hold 1 to {MOST_OPERATIONS} operations")
    for place, one in enumerate(found):
        _check(one, f"{where}[{place}]")
    return tuple(found)


def patched(tx: Transaction, writer: Writer, intents: Sequence[Intent], looks: Looks) -> list[Intent]:
    """Turn each patch into the update that it makes of the resource, which is locked from then on.

    Nothing is opened before policy permits its change. Raises RecordRefused (422) where an operation cannot be done or
    a test fails, MeasureRefused, Conflict for a version that is not current.
    """
    wanted = {one.id for one in intents if one.verb == "patch" and one.id is not None}
    if not wanted:
        return list(intents)
    everything = sorted({one.id for one in intents if one.id is not None}, key=str)
    standing = history.lock(tx, everything)  # with all others of the submission, in the one order
    for one in intents:
        if one.verb == "patch":
            _check_standing(tx, writer, one, standing.get(one.id) if one.id else None)
    located = {one.id: one for one in fetch(tx, sorted(wanted, key=str))}
    charts = {one.chart_key for one in located.values()}
    looks.found |= {(one.chart_key, one.type) for one in located.values()}
    keys = writer.keys.unwrap(sorted(charts))
    looks.opened |= charts  # where a key is gone none was opened, and none is counted
    changed = []
    for one in intents:
        if one.verb == "patch" and one.id:
            update = _changed(one, located[one.id], keys, looks)
            changed.append(update)
            if looks.made > MOST_MADE:
                raise _refused(_place(one, len(one.patch) - 1), _MUCH, 413)
        else:
            changed.append(one)
    return changed


def _check_standing(tx: Transaction, writer: Writer, one: Intent, found: Standing | None) -> None:
    kind = one.resource["resourceType"]
    where = f"{kind}.id" if one.entry is None else f"Bundle.entry[{one.entry}].request.url"
    if found is None or found.type != kind:
        raise NotFound(_MISSING, where=where)
    if found.kind != "directory" and found.facility != writer.facility and one.id:
        raise NotYours(_MISSING, kind, one.id, where)
    permit_write(writer, "update", found.kind, found.facility, kind if one.entry is None else where)
    if one.expected not in (None, found.version):
        raise Conflict("the version you changed is not the current one: read it again", where=where)
    if found.deleted:
        raise Gone("this was deleted; an update brings it back, a patch does not", where=where)


def _changed(one: Intent, located: Located, keys: dict[int, bytes], looks: Looks) -> Intent:
    """Return the update that a patch makes."""
    if looks.made > MOST_MADE:
        raise _refused(_place(one, 0), _MUCH, 413)
    changed = _applied(parse(open_body(located, keys, whole(keys))), one, looks)
    if changed.get("resourceType") != located.type or changed.get("id") != str(located.id):
        raise _refused(_place(one, 0), "a patch changes neither id nor resourceType", 422)
    refuse_measures(changed, one.entry)
    return replace(one, verb="update", resource=changed, expected=located.version, patch=())


def _applied(resource: dict[str, Any], one: Intent, looks: Looks) -> dict[str, Any]:
    """Return what a patch makes of a resource; what it made is counted also where it cannot be done to its end."""
    changed, held = resource, 0
    for number, operation in enumerate(one.patch):
        place = _place(one, number)
        try:
            done = jsonpatch.apply_patch(changed, [copy.deepcopy(operation)], in_place=True)
        except jsonpatch.JsonPatchTestFailed:
            raise _refused(place, "its test fails: the resource is not as the patch expects", 422) from None
        except (
            jsonpatch.JsonPatchException,
            jsonpatch.JsonPointerException,
            ValueError,
            TypeError,
            LookupError,
            RecursionError,
        ):
            raise _refused(place, "cannot be done: nothing stands where it points, or something else", 422) from None
        if not isinstance(done, dict):
            raise _refused(place, "leaves no resource", 422)
        changed = done
        if operation["op"] == "copy" or number + 1 == len(one.patch):
            held = _held(changed, place, held, looks)
    return changed


def _held(changed: Any, place: str, before: int, looks: Looks) -> int:
    """Return how many characters a resource holds now; count those beyond before, and what is too much as the most."""
    looks.made += MOST_TEXT
    text = _measured(changed, place)
    looks.made += max(text - before, 0) - MOST_TEXT
    return max(text, before)


def _measured(value: Any, place: str) -> int:
    """Return how many characters of text a resource holds. Raises RecordRefused (413) where it is too much of it."""
    parts, text, left = 0, 0, [(value, 0)]
    while left:
        one, depth = left.pop()
        inside: Iterable[Any] = ()
        if isinstance(one, str):
            text += len(one)
        elif isinstance(one, dict):
            text += sum(map(len, one))
            inside = one.values()
        elif isinstance(one, list):
            inside = one
        left += [(each, depth + 1) for each in inside]
        parts += 1
        if parts + len(left) > MOST_PARTS or text > MOST_TEXT or depth > MOST_DEPTH:
            raise _refused(place, _MUCH, 413)
    return text


def _check(operation: Any, where: str) -> None:
    verb = operation.get("op") if isinstance(operation, dict) else None
    if not isinstance(verb, str) or verb not in _VERBS:
        raise _refused(where, f"op must be one of {', '.join(_VERBS)}")
    wanted = {"op", "path"} | ({_VERBS[verb]} if _VERBS[verb] else set())
    for name in operation:
        if name not in wanted:
            raise _refused(where, f"{name if names_an_element(name) else 'a member'} means nothing to {verb}")
    if wanted - operation.keys():
        raise _refused(where, f"{verb} needs {', '.join(sorted(map(str, wanted)))}")
    for name in ("path", "from"):
        pointer = operation.get(name, "")
        if not isinstance(pointer, str) or (pointer and not pointer.startswith("/")):
            raise _refused(where, f"{name} must be a JSON Pointer such as /name/0/family")
    if verb != "test" and operation["path"] in _OURS:
        raise _refused(where, "a version's number and instant are this server's: test them, or send If-Match", 422)


def _place(one: Intent, number: int) -> str:
    return f"patch[{number}]" if one.entry is None else f"Bundle.entry[{one.entry}].resource.data[{number}]"


def _refused(where: str, text: str, status: int = 400) -> RecordRefused:
    code = "processing" if status == 422 else "invalid"
    return RecordRefused([Problem(where=where, text=text, code=code)], status)

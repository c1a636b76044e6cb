"""Read the Parameters of an operation, strictly: each name is known, has the type that is wanted, and not too often."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from salus.records import Problem, RecordRefused

Wanted = Mapping[str, tuple[str, int]]
"""Which parameters an operation takes: name -> (element that holds it, such as valueString, how many at most)."""

_KINDS: Mapping[str, type] = {
    "valueString": str,
    "valueCode": str,
    "valueDate": str,
    "valueInstant": str,
    "valueUri": str,
    "valueBoolean": bool,
    "valueInteger": int,
    "valueIdentifier": dict,
    "valueReference": dict,
    "resource": dict,
}


def read_parameters(value: dict[str, Any], wanted: Wanted) -> dict[str, list[Any]]:
    """Return the values of each wanted parameter, in order; a name that was not sent has none.

    Raises RecordRefused with the first that is unknown, of another type, or one too many.
    """
    if value.get("resourceType") != "Parameters":
        raise wrong("resourceType", "send Parameters")
    sent = value.get("parameter", [])
    if not isinstance(sent, list):
        raise wrong("Parameters.parameter", "must be a list")
    found: dict[str, list[Any]] = {name: [] for name in wanted}
    for position, one in enumerate(sent):
        where = f"Parameters.parameter[{position}]"
        name = one.get("name") if isinstance(one, dict) else None
        if not isinstance(name, str) or name not in found:
            raise wrong(where, f"must be one of {', '.join(wanted)}")
        element, most = wanted[name]
        if not _holds(one, element):
            raise wrong(where, f"{name} must have {element}, and nothing else")
        found[name].append(one[element])
        if len(found[name]) > most:
            raise wrong(where, f"{name} may stand here {most} times at most")
    return found


def the_one(found: Mapping[str, list[Any]], name: str) -> Any:
    """Return a parameter that must be there. Raises RecordRefused without it."""
    if not found[name]:
        raise wrong("Parameters.parameter", f"{name} is required")
    return found[name][0]


def wrong(where: str, text: str) -> RecordRefused:
    """Return the refusal of one thing wrong with what was sent."""
    return RecordRefused([Problem(where=where, text=text)])


def _holds(one: dict[str, Any], element: str) -> bool:
    value = one.get(element)
    kind = _KINDS[element]
    return set(one) == {"name", element} and isinstance(value, kind) and (kind is bool or not isinstance(value, bool))

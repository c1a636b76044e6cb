"""Who a Patient resource says that somebody is, as the columns that the index compares. Pure.

Names in their order, the official ones first; every identifier whose system the table of document types knows;
telephones, mobile ones first. Addresses are left out: they stay in the record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypedDict

_OLD = "old"


class Columns(TypedDict):
    """What the index compares, in the words of the resource."""

    names: tuple[str, ...]
    sex: str
    birth_date: str
    numbers: tuple[tuple[str, str], ...]
    phones: tuple[str, ...]


def columns(patient: Mapping[str, Any], types: Mapping[str, str]) -> Columns:
    """Return what a Patient says of who somebody is. What cannot be read says nothing; nothing raises.

    `types` names the type of document of each identifier system.
    """
    return Columns(
        names=tuple(filter(None, map(_name, _first(_dicts(patient, "name"), "official")))),
        sex=_text(patient, "gender"),
        birth_date=_text(patient, "birthDate"),
        numbers=tuple(_numbers(patient, types)),
        phones=tuple(_text(one, "value") for one in _first(_dicts(patient, "telecom"), "mobile") if _is_phone(one)),
    )


def _name(one: Mapping[str, Any]) -> str:
    """Return a name as text; of one in parts the family name first, as it is told apart."""
    given = one.get("given")
    parts = [part for part in given if isinstance(part, str)] if isinstance(given, list) else []
    return _text(one, "text") or ", ".join(filter(None, (_text(one, "family"), " ".join(parts))))


def _numbers(patient: Mapping[str, Any], types: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for one in _dicts(patient, "identifier"):
        type_, value = types.get(_text(one, "system")), _text(one, "value")
        if type_ and value and one.get("use") != _OLD:
            yield type_, value


def _is_phone(one: Mapping[str, Any]) -> bool:
    return one.get("system") in ("phone", "sms") and one.get("use") != _OLD


def _first(found: Sequence[Mapping[str, Any]], use: str) -> list[Mapping[str, Any]]:
    return sorted(found, key=lambda one: (one.get("use") != use, one.get("use") == _OLD))


def _dicts(resource: Mapping[str, Any], element: str) -> list[Mapping[str, Any]]:
    found = resource.get(element)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _text(node: Mapping[str, Any], element: str) -> str:
    value = node.get(element)
    return value if isinstance(value, str) else ""

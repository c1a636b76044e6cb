"""Read search parameters into a query. Pure.

`_id`, `patient`, `code`, `date`, `identifier`, `_count`, `_cursor`; of a Patient also who it is (IHE PDQm, ITI-78).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from salus.records.errors import Problem, RecordRefused
from salus.records.fhir import facts
from salus.records.fhir.definitions import search_paths
from salus.records.fhir.demographics import PARAMETERS, Unanswerable, asked_demographics
from salus.records.fhir.parse import names_an_element
from salus.records.fhir.references import uuid_of
from salus.records.intake.accept import token_digest
from salus.records.model import Compared, Sealer

MOST_COUNT = 200
DEFAULT_COUNT = 50
MOST_VALUES = 100
_PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb")
_TOKENS = {"code": facts.CODE, "identifier": facts.IDENTIFIER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A parsed search. `patients` still have to be turned into charts by whoever runs it."""

    type: str
    ids: tuple[UUID, ...] | None
    patients: tuple[UUID, ...] | None
    tokens: tuple[tuple[int, tuple[bytes, ...]], ...]
    dates: tuple[tuple[Compared, ...], ...]
    count: int
    after: int | None
    canonical: str


def supported(resource_type: str) -> dict[str, str]:
    """Return the search parameters of a type with their FHIR types; parser and CapabilityStatement both ask here."""
    kinds = {"code": "token", "date": "date", "identifier": "token", "patient": "reference"}
    defined = {name: kinds[name] for name in sorted(search_paths(resource_type))}
    return {"_id": "token", **defined, **(PARAMETERS if resource_type == "Patient" else {})}


def parse_query(resource_type: str, pairs: Sequence[tuple[str, str]], sealer: Sealer) -> Asked:
    """Read the parameters of `GET Type?…`. Raises RecordRefused naming the first that cannot be understood."""
    ids: set[UUID] | None = None
    patients: set[UUID] | None = None
    tokens: list[tuple[int, tuple[bytes, ...]]] = []
    dates: list[tuple[Compared, ...]] = []
    count, cursor = DEFAULT_COUNT, None
    known = supported(resource_type)
    kept = sorted((name, value) for name, value in pairs if name not in ("_cursor", "_format"))
    canonical = "&".join(f"{name}={value}" for name, value in kept)
    for name, value in pairs:
        if name == "_count":
            count = _count(value)
        elif name == "_cursor":
            cursor = value
        elif name == "_format":
            _format(value)
        elif name not in known:
            raise _unknown(resource_type, name, known)
        elif name == "_id":
            ids = _both(ids, {_id(v) for v in _values(name, value)})
        elif name == "patient":
            patients = _both(patients, {_patient(v) for v in _values(name, value)})
        elif name == "date":
            dates.append(tuple(_date(v) for v in _values(name, value)))
        else:
            tokens.append(_digests(sealer, name, _values(name, value)))
    return Asked(
        type=resource_type,
        ids=None if ids is None else tuple(ids),
        patients=None if patients is None else tuple(patients),
        tokens=tuple(tokens),
        dates=tuple(dates),
        count=count,
        after=None if cursor is None else open_cursor(sealer, f"{resource_type}?{canonical}", cursor),
        canonical=canonical,
    )


def _digests(sealer: Sealer, name: str, values: Sequence[str]) -> tuple[int, tuple[bytes, ...]]:
    if name in _TOKENS:
        param = _TOKENS[name]
        return param, tuple(token_digest(sealer, param, _token(name, value)) for value in values)
    try:
        asked = [asked_demographics(name, value) for value in values]
    except Unanswerable as reason:
        raise _refused(name, str(reason)) from None
    return asked[0][0], tuple(token_digest(sealer, param, one) for param, found in asked for one in sorted(found))


def make_cursor(sealer: Sealer, search: str, after: int) -> str:
    """Return an opaque place in a search's results, good for that search only."""
    packed = struct.pack(">q", after)
    mark = sealer.digest("records.cursor", packed + search.encode("utf-8", "surrogatepass"))
    return base64.urlsafe_b64encode(packed + mark).decode("ascii").rstrip("=")


def open_cursor(sealer: Sealer, search: str, cursor: str) -> int:
    """Return the place that a cursor names. Raises RecordRefused for a forged one or another search's."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        (after,) = struct.unpack(">q", raw[:8])
    except (binascii.Error, struct.error, ValueError):
        raise _refused("_cursor", "is not one of ours: follow the next link as it stands") from None
    mark = sealer.digest("records.cursor", raw[:8] + search.encode("utf-8", "surrogatepass"))
    if not hmac.compare_digest(mark, raw[8:]):
        raise _refused("_cursor", "belongs to another search: follow the next link as it stands")
    return int(after)


def _count(value: str) -> int:
    if not (value.isascii() and value.isdigit() and 1 <= len(value) <= 12) or int(value) == 0:
        raise _refused("_count", f"must be a whole number from 1; more than {MOST_COUNT} gives {MOST_COUNT}")
    return min(int(value), MOST_COUNT)


def _format(value: str) -> None:
    if value not in ("json", "application/json", "application/fhir+json", "application/fhir json"):
        raise _refused("_format", "only JSON is spoken here", "not-supported")


def _values(name: str, value: str) -> list[str]:
    parts = facts.split(value, ",")
    if any(not part for part in parts) or len(parts) > MOST_VALUES:
        raise _refused(name, f"needs 1 to {MOST_VALUES} values, none of them empty")
    return parts


def _id(value: str) -> UUID:
    found = uuid_of(value)
    return found if found else UUID(int=0)


def _patient(value: str) -> UUID:
    name, _, id_text = value.rpartition("/")
    found = uuid_of(id_text)
    if name not in ("", "Patient") or found is None:
        raise _refused("patient", "must be a Patient's id, as 018f428e-… or Patient/018f428e-…")
    return found


def _token(name: str, value: str) -> str:
    token = facts.asked_token(value)
    if token is None:
        raise _refused(name, "searching by system alone is not supported: write system|code", "not-supported")
    return token


def _date(value: str) -> Compared:
    prefix, rest = (value[:2], value[2:]) if value[:2].isalpha() else ("eq", value)
    if prefix not in _PREFIXES:
        raise _refused("date", f"unknown prefix; known are {', '.join(_PREFIXES)}")
    span = facts.span_of(rest.replace(" ", "+"))
    if span is None:
        raise _refused("date", "must be a date such as 2031, 2031-03, 2031-03-01 or 2031-03-01T08:00:00Z")
    return (prefix, *span)


def _both(old: set[UUID] | None, new: set[UUID]) -> set[UUID]:
    return new if old is None else old & new


def _unknown(resource_type: str, name: str, known: dict[str, str]) -> RecordRefused:
    base, colon, _ = name.partition(":")
    shown = name if all(names_an_element(part) for part in (base, *name.split(":")[1:])) else "this"
    if colon and base in known:
        names_whole = ": a name is found whole, by its keys" if known[base] == "string" else ""
        return _refused(shown, f"modifiers are not supported{names_whole}", "not-supported")
    text = f"is no search parameter of {resource_type} here; known are {', '.join(known)}, _count"
    return _refused(shown, text, "not-supported")


def _refused(where: str, text: str, code: str = "invalid") -> RecordRefused:
    return RecordRefused([Problem(where=where, text=text, code=code)])

"""Read what of a history is asked (FHIR R4, http.html): `_since`, `_at`, `_count`, and our sealed cursor. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from salus.kernel import Invalid, parse_instant
from salus.records.errors import Problem, RecordRefused
from salus.records.fhir.facts import span_of
from salus.records.fhir.parse import names_an_element
from salus.records.history.model import Place, Since
from salus.records.model import Custodian, Sealer
from salus.records.search import cursor

MOST_COUNT = 200
DEFAULT_COUNT = 50
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_JSON = ("json", "application/json", "application/fhir+json", "application/fhir json")


def parse_history(of: str, pairs: Sequence[tuple[str, str]], custodian: Custodian) -> Since:
    """Read the parameters of `GET {of}/_history?…`. Raises RecordRefused naming the first that is not understood."""
    told: dict[str, str] = {}
    for name, value in pairs:
        if name not in ("_since", "_at", "_count", "_cursor", "_format"):
            shown = name if names_an_element(name) else "this"
            raise _refused(shown, "means nothing in a history; known are _since, _at, _count", "not-supported")
        if name in told:
            raise _refused(name, "stands here twice")
        told[name] = value
    if told.get("_format", "json") not in _JSON:
        raise _refused("_format", "only JSON is spoken here", "not-supported")
    canonical = "&".join(f"{name}={told[name]}" for name in ("_at", "_count", "_since") if name in told)
    return Since(
        since=_since(told["_since"]) if "_since" in told else None,
        current=_at(told["_at"]) if "_at" in told else None,
        before=_open(custodian, f"{of}?{canonical}", told["_cursor"]) if "_cursor" in told else None,
        count=_count(told["_count"]) if "_count" in told else DEFAULT_COUNT,
        canonical=f"{of}?{canonical}",
    )


def make_cursor(sealer: Sealer, asked: Since, place: Place) -> str:
    """Return an opaque place in a history, good for that history and those parameters only."""
    micros = (place.at - _EPOCH) // _MICROSECOND
    told = (micros, place.acceptance, place.resource_key, place.version)
    return cursor.make_cursor(sealer, _bound(asked.canonical), [str(one) for one in told])


def _open(custodian: Custodian, canonical: str, given: str) -> Place:
    micros, acceptance, key, version = (
        int(one or 0) for one in cursor.open_cursor(custodian, _bound(canonical), given)
    )
    return Place(at=_EPOCH + micros * _MICROSECOND, acceptance=acceptance, resource_key=key, version=version)


def _bound(canonical: str) -> str:
    return f"_history {canonical}"


def _since(value: str) -> datetime:
    try:
        return parse_instant(value.replace(" ", "+"))
    except Invalid:
        raise _refused("_since", "must be an instant such as 2031-03-01T08:00:00Z") from None


def _at(value: str) -> tuple[datetime, datetime]:
    span = span_of(value.replace(" ", "+"))
    if span is None:
        raise _refused("_at", "must be a date such as 2031-03 or 2031-03-01T08:00:00Z, without a prefix")
    return span


def _count(value: str) -> int:
    if not (value.isascii() and value.isdigit() and 1 <= len(value) <= 12) or int(value) == 0:
        raise _refused("_count", f"must be a whole number from 1; more than {MOST_COUNT} gives {MOST_COUNT}")
    return min(int(value), MOST_COUNT)


def _refused(where: str, text: str, code: str = "invalid") -> RecordRefused:
    return RecordRefused([Problem(where=where, text=text, code=code)])

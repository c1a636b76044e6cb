"""The payload of an EU Digital COVID Certificate (schema 1.0 to 1.3): exactly one event of one kind. Pure.

Real issuers write dates with a time, empty strings and codes of their own; those are kept as they are. What decides is
the shape: who, when born, one event with its fields.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from salus.codec.errors import CodecError, Fault
from salus.codec.foreign.model import Event, EventKind, Holder

_GROUPS = {"v": EventKind.VACCINATION, "t": EventKind.TEST, "r": EventKind.RECOVERY}
_WHEN = {EventKind.VACCINATION: "dt", EventKind.TEST: "sc", EventKind.RECOVERY: "fr"}
_NEEDED = {
    EventKind.VACCINATION: {"tg", "vp", "mp", "ma", "dn", "sd", "dt", "co", "is", "ci"},
    EventKind.TEST: {"tg", "tt", "sc", "tr", "co", "is", "ci"},
    EventKind.RECOVERY: {"tg", "fr", "df", "du", "co", "is", "ci"},
}
_ALLOWED = {
    EventKind.VACCINATION: _NEEDED[EventKind.VACCINATION],
    EventKind.TEST: _NEEDED[EventKind.TEST] | {"nm", "ma", "dr", "tc"},
    EventKind.RECOVERY: _NEEDED[EventKind.RECOVERY],
}
_DATES = {"dt", "fr", "df", "du"}
_MOMENTS = {"sc", "dr"}
_DOSES = {"dn", "sd"}
_TOP = {"ver", "nam", "dob", "v", "t", "r"}
_NAME = {"fn", "fnt", "gn", "gnt"}
_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")
_BORN = re.compile(r"((19|20)[0-9]{2}(-[0-9]{2}){0,2})?")
_TIME = r"T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?"
_DATE = re.compile(rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}({_TIME})?")
_STANDARD = re.compile(r"[A-Z<]{0,80}")
_COUNTRY = re.compile(r"[A-Z]{1,10}")
_MOST_TEXT = 120


def read_dcc(payload: object) -> tuple[Holder, Event]:
    """Return whose it is and its one event; CodecError for any other shape."""
    if not isinstance(payload, Mapping) or not set(payload) <= _TOP or not {"ver", "nam", "dob"} <= set(payload):
        raise _wrong("it has a version, a name, a birth date and one event")
    if not _VERSION.fullmatch(_text(payload["ver"])):
        raise _wrong("its version has three numbers")
    groups = [(kind, payload[name]) for name, kind in _GROUPS.items() if payload.get(name)]
    if len(groups) != 1 or not isinstance(groups[0][1], list | tuple) or len(groups[0][1]) != 1:
        raise _wrong("it has exactly one event")
    kind, (event,) = groups[0]
    return _holder(payload["nam"], payload["dob"]), _event(kind, event)


def _holder(names: object, born: object) -> Holder:
    if not isinstance(names, Mapping) or not set(names) <= _NAME or "fnt" not in names:
        raise _wrong("a name has its standardised family name")
    if not all(_STANDARD.fullmatch(_text(names[one])) for one in ("fnt", "gnt") if one in names):
        raise _wrong("a standardised name is in capitals")
    date = _text(born)
    if not (_BORN.fullmatch(date) or _DATE.fullmatch(date)):
        raise _wrong("a birth date is a date, or the beginning of one")
    return Holder(
        family=_text(names.get("fn", names["fnt"])), given=_text(names.get("gn", names.get("gnt", ""))), born=date[:10]
    )


def _event(kind: EventKind, event: object) -> Event:
    if not isinstance(event, Mapping) or not _NEEDED[kind] <= set(event) <= _ALLOWED[kind]:
        raise _wrong("an event has the fields of its kind and no others")
    texts = {name: _dose(value) if name in _DOSES else _text(value) for name, value in event.items()}
    dates = [texts[name] for name in _DATES | _MOMENTS if texts.get(name)]
    if not all(_DATE.fullmatch(one) for one in dates) or not texts[_WHEN[kind]]:
        raise _wrong("an event's times are dates or date-times")
    if not _COUNTRY.fullmatch(texts["co"]) or not texts["tg"]:
        raise _wrong("an event names its country and its disease")
    told = {"tg", "co", _WHEN[kind]}
    return Event(
        kind=kind,
        target=texts["tg"],
        on=texts[_WHEN[kind]],
        country=texts["co"],
        detail=tuple(sorted((name, text) for name, text in texts.items() if name not in told)),
    )


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > _MOST_TEXT:
        raise _wrong(f"its texts have at most {_MOST_TEXT} characters")
    return value


def _dose(value: Any) -> str:
    if type(value) is not int or not 0 <= value <= 99:
        raise _wrong("doses are counted")
    return str(value)


def _wrong(why: str) -> CodecError:
    return CodecError(f"this is no EU Digital COVID Certificate: {why}", Fault.STRUCTURE)

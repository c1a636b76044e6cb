"""The register of reads as FHIR R4 AuditEvents, for the resident whom it is about, and for nobody else.

They follow the patterns of IHE BALP (Basic Audit Log Patterns), are rendered, and stored nowhere; their ids begin with
`read-`. They claim no profile of it: BALP asks for network addresses and for the text of each query, which the register
does not hold.
"""

from __future__ import annotations

import re
from calendar import isleap, monthrange
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import orjson
from starlette.requests import Request
from starlette.responses import Response

from salus import records
from salus.access import Action, RegisteredRead
from salus.app import register
from salus.kernel import Invalid, format_instant, parse_instant
from salus.parties import Principal
from salus.records import NotFound, Problem, RecordRefused
from salus.web.fhir.answering import Interaction, answering
from salus.web.fhir.callers import check_scope, known
from salus.web.fhir.outcome import FHIR_JSON
from salus.web.fhir.requests import bearer, no_parameters, resource_id
from salus.web.gate import Gate, gate_of, in_thread

AUDIT_EVENT: Final = "AuditEvent"
PREFIX: Final = "read-"
PAGE, MOST = 50, 200
_PLACE = re.compile(r"(\d{1,18})-(\d{1,9})", re.ASCII)
_DATE = re.compile(r"(eq|ge|gt|le|lt)?(\d{4}(?:-\d{2}(?:-\d{2}(?:T.*)?)?)?)", re.ASCII)
_DATES = "must be a year, month, day or instant, with eq, ge, gt, le or lt before it"
_LAST = datetime.max.replace(tzinfo=UTC)
_TERMS = "http://terminology.hl7.org/CodeSystem"
_DCM = "http://dicom.nema.org/resources/ontology/DCM"
_SENT, _RECEIVED = ("110153", "Source Role ID"), ("110152", "Destination Role ID")
_READS = frozenset({"read", "read-summary", "read-identity", "read-consent", "read-notice", "open-notice", "read-code"})
_INTERACTIONS = {
    Action.CREATE.value: ("create", "C"),
    Action.IMPORT.value: ("create", "C"),
    Action.UPDATE.value: ("update", "U"),
    Action.DELETE.value: ("delete", "D"),
    Action.SEARCH.value: ("search-type", "E"),
    **dict.fromkeys(_READS, ("read", "R")),
}
"""What the register calls it, as an interaction of FHIR and an action of AuditEvent; all else is an operation."""


@dataclass(slots=True)
class _Asked:
    patients: list[Any] = field(default_factory=list)
    since: datetime | None = None
    until: datetime | None = None
    before: tuple[int, int] | None = None
    most: int = PAGE


@answering
async def read(request: Request) -> Response:
    """Answer `GET AuditEvent/read-…`."""
    gate, token = gate_of(request), bearer(request)
    no_parameters(request)
    place = _place(request.path_params["place"])

    def work() -> bytes:
        who = known(gate, token)
        check_scope(who, AUDIT_EVENT, "r")
        found = register.own_register(gate.node, who, before=(place[0], place[1] + 1), most=1)
        if [(one.batch, one.item) for one in found.entries] != [place]:
            raise NotFound("there is no AuditEvent with this id about you")
        return orjson.dumps(rendered(gate.node.name, found, found.entries[0]))

    return Response(await in_thread(gate, work), 200, {"Cache-Control": "no-store"}, media_type=FHIR_JSON)


AUDIT_EVENTS = (
    Interaction(
        code="read", method="GET", path="/AuditEvent/read-{place}", endpoint=read, access="policy: read-register"
    ),
)


def events(gate: Gate, who: Principal, pairs: Sequence[tuple[str, str]]) -> bytes:
    """Answer a search of AuditEvents by the resident whom they are about: a page, the newest first, and its links."""
    asked = _read(pairs)
    found = register.own_register(
        gate.node, who, asked.patients, before=asked.before, since=asked.since, until=asked.until, most=asked.most
    )
    base = f"{gate.node.settings.public_url}/fhir/{AUDIT_EVENT}"
    links = [{"relation": "self", "url": _link(base, pairs)}]
    if found.more:
        last = found.entries[-1]
        kept = [(name, value) for name, value in pairs if name != "_cursor"]
        links.append({"relation": "next", "url": _link(base, [*kept, ("_cursor", f"{last.batch}-{last.item}")])})
    entries = [
        {
            "fullUrl": f"{base}/{_id(one)}",
            "resource": rendered(gate.node.name, found, one),
            "search": {"mode": "match"},
        }
        for one in found.entries
    ]
    told: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "link": links}
    return orjson.dumps(told | ({"entry": entries} if entries else {}))


def rendered(node: str, shown: register.OwnRegister, entry: RegisteredRead) -> dict[str, Any]:
    """Return an entry of the register as an AuditEvent. It names nobody but by identifiers that the register has."""
    one = entry.read
    code, action = _INTERACTIONS.get(one.action, ("operation", "E"))
    return {
        "resourceType": AUDIT_EVENT,
        "id": _id(entry),
        "meta": {"versionId": "1", "lastUpdated": format_instant(one.at)},
        "type": {"system": f"{_TERMS}/audit-event-type", "code": "rest", "display": "Restful Operation"},
        "subtype": [
            {"system": "http://hl7.org/fhir/restful-interaction", "code": code},
            {"system": "urn:salus:action", "code": one.action},
        ],
        "action": action,
        "recorded": format_instant(one.at),
        "outcome": "0",
        "purposeOfEvent": [_purpose(one.purpose)],
        "agent": _agents(node, entry, reads=code == "read"),
        "source": {
            "observer": {"identifier": {"system": "urn:salus:node", "value": node}},
            "type": [{"system": f"{_TERMS}/security-source-type", "code": "4", "display": "Application Server"}],
        },
        "entity": [*_patient(shown), _shown(entry, code)],
    }


def _agents(node: str, entry: RegisteredRead, *, reads: bool) -> list[dict[str, Any]]:
    """Return client, server and, of a person, user: as BALP has them, but for addresses, which nobody keeps."""
    one = entry.read
    client, server = (_RECEIVED, _SENT) if reads else (_SENT, _RECEIVED)
    asker = (records.FACILITY, one.facility) if one.facility else ("urn:salus:account", one.reader)
    told = [
        {
            "type": _coded(_DCM, *client),
            "who": {"identifier": {"system": asker[0], "value": asker[1]}},
            "requestor": one.reader_role.software,
        },
        {
            "type": _coded(_DCM, *server),
            "who": {"identifier": {"system": "urn:salus:node", "value": node}},
            "requestor": False,
        },
    ]
    user: dict[str, Any] = {
        "type": _coded(f"{_TERMS}/v3-ParticipationType", "IRCP" if action_tells(one.action) else "AUT", None),
        "role": [{"coding": [{"system": "urn:salus:role", "code": one.reader_role.value}]}],
        "who": {"identifier": {"system": "urn:salus:reader", "value": one.reader}},
        "requestor": not one.reader_role.software,
        "purposeOfUse": [_purpose(one.purpose)],
    }
    return [*told, user]


def action_tells(action: str) -> bool:
    """Tell whether whoever did it was told something, rather than wrote it."""
    return _INTERACTIONS.get(action, ("operation", "E"))[0] not in ("create", "update", "delete")


def _patient(shown: register.OwnRegister) -> list[dict[str, Any]]:
    if shown.patient is None:
        return []
    return [
        {
            "what": {"reference": f"Patient/{shown.patient}"},
            "type": {"system": f"{_TERMS}/audit-entity-type", "code": "1", "display": "Person"},
            "role": {"system": f"{_TERMS}/object-role", "code": "1", "display": "Patient"},
        }
    ]


def _shown(entry: RegisteredRead, code: str) -> dict[str, Any]:
    """Return what was read: its kind, how much of it, and why the policy allowed it."""
    one = entry.read
    query = code == "search-type"
    role = ("24", "Query") if query else ("4", "Domain Resource")
    kind = {"type": one.what} if one.what in records.resource_types() else {}
    return {
        "what": kind | {"identifier": {"system": "urn:salus:part", "value": one.what}},
        "type": {"system": f"{_TERMS}/audit-entity-type", "code": "2", "display": "System Object"},
        "role": {"system": f"{_TERMS}/object-role", "code": role[0], "display": role[1]},
        "detail": [
            {"type": "ground", "valueString": one.ground},
            {"type": "count", "valueString": str(one.count)},
        ],
    }


def _read(pairs: Sequence[tuple[str, str]]) -> _Asked:
    """Read the parameters. Strict: a parameter that is not known, or is there twice where once is meant, is refused."""
    asked, once = _Asked(), set[str]()
    for name, value in pairs:
        if name in once and name != "date":
            raise _wrong(name, "is there twice")
        once.add(name)
        if name == "patient":
            asked.patients = [resource_id("Patient", one.removeprefix("Patient/")) for one in value.split(",")]
        elif name == "date":
            _dated(asked, value)
        elif name == "_count" and value.isascii() and value.isdigit() and 1 <= int(value) <= MOST:
            asked.most = int(value)
        elif name == "_cursor":
            asked.before = _place(value)
        elif name != "_format" or "json" not in value:
            raise _wrong(name, f"is not known here, or not so: AuditEvents take patient, date, _count up to {MOST}")
    return asked


def _dated(asked: _Asked, text: str) -> None:
    """Take a date or an instant, with a prefix: a year, month or day is the whole of it in UTC."""
    match = _DATE.fullmatch(text)
    try:
        if match is None:
            raise _wrong("date", _DATES)
        prefix, told = match[1] or "eq", match[2]
        if "T" in told:
            start = parse_instant(told.replace(" ", "+"))
            end = start + timedelta(microseconds=1) if start < _LAST else start
        else:
            start, end = _covered(told)
    except (ValueError, Invalid):
        raise _wrong("date", _DATES) from None
    since = {"eq": start, "ge": start, "gt": end}.get(prefix)
    until = {"eq": end, "le": end, "lt": start}.get(prefix)
    if since is not None:
        asked.since = max(asked.since or since, since)
    if until is not None:
        asked.until = min(asked.until or until, until)


def _covered(text: str) -> tuple[datetime, datetime]:
    """Return the half-open span of a year, month or day; of the last that there are, to the last instant."""
    told = [int(one) for one in text.split("-")]
    first = date(*(*told, 1, 1)[:3])
    days = (366 if isleap(first.year) else 365, monthrange(first.year, first.month)[1], 1)[len(told) - 1]
    start = datetime.combine(first, datetime.min.time(), UTC)
    return start, start + timedelta(days=days) if _LAST - start > timedelta(days=days) else _LAST


def _wrong(name: str, text: str) -> RecordRefused:
    shown = name if name.isascii() and name.strip("_").isalpha() and len(name) <= 40 else "a parameter"
    return RecordRefused([Problem(where=shown, text=text)], 400)


def _place(text: str) -> tuple[int, int]:
    match = _PLACE.fullmatch(text)
    if match is None:
        raise NotFound("there is no AuditEvent with this id about you")
    return int(match[1]), int(match[2])


def _id(entry: RegisteredRead) -> str:
    return f"{PREFIX}{entry.batch}-{entry.item}"


def _purpose(purpose: str) -> dict[str, Any]:
    return _coded(f"{_TERMS}/v3-ActReason", purpose, None)


def _coded(system: str, code: str, display: str | None) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": str(code)} | ({"display": display} if display else {})]}


def _link(base: str, pairs: Sequence[tuple[str, str]]) -> str:
    return base + (f"?{urlencode(pairs)}" if pairs else "")


__all__ = ["AUDIT_EVENT", "AUDIT_EVENTS", "PREFIX", "events", "rendered"]

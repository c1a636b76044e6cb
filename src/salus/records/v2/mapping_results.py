"""OBR and OBX of ORU^R01 as DiagnosticReports and Observations, found again by the filler's order number."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from salus.records.v2 import codes, datatypes, dates
from salus.records.v2.errors import DATATYPE, REQUIRED, SEQUENCE, UNKNOWN_VALUE, V2Refused
from salus.records.v2.mapping_person import PATIENT
from salus.records.v2.mapping_visit import ENCOUNTER
from salus.records.v2.message import Message, Segment
from salus.records.v2.model import Told
from salus.records.v2.values import is_text, value_of

_NOT_RESULTS = frozenset("O")
"""OBX-11 of lines that only describe the order."""


@dataclass(slots=True)
class _Line:
    """One OBX, with the OBX that continue its text, and its notes."""

    obx: Segment
    more: list[Segment] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def identity(self) -> tuple[str, str]:
        return (self.obx.text(3) or self.obx.text(3, 2), self.obx.text(4))


@dataclass(slots=True)
class _Order:
    """One OBR with its ORC, notes and lines."""

    obr: Segment
    orc: Segment | None
    notes: list[str] = field(default_factory=list)
    lines: list[_Line] = field(default_factory=list)


def results(message: Message, facility: str, visit: bool) -> list[Told]:
    """Read all orders of an ORU^R01. Raises V2Refused if there is none, or one without number or code."""
    orders = _orders(message)
    if not orders:
        raise V2Refused("no OBR; a result belongs to an order", SEQUENCE, "OBR^1")
    told: list[Told] = []
    for place, order in enumerate(orders):
        told += _report(order, facility, place, visit)
    return told


def _orders(message: Message) -> list[_Order]:
    orders: list[_Order] = []
    orc: Segment | None = None
    for one in message.segments:
        if one.name == "ORC":
            orc = one
        elif one.name == "OBR":
            orders.append(_Order(one, orc))
            orc = None
        elif one.name == "OBX":
            if not orders:
                raise V2Refused("OBX before any OBR", SEQUENCE, f"OBX^{one.number}")
            _add(orders[-1], one)
        elif one.name == "NTE" and orders:
            lines = orders[-1].lines
            notes = lines[-1].notes if lines else orders[-1].notes
            notes += [text for value in one.values(3) if (text := value.text)]
    return orders


def _add(order: _Order, obx: Segment) -> None:
    """Add a line; text that goes on under the same code without a sub-identifier is one result in many lines."""
    line = _Line(obx)
    last = order.lines[-1] if order.lines else None
    if last and line.identity == last.identity and is_text(obx) and is_text(last.obx) and not last.notes:
        last.more.append(obx)
    else:
        order.lines.append(line)


def _report(order: _Order, facility: str, place: int, visit: bool) -> list[Told]:
    obr, orc = order.obr, order.orc
    number = obr.first(3) if obr.text(3) or orc is None else orc.first(3)
    kind = "filler"
    if not number.part(1):
        number, kind = (obr.first(2) if obr.text(2) or orc is None else orc.first(2)), "placer"
    if not number.part(1):
        raise V2Refused("the order has no number; send the filler's in OBR-3", REQUIRED, obr.where(3))
    code = datatypes.concept(obr.first(4), facility)
    if code is None:
        raise V2Refused("OBR-4 says what was examined", REQUIRED, obr.where(4))
    identifier = datatypes.own_identifier(number.part(1), facility, kind, number.part(2))
    base = f"{identifier['value']}/{obr.text(4) or obr.text(4, 2)}"
    observations = _observations(order, facility, (place, base, number.part(2)), visit)
    key = (datatypes.namespace(facility, "report", number.part(2)), base)
    report: dict[str, Any] = {
        "resourceType": "DiagnosticReport",
        "identifier": [{"system": key[0], "value": key[1]}, identifier],
        "status": _report_status(obr),
        "code": code,
        "subject": {"reference": PATIENT},
    }
    report |= _shared(obr, visit) | _category(obr, facility)
    if observations:
        report["result"] = [{"reference": one.name} for one in observations]
    if order.notes:
        report["conclusion"] = "\n".join(order.notes)
    name = f"v2:report-{place}"
    told = Told(
        type="DiagnosticReport", name=name, keys=(key,), resource=report, manner="replace", element=f"OBR^{obr.number}"
    )
    return [*observations, told]


def _report_status(obr: Segment) -> str:
    told = obr.text(25).upper()
    if told and told not in codes.REPORT_STATUS:
        raise V2Refused("OBR-25 is no code of table 0123 that is read here", UNKNOWN_VALUE, obr.where(25))
    return codes.REPORT_STATUS.get(told, "unknown")


def _category(obr: Segment, facility: str) -> dict[str, Any]:
    found = datatypes.concept(obr.first(24), facility, "0074") if obr.text(24) else None
    return {"category": [found]} if found else {}


def _shared(obr: Segment, visit: bool) -> dict[str, Any]:
    """Return what report and observations share: the visit, when it was taken, when it was issued."""
    found: dict[str, Any] = {"encounter": {"reference": ENCOUNTER}} if visit else {}
    taken, issued = _date(obr, 7), _date(obr, 22)
    if taken:
        found["effectiveDateTime"] = taken
    if issued and "T" in issued:
        found["issued"] = issued
    return found


def _observations(order: _Order, facility: str, key: tuple[int, str, str], visit: bool) -> list[Told]:
    place, base, authority = key
    seen: dict[tuple[str, str], int] = {}
    told: list[Told] = []
    for line in order.lines:
        if line.obx.text(11).upper() in _NOT_RESULTS:
            continue
        again = seen[line.identity] = seen.get(line.identity, 0) + 1
        value = "/".join((base, *line.identity)) + (f"#{again}" if again > 1 else "")
        system = datatypes.namespace(facility, "observation", authority)
        resource = _observation(line, order.obr, facility, visit)
        resource["identifier"] = [{"system": system, "value": value}]
        where = f"OBX^{line.obx.number}"
        name = f"v2:observation-{place}-{len(told)}"
        told.append(
            Told(
                type="Observation",
                name=name,
                keys=((system, value),),
                resource=resource,
                manner="replace",
                element=where,
            )
        )
    return told


def _observation(line: _Line, obr: Segment, facility: str, visit: bool) -> dict[str, Any]:
    obx = line.obx
    code = datatypes.concept(obx.first(3), facility)
    if code is None:
        raise V2Refused("OBX-3 says what was observed", REQUIRED, obx.where(3))
    resource: dict[str, Any] = {
        "resourceType": "Observation",
        "status": _status(obx),
        "code": code,
        "subject": {"reference": PATIENT},
    }
    resource |= _shared(obr, visit)
    if taken := _date(obx, 14):
        resource["effectiveDateTime"] = taken
    resource |= value_of([obx, *line.more], facility, code)
    if found := [one for value in obx.values(8) if (one := _interpretation(value.part(1), facility))]:
        resource["interpretation"] = found
    if obx.text(7):
        resource["referenceRange"] = [{"text": obx.first(7).text}]
    if line.notes:
        resource["note"] = [{"text": text} for text in line.notes]
    return resource


def _status(obx: Segment) -> str:
    told = obx.text(11).upper()
    if told not in codes.OBSERVATION_STATUS:
        raise V2Refused("OBX-11 says how the result stands: F, P, C or another of table 0085", REQUIRED, obx.where(11))
    return codes.OBSERVATION_STATUS[told]


def _interpretation(told: str, facility: str) -> dict[str, Any] | None:
    code = codes.ARROWS.get(told, told.upper())
    if not code:
        return None
    if code in codes.INTERPRETATIONS:
        return {"coding": [{"system": codes.V3 + "ObservationInterpretation", "code": code}]}
    return {"coding": [{"system": datatypes.namespace(facility, "interpretation"), "code": " ".join(told.split())}]}


def _date(segment: Segment, number: int) -> str | None:
    told = segment.text(number)
    found = dates.date_time(told) if told else None
    if told and found is None:
        raise V2Refused(f"{segment.name}-{number} is no date and time", DATATYPE, segment.where(number))
    return found

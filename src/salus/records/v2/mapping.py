"""What a message tells of: which events are taken, in which manner, and which message is not for here at all."""

from __future__ import annotations

from datetime import datetime

from salus.kernel import civil_day
from salus.records.intake.doubting import person_doubts
from salus.records.v2 import dates
from salus.records.v2.datatypes import identifier, national
from salus.records.v2.errors import (
    DATATYPE,
    NO_EVENT,
    NO_TYPE,
    NO_VERSION,
    REQUIRED,
    SEQUENCE,
    V2Refused,
)
from salus.records.v2.mapping_person import patient
from salus.records.v2.mapping_results import results
from salus.records.v2.mapping_visit import encounter, places
from salus.records.v2.message import Message, Segment
from salus.records.v2.model import Mapped, Told

# Which events of ADT say who somebody is, and so change a Patient that is known; the others only open a new one.
_TELL_WHO = frozenset({"A01", "A04", "A08", "A28", "A31"})
_OF_A_VISIT = frozenset({"A01", "A02", "A03", "A04", "A08", "A11", "A13"})
MERGE = "A40"
EVENTS = _TELL_WHO | _OF_A_VISIT | {MERGE}
_VERSIONS = frozenset({"2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.7.1", "2.8", "2.8.1",
                       "2.8.2", "2.9", "2.9.1"})  # fmt: skip


def event_of(message: Message) -> tuple[str, str]:
    """Return type and event (MSH-9, else EVN-1). Raises V2Refused for those that are not taken here."""
    header = message.header
    if header.text(12) not in _VERSIONS:
        raise V2Refused("MSH-12 is no version from 2.1 to 2.9.1", NO_VERSION, "MSH^1^12", rejected=True)
    kind, event = header.text(9).upper(), header.text(9, 2).upper()
    evn = message.first("EVN")
    if not event and kind == "ADT" and evn:
        event = evn.text(1).upper()
    if kind not in ("ADT", "ORU"):
        raise V2Refused("taken are ADT and ORU^R01", NO_TYPE, "MSH^1^9", rejected=True)
    if (kind == "ORU" and event not in ("R01", "")) or (kind == "ADT" and event not in EVENTS):
        taken = ", ".join(sorted(EVENTS))
        raise V2Refused(f"taken are ORU^R01 and, of ADT, {taken}", NO_EVENT, "MSH^1^9", rejected=True)
    return kind, event or "R01"


def said_at(message: Message) -> datetime:
    """Return when a message was said: when the event was recorded (EVN-2), else when it was written (MSH-7)."""
    evn = message.first("EVN")
    recorded = evn.text(2) if evn else ""
    where, told = ("EVN^1^2", recorded) if recorded else ("MSH^1^7", message.header.text(7))
    if not told:
        raise V2Refused(
            "MSH-7 says when the message was written; without it none is newer than another", REQUIRED, where
        )
    found = dates.instant(told)
    if found is None:
        raise V2Refused("no date and time; write YYYYMMDDHHMMSS+ZZZZ", DATATYPE, where)
    return found


def map_message(message: Message, facility: str) -> Mapped:
    """Return what a message tells of, for one facility. Raises V2Refused naming the segment and field."""
    kind, event = event_of(message)
    said = said_at(message)
    pid, pv1 = _only(message, "PID"), message.first("PV1")
    who = patient(pid, facility, "update" if kind == "ADT" and event in _TELL_WHO else "keep")
    notes = list(places(pv1, message.first("PV2"))) + _doubts(who, said)
    told: list[Told] = [who]
    visit = None
    if pv1 and (kind == "ORU" or event in _OF_A_VISIT):
        visit = encounter(pv1, pid, facility, event)
        if visit is None:
            notes.append((pv1.where(19), "a visit without a number cannot be found again: not stored"))
    told += [visit] if visit else []
    if kind == "ORU":
        told += results(message, facility, visit is not None)
    return Mapped(told=tuple(told), said=said, notes=tuple(notes))


def _doubts(who: Told, said: datetime) -> list[tuple[str, str]]:
    """Return what is odd in who PID says that somebody is, where a message changes that; it is taken all the same."""
    if who.manner != "update":
        return []
    odd = dict.fromkeys(
        ("PID^1^7" if one.where == "Patient.birthDate" else who.element, one.text)
        for one in person_doubts(who.resource, civil_day(said))
    )
    return list(odd)


def map_merge(message: Message, facility: str) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """Return what an A40 names by (system, value): the chart that was given up (MRG-1) and the one kept (PID-3).

    Raises V2Refused where one of them is not named by a number of the facility's own.
    """
    mrg, pid = _only(message, "MRG"), _only(message, "PID")
    sides = []
    for segment, number in ((mrg, 1), (pid, 3)):
        read = [identifier(value, facility, segment.where(number)) for value in segment.values(number)]
        own = tuple((one["system"], one["value"]) for one in read if one and not national(one["system"]))
        if not own:
            raise V2Refused("name the chart by your own number for it", REQUIRED, segment.where(number))
        sides.append(own)
    return sides[0], sides[1]


def _only(message: Message, name: str) -> Segment:
    found = list(message.all(name))
    if not found:
        raise V2Refused(f"no {name}", SEQUENCE, f"{name}^1")
    if len(found) > 1:
        raise V2Refused(f"more than one {name}; send a message for each patient", SEQUENCE, f"{name}^2")
    return found[0]

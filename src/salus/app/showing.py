"""A resident shows a notice to clinicians of one place of care: sealed to it, soon over, and opened in care alone.

Nobody can ask for one through Salus, and none says anything to whoever is not that place: see decision 0045.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from salus import access, identity
from salus.access import Action, Kind
from salus.app.facts import decide, read_by, refuse, relation_ends
from salus.app.measures import my_notices
from salus.app.node import Node, charts_of
from salus.app.notices import contested_view
from salus.codec.notices import (
    LONGEST_SHOWING,
    NoticeKeys,
    key_month,
    open_notice,
    seal_notice,
    write_notice_keys,
)
from salus.healthcode import measures
from salus.kernel import Invalid
from salus.parties import Facility, PartyUnknown, Principal
from salus.rules import Measure, Recomputed, recompute
from salus.storage import Duty, Transaction

_NO_CARE = "notices are shown to places of care, and to no other; choose one that is registered here"


class NotShown(Invalid):
    """A notice that is made for nobody: its facility gives no care, or is none."""

    code = "SALUS-A071"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownHere:
    """What a notice that was handed over at a desk proves of who is there, and until when the desk may read it."""

    proved: tuple[Recomputed, ...]
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    """A resident whose notice is looked at: the charts, those of them with evidence, and all their keys."""

    charts: tuple[int, ...]
    held: tuple[int, ...]
    known_as: tuple[int, ...]


def show_notice(node: Node, who: Principal, facility_id: str, lasts: timedelta, *, empty: bool = False) -> bytes:
    """Return the resident's own notice, sealed to a place of care, of use there for as long as `lasts`.

    It has one length and one form whatever is in it, and usually nothing is; `empty` leaves out what there is, for
    somebody who asks without a right. That it was made stands in the register.
    Raises NotShown for what is no place of care, and Refused for anybody but a resident.
    """
    facility = _care(node, facility_id)
    mine = my_notices(node, who, "notice-shown")
    made = mine.at.replace(microsecond=0)
    key = _keys(node, facility.facility_id, [made]).private[0].public_key()
    files = [] if empty else [one.file for one in mine.notices]
    return seal_notice(files, facility.facility_id, key, made, made + min(lasts, LONGEST_SHOWING))


def open_shown(node: Node, who: Principal, resident_id: UUID, octets: bytes) -> ShownHere:
    """Open a notice that the resident who is here handed over. The look is registered before it is opened.

    What is shown is what the notice proves and the node, which knows the resident, still asks; whatever is another's,
    released, ended by a contest or not proved shows nothing. Raises Refused without an open care relation, and
    CodecError for what this facility cannot open now, which says nothing of the resident.
    """
    at = node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        looked = _looked(tx, node, who, resident_id, at)
    if looked is None or who.facility is None:
        raise refuse(node, who, Action.OPEN_NOTICE)
    keys = _keys(node, who.facility, [at, at - LONGEST_SHOWING]).private
    found = open_notice(octets, who.facility, keys, at)
    asked = _asked(node, looked, at) if found.files else {}
    proved = [recompute(file, node.trust, at) for file in found.files] if node.trust else []
    standing = [one for one in proved if one.measure is not Measure.NONE and one.decision in asked]
    return ShownHere(proved=tuple(standing), until=found.until)


def _looked(tx: Transaction, node: Node, who: Principal, resident_id: UUID, at: datetime) -> _Looked | None:
    """Register the look and return what it is held against; None if policy finds no ground."""
    resident = identity.resident(tx, resident_id)
    if resident is None or who.facility is None:
        return None
    ends = relation_ends(tx, who.facility, resident.key, at)
    decision = decide(node, who, Action.OPEN_NOTICE, Kind.RECORD, relation_open=ends is not None)
    if not decision.allowed:
        return None
    charts = charts_of(tx, resident.key)
    held = tuple(sorted({row.chart_key for row in measures.rows_of(tx, measures.Seals.of(node.keys), charts)}))
    read = read_by(
        who,
        resident_key=resident.key,
        chart_keys=held,
        what="notice",
        action=Action.OPEN_NOTICE,
        ground=decision.ground,
        unwraps=len(held),
        at=at,
    )
    access.register(tx, [read])
    return _Looked(charts=charts, held=held, known_as=identity.known_as(tx, resident.key))


def notice_keys(node: Node, facility_id: str) -> bytes:
    """Return the file with which a place of care opens notices away from its node, this month and the next.

    Raises NotShown for what is no place of care.
    """
    facility, at = _care(node, facility_id), node.clock.now()
    following = (at.replace(day=1) + timedelta(days=32)).replace(day=1)
    return write_notice_keys(_keys(node, facility.facility_id, [at, following]))


def _asked(node: Node, looked: _Looked, at: datetime) -> dict[str, measures.HeldNotice]:
    """Return by their decisions what the rules ask of a resident now, contests considered."""
    keys, seals = measures.chart_keys(node.keys, looked.held), measures.Seals.of(node.keys)
    now = measures.notices(node.store, node.trust, keys, seals, looked.charts, (), at)
    seen = [contested_view(node, looked.known_as, one, at) for one in now]
    return {one.commitment: one for one in seen if one is not None}


def _care(node: Node, facility_id: str) -> Facility:
    try:
        found = node.facility(facility_id)
    except PartyUnknown:
        raise NotShown(_NO_CARE) from None
    if not node.gives_care(found):
        raise NotShown(_NO_CARE)
    return found


def _keys(node: Node, facility_id: str, instants: Sequence[datetime]) -> NoticeKeys:
    """Return a facility's keys of the months in which these instants lie, in their order. They are kept nowhere."""
    months = [key_month(at) for at in instants]
    return NoticeKeys(
        facility=facility_id,
        months={month: node.custodian.x25519(f"notice {facility_id} {month}") for month in months},
    )


__all__ = ["NotShown", "ShownHere", "notice_keys", "open_shown", "show_notice"]

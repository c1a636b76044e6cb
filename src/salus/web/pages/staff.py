"""Pages for those who receive and treat residents: the desk, and the summary on one screen."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from starlette.responses import Response
from starlette.routing import Route

from salus import app
from salus.healthcode import CodeUnknown
from salus.identity import NumberRefused
from salus.kernel import Purpose, Role
from salus.parties import ROLE_PURPOSES, PartyExists, Principal
from salus.records import NotFound
from salus.web.gate import in_thread
from salus.web.pages.bringing import brought_card
from salus.web.pages.following_words_of import follow_up
from salus.web.pages.visit import Visit, paged
from salus.web.pages.words_of import patient, record, written
from salus.web.views import Address, Arrived, Desk, DeskTrouble, OpenRelation, Summary, Words
from salus.web.views.accounts import Slip

_DESK_ROLES = (Role.CLINICIAN, Role.RECEPTION)
_DESK_PURPOSES = (Purpose.TREAT,)
"""What a relation is opened for at a desk. An emergency has a page of its own: see `pages/emergencies.py`."""
NAMELESS = Words(en="No name on record", zh="档案中没有姓名")


@paged
async def desk(visit: Visit) -> Response:
    """Show the desk: one field, the purpose, and whom this institution may read now."""
    return await _desk(visit, visit.principal(*_DESK_ROLES), None)


async def _desk(
    visit: Visit, who: Principal, trouble: DeskTrouble | None, visit_ends: datetime | None = None
) -> Response:
    node = visit.gate.node
    present = await in_thread(visit.gate, lambda: app.present_here(node, who))
    relations = tuple(
        OpenRelation(
            name=written(visitor.name) or NAMELESS,
            ends=visitor.ends,
            address=f"{Address.DESK}/{visitor.resident_id}" if who.role is Role.CLINICIAN else None,
        )
        for visitor in present
    )
    place = node.facility(who.facility or "")
    view = Desk(
        purposes=_DESK_PURPOSES,
        trouble=trouble,
        visit_ends=visit_ends,
        relations=relations,
        shut=node.shut(who) is not None,
        graced=node.graced_until(place),
    )
    return visit.show(view, 400 if trouble else 200)


@paged
async def arrive(visit: Visit) -> Response:
    """Take what a resident presents and open a care relation."""
    who = visit.principal(*_DESK_ROLES)
    form = await visit.form()
    wanted, purpose = str(form.get("wanted", "")).strip(), str(form.get("purpose", ""))
    if not wanted:
        return await _desk(visit, who, DeskTrouble.EMPTY)
    if purpose not in {p.value for p in _DESK_PURPOSES}:
        return await _desk(visit, who, DeskTrouble.PURPOSE)
    who, node = who.for_purpose(Purpose(purpose)), visit.gate.node
    if wanted.upper().startswith(app.REFERENCE_PREFIX):
        return await _visit(visit, who, wanted)
    try:
        here = await in_thread(visit.gate, lambda: app.arrive(node, who, wanted))
    except CodeUnknown:
        return await _desk(visit, who, DeskTrouble.CODE)
    except NumberRefused:
        return await _desk(visit, who, DeskTrouble.CHECK_DIGIT)
    except NotFound:
        return await _desk(visit, who, DeskTrouble.NOBODY)
    if who.role is Role.CLINICIAN:
        return visit.go(f"{Address.DESK}/{here.resident_id}", purpose=purpose)
    return visit.show(
        Arrived(
            name=written(here.name) or NAMELESS,
            ends=here.ends,
            reference=here.reference,
            slip=_slip_address(here.resident_id),
            closing=f"{Address.DESK}/{here.resident_id}/closing",
            card=f"{Address.DESK}/{here.resident_id}/card",
        )
    )


async def _visit(visit: Visit, who: Principal, reference: str) -> Response:
    """Tell a pay desk whether a visit is open, by its reference."""
    node = visit.gate.node
    try:
        ends = await in_thread(visit.gate, lambda: app.visit_ends(node, who, reference))
    except app.NoSuchVisit:
        return await _desk(visit, who, DeskTrouble.REFERENCE)
    return await _desk(visit, who, None, ends)


@paged
async def summary(visit: Visit) -> Response:
    """Show one resident's summary to a clinician whose institution has an open care relation."""
    who, node = visit.principal(Role.CLINICIAN), visit.gate.node
    asked = visit.request.query_params.get("purpose", ROLE_PURPOSES[who.role][0])
    who = who.for_purpose(Purpose(asked) if asked in set(Purpose) else ROLE_PURPOSES[who.role][0])
    resident = resident_id(visit.request.path_params["resident"])
    viewed = await in_thread(visit.gate, lambda: app.view_summary(node, who, resident))
    now = node.clock.now()
    view = Summary(
        patient=patient(viewed.summary, now),
        record=record(node, viewed.summary, now),
        purpose=who.purpose or Purpose.TREAT,
        relation_ends=viewed.ends,
        slip=_slip_address(resident),
        mixed=f"{Address.DESK}/{resident}/mixed",
        closing=f"{Address.DESK}/{resident}/closing",
        card=f"{Address.DESK}/{resident}/card",
        reports=f"{Address.DESK}/{resident}/reports",
        shown=f"{Address.DESK}/{resident}/notice",
        follow_up=follow_up(node, viewed.stands, viewed.followed),
        brought=tuple(brought_card(one) for one in viewed.brought),
    )
    return visit.show(view)


@paged
async def slip(visit: Visit) -> Response:
    """Make a slip with which the resident who is here opens the own account, and show it once, to be printed."""
    who, node = visit.principal(*_DESK_ROLES).for_purpose(Purpose.TREAT), visit.gate.node
    await visit.form()
    resident = resident_id(visit.request.path_params["resident"])
    try:
        invited = await in_thread(visit.gate, lambda: app.invite_resident(node, who, resident))
    except PartyExists:
        return visit.show(Slip(), 409)
    place = f"{node.settings.public_url}{Address.INVITATION}"
    return visit.show(Slip(link=f"{place}?key={invited.key}", place=place, key=invited.key, ends=invited.ends))


def _slip_address(resident: UUID) -> str:
    return f"{Address.DESK}/{resident}/slip"


def resident_id(text: str) -> UUID:
    """Read a resident's identifier from an address."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("there is no such page here") from None


ROUTES = [
    Route(Address.DESK, desk, methods=["GET"], name="desk"),
    Route(Address.DESK, arrive, methods=["POST"], name="arrive"),
    Route(Address.DESK + "/{resident}", summary, methods=["GET"], name="summary"),
    Route(Address.DESK + "/{resident}/slip", slip, methods=["POST"], name="slip"),
]

"""Pages about whose records are held to be one resident's: what residents are told, and how to say it is wrong."""

from __future__ import annotations

from uuid import UUID

from starlette.datastructures import FormData
from starlette.responses import Response
from starlette.routing import Route

from salus import app
from salus.app import Held, Told
from salus.identity import AssertionRefused, Says
from salus.kernel import Purpose, Role
from salus.parties import Principal
from salus.records import NotFound
from salus.web.gate import in_thread
from salus.web.pages.staff import resident_id
from salus.web.pages.visit import Visit, paged
from salus.web.pages.words_of import facility_words
from salus.web.views import Address, Notice
from salus.web.views.institutions import InstitutionLine, Mixed, MyInstitutions, ToldLine


def _resident(visit: Visit) -> Principal:
    return visit.principal(Role.RESIDENT).for_purpose(Purpose.PATRQT)


def _clinician(visit: Visit) -> Principal:
    return visit.principal(Role.CLINICIAN).for_purpose(Purpose.TREAT)


@paged
async def mine(visit: Visit) -> Response:
    """Show whose records are held to be the resident's, and what they were told of links and partings."""
    return await _mine(visit, _resident(visit))


async def _mine(visit: Visit, who: Principal, *, trouble: bool = False) -> Response:
    node = visit.gate.node
    found = await in_thread(visit.gate, lambda: app.my_institutions(node, who))
    view = MyInstitutions(
        held=tuple(_line(visit, one) for one in found.held),
        told=tuple(_told(visit, one) for one in found.told),
        trouble=trouble,
    )
    return visit.show(view, 400 if trouble else 200)


@paged
async def not_mine(visit: Visit) -> Response:
    """Take it that some of the records are not the resident's: a person is asked."""
    who, node = _resident(visit), visit.gate.node
    named = _named(await visit.form())
    try:
        await in_thread(visit.gate, lambda: app.report_mine(node, who, named))
    except AssertionRefused:
        return await _mine(visit, who, trouble=True)
    return visit.go(Address.MY_INSTITUTIONS, Notice.REPORTED)


@paged
async def mine_after_all(visit: Visit) -> Response:
    """Take it that records that were parted off are the resident's after all: a person is asked."""
    who, node = _resident(visit), visit.gate.node
    other = _id(str((await visit.form()).get("other", "")))
    await in_thread(visit.gate, lambda: app.report_parted(node, who, other))
    return visit.go(Address.MY_INSTITUTIONS, Notice.REPORTED)


@paged
async def mixed(visit: Visit) -> Response:
    """Show a clinician whose records are held to be this resident's, to say which are another's."""
    return await _mixed(visit, _clinician(visit))


async def _mixed(visit: Visit, who: Principal, *, trouble: bool = False) -> Response:
    node, resident = visit.gate.node, resident_id(visit.request.path_params["resident"])
    found = await in_thread(visit.gate, lambda: app.institutions_of(node, who, resident))
    back = f"{Address.DESK}/{resident}"
    view = Mixed(form=f"{back}/mixed", back=back, held=tuple(_line(visit, one) for one in found), trouble=trouble)
    return visit.show(view, 400 if trouble else 200)


@paged
async def report_mixed(visit: Visit) -> Response:
    """Take a clinician's report that a record mixes two people: a person is asked, and the resident sees it."""
    who, node = _clinician(visit), visit.gate.node
    resident = resident_id(visit.request.path_params["resident"])
    form = await visit.form()
    says, named = str(form.get("says", "")), _named(form)
    if says not in (Says.NOT_SAME, Says.CANNOT_TELL):
        return await _mixed(visit, who, trouble=True)
    try:
        await in_thread(visit.gate, lambda: app.report_mixed(node, who, resident, named, Says(says)))
    except AssertionRefused:
        return await _mixed(visit, who, trouble=True)
    return visit.go(f"{Address.DESK}/{resident}", Notice.REPORTED)


def _line(visit: Visit, one: Held) -> InstitutionLine:
    return InstitutionLine(
        key=str(one.id), facility=facility_words(visit.gate.node, one.facility), since=one.at, own=one.own
    )


def _told(visit: Visit, one: Told) -> ToldLine:
    node = visit.gate.node
    return ToldLine(
        kind=one.notice.kind,
        at=one.notice.at,
        facilities=tuple(facility_words(node, facility) for facility in one.facilities),
        others=tuple(str(other) for other in one.parted) if one.notice.kind == "parted" else (),
    )


def _named(form: FormData) -> frozenset[UUID]:
    return frozenset(_id(str(text)) for text in form.getlist("record"))


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("there is no such record here") from None


ROUTES = [
    Route(Address.MY_INSTITUTIONS, mine, methods=["GET"], name="my-institutions"),
    Route(Address.MY_INSTITUTIONS, not_mine, methods=["POST"], name="not-mine"),
    Route(Address.MY_INSTITUTIONS + "/parted", mine_after_all, methods=["POST"], name="mine-after-all"),
    Route(Address.DESK + "/{resident}/mixed", mixed, methods=["GET"], name="mixed"),
    Route(Address.DESK + "/{resident}/mixed", report_mixed, methods=["POST"], name="report-mixed"),
]

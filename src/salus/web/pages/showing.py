"""Pages of a notice shown to a clinician: the resident makes one for a place of care, and a desk there opens it."""

from __future__ import annotations

from datetime import timedelta

from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response
from starlette.routing import Route

from salus import app
from salus.codec import CodecError
from salus.codec.notices import SEALED_OCTETS
from salus.kernel import Purpose, Role
from salus.parties import Facility, Principal
from salus.rules import Recomputed
from salus.web.gate import in_thread
from salus.web.pages.staff import resident_id
from salus.web.pages.visit import Visit, paged
from salus.web.views import Address, Words
from salus.web.views.showing import CareChoice, DeskNotice, ShowFor, ShownLine, ShowNotice, ShowTrouble

MOST_CHOICES = 20
FILE_NAME = "salus-notice.bin"
"""What every notice is called when it is saved: a name tells nothing either."""
EMPTY = "nothing"
LASTS = {
    ShowFor.QUARTER_HOUR: timedelta(minutes=15),
    ShowFor.HOUR: timedelta(hours=1),
    ShowFor.DAY: timedelta(days=1),
}


def _resident(visit: Visit) -> Principal:
    return visit.principal(Role.RESIDENT).for_purpose(Purpose.PATRQT)


def _clinician(visit: Visit) -> Principal:
    return visit.principal(Role.CLINICIAN).for_purpose(Purpose.TREAT)


@paged
async def show_form(visit: Visit) -> Response:
    """Show the form by which a resident makes a notice; it is the same for everybody."""
    _resident(visit)
    return visit.show(ShowNotice())


@paged
async def show(visit: Visit) -> Response:
    """Give the notice, sealed to the place that the resident chose, as a file."""
    who, node = _resident(visit), visit.gate.node
    form = await visit.form()
    wanted, lasts = _text(form, "which") or _text(form, "wanted"), _lasts(form)
    found = await in_thread(visit.gate, lambda: app.places_like(node, wanted, MOST_CHOICES + 1))
    if len(found) != 1:
        return visit.show(_which(found, wanted, lasts), 400)
    facility = found[0].facility_id
    empty = _text(form, "holds") == EMPTY
    octets = await in_thread(visit.gate, lambda: app.show_notice(node, who, facility, LASTS[lasts], empty=empty))
    headers = {"Content-Disposition": f'attachment; filename="{FILE_NAME}"', "Cache-Control": "no-store"}
    return Response(octets, 200, headers, "application/octet-stream")


@paged
async def desk_form(visit: Visit) -> Response:
    """Show the form by which a clinician opens what the resident who is here hands over."""
    _clinician(visit)
    return visit.show(_desk(visit))


@paged
async def opened(visit: Visit) -> Response:
    """Open a notice that was handed over; the resident sees that it was opened."""
    who, node = _clinician(visit), visit.gate.node
    form = await visit.form()
    resident, octets = resident_id(visit.request.path_params["resident"]), await _handed_over(form)
    try:
        found = await in_thread(visit.gate, lambda: app.open_shown(node, who, resident, octets))
    except CodecError:
        return visit.show(_desk(visit, unread=True), 400)
    return visit.show(_desk(visit, held=tuple(line for line in map(_line, found.proved) if line), opened=True))


def _desk(visit: Visit, *, held: tuple[ShownLine, ...] = (), opened: bool = False, unread: bool = False) -> DeskNotice:
    resident = resident_id(visit.request.path_params["resident"])
    path = f"{Address.DESK}/{resident}"
    return DeskNotice(form=f"{path}/notice", back=path, held=held, opened=opened, unread=unread)


def _which(found: list[Facility], wanted: str, lasts: ShowFor) -> ShowNotice:
    choices = [CareChoice(key=one.facility_id, name=Words(en=one.name_en, zh=one.name_zh)) for one in found]
    return ShowNotice(
        wanted=wanted,
        lasts=lasts,
        choices=tuple(choices[:MOST_CHOICES]),
        more=len(choices) > MOST_CHOICES,
        trouble=ShowTrouble.WHICH if choices else ShowTrouble.NOBODY,
    )


def _line(found: Recomputed) -> ShownLine | None:
    if found.clause is None or found.starts is None or found.ends is None or found.proved_at is None:
        return None
    return ShownLine(
        kind=found.measure,
        clause=Words(en=found.clause.en, zh=found.clause.zh),
        disease=found.disease or "",
        starts=found.starts,
        ends=found.ends,
        proved_at=found.proved_at,
        rules=found.rules or "",
    )


async def _handed_over(form: FormData) -> bytes:
    given = form.get("shown")
    return await given.read(SEALED_OCTETS + 1) if isinstance(given, UploadFile) else b""


def _lasts(form: FormData) -> ShowFor:
    told = _text(form, "lasts")
    return ShowFor(told) if told in set(ShowFor) else ShowFor.HOUR


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value.strip()[:100] if isinstance(value, str) else ""


_SHOW, _OPEN = f"{Address.MY_NOTICE}/show", f"{Address.DESK}/{{resident}}/notice"
ROUTES = [
    Route(_SHOW, show_form, methods=["GET"], name="show-notice-form"),
    Route(_SHOW, show, methods=["POST"], name="show-notice"),
    Route(_OPEN, desk_form, methods=["GET"], name="desk-notice-form"),
    Route(_OPEN, opened, methods=["POST"], name="desk-notice"),
]

"""Pages of exposure slips: anybody reads one, signed in or not, and nothing is kept; a desk hands their leaves over."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from salus import app
from salus.healthcode.slips import SlipRefused
from salus.kernel import Purpose, Role
from salus.parties import Principal
from salus.records import NotFound
from salus.rules import Recomputed
from salus.web.gate import in_thread
from salus.web.pages.visit import Visit, paged
from salus.web.views import Address, Words
from salus.web.views.exposures import NOT_PROVED, OVER, ExposureDesk, ReadExposure, TestDue


@paged
async def exposure(visit: Visit) -> Response:
    """Show the form in which a slip is read."""
    return visit.show(ReadExposure())


@paged
async def read_exposure(visit: Visit) -> Response:
    """Say what slips ask of whoever brings them: a test, or nothing. Each stands on a line of its own."""
    texts = await _texts(visit)
    try:
        read = await _read(visit, texts)
    except SlipRefused as refused:
        return visit.show(ReadExposure(refused=refused.text), 400)
    due = {one.rules: one for each in read.slips if (one := _due(each.found))}
    over = dict.fromkeys(OVER.get(str(one.found.fault), NOT_PROVED) for one in read.slips if not _due(one.found))
    given = tuple(one.text for one in read.slips if one.file)
    return visit.show(ReadExposure(due=tuple(due.values()), over=tuple(over), given=given))


@paged
async def exposure_file(visit: Visit) -> Response:
    """Give the file of one slip, by which anybody recomputes what it asks."""
    read = await _read(visit, await _texts(visit))
    (file, *_) = read.files
    if file is None:
        raise NotFound("the public log does not have all of this slip yet")
    headers = {"Content-Disposition": 'attachment; filename="salus-slip.json"', "Cache-Control": "no-store"}
    return Response(file, 200, headers, "application/json")


async def _texts(visit: Visit) -> list[str]:
    form = await visit.form()
    return [line.strip() for line in str(form.get("slip", "")).splitlines() if line.strip()]


async def _read(visit: Visit, texts: list[str]) -> app.slips.ReadSlips:
    node, who = visit.gate.node, _bearer(visit)
    return await in_thread(visit.gate, lambda: app.slips.read_slips(node, who, texts))


def _bearer(visit: Visit) -> Principal | None:
    """Return the resident who reads; nobody else's session matters, so that a desk reads for somebody with a paper."""
    if visit.who is None or visit.who.role is not Role.RESIDENT:
        return None
    return visit.principal(Role.RESIDENT).for_purpose(Purpose.PATRQT)


def _due(found: Recomputed) -> TestDue | None:
    if found.fault or not (found.clause and found.starts and found.ends and found.proved_at):
        return None
    return TestDue(
        clause=Words(en=found.clause.en, zh=found.clause.zh),
        disease=found.disease or "",
        starts=found.starts,
        ends=found.ends,
        proved_at=found.proved_at,
        rules=found.rules or "",
    )


def _desk(visit: Visit) -> Principal:
    return visit.principal(Role.EPIDEMIOLOGIST).for_purpose(Purpose.PUBHLTH)


@paged
async def exposures(visit: Visit) -> Response:
    """Show the form in which leaves are handed over."""
    _desk(visit)
    return visit.show(ExposureDesk())


@paged
async def hand_exposures_over(visit: Visit) -> Response:
    """Hand leaves over, or the end of a case."""
    who, node = _desk(visit), visit.gate.node
    text = str((await visit.form()).get("leaves", ""))
    try:
        done = await in_thread(visit.gate, lambda: app.slips.hand_over(node, who, text))
    except SlipRefused as refused:
        return visit.show(ExposureDesk(refused=refused.text), 400)
    return visit.show(ExposureDesk(taken=done.taken, again=done.again, ended=done.ended))


ROUTES = [
    Route(Address.EXPOSURE, exposure, methods=["GET"], name="exposure"),
    Route(Address.EXPOSURE, read_exposure, methods=["POST"], name="read-exposure"),
    Route(Address.EXPOSURE + "/file", exposure_file, methods=["POST"], name="exposure-file"),
    Route(Address.EXPOSURES, exposures, methods=["GET"], name="exposures"),
    Route(Address.EXPOSURES, hand_exposures_over, methods=["POST"], name="hand-exposures-over"),
]

"""Pages of a resident's own notice: what is asked, why, until when, and the file that proves it. Nobody else's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from salus import app
from salus.app import MyNotices
from salus.healthcode import measures
from salus.kernel import Purpose, Role, format_instant, parse_instant
from salus.parties import PartyUnknown, Principal
from salus.records import NotFound
from salus.web.gate import in_thread
from salus.web.pages.visit import Visit, paged
from salus.web.pages.words_of import facility_words
from salus.web.views import Address, Words
from salus.web.views import notices as views

SHOWN_RECEIPTS = 5


def _resident(visit: Visit) -> Principal:
    return visit.principal(Role.RESIDENT).for_purpose(Purpose.PATRQT)


@paged
async def my_notice(visit: Visit) -> Response:
    """Show what is asked of the resident now; usually nothing."""
    who, node = _resident(visit), visit.gate.node
    mine = await in_thread(visit.gate, lambda: app.my_notices(node, who))
    view = views.MyNotice(
        held=tuple(_held(visit, one) for one in mine.notices),
        receipts=tuple(_receipt(visit, one) for one in mine.receipts[:SHOWN_RECEIPTS]),
        witnessed=node.trust is not None,
    )
    return visit.show(view)


@paged
async def notice_file(visit: Visit) -> Response:
    """Give the file of a notice, by which anybody recomputes it."""
    who, node = _resident(visit), visit.gate.node
    wanted = visit.request.path_params["place"]
    mine: MyNotices = await in_thread(visit.gate, lambda: app.my_notices(node, who))
    found = next((one for one in mine.notices if one.place == wanted), None)
    if found is None:
        raise NotFound("there is no such notice now; it may have ended")
    headers = {"Content-Disposition": f'attachment; filename="{_name(found)}"', "Cache-Control": "no-store"}
    return Response(found.file, 200, headers, "application/json")


def _held(visit: Visit, one: measures.HeldNotice) -> views.HeldNotice:
    found, trust = one.found, visit.gate.node.trust
    if found.clause is None or found.starts is None or found.ends is None or found.proved_at is None:
        raise NotFound("there is no such notice now")
    keys = [f"--vkey '{trust.log}'", *(f"--witness '{one.owned}'" for one in trust.witnesses)] if trust else []
    if visit.gate.node.demo:  # its clock is not that of the computer on which the command is run
        keys.append(f"--at {format_instant(visit.gate.node.clock.now())}")
    return views.HeldNotice(
        kind=found.measure,
        clause=Words(en=found.clause.en, zh=found.clause.zh),
        disease=found.disease or "",
        starts=found.starts,
        ends=found.ends,
        proved_at=found.proved_at,
        rules=found.rules or "",
        file=f"{Address.MY_NOTICE}/{one.place}/file",
        command=" ".join([f"salus code explain {_name(one)}", *keys]),
        contest=f"{Address.MY_CONTESTS}/new?notice={one.place}",
    )


def _receipt(visit: Visit, told: Mapping[str, Any]) -> views.Receipt:
    try:
        site: Words | None = facility_words(visit.gate.node, told["site"])
    except PartyUnknown:
        site = None
    return views.Receipt(text=told["subject"], site=site, taken=parse_instant(told["taken"]))


def _name(one: measures.HeldNotice) -> str:
    return f"salus-measure-{one.place}.json"


ROUTES = [
    Route(Address.MY_NOTICE, my_notice, methods=["GET"], name="my-notice"),
    Route(Address.MY_NOTICE + "/{place}/file", notice_file, methods=["GET"], name="notice-file"),
]

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
from salus.rules import Measure, Step
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
    found = one.found
    if found.clause is None or found.starts is None or found.ends is None or found.proved_at is None:
        raise NotFound("there is no such notice now")
    return views.HeldNotice(
        kind=found.measure,
        clause=Words(en=found.clause.en, zh=found.clause.zh),
        disease=found.disease or "",
        starts=found.starts,
        ends=found.ends,
        proved_at=found.proved_at,
        rules=found.rules or "",
        file=f"{Address.MY_NOTICE}/{one.place}/file",
        command=" ".join([f"salus code explain {_name(one)}", *_believed(visit)]),
        contest=f"{Address.MY_CONTESTS}/new?notice={one.place}",
        case=app.slips.case_number(one) if found.measure is Measure.PRECAUTION else None,
        word=app.slips.case_word(one) if found.measure is Measure.PRECAUTION else None,
    )


def _believed(visit: Visit) -> list[str]:
    """Return the options that name this node's log and witnesses; on a demo node its instant, too.

    Its clock is not that of the computer on which the command is run.
    """
    trust = visit.gate.node.trust
    keys = [f"--vkey '{trust.log}'", *(f"--witness '{one.owned}'" for one in trust.witnesses)] if trust else []
    return [*keys, *([f"--at {format_instant(visit.gate.node.clock.now())}"] if visit.gate.node.demo else [])]


def _receipt(visit: Visit, told: Mapping[str, Any]) -> views.Receipt:
    try:
        site: Words | None = facility_words(visit.gate.node, told["site"])
    except PartyUnknown:
        site = None
    short = measures.raw(told["commitment"]).hex()[:12]
    return views.Receipt(text=told["subject"], site=site, taken=parse_instant(told["taken"]), short=short)


@paged
async def my_receipt(visit: Visit) -> Response:
    """Show the receipt of one of the resident's specimens, with its results, on a page that may be printed."""
    held = await _held_receipt(visit)
    found, name = held.found, _receipt_name(held)
    if found is None:
        raise NotFound("the public log of this node has no witnesses, so a receipt proves nothing here")
    believed = _believed(visit)
    audited = [one for one in believed if not one.startswith("--at")]
    log = f"{visit.gate.node.settings.public_url}/log"
    view = views.MyReceipt(
        text=held.body["subject"],
        code=app.receipts.on_paper(held.file),
        disease=held.body["disease"],
        steps=tuple(_step(visit, one) for one in found.steps),
        fault=found.fault,
        file=f"{Address.MY_NOTICE}/receipts/{held.place}/file",
        command=" ".join([f"salus code explain {name}", *believed]),
        audit=" ".join([f"salus-audit {log}", f"--receipt {name}", *audited]),
    )
    return visit.show(view)


@paged
async def receipt_file(visit: Visit) -> Response:
    """Give the file of a receipt."""
    held = await _held_receipt(visit)
    headers = {"Content-Disposition": f'attachment; filename="{_receipt_name(held)}"', "Cache-Control": "no-store"}
    return Response(held.file, 200, headers, "application/json")


async def _held_receipt(visit: Visit) -> measures.HeldReceipt:
    who, node, place = _resident(visit), visit.gate.node, visit.request.path_params["receipt"]
    return await in_thread(visit.gate, lambda: app.receipts.my_receipt(node, who, place))


def _step(visit: Visit, one: Step) -> views.ReceiptStep:
    return views.ReceiptStep(
        party=facility_words(visit.gate.node, one.party),
        organisation=one.organisation,
        happened=one.happened,
        entry=one.index,
        logged=one.logged_at,
        found=one.result,
    )


def _receipt_name(one: measures.HeldReceipt) -> str:
    return f"salus-receipt-{one.place}.json"


def _name(one: measures.HeldNotice) -> str:
    return f"salus-measure-{one.place}.json"


ROUTES = [
    Route(Address.MY_NOTICE, my_notice, methods=["GET"], name="my-notice"),
    Route(Address.MY_NOTICE + "/receipts/{receipt}", my_receipt, methods=["GET"], name="my-receipt"),
    Route(Address.MY_NOTICE + "/receipts/{receipt}/file", receipt_file, methods=["GET"], name="receipt-file"),
    Route(Address.MY_NOTICE + "/{place}/file", notice_file, methods=["GET"], name="notice-file"),
]

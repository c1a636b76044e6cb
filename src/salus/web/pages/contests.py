"""Pages about contests: the resident's own, with receipts, and those of the officer who answers."""

from __future__ import annotations

import json
from collections.abc import Mapping

import orjson
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response
from starlette.routing import Route

from salus import app
from salus.app import Followed
from salus.appeals import About, Contest, ContestUnknown, NothingToContest, Outcome, Standing
from salus.kernel import Purpose, Role, canonical, parse_instant
from salus.parties import Principal
from salus.records import NotFound
from salus.rules import Recomputed
from salus.web.gate import in_thread
from salus.web.pages.residents import look_view, place_of
from salus.web.pages.visit import Visit, paged
from salus.web.pages.words_of import facility_words, naming
from salus.web.views import Address, Notice, Words
from salus.web.views.contests import (
    Appeal,
    Appeals,
    ContestForm,
    ContestLine,
    ContestReceipt,
    MyContests,
    Ran,
    ShownLook,
    ShownNotice,
)

MOST_NOTICE_BYTES = 200 * 1024


def _resident(visit: Visit) -> Principal:
    return visit.principal(Role.RESIDENT).for_purpose(Purpose.PATRQT)


def _officer(visit: Visit) -> Principal:
    return visit.principal(Role.APPEAL_OFFICER).for_purpose(Purpose.PATRQT)


@paged
async def mine(visit: Visit) -> Response:
    """Show what the resident contested."""
    who, node = _resident(visit), visit.gate.node
    found = await in_thread(visit.gate, lambda: app.my_contests(node, who))
    return visit.show(MyContests(contests=tuple(_line(one.contest, one.stands, Address.MY_CONTESTS) for one in found)))


@paged
async def new(visit: Visit) -> Response:
    """Show the form that opens a contest: of the look named by `?entry=`, else of a notice."""
    who = _resident(visit)
    asked = visit.request.query_params
    return visit.show(await _form(visit, who, asked.get("entry", ""), asked.get("notice", "")))


async def _form(visit: Visit, who: Principal, place: str, notice: str, *, trouble: bool = False) -> ContestForm:
    node = visit.gate.node
    if place:
        seen = await in_thread(visit.gate, lambda: app.my_look(node, who, _place(place)))
        return ContestForm(entry=place, look=await look_view(visit, seen))
    return ContestForm(entry="", notice=notice if await _own(visit, who, notice) else "", trouble=trouble)


async def _own(visit: Visit, who: Principal, place: str) -> bytes | None:
    """Return the file of a notice that the resident's own page shows now."""
    if not place:
        return None
    mine = await in_thread(visit.gate, lambda: app.my_notices(visit.gate.node, who))
    return next((one.file for one in mine.notices if one.place == place), None)


@paged
async def open_contest(visit: Visit) -> Response:
    """Open a contest and lead to its receipt."""
    who, node = _resident(visit), visit.gate.node
    form = await visit.form()
    place, words = str(form.get("entry", "")), str(form.get("words", "")).strip()
    if place:
        opened = await in_thread(visit.gate, lambda: app.contest_look(node, who, _place(place), words))
    else:
        notice = str(form.get("notice", ""))
        presented = await _presented(form) or await _own(visit, who, notice) or b""
        try:
            opened = await in_thread(visit.gate, lambda: app.contest_notice(node, who, presented, words))
        except NothingToContest:
            return visit.show(await _form(visit, who, "", notice, trouble=True), 400)
    return visit.go(f"{Address.MY_CONTESTS}/{opened.receipt.hash.hex()}", Notice.CONTESTED)


async def _presented(form: FormData) -> bytes | None:
    """Return the file that was handed in, or None where nothing was: then the own page's notice is meant."""
    given = form.get("presented")
    raw = await given.read(MOST_NOTICE_BYTES + 1) if isinstance(given, UploadFile) else str(given or "").encode()
    return raw or None


@paged
async def receipt(visit: Visit) -> Response:
    """Show the receipt of one of the resident's contests, and how it stands."""
    who, node, appeal = _resident(visit), visit.gate.node, _appeal(visit)
    found = await in_thread(visit.gate, lambda: app.my_contest(node, who, appeal))
    contest, answer = found.contest, found.contest.answer
    view = ContestReceipt(
        about=contest.receipt.about,
        short=contest.receipt.short,
        code=canonical(contest.receipt.as_file()).decode(),
        entry=contest.receipt.hash.hex(),
        opened=contest.opened_at,
        deadline=contest.deadline,
        stands=found.stands,
        words=contest.words,
        download=f"{Address.MY_CONTESTS}/{contest.receipt.hash.hex()}/file",
        logged_at=found.logged_at,
        closed_at=found.closed_at,
        answered=answer.at if answer else None,
        outcome=answer.outcome if answer else None,
        organisation=naming(node)(answer.organisation) if answer else None,
        reason=answer.reason if answer else None,
    )
    return visit.show(view)


@paged
async def receipt_file(visit: Visit) -> Response:
    """Give the receipt as a file."""
    who, node, appeal = _resident(visit), visit.gate.node, _appeal(visit)
    found = await in_thread(visit.gate, lambda: app.my_contest(node, who, appeal))
    headers = {"Content-Disposition": 'attachment; filename="salus-receipt.json"', "Cache-Control": "no-store"}
    file = orjson.dumps(found.contest.receipt.as_file(), option=orjson.OPT_INDENT_2)
    return Response(file, 200, headers, "application/json")


@paged
async def waiting(visit: Visit) -> Response:
    """Show an appeal officer what waits, the soonest due first."""
    who, node = _officer(visit), visit.gate.node
    found = await in_thread(visit.gate, lambda: app.waiting_contests(node, who))
    now = node.clock.now()
    return visit.show(Appeals(contests=tuple(_line(one, app.unanswered(one, now), Address.APPEALS) for one in found)))


@paged
async def judge(visit: Visit) -> Response:
    """Show one contest to its officer; the resident sees that it was opened."""
    who, node, appeal = _officer(visit), visit.gate.node, _appeal(visit)
    found = await in_thread(visit.gate, lambda: app.judge_contest(node, who, appeal))
    return visit.show(await _appeal_view(visit, found))


@paged
async def answer(visit: Visit) -> Response:
    """Take an officer's answer."""
    who, node, appeal = _officer(visit), visit.gate.node, _appeal(visit)
    form = await visit.form()
    outcome, reason = str(form.get("outcome", "")), str(form.get("reason", ""))
    if outcome not in set(Outcome) or not reason.strip():
        found = await in_thread(visit.gate, lambda: app.judge_contest(node, who, appeal))
        return visit.show(await _appeal_view(visit, found, trouble=True), 400)
    await in_thread(visit.gate, lambda: app.answer_contest(node, who, appeal, Outcome(outcome), reason))
    return visit.go(Address.APPEALS, Notice.ANSWERED)


async def _appeal_view(visit: Visit, found: Followed, *, trouble: bool = False) -> Appeal:
    node, contest = visit.gate.node, found.contest
    ran, named = await in_thread(visit.gate, lambda: (app.run_again(node, contest), naming(node)))
    look = (
        None
        if contest.receipt.about is not About.LOOK
        else await in_thread(visit.gate, lambda: _shown_look(node, contest))
    )
    return Appeal(
        about=contest.receipt.about,
        opened=contest.opened_at,
        deadline=contest.deadline,
        stands=found.stands,
        words=contest.words,
        organisations=tuple(map(named, contest.organisations)),
        form=f"{Address.APPEALS}/{contest.receipt.hash.hex()}",
        notice=_shown_notice(ran.shown) if ran else None,
        look=look,
        ran=(_ran(ran.then, now=False), _ran(ran.now, now=True)) if ran else (),
        outcome=contest.answer.outcome if contest.answer else None,
        reason=contest.answer.reason if contest.answer else None,
        trouble=trouble,
    )


def _ran(found: Recomputed, *, now: bool) -> Ran:
    return Ran(now=now, came_to=str(found.measure), text=found.text, holds=found.fault is None)


def _shown_notice(told: Mapping[str, str]) -> ShownNotice:
    return ShownNotice(
        asked=told["gives"],
        clause=told["clause"],
        starts=parse_instant(told["starts"]),
        ends=parse_instant(told["ends"]),
        decided=parse_instant(told["at"]),
        rules=told["rules"],
    )


def _shown_look(node: app.Node, contest: Contest) -> ShownLook:
    told = json.loads(contest.shown)
    names = app.staff_name(node, told["reader"])
    return ShownLook(
        reader=Words(en=names[0] or None, zh=names[1] or None) if names else None,
        at=parse_instant(told["at"]),
        role=Role(told["role"]),
        facility=facility_words(node, told["facility"]) if told["facility"] else None,
        part=told["what"],
        count=told["count"],
        purpose=Purpose(told["purpose"]),
        ground=told["ground"],
    )


def _line(contest: Contest, stands: Standing, place: Address) -> ContestLine:
    return ContestLine(
        link=f"{place}/{contest.receipt.hash.hex()}",
        about=contest.receipt.about,
        opened=contest.opened_at,
        deadline=contest.deadline,
        stands=stands,
    )


def _appeal(visit: Visit) -> bytes:
    text = str(visit.request.path_params["appeal"])
    if len(text) != 64 or not set(text) <= set("0123456789abcdef"):
        raise ContestUnknown("there is no such contest here, or it is not yours to see")
    return bytes.fromhex(text)


def _place(text: str) -> tuple[int, int]:
    place = place_of(text)
    if place is None:
        raise NotFound("there is no such page here")
    return place


ROUTES = [
    Route(Address.MY_CONTESTS, mine, methods=["GET"], name="my-contests"),
    Route(Address.MY_CONTESTS, open_contest, methods=["POST"], name="open-contest"),
    Route(Address.MY_CONTESTS + "/new", new, methods=["GET"], name="new-contest"),
    Route(Address.MY_CONTESTS + "/{appeal}", receipt, methods=["GET"], name="contest-receipt"),
    Route(Address.MY_CONTESTS + "/{appeal}/file", receipt_file, methods=["GET"], name="contest-file"),
    Route(Address.APPEALS, waiting, methods=["GET"], name="appeals"),
    Route(Address.APPEALS + "/{appeal}", judge, methods=["GET"], name="appeal"),
    Route(Address.APPEALS + "/{appeal}", answer, methods=["POST"], name="answer-appeal"),
]

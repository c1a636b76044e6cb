"""Relatives and dependants: who may show whose code. Residents give, take and end it; for a child a desk gives it."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from starlette.responses import Response
from starlette.routing import Route

from salus import app
from salus.healthcode.cards import Agreed, Card
from salus.healthcode.sharing import LONGEST_SHARE, Kind, NoPaper, Share, ShareRefused, TooManyShares
from salus.kernel import Purpose, Role
from salus.parties import Principal
from salus.records import NotFound
from salus.web.gate import in_thread
from salus.web.pages.staff import resident_id
from salus.web.pages.visit import Visit, paged
from salus.web.pages.words_of import facility_words
from salus.web.views import Address, Notice
from salus.web.views.sharing import (
    GivenCode,
    GivenLine,
    GuardianForm,
    HeldLine,
    Lasting,
    PrintedLine,
    Relatives,
    ShareKey,
    ShareTrouble,
)

RELATIVES = "/me/relatives"
LASTS = {
    Lasting.DAY: timedelta(days=1),
    Lasting.MONTH: timedelta(days=30),
    Lasting.HALF_YEAR: timedelta(days=182),
    Lasting.YEAR: LONGEST_SHARE,
}


def _resident(visit: Visit) -> Principal:
    return visit.principal(Role.RESIDENT).for_purpose(Purpose.PATRQT)


def _desk(visit: Visit) -> Principal:
    return visit.principal(Role.CLINICIAN, Role.RECEPTION).for_purpose(Purpose.TREAT)


@paged
async def mine(visit: Visit) -> Response:
    """Show who may show the resident's code, whose codes the resident may show, and cards that desks printed."""
    return await _mine(visit, None)


async def _mine(visit: Visit, trouble: ShareTrouble | None) -> Response:
    who, node = _resident(visit), visit.gate.node
    wallet = await in_thread(visit.gate, lambda: app.my_wallet(node, who))
    cards = await in_thread(visit.gate, lambda: app.my_cards(node, who))
    at = node.clock.now()
    view = Relatives(
        given=tuple(_given(one, at) for one in wallet.given),
        held=tuple(_held(visit, one, at) for one in wallet.held if one.holds(at) or one.ended_where),
        cards=tuple(_card(visit, one) for one in cards),
        trouble=trouble,
    )
    return visit.show(view, 400 if trouble else 200)


def _given(one: Share, at: datetime) -> GivenLine:
    return GivenLine(
        form=f"{RELATIVES}/{one.id}/end",
        offered=one.offered,
        taken=one.taken,
        until=one.until,
        ended=one.ended,
        stands=one.stands(at),
        by_desk=one.kind is Kind.GUARDIAN,
        paper=one.paper,
    )


def _held(visit: Visit, one: Share, at: datetime) -> HeldLine:
    page = f"{RELATIVES}/{one.id}"
    return HeldLine(
        show=page,
        form=f"{page}/end",
        initial=one.initial,
        until=one.until,
        holds=one.holds(at),
        ended=one.ended,
        ended_where=facility_words(visit.gate.node, one.ended_where) if one.ended_where else None,
    )


def _card(visit: Visit, one: Card) -> PrintedLine:
    return PrintedLine(
        facility=facility_words(visit.gate.node, one.facility),
        at=one.at,
        signed=one.agreed is Agreed.SIGNED,
        paper=one.paper,
        printed=one.printed is not None,
    )


@paged
async def give(visit: Visit) -> Response:
    """Give the right to show the own code, and show the key for it once."""
    who, node = _resident(visit), visit.gate.node
    lasts = str((await visit.form()).get("lasts", ""))
    chosen = LASTS[Lasting(lasts) if lasts in set(Lasting) else Lasting.DAY]
    try:
        offered = await in_thread(visit.gate, lambda: app.give_code(node, who, chosen))
    except TooManyShares:
        return await _mine(visit, ShareTrouble.TOO_MANY)
    return visit.show(_key(offered, RELATIVES))


def _key(offered: app.Offered, back: str, *, at_desk: bool = False) -> ShareKey:
    return ShareKey(
        key=offered.key,
        key_ends=offered.key_ends,
        until=offered.until,
        slip=RELATIVES,
        back=back,
        at_desk=at_desk,
    )


@paged
async def take(visit: Visit) -> Response:
    """Take the right that a key hands over."""
    who, node = _resident(visit), visit.gate.node
    key = "".join(str((await visit.form()).get("key", ""))[:100].split())
    try:
        await in_thread(visit.gate, lambda: app.take_code(node, who, key))
    except TooManyShares:
        return await _mine(visit, ShareTrouble.TOO_MANY)
    except ShareRefused:
        return await _mine(visit, ShareTrouble.KEY)
    return visit.go(RELATIVES, Notice.CODE_TAKEN)


@paged
async def show(visit: Visit) -> Response:
    """Show the code of somebody who gave the right; they see that it was shown."""
    who, node = _resident(visit), visit.gate.node
    share = _id(visit)
    found = await in_thread(visit.gate, lambda: app.given_code(node, who, share))
    return visit.show(GivenCode(code=found.code, initial=found.share.initial, until=found.share.until))


@paged
async def end(visit: Visit) -> Response:
    """End a right, from either side."""
    who, node = _resident(visit), visit.gate.node
    await visit.form()
    share = _id(visit)
    await in_thread(visit.gate, lambda: app.end_sharing(node, who, share))
    return visit.go(RELATIVES, Notice.SHARING_ENDED)


@paged
async def guardian_form(visit: Visit) -> Response:
    """Show the desk's form for a guardian's slip; it shows nothing of the child."""
    _desk(visit)
    return visit.show(GuardianForm(form=visit.request.url.path))


@paged
async def guardian(visit: Visit) -> Response:
    """Make the slip by which the guardian of a child who is here may show the child's code, or end all such rights."""
    who, node = _desk(visit), visit.gate.node
    resident = resident_id(visit.request.path_params["resident"])
    form = await visit.form()
    paper, agrees = str(form.get("paper", "")).strip()[:40], form.get("agrees") == "yes"
    if form.get("ends") == "yes":
        return await _end_guardians(visit, who, resident, paper)
    try:
        offered = await in_thread(
            visit.gate, lambda: app.give_child_code(node, who, resident, paper, child_agrees=agrees)
        )
    except ShareRefused as refused:
        trouble = ShareTrouble.PAPER if isinstance(refused, NoPaper) else ShareTrouble.CHILD
        view = GuardianForm(form=visit.request.url.path, paper=paper, agrees=agrees, trouble=trouble)
        return visit.show(view, 400)
    return visit.show(_key(offered, Address.DESK, at_desk=True))


async def _end_guardians(visit: Visit, who: Principal, resident: UUID, paper: str) -> Response:
    try:
        await in_thread(visit.gate, lambda: app.end_guardians(visit.gate.node, who, resident, paper))
    except NoPaper:
        view = GuardianForm(form=visit.request.url.path, ends=paper, trouble=ShareTrouble.END_PAPER)
        return visit.show(view, 400)
    return visit.go(Address.DESK, Notice.SHARING_ENDED)


def _id(visit: Visit) -> UUID:
    try:
        return UUID(str(visit.request.path_params["share"]))
    except ValueError:
        raise NotFound("there is no such page here") from None


_ONE, _GUARDIAN = RELATIVES + "/{share}", Address.DESK + "/{resident}/guardian"
ROUTES = [
    Route(RELATIVES, mine, methods=["GET"], name="my-relatives"),
    Route(RELATIVES + "/give", give, methods=["POST"], name="give-code"),
    Route(RELATIVES + "/take", take, methods=["POST"], name="take-code"),
    Route(_ONE, show, methods=["GET"], name="given-code"),
    Route(_ONE + "/end", end, methods=["POST"], name="end-sharing"),
    Route(_GUARDIAN, guardian_form, methods=["GET"], name="guardian-form"),
    Route(_GUARDIAN, guardian, methods=["POST"], name="guardian"),
]

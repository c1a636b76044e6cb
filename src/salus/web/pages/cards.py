"""The desk prints a card with the identity code of who is here and agrees, at once or later with others."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response
from starlette.routing import Route

from salus import app
from salus.app import Agreement, Printed
from salus.healthcode.cards import Agreed, CardRefused
from salus.kernel import Purpose, Role
from salus.parties import Principal
from salus.web.gate import in_thread
from salus.web.pages.staff import resident_id
from salus.web.pages.visit import Visit, paged
from salus.web.sheets import Face, Sheet, cards_pdf
from salus.web.views import Address, Notice
from salus.web.views.cards import CardForm, CardTrouble

LATER = "later"
_PDF = {"Content-Disposition": 'inline; filename="card.pdf"', "Cache-Control": "no-store"}


def _desk(visit: Visit) -> Principal:
    return visit.principal(Role.CLINICIAN, Role.RECEPTION).for_purpose(Purpose.TREAT)


@paged
async def form(visit: Visit) -> Response:
    """Show the form; it is the same for everybody and reads nothing."""
    _desk(visit)
    return visit.show(_form(visit))


@paged
async def printed(visit: Visit) -> Response:
    """Print the card of who is here and agrees, or let it wait for the others; they see who did it."""
    who = _desk(visit)
    resident = resident_id(visit.request.path_params["resident"])
    sent = await visit.form()
    how, paper = str(sent.get("how", ""))[:20], str(sent.get("paper", "")).strip()[:40]
    if how not in set(Agreed):
        return _again(visit, how, paper, CardTrouble.HOW)
    agreement = Agreement(how=Agreed(how), paper=paper)
    try:
        if sent.get("when") == LATER:
            await in_thread(visit.gate, lambda: app.order_card(visit.gate.node, who, resident, agreement))
            return visit.go(Address.DESK, Notice.CARD_WAITS)
        octets = await in_thread(visit.gate, lambda: _card(visit, who, resident, agreement))
    except app.TooManyCards:
        return _again(visit, how, paper, CardTrouble.TOO_MANY)
    except CardRefused:
        return _again(visit, how, paper, CardTrouble.PAPER)
    return Response(octets, 200, _PDF, "application/pdf")


def _card(visit: Visit, who: Principal, resident: UUID, agreement: Agreement) -> bytes:
    node = visit.gate.node
    language, at = visit.language(), node.clock.now()
    return app.print_card(
        node, who, resident, agreement, lambda card: cards_pdf([face_of(card)], Sheet.POSTCARD, language, at)
    )


def face_of(card: Printed) -> Face:
    """Return what a card shows."""
    return Face(code=card.code, mark=card.initial)


def _again(visit: Visit, how: str, paper: str, trouble: CardTrouble) -> Response:
    return visit.show(_form(visit, how, paper, trouble), 400)


def _form(visit: Visit, how: str = "", paper: str = "", trouble: CardTrouble | None = None) -> CardForm:
    path = visit.request.url.path
    return CardForm(form=path, guardian=f"{path.rpartition('/')[0]}/guardian", how=how, paper=paper, trouble=trouble)


_CARD = Address.DESK + "/{resident}/card"
ROUTES = [
    Route(_CARD, form, methods=["GET"], name="card-form"),
    Route(_CARD, printed, methods=["POST"], name="print-card"),
]

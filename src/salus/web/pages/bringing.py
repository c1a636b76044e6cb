"""A resident brings facts of certificates of other systems, sees them with their signers, and takes them out again."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from starlette.responses import Response
from starlette.routing import Route

from salus import app
from salus.codec.foreign import disease_of
from salus.healthcode.brought import Brought, BroughtFact, BroughtRefused
from salus.kernel import Invalid, Purpose, Role, parse_instant
from salus.parties import Principal
from salus.web.gate import in_thread
from salus.web.pages.visit import Visit, paged
from salus.web.views import Address, Notice
from salus.web.views.bringing import BROUGHT_FACTS, BroughtCard, BroughtLine, MyBrought
from salus.web.views.certificates import DISEASES
from salus.web.views.full_certificates import FORMS


def _resident(visit: Visit) -> Principal:
    return visit.principal(Role.RESIDENT).for_purpose(Purpose.PATRQT)


@paged
async def my_brought(visit: Visit) -> Response:
    """Show what the resident brought."""
    return visit.show(await _page(visit))


@paged
async def bring(visit: Visit) -> Response:
    """Keep the facts of a certificate of another system; a card in several codes is given a line each."""
    who, node = _resident(visit), visit.gate.node
    form = await visit.form()
    lines, shown = str(form.get("code", "")).splitlines(), form.get("shown") == "yes"
    texts = [text for line in lines if (text := line.strip())]  # within a line a space is a digit of base45
    try:
        await in_thread(visit.gate, lambda: app.bring_certificate(node, who, texts, shown=shown))
    except BroughtRefused as refused:
        return visit.show(await _page(visit, why=refused.text))
    return visit.go(Address.BROUGHT, Notice.BROUGHT)


@paged
async def take_out(visit: Visit) -> Response:
    """Take out again what was brought."""
    who, node = _resident(visit), visit.gate.node
    await visit.form()
    name = _id(visit.request.path_params["brought"])
    await in_thread(visit.gate, lambda: app.take_out_brought(node, who, name))
    return visit.go(Address.BROUGHT, Notice.BROUGHT_OUT)


async def _page(visit: Visit, why: str | None = None) -> MyBrought:
    who, node = _resident(visit), visit.gate.node
    found = await in_thread(visit.gate, lambda: app.my_brought(node, who))
    return MyBrought(cards=tuple(brought_card(one) for one in found), why=why)


def brought_card(one: Brought) -> BroughtCard:
    """Put what was brought into words."""
    return BroughtCard(
        key=str(one.brought_id),
        form=FORMS[one.form],
        issuer=one.issuer,
        source=one.source,
        at=one.at,
        lines=tuple(_line(fact) for fact in one.facts),
        shown=one.shown,
    )


def _line(fact: BroughtFact) -> BroughtLine:
    known = disease_of(fact.target)
    return BroughtLine(
        fact=BROUGHT_FACTS[fact.kind.value],
        disease=DISEASES[known] if known else None,
        code=fact.target,
        on=_when(fact.on),
    )


def _when(text: str) -> date | datetime | str:
    """Read when something was as its issuer wrote it, or leave it so."""
    try:
        return date.fromisoformat(text) if len(text) == 10 else parse_instant(text)
    except (ValueError, Invalid):
        return text


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise BroughtRefused("there is no such fact among those that you brought") from None


ROUTES = [
    Route(Address.BROUGHT, my_brought, methods=["GET"], name="my-brought"),
    Route(Address.BROUGHT, bring, methods=["POST"], name="bring"),
    Route(Address.BROUGHT + "/{brought}/out", take_out, methods=["POST"], name="take-out-brought"),
]

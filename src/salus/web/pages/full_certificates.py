"""Full certificates: a resident takes one for another system, knowingly; anybody finds the keys to check it with."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from salus import app
from salus.codec.foreign import Event, EventKind, disease_of
from salus.healthcode.full import Form, FullRefused, HeldFull
from salus.kernel import CIVIL_TIME, Purpose, Role, parse_instant
from salus.parties import Principal
from salus.records.attesting import AttestedKind
from salus.web.gate import gate_of, in_thread
from salus.web.pages.visit import Visit, paged
from salus.web.pages.words_of import facility_words
from salus.web.views import Address, Notice
from salus.web.views.certificates import DISEASES, VOID_BY, Standing
from salus.web.views.full_certificates import (
    FORMS,
    FULL_FACTS,
    FullLine,
    FullOffer,
    MyFullCertificate,
    MyFullCertificates,
)

_FOR_ALL = {"Cache-Control": "no-cache", "Access-Control-Allow-Origin": "*"}  # as SMART Health Cards ask


def _resident(visit: Visit) -> Principal:
    return visit.principal(Role.RESIDENT).for_purpose(Purpose.PATRQT)


@paged
async def my_full_certificates(visit: Visit) -> Response:
    """Say what stands in such a certificate, and show those taken and what can be taken."""
    return visit.show(await _page(visit))


@paged
async def take(visit: Visit) -> Response:
    """Take one of an entry of the own record, in one format, if the resident said that they want all of it in it."""
    who, node = _resident(visit), visit.gate.node
    form = await visit.form()
    if form.get("agreed") != "yes":
        return visit.show(await _page(visit, unagreed=True))
    entry, wanted = _id(str(form.get("entry", ""))), _form(str(form.get("form", "")))
    taken = await in_thread(visit.gate, lambda: app.take_full_certificate(node, who, entry, wanted))
    return visit.go(f"{Address.FULL}/{taken}", Notice.CERTIFICATE_TAKEN)


@paged
async def my_full_certificate(visit: Visit) -> Response:
    """Show one, large."""
    who, node = _resident(visit), visit.gate.node
    name = _id(visit.request.path_params["certificate"])
    held = await in_thread(visit.gate, lambda: app.my_full_certificate(node, who, name))
    if not held.good(node.clock.now()):
        return visit.go(Address.FULL)
    holder = held.holder
    return visit.show(
        MyFullCertificate(
            line=_line(visit, held),
            family=holder.family,
            given=holder.given,
            born=date.fromisoformat(holder.born),
            code=held.text,
        )
    )


@paged
async def void(visit: Visit) -> Response:
    """Void one of the resident's own."""
    who, node = _resident(visit), visit.gate.node
    await visit.form()
    name = _id(visit.request.path_params["certificate"])
    await in_thread(visit.gate, lambda: app.revoking.void_full_certificate(node, who, name))
    return visit.go(Address.FULL, Notice.FULL_VOIDED)


async def card_keys(request: Request) -> Response:
    """Publish the key of this node's SMART Health Cards."""
    gate = gate_of(request)
    return JSONResponse(await in_thread(gate, lambda: app.card_keys(gate.node)), 200, _FOR_ALL)


async def revoked_cards(request: Request) -> Response:
    """Publish which SMART Health Cards of this node's key are void."""
    gate = gate_of(request)
    told = await in_thread(gate, lambda: app.revoking.revoked_cards(gate.node))
    if request.path_params["kid"] != told["kid"]:
        raise FullRefused("no card of this node was signed by such a key")
    return JSONResponse(told, 200, _FOR_ALL)


async def revoked_hcerts(request: Request) -> Response:
    """Publish which HC1 of this node are void, as batches that the EU's gateway takes."""
    gate = gate_of(request)
    return JSONResponse(await in_thread(gate, lambda: app.revoking.revoked_hcerts(gate.node)), 200, _FOR_ALL)


async def signer(request: Request) -> Response:
    """Publish the certificates of the key that signs HC1."""
    gate = gate_of(request)
    return Response(app.signer_certificates(gate.node), 200, _FOR_ALL, "application/x-pem-file")


async def _page(visit: Visit, *, unagreed: bool = False) -> MyFullCertificates:
    who, node = _resident(visit), visit.gate.node
    mine = await in_thread(visit.gate, lambda: app.my_full_certificates(node, who))
    return MyFullCertificates(
        held=tuple(_line(visit, one) for one in mine.held),
        offers=tuple(_offer(visit, one) for one in mine.offers),
        named=mine.named,
        unagreed=unagreed,
    )


def _line(visit: Visit, held: HeldFull) -> FullLine:
    good = held.good(visit.gate.node.clock.now())
    return FullLine(
        fact=FULL_FACTS[_kind(held.event)],
        disease=DISEASES[disease_of(held.event.target) or "covid-19"],
        on=date.fromisoformat(held.event.on) if len(held.event.on) == 10 else parse_instant(held.event.on),
        form=FORMS[held.form],
        until=held.ends,
        link=f"{Address.FULL}/{held.certificate_id}" if good else None,
        standing=_standing(held, good=good),
    )


def _standing(held: HeldFull, *, good: bool) -> Standing:
    if held.ground is not None:
        return VOID_BY[held.ground]
    return Standing.GOOD if good else Standing.EXPIRED


def _kind(event: Event) -> str:
    return EventKind(event.kind).value


def _offer(visit: Visit, one: app.FullOffered) -> FullOffer:
    fact = one.fact
    on = fact.at if fact.kind is AttestedKind.TEST else fact.at.astimezone(CIVIL_TIME).date()
    return FullOffer(
        key=str(fact.resource),
        fact=FULL_FACTS[fact.kind.value],
        disease=DISEASES[fact.disease],
        on=on,
        facility=facility_words(visit.gate.node, fact.facility),
        forms={form.value: FORMS[form.value] for form in one.forms},
    )


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise FullRefused("there is no such certificate or entry among yours") from None


def _form(text: str) -> Form:
    try:
        return Form(text)
    except ValueError:
        raise FullRefused("a certificate for other systems is an HC1 or a SMART Health Card") from None


ROUTES = [
    Route(Address.FULL, my_full_certificates, methods=["GET"], name="my-full-certificates"),
    Route(Address.FULL, take, methods=["POST"], name="take-full-certificate"),
    Route(Address.FULL + "/{certificate}", my_full_certificate, methods=["GET"], name="my-full-certificate"),
    Route(Address.FULL + "/{certificate}/void", void, methods=["POST"], name="void-full-certificate"),
    Route(app.CARDS + "/.well-known/crl/{kid}.json", revoked_cards, methods=["GET"], name="revoked-cards"),
    Route(app.CARDS + "/revoked-hc1.json", revoked_hcerts, methods=["GET"], name="revoked-hcerts"),
    Route(app.CARDS + "/.well-known/jwks.json", card_keys, methods=["GET"], name="card-keys"),
    Route(app.CARDS + "/signer.pem", signer, methods=["GET"], name="full-signer"),
]

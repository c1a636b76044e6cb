"""Certificates: a resident's own, and the door's page, which works without a network once it was opened."""

from __future__ import annotations

import re
from datetime import date, datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from salus import app
from salus.codec.certificates import CHANGE_TYPE
from salus.healthcode.certificates import CertificateRefused, Held
from salus.kernel import CIVIL_TIME, Purpose, Role
from salus.parties import Principal
from salus.records import NotFound
from salus.records.attesting import Attested, AttestedKind
from salus.web.gate import gate_of, in_thread
from salus.web.pages.offline import same_for_all, service_worker
from salus.web.pages.visit import Visit, paged
from salus.web.pages.words_of import facility_words
from salus.web.render import asset
from salus.web.views import Address, Notice
from salus.web.views.certificates import (
    DISEASES,
    FACTS,
    VOID_BY,
    CertificateHint,
    CertificateLine,
    MyCertificate,
    MyCertificates,
    Offer,
    OnceCertificate,
    Standing,
    Verify,
)

TRUST = "/trust.json"
REST = "/trust/rest.json"
CHANGES = "/trust/changes"
_COMMAND = "salus code verify picture.png --trust trust.json --at 2031-03-01T08:00:00Z --venue care-home"


def _resident(visit: Visit) -> Principal:
    return visit.principal(Role.RESIDENT).for_purpose(Purpose.PATRQT)


@paged
async def my_certificates(visit: Visit) -> Response:
    """Show the resident's certificates, and the facts of the record that one can be taken of."""
    who, node = _resident(visit), visit.gate.node
    mine = await in_thread(visit.gate, lambda: app.my_certificates(node, who))
    now = node.clock.now()
    view = MyCertificates(
        held=tuple(_line(one, now) for one in mine.held),
        offers=tuple(_offer(visit, one) for one in mine.facts),
        hinted=mine.hint is not None,
    )
    return visit.show(view)


@paged
async def take(visit: Visit) -> Response:
    """Take a certificate of one entry of the own record."""
    who, node = _resident(visit), visit.gate.node
    form = await visit.form()
    entry, hinted = _id(str(form.get("entry", ""))), form.get("hint") == "yes"
    taken = await in_thread(visit.gate, lambda: app.take_certificate(node, who, entry, hinted=hinted))
    return visit.go(f"{Address.CERTIFICATES}/{taken}", Notice.CERTIFICATE_TAKEN)


@paged
async def my_certificate(visit: Visit) -> Response:
    """Show one certificate, large."""
    who, node = _resident(visit), visit.gate.node
    name = _id(visit.request.path_params["certificate"])
    held = await in_thread(visit.gate, lambda: app.my_certificate(node, who, name))
    if not held.good(node.clock.now()):
        return visit.go(Address.CERTIFICATES)
    return visit.show(MyCertificate(line=_line(held, node.clock.now()), code=held.text))


@paged
async def void(visit: Visit) -> Response:
    """Void one of the resident's own certificates."""
    who, node = _resident(visit), visit.gate.node
    await visit.form()
    name = _id(visit.request.path_params["certificate"])
    await in_thread(visit.gate, lambda: app.void_certificate(node, who, name))
    return visit.go(Address.CERTIFICATES, Notice.CERTIFICATE_VOIDED)


@paged
async def once(visit: Visit) -> Response:
    """Take today's batch of certificates of the same fact, and go to the first of them."""
    who, node = _resident(visit), visit.gate.node
    await visit.form()
    name = _id(visit.request.path_params["certificate"])
    await in_thread(visit.gate, lambda: app.take_once(node, who, name))
    return visit.go(f"{Address.CERTIFICATES}/{name}/once", number="1")


@paged
async def one_of_once(visit: Visit) -> Response:
    """Show one of today's batch, large."""
    who, node = _resident(visit), visit.gate.node
    name = _id(visit.request.path_params["certificate"])
    batch = await in_thread(visit.gate, lambda: app.my_once(node, who, name))
    asked = visit.request.query_params.get("number", "1")
    number = int(asked) if re.fullmatch("[1-9][0-9]?", asked, re.ASCII) else 1
    page_of = f"{Address.CERTIFICATES}/{name}"
    if number > len(batch):
        return visit.go(page_of)
    view = OnceCertificate(
        line=_line(batch[number - 1], node.clock.now()),
        code=batch[number - 1].text,
        number=number,
        count=len(batch),
        next=f"{page_of}/once?number={number + 1}" if number < len(batch) else None,
    )
    return visit.show(view)


async def verify(request: Request) -> Response:
    """Show the door's page: the same for everybody, whoever is signed in."""
    return same_for_all(request, Verify(command=_COMMAND))


async def worker(request: Request) -> Response:
    """Serve the page's service worker."""
    assets = [
        *map(asset, ("salus.css", "salus.js", "verifier.js", "zxing_reader.wasm", "mark.svg")),
        f"{Address.VERIFY}/manifest.webmanifest",
    ]
    return service_worker(
        request, Verify(command=_COMMAND), Address.VERIFY, "worker.js", assets, trust=[TRUST, REST], changes=CHANGES
    )


async def manifest(_: Request) -> Response:
    """Say how the page is installed (W3C web app manifest)."""
    told = {
        "name": "Salus – check a certificate",
        "short_name": "Salus",
        "start_url": Address.VERIFY.value,
        "scope": Address.VERIFY.value,
        "display": "standalone",
        "background_color": "#F2F6F5",
        "theme_color": "#0B5351",
        "icons": [{"src": asset("mark.svg"), "sizes": "any", "type": "image/svg+xml"}],
    }
    return JSONResponse(told, 200, {"Cache-Control": "no-cache"}, "application/manifest+json")


async def trust(request: Request) -> Response:
    """Serve the trust file, whole and the same for everybody."""
    gate = gate_of(request)
    octets = await in_thread(gate, lambda: app.trust_file(gate.node))
    return Response(octets, 200, {"Cache-Control": "no-cache"}, "application/json")


async def rest(request: Request) -> Response:
    """Serve the trust file without its lists of void certificates, to doors that have those."""
    gate = gate_of(request)
    octets = await in_thread(gate, lambda: app.doors.trust_rest(gate.node))
    return Response(octets, 200, {"Cache-Control": "no-cache"}, "application/json")


async def change(request: Request) -> Response:
    """Serve what became void on a day, the same for everybody."""
    gate, text = gate_of(request), request.path_params["day"]
    day = _day(text)
    octets = await in_thread(gate, lambda: app.doors.void_change(gate.node, day))
    if octets is None:
        raise NotFound("no door needs the change of that day any more, or yet; fetch the trust file whole")
    return Response(octets, 200, {"Cache-Control": "no-cache"}, CHANGE_TYPE)


def _day(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.isoformat() != text:
        raise NotFound("a change has the address of its day, such as 2031-03-01")
    return found


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise CertificateRefused("there is no such certificate or entry among yours") from None


def _line(held: Held, now: datetime) -> CertificateLine:
    certificate = held.certificate
    hint = certificate.hint
    return CertificateLine(
        fact=FACTS[certificate.kind.word],
        disease=DISEASES[certificate.disease.word],
        on=certificate.hour or certificate.day,
        until=certificate.expires,
        standing=_standing(held, now),
        hint=CertificateHint(initials=hint.initials, born=date(2000, hint.month, hint.day), last_two=hint.last_two)
        if hint
        else None,
        address=f"{Address.CERTIFICATES}/{held.certificate_id}",
        bound=held.bound,
    )


def _standing(held: Held, now: datetime) -> Standing:
    if held.voided is not None:
        return VOID_BY.get(held.ground or "", Standing.VOIDED)
    return Standing.GOOD if held.good(now) else Standing.EXPIRED


def _offer(visit: Visit, fact: Attested) -> Offer:
    on = fact.at if fact.kind is AttestedKind.TEST else fact.at.astimezone(CIVIL_TIME).date()
    return Offer(
        key=str(fact.resource),
        fact=FACTS[fact.kind.value],
        disease=DISEASES[fact.disease],
        on=on,
        facility=facility_words(visit.gate.node, fact.facility),
    )


_ONE = Address.CERTIFICATES + "/{certificate}"
ROUTES = [
    Route(Address.CERTIFICATES, my_certificates, methods=["GET"], name="my-certificates"),
    Route(Address.CERTIFICATES, take, methods=["POST"], name="take-certificate"),
    Route(_ONE, my_certificate, methods=["GET"], name="my-certificate"),
    Route(_ONE + "/once", one_of_once, methods=["GET"], name="once-certificate"),
    Route(_ONE + "/once", once, methods=["POST"], name="take-once"),
    Route(_ONE + "/void", void, methods=["POST"], name="void-certificate"),
    Route(Address.VERIFY, verify, methods=["GET"], name="verify"),
    Route(Address.VERIFY + "/worker.js", worker, methods=["GET"], name="verify-worker"),
    Route(Address.VERIFY + "/manifest.webmanifest", manifest, methods=["GET"], name="verify-manifest"),
    Route(TRUST, trust, methods=["GET"], name="trust"),
    Route(REST, rest, methods=["GET"], name="trust-rest"),
    Route(CHANGES + "/{day}", change, methods=["GET"], name="void-change"),
]

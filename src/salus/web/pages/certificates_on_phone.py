"""The page on which a phone shows certificates bound to it, and what its script asks for. It is the same for all."""

from __future__ import annotations

import base64
import binascii
from datetime import timedelta
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from salus import app
from salus.codec import base45
from salus.codec.certificates import CertificateKind, Disease, day_number
from salus.healthcode.certificates import CertificateRefused
from salus.kernel import CIVIL_TIME, Purpose, Role
from salus.parties import Principal
from salus.records.attesting import Attested, AttestedKind
from salus.web.gate import in_thread
from salus.web.pages.offline import NO_STORE, milliseconds, same_for_all, service_worker
from salus.web.pages.visit import Visit, paged
from salus.web.render import asset
from salus.web.views import Address
from salus.web.views.certificates import OnPhone

_DAY = timedelta(days=1)


def _resident(visit: Visit) -> Principal:
    return visit.principal(Role.RESIDENT).for_purpose(Purpose.PATRQT)


async def on_phone(request: Request) -> Response:
    """Show the page: the same for everybody, whoever is signed in."""
    return same_for_all(request, OnPhone())


async def worker(request: Request) -> Response:
    """Serve the page's service worker."""
    assets = [asset(one) for one in ("salus.css", "salus.js", "certificates.js", "mark.svg")]
    return service_worker(request, OnPhone(), Address.ON_PHONE, "phone-worker.js", assets, name="certificates")


@paged
async def state(visit: Visit) -> Response:
    """Tell the page's script what could be taken, what is void, the node's time, and the token for forms."""
    who, node = _resident(visit), visit.gate.node
    mine = await in_thread(visit.gate, lambda: app.my_certificates(node, who))
    told = {
        "csrf": visit.csrf(),
        "now": milliseconds(node.clock.now()),
        "offers": [_offer(one) for one in mine.facts],
        "hinted": mine.hint is not None,
        "void": [str(one.certificate_id) for one in mine.held if one.bound and one.voided is not None],
    }
    return JSONResponse(told, 200, NO_STORE)


@paged
async def take(visit: Visit) -> Response:
    """Take a certificate of one entry of the own record for the key that this phone's browser made."""
    who, node = _resident(visit), visit.gate.node
    form = await visit.form()
    entry, hinted = _id(str(form.get("entry", ""))), form.get("hint") == "yes"
    point = _octets(str(form.get("key", "")))
    held = await in_thread(visit.gate, lambda: app.take_bound(node, who, entry, point, hinted=hinted))
    token = base64.b64encode(base45.decode(held.text.removeprefix("SL1:"))).decode("ascii")
    told = {"certificate": str(held.certificate_id), "token": token, "now": milliseconds(node.clock.now())}
    return JSONResponse(told, 200, NO_STORE)


def _offer(fact: Attested) -> dict[str, object]:
    """Return a fact in the numbers that certificates have; `at` in seconds, of a day its beginning in UTC."""
    day = day_number(fact.at.astimezone(CIVIL_TIME).date()) * (_DAY // timedelta(seconds=1))
    return {
        "entry": str(fact.resource),
        "kind": int(CertificateKind[fact.kind.value.upper()]),
        "disease": int(Disease[fact.disease.upper().replace("-", "_")]),
        "at": int(fact.at.timestamp()) if fact.kind is AttestedKind.TEST else day,
    }


def _octets(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise CertificateRefused("this phone's key is none that a certificate can be bound to") from None


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise CertificateRefused("there is no such entry among yours") from None


ROUTES = [
    Route(Address.ON_PHONE, on_phone, methods=["GET"], name="certificates-on-phone"),
    Route(Address.ON_PHONE, take, methods=["POST"], name="take-bound-certificate"),
    Route(Address.ON_PHONE + "/worker.js", worker, methods=["GET"], name="certificates-on-phone-worker"),
    Route(Address.ON_PHONE + "/state", state, methods=["GET"], name="certificates-on-phone-state"),
]

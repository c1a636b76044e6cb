"""The page on which a telephone shows its code, and what its script asks for. The page itself is the same for all."""

from __future__ import annotations

import base64
import binascii
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from salus import app
from salus.healthcode.phones import MOST_PHONES, KeyRefused, PhoneUnknown, Token
from salus.kernel import Purpose, Role
from salus.parties import Principal
from salus.web.gate import in_thread
from salus.web.pages.offline import NO_STORE, milliseconds, same_for_all, service_worker
from salus.web.pages.visit import Visit, paged
from salus.web.render import asset
from salus.web.views import Address, Notice
from salus.web.views.phones import PhoneCode


def _resident(visit: Visit) -> Principal:
    return visit.principal(Role.RESIDENT).for_purpose(Purpose.PATRQT)


async def phone(request: Request) -> Response:
    """Show the telephone's page: the same for everybody, whoever is signed in."""
    return same_for_all(request, PhoneCode())


async def worker(request: Request) -> Response:
    """Serve the page's service worker."""
    assets = [asset(one) for one in ("salus.css", "salus.js", "phone.js", "mark.svg")]
    return service_worker(request, PhoneCode(), Address.PHONE, "phone-worker.js", assets, name="phone")


@paged
async def state(visit: Visit) -> Response:
    """Tell the page's script which telephones the signed-in resident has, the node's time, and the token for forms."""
    who, node = _resident(visit), visit.gate.node
    mine = await in_thread(visit.gate, lambda: app.my_phones(node, who))
    told = {
        "csrf": visit.csrf(),
        "phones": [str(one.phone_id) for one in mine],
        "now": milliseconds(node.clock.now()),
        "full": len(mine) >= MOST_PHONES,
    }
    return JSONResponse(told, 200, NO_STORE)


@paged
async def register(visit: Visit) -> Response:
    """Register the telephone that the resident is signed in on, by the key that its browser made."""
    who, node = _resident(visit), visit.gate.node
    point = _point(str((await visit.form()).get("key", "")))
    return _handed(visit, await in_thread(visit.gate, lambda: app.register_phone(node, who, point)))


@paged
async def renew(visit: Visit) -> Response:
    """Hand one of the resident's telephones a token for the next 24 hours."""
    who, node = _resident(visit), visit.gate.node
    name = _id(str((await visit.form()).get("phone", "")))
    return _handed(visit, await in_thread(visit.gate, lambda: app.renew_phone(node, who, name)))


@paged
async def remove(visit: Visit) -> Response:
    """Remove one of the resident's telephones; its codes stop at once."""
    who, node = _resident(visit), visit.gate.node
    await visit.form()
    name = _id(visit.request.path_params["phone"])
    await in_thread(visit.gate, lambda: app.remove_phone(node, who, name))
    return visit.go(Address.MY_CODE, Notice.PHONE_REMOVED)


def _handed(visit: Visit, token: Token) -> Response:
    told = {
        "phone": str(token.phone_id),
        "token": base64.b64encode(token.message).decode("ascii"),
        "ends": milliseconds(token.ends),
        "now": milliseconds(visit.gate.node.clock.now()),
    }
    return JSONResponse(told, 200, NO_STORE)


def _point(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise KeyRefused from None


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise PhoneUnknown from None


ROUTES = [
    Route(Address.PHONE, phone, methods=["GET"], name="phone"),
    Route(Address.PHONE, register, methods=["POST"], name="register-phone"),
    Route(Address.PHONE + "/worker.js", worker, methods=["GET"], name="phone-worker"),
    Route(Address.PHONE + "/state", state, methods=["GET"], name="phone-state"),
    Route(Address.PHONE + "/token", renew, methods=["POST"], name="renew-phone"),
    Route(Address.PHONE + "/{phone}/remove", remove, methods=["POST"], name="remove-phone"),
]

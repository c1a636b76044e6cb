"""Accounts: an invitation opens one, its owner sets up a sign-in, and adds passkeys later."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from starlette.responses import Response
from starlette.routing import Route

from salus.kernel import Role
from salus.parties import CodeRefused, NotSignedIn, PartyExists, PartyInvalid, Principal
from salus.web.gate import in_thread
from salus.web.pages.signing_in import ceremony, signed_in, signed_out
from salus.web.pages.visit import CEREMONY, DEMO_PREFIX, INVITATION, Visit, paged
from salus.web.views import Address, Notice
from salus.web.views.accounts import Account, Invitation, InvitationTrouble, Passkey, SetUp, SetUpTrouble

_HELD_SECONDS = 600
_KEY = re.compile(r"[A-Za-z0-9_-]{1,100}", re.ASCII)


@paged
async def invitation(visit: Visit) -> Response:
    """Show where an invitation leads, and use nothing up: whatever looks links up fetches this page too.

    A key in the address moves into a cookie at once, so that neither the address bar nor the history keeps it.
    """
    key = visit.request.query_params.get("key")
    if key is not None:
        response = visit.go(Address.INVITATION)
        if _KEY.fullmatch(key):
            visit.set_cookie(response, INVITATION, key, _HELD_SECONDS, by_link=True)
        return response
    return visit.show(Invitation(held=INVITATION in visit.request.cookies))


@paged
async def redeem(visit: Visit) -> Response:
    """Use an invitation up, and go on to setting up a sign-in."""
    form, node = await visit.form(), visit.gate.node
    key = "".join(str(form.get("key") or visit.request.cookies.get(INVITATION, "")).split())
    try:
        done = await in_thread(visit.gate, lambda: node.sign_in.redeem(key, node.clock.now()))
    except NotSignedIn:
        return _not_redeemed(visit, InvitationTrouble.UNKNOWN, 400)
    except PartyExists:
        return _not_redeemed(visit, InvitationTrouble.HAS_SIGN_IN, 409)
    response = signed_in(visit, done, Address.SET_UP)
    response.delete_cookie(INVITATION, path="/")
    return response


def _not_redeemed(visit: Visit, trouble: InvitationTrouble, status: int) -> Response:
    response = visit.show(Invitation(held=False, trouble=trouble), status)
    response.delete_cookie(INVITATION, path="/")
    return response


@paged
async def set_up(visit: Visit) -> Response:
    """Offer the ways to sign in from now on, to whom an invitation let in."""
    who = visit.anybody()
    if who.strong or visit.token.startswith(DEMO_PREFIX):
        return visit.go(Address.ACCOUNT)
    return await _set_up(visit, who)


async def _set_up(visit: Visit, who: Principal, trouble: SetUpTrouble | None = None, account: str = "") -> Response:
    node = visit.gate.node
    otpauth = await in_thread(visit.gate, lambda: node.sign_in.offer_totp(UUID(who.subject), _label(who)))
    secret = parse_qs(urlsplit(otpauth).query)["secret"][0]
    grouped = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    return visit.show(SetUp(secret=grouped, otpauth=otpauth, account=account, trouble=trouble), 400 if trouble else 200)


@paged
async def enrol(visit: Visit) -> Response:
    """Set account name, password and authenticator at once, and sign in with them."""
    who, form, node = visit.anybody(), await visit.form(), visit.gate.node
    account, password, code = (str(form.get(name, "")) for name in ("account", "password", "code"))
    try:
        done = await in_thread(
            visit.gate,
            lambda: node.sign_in.enrol(UUID(who.subject), account, password, code.replace(" ", ""), node.clock.now()),
        )
    except CodeRefused:
        return await _set_up(visit, who, SetUpTrouble.CODE, account)
    except PartyExists:
        return await _set_up(visit, who, SetUpTrouble.TAKEN, account)
    except PartyInvalid:
        return await _set_up(visit, who, SetUpTrouble.UNFIT, account)
    return signed_in(visit, done, Address.HOME, Notice.SET_UP_DONE)


@paged
async def show_account(visit: Visit) -> Response:
    """Show the account's passkeys, and how pages look."""
    who, node = visit.principal(), visit.gate.node
    found = await in_thread(visit.gate, lambda: node.sign_in.passkeys(UUID(who.subject)))
    return visit.show(Account(passkeys=tuple(Passkey(added=key.added, used=key.used) for key in found)))


@paged
async def add_passkey_options(visit: Visit) -> Response:
    """Begin to add a passkey: what the browser's script needs."""
    await visit.form()
    who, node = visit.anybody(), visit.gate.node
    begun = await in_thread(
        visit.gate, lambda: node.sign_in.begin_passkey(UUID(who.subject), _label(who), node.clock.now())
    )
    return ceremony(visit, begun)


@paged
async def add_passkey(visit: Visit) -> Response:
    """Add the passkey that the browser made. Whoever came by invitation then signs in with it."""
    who, form, node = visit.anybody(), await visit.form(), visit.gate.node
    handle, credential = visit.request.cookies.get(CEREMONY, ""), str(form.get("credential", ""))
    await in_thread(visit.gate, lambda: node.sign_in.finish_passkey(handle, credential, node.clock.now()))
    if who.strong or visit.token.startswith(DEMO_PREFIX):
        response = visit.go(Address.ACCOUNT, Notice.PASSKEY_ADDED)
        response.delete_cookie(CEREMONY, path="/")
        return response
    return await signed_out(visit, Address.SIGN_IN, Notice.PASSKEY_ADDED)


def _label(who: Principal) -> str:
    """Return what an authenticator calls the account; a resident's name is nothing to it."""
    return "My health record" if who.role is Role.RESIDENT else who.name_en[:64]


ROUTES = [
    Route(Address.INVITATION, invitation, methods=["GET"], name="invitation"),
    Route(Address.INVITATION, redeem, methods=["POST"], name="redeem"),
    Route(Address.SET_UP, set_up, methods=["GET"], name="set-up"),
    Route(Address.SET_UP, enrol, methods=["POST"], name="enrol"),
    Route(Address.ACCOUNT, show_account, methods=["GET"], name="account"),
    Route(Address.ADD_PASSKEY_OPTIONS, add_passkey_options, methods=["POST"], name="add-passkey-options"),
    Route(Address.ADD_PASSKEY, add_passkey, methods=["POST"], name="add-passkey"),
]

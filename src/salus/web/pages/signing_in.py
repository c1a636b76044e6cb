"""Sign in and out: by password and one-time code with scripts off, by passkey with them."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from salus.parties import Ceremony, NotSignedIn, SignedIn, TooManyFailures
from salus.web.gate import in_thread
from salus.web.pages.visit import CEREMONY, DEMO_PREFIX, SESSION, Visit, paged
from salus.web.views import Address, Notice
from salus.web.views.accounts import SignIn, SignInTrouble

CEREMONY_SECONDS = 300


@paged
async def sign_in(visit: Visit) -> Response:
    """Offer the ways to sign in."""
    return visit.show(SignIn(next=visit.request.query_params.get("next", Address.HOME)))


@paged
async def with_password(visit: Visit) -> Response:
    """Sign in by password and one-time code."""
    form, node = await visit.form(), visit.gate.node
    account, password, code, after = (str(form.get(name, "")) for name in ("account", "password", "code", "next"))
    code = code.replace(" ", "")
    try:
        done = await in_thread(
            visit.gate, lambda: node.sign_in.with_password(account, password, code, node.clock.now())
        )
    except TooManyFailures:
        return visit.show(SignIn(trouble=SignInTrouble.TOO_MANY, next=after), 429)
    except NotSignedIn:
        return visit.show(SignIn(trouble=SignInTrouble.WRONG, next=after), 401)
    return signed_in(visit, done, after)


@paged
async def passkey_options(visit: Visit) -> Response:
    """Begin a sign-in by passkey: what the browser's script needs."""
    await visit.form()
    node = visit.gate.node
    return ceremony(visit, await in_thread(visit.gate, lambda: node.sign_in.begin(node.clock.now())))


@paged
async def with_passkey(visit: Visit) -> Response:
    """Sign in by the answer of a passkey."""
    form, node = await visit.form(), visit.gate.node
    credential, after = str(form.get("credential", "")), str(form.get("next", ""))
    handle = visit.request.cookies.get(CEREMONY)
    if not handle:
        return visit.show(SignIn(trouble=SignInTrouble.EXPIRED, next=after), 401)
    try:
        done = await in_thread(visit.gate, lambda: node.sign_in.with_passkey(handle, credential, node.clock.now()))
    except NotSignedIn:
        return visit.show(SignIn(trouble=SignInTrouble.PASSKEY, next=after), 401)
    return signed_in(visit, done, after)


@paged
async def sign_out(visit: Visit) -> Response:
    """Close the session."""
    await visit.form()
    return await signed_out(visit, Address.HOME, Notice.SIGNED_OUT)


def signed_in(visit: Visit, done: SignedIn, after: str, notice: Notice | None = None) -> Response:
    """Answer with the session's cookie and go where its owner wanted to."""
    response = visit.go(after or Address.HOME, notice)
    visit.set_cookie(response, SESSION, done.token)
    response.delete_cookie(CEREMONY, path="/")
    return response


async def signed_out(visit: Visit, address: str, notice: Notice) -> Response:
    """Close the session of this browser, and go to an address."""
    if visit.token and not visit.token.startswith(DEMO_PREFIX):
        await in_thread(visit.gate, lambda: visit.gate.node.sign_in.close(visit.token))
    response = visit.go(address, notice)
    response.delete_cookie(SESSION, path="/")
    response.delete_cookie(CEREMONY, path="/")
    return response


def ceremony(visit: Visit, begun: Ceremony) -> Response:
    """Answer with a ceremony's options; its handle stays in a cookie that no script reads."""
    response = JSONResponse(dict(begun.options), headers={"Cache-Control": "no-store"})
    visit.set_cookie(response, CEREMONY, begun.handle, CEREMONY_SECONDS)
    return response


ROUTES = [
    Route(Address.SIGN_IN, sign_in, methods=["GET"], name="sign-in"),
    Route(Address.SIGN_IN, with_password, methods=["POST"], name="sign-in-password"),
    Route(Address.PASSKEY_OPTIONS, passkey_options, methods=["POST"], name="sign-in-passkey-options"),
    Route(Address.PASSKEY, with_passkey, methods=["POST"], name="sign-in-passkey"),
    Route(Address.SIGN_OUT, sign_out, methods=["POST"], name="sign-out"),
]

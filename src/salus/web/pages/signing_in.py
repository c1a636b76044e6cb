"""Sign in and out: by password and one-time code with scripts off, by passkey with them."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from salus.parties import NotSignedIn, TooManyFailures
from salus.web.gate import in_thread
from salus.web.pages.visit import DEMO_PREFIX, SESSION, Visit, paged
from salus.web.views import Address, Notice, SignIn, SignInTrouble


@paged
async def sign_in(visit: Visit) -> Response:
    """Offer the ways to sign in."""
    return visit.show(SignIn(next=visit.request.query_params.get("next", Address.HOME)))


@paged
async def with_password(visit: Visit) -> Response:
    """Sign in by password and one-time code."""
    form, node = await visit.form(), visit.gate.node
    account, password, code, after = (str(form.get(name, "")) for name in ("account", "password", "code", "next"))
    try:
        done = await in_thread(
            visit.gate, lambda: node.sign_in.with_password(account, password, code, node.clock.now())
        )
    except TooManyFailures:
        return visit.show(SignIn(trouble=SignInTrouble.TOO_MANY, next=after), 429)
    except NotSignedIn:
        return visit.show(SignIn(trouble=SignInTrouble.WRONG, next=after), 401)
    response = visit.go(after or Address.HOME)
    visit.set_cookie(response, SESSION, done.token)
    return response


@paged
async def sign_out(visit: Visit) -> Response:
    """Close the session."""
    await visit.form()
    if visit.token and not visit.token.startswith(DEMO_PREFIX):
        await in_thread(visit.gate, lambda: visit.gate.node.sign_in.close(visit.token))
    response = visit.go(Address.HOME, Notice.SIGNED_OUT)
    response.delete_cookie(SESSION, path="/")
    return response


ROUTES = [
    Route(Address.SIGN_IN, sign_in, methods=["GET"], name="sign-in"),
    Route(Address.SIGN_IN, with_password, methods=["POST"], name="sign-in-password"),
    Route(Address.SIGN_OUT, sign_out, methods=["POST"], name="sign-out"),
]

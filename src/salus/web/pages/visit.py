"""One request for a page: who is signed in, the language, the form token, and how to answer."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from salus.app import grace
from salus.kernel import Refused, Role, SalusError
from salus.parties import NotSignedIn, Principal, authenticate
from salus.web.gate import Gate, gate_of, in_thread
from salus.web.render import choose_language, choose_text, page
from salus.web.views import Address, Failure, FailureKind, Frame, Language, Notice, Person, View, Words

SESSION, FORM, LANGUAGE, TEXT, NOTICE = "salus_session", "salus_form", "salus_lang", "salus_text", "salus_notice"
CEREMONY, INVITATION = "salus_ceremony", "salus_invitation"
DEMO_PREFIX = "demo."
_YEAR = 365 * 24 * 3600
_MOST_FORM_BYTES = 256 * 1024

PageEndpoint = Callable[["Visit"], Awaitable[Response]]


class FormExpired(Refused):
    """A form whose token belongs to another session."""

    code = "SALUS-W020"


class SetUpFirst(Refused):
    """A session that an invitation opened, or a password alone: it sets up a sign-in, and nothing else."""

    code = "SALUS-W021"


@dataclass(slots=True)
class Visit:
    """A request for a page, with everything that pages need of it."""

    request: Request
    gate: Gate
    who: Principal | None
    token: str
    form_cookie: str
    notice: Notice | None

    def show(self, view: View, status: int = 200) -> Response:
        """Answer with a page."""
        response = HTMLResponse(page(view, self.frame(view.kind if isinstance(view, Failure) else None)), status)
        self._keep(response)
        if self.notice:
            response.delete_cookie(NOTICE, path="/")
        return response

    def go(self, address: str, notice: Notice | None = None, **query: str) -> Response:
        """Answer with a redirect to a local address, which shows `notice` once."""
        target = address if address.startswith("/") and not address.startswith(("//", "/\\")) else Address.HOME
        response = RedirectResponse(target + (f"?{urlencode(query)}" if query else ""), 303)
        self._keep(response)
        if notice:
            self.set_cookie(response, NOTICE, notice.value, 60)
        return response

    def principal(self, *roles: Role) -> Principal:
        """Return who is signed in by passkey, or by password and code; on a demo node also who stepped into a role.

        Raises NotSignedIn, SetUpFirst, or Refused for any other role than these.
        """
        who = self.anybody()
        if not who.strong and not self.token.startswith(DEMO_PREFIX):
            raise SetUpFirst("set up your sign-in first: a passkey, or a password with an authenticator")
        if roles and who.role not in roles:
            raise Refused("this page is not for your role")
        return who

    def anybody(self) -> Principal:
        """Return whose session this is, however it was opened. Raises NotSignedIn."""
        if self.who is None:
            raise NotSignedIn("sign in first")
        return self.who

    async def form(self) -> FormData:
        """Read a posted form. Raises FormExpired if its token belongs to another session."""
        if int(self.request.headers.get("content-length") or 0) > _MOST_FORM_BYTES:
            raise Refused("this form is too large")
        form = await self.request.form()
        given = form.get("csrf")
        if not isinstance(given, str) or not hmac.compare_digest(given.encode(), self.csrf().encode()):
            raise FormExpired("this form was open too long; nothing was changed, open the page again")
        return form

    def csrf(self) -> str:
        """Return the form token that belongs to this browser and session."""
        value = f"{self.form_cookie}\x00{self.token}".encode()
        return self.gate.node.custodian.digest("web.form", value).hex()

    def set_cookie(
        self, response: Response, name: str, value: str, seconds: int | None = None, *, by_link: bool = False
    ) -> None:
        """Set a cookie that scripts cannot read and other sites cannot send, but for `by_link` by a link to here."""
        secure = self.gate.node.settings.secure
        response.set_cookie(
            name,
            value,
            max_age=seconds,
            path="/",
            secure=secure,
            httponly=True,
            samesite="lax" if by_link else "strict",
        )

    def frame(self, failure: FailureKind | None = None) -> Frame:
        """Return what surrounds the page."""
        request, node = self.request, self.gate.node
        query = request.url.query
        address = request.url.path + (f"?{query}" if query else "")
        if failure and failure is not FailureKind.SIGN_IN:
            address = Address.HOME  # an address that was refused may hold anything, and is not repeated
        return Frame(
            language=self.language(),
            path=address,
            csrf=self.csrf(),
            now=node.clock.now(),
            demo=node.demo,
            large_text=choose_text(request.query_params.get("text"), request.cookies.get(TEXT)),
            person=self._person(),
            notice=self.notice,
        )

    def language(self) -> Language:
        """Return the language to answer in."""
        request = self.request
        return choose_language(
            request.query_params.get("lang"), request.cookies.get(LANGUAGE), request.headers.get("accept-language")
        )

    def _person(self) -> Person | None:
        who = self.who
        if who is None:
            return None
        facility = self.gate.node.facility(who.facility) if who.facility else None
        place = Words(en=facility.name_en, zh=facility.name_zh) if facility else None
        if who.name_en or who.name_zh:
            return Person(name=Words(en=who.name_en or None, zh=who.name_zh or None), role=who.role, facility=place)
        return Person(name=Words(en="My health record", zh="我的健康档案"), role=who.role, facility=place)

    def _keep(self, response: Response) -> None:
        """Keep language, text size and the form cookie."""
        request = self.request
        if self.form_cookie != request.cookies.get(FORM):
            self.set_cookie(response, FORM, self.form_cookie)
        if request.query_params.get("lang") in set(Language):
            self.set_cookie(response, LANGUAGE, self.language().value, _YEAR)
        if request.query_params.get("text") in ("large", "normal"):
            self.set_cookie(response, TEXT, request.query_params["text"], _YEAR)


def visit_of(request: Request, who: Principal | None) -> Visit:
    """Make the visit of a request."""
    kept = request.cookies.get(NOTICE)
    return Visit(
        request=request,
        gate=gate_of(request),
        who=who,
        token=request.cookies.get(SESSION, ""),
        form_cookie=request.cookies.get(FORM) or secrets.token_urlsafe(18),
        notice=Notice(kept) if kept in set(Notice) else None,
    )


def paged(endpoint: PageEndpoint) -> Callable[[Request], Awaitable[Response]]:
    """Turn a page function into a route: find out who asks, and turn every SalusError into an error page."""

    @wraps(endpoint)
    async def answered(request: Request) -> Response:
        visit = visit_of(request, None)
        try:
            visit.who = await in_thread(visit.gate, lambda: holder(visit.gate, visit.token))
            return await endpoint(visit)
        except SalusError as error:
            return show_failure(visit, error)

    return answered


def show_failure(visit: Visit, error: SalusError) -> Response:
    """Answer an error as a page; who is not signed in is sent to sign in."""
    request = visit.request
    if isinstance(error, SetUpFirst) and request.method == "GET":
        return visit.go(Address.SET_UP)
    if isinstance(error, NotSignedIn) and request.method == "GET" and request.url.path != Address.SIGN_IN:
        return visit.go(Address.SIGN_IN, next=request.url.path)
    kind = _kind(error)
    text = None if kind is FailureKind.NOT_ADMITTED else error.text  # the page says the same in its reader's language
    return visit.show(Failure(kind=kind, code=error.code, text=text), kind.status)


def _kind(error: SalusError) -> FailureKind:
    if isinstance(error, FormExpired):
        return FailureKind.EXPIRED
    if isinstance(error, grace.NotAdmitted):
        return FailureKind.NOT_ADMITTED
    by_status: Mapping[int, FailureKind] = {
        401: FailureKind.SIGN_IN,
        403: FailureKind.REFUSED,
        404: FailureKind.NOT_FOUND,
        429: FailureKind.TOO_MANY,
        500: FailureKind.UNSAFE,
        503: FailureKind.UNAVAILABLE,
    }
    return by_status.get(error.status, FailureKind.INVALID)


def holder(gate: Gate, token: str) -> Principal | None:
    """Find out who a session cookie belongs to; nobody, if it has ended."""
    if not token:
        return None
    node = gate.node
    try:
        if token.startswith(DEMO_PREFIX):
            return (
                authenticate(node.store, node.issuer, token.removeprefix(DEMO_PREFIX), node.clock.now())
                if node.demo
                else None
            )
        return node.sign_in.session(token, node.clock.now())
    except NotSignedIn:
        return None

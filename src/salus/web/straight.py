"""What is asked most goes straight to its function: past the layers that have nothing to do for it, and past a search
through all routes one by one. The functions are the ones that the routes name; nothing is decided here.
"""

from __future__ import annotations

from typing import Any, Final

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from salus.records import resource_types
from salus.web.fhir import MATCH, STRAIGHT, Endpoint
from salus.web.fhir.audit_events import AUDIT_EVENT
from salus.web.fhir.audit_events import PREFIX as READ_PREFIX
from salus.web.fhir.consents import CONSENT, PREFIX
from salus.web.fhir.outcome import Unforeseen, refusal
from salus.web.guard import MOST_BODY_BYTES, bounded, security_headers

_BASE: Final = "/fhir/"
_MATCH: Final = f"/fhir{MATCH}"
_RENDERED: Final = (f"{_BASE}{CONSENT}/{PREFIX}", f"{_BASE}{AUDIT_EVENT}/{READ_PREFIX}")


class Application(Starlette):
    """A node's ASGI application. Reads, searches by `GET` and `$match` go straight, all else by layers and routes."""

    secure: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        endpoint = straight(scope)
        if endpoint is None:
            await super().__call__(scope, receive, send)
            return
        scope["app"] = self
        if scope["method"] == "POST":
            receive = bounded(receive, MOST_BODY_BYTES)
        try:
            answer = await endpoint(_Asked(scope, receive, send))
        except Exception:
            await self._dressed(refusal(Unforeseen()))(scope, receive, send)
            raise  # as the layers do: whoever serves writes it down
        await self._dressed(answer)(scope, receive, send)

    def _dressed(self, answer: Response) -> Response:
        answer.raw_headers += security_headers(answer.raw_headers, secure=self.secure)
        return answer


class _Headers(Headers):
    """A request's headers, looked through once; of one that is there twice the first counts, as it does there."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope=scope)
        self._first: dict[bytes, bytes] = dict(reversed(self._list))

    def get(self, key: str, default: Any = None) -> Any:
        """Return a header's value."""
        found = self._first.get(key.lower().encode("latin-1"))
        return default if found is None else found.decode("latin-1")


class _Asked(Request):
    """A request that is asked for six headers, most of which are not there: each search through all would cost it."""

    @property
    def headers(self) -> Headers:
        """Return the headers."""
        if not hasattr(self, "_headers"):
            self._headers = _Headers(self.scope)
        return self._headers


def straight(scope: Scope) -> Endpoint | None:
    """Return what answers a request without the routes, its parameters written into the scope; None for all others.

    Only `GET` and `HEAD` of a type of R4, or of something stored below it: no operation, and nothing that is rendered.
    And `POST` of `$match`.
    """
    if scope["type"] != "http" or scope.get("root_path"):
        return None
    path = scope["path"]
    if scope["method"] == "POST" and path == _MATCH:
        scope["path_params"] = {}
        return STRAIGHT[MATCH]
    if scope["method"] not in ("GET", "HEAD") or not path.startswith(_BASE):
        return None
    if path.startswith(_RENDERED):
        return None
    kind, slash, id_ = path[len(_BASE) :].partition("/")
    if kind not in resource_types() or (slash and (not id_ or "/" in id_ or id_[0] in "$_")):
        return None
    scope["path_params"] = {"type": kind, "id": id_} if slash else {"type": kind}
    return STRAIGHT["/{type}/{id}" if slash else "/{type}"]


__all__ = ["Application", "straight"]

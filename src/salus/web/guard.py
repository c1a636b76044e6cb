"""What holds for every request and answer: bodies are bounded, security headers are on, nothing is cached unasked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from salus.app import Node
from salus.kernel import SalusError
from salus.web.fhir.answering import CLOSED, MAY_BE_CLOSED
from salus.web.render import CONTENT_SECURITY_POLICY, VERIFIER_PAGE, VERIFIER_SECURITY_POLICY

MOST_FORM_BYTES = 256 * 1024
MOST_BODY_BYTES = 64 * 1024 * 1024

Header = tuple[bytes, bytes]
_NO_SNIFFING: Final[Header] = (b"x-content-type-options", b"nosniff")
_NOT_KEPT: Final[Header] = (b"cache-control", b"no-store")
_SECURE: Final[Header] = (b"strict-transport-security", b"max-age=31536000")


class TooLarge(SalusError):
    """A body beyond what its address takes."""

    code = "SALUS-W413"
    status = 413


class Guard:
    """Bounds bodies and adds the security headers. A pure ASGI layer: it costs no task and no copy."""

    def __init__(self, app: ASGIApp, node: Node) -> None:
        self._app = app
        self._secure = node.settings.secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._dress(MutableHeaders(scope=message), scope["path"])
            await send(message)

        most = MOST_BODY_BYTES if scope["path"].startswith(("/fhir", "/feeds")) else MOST_FORM_BYTES
        await self._app(scope, receive if scope["method"] in ("GET", "HEAD") else bounded(receive, most), guarded)

    def _dress(self, headers: MutableHeaders, path: str) -> None:
        headers.raw.extend(security_headers(headers.raw, secure=self._secure))
        if path == "/fhir" or path.startswith("/fhir/"):
            headers.setdefault(CLOSED, MAY_BE_CLOSED)  # what no route answers says it, too
        if headers.get("content-type", "").startswith("text/html"):
            policy = VERIFIER_SECURITY_POLICY if path == VERIFIER_PAGE else CONTENT_SECURITY_POLICY
            headers["Content-Security-Policy"] = policy
            headers["Referrer-Policy"] = "no-referrer"
            headers["Permissions-Policy"] = "geolocation=(), microphone=(), camera=(self)"


def security_headers(there: Iterable[Header], *, secure: bool) -> list[Header]:
    """Return the headers that every answer gets beside those that are there; a page gets more."""
    kept = any(name == b"cache-control" for name, _ in there)
    return [_NO_SNIFFING, *(() if kept else (_NOT_KEPT,)), *((_SECURE,) if secure else ())]


def bounded(receive: Receive, most: int) -> Receive:
    """Pass on at most this many bytes of a body, whatever its headers claim. Raises TooLarge beyond."""
    taken = 0

    async def within() -> Message:
        nonlocal taken
        message = await receive()
        if message["type"] == "http.request":
            taken += len(message.get("body", b""))
            if taken > most:
                raise TooLarge(f"more than {most:,} bytes; nothing was stored, send less at a time")
        return message

    return within

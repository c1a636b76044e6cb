"""Headers on every answer, and no more than one kind of error on the way out."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from salus.app import Node
from salus.web.render import CONTENT_SECURITY_POLICY


class Guard:
    """Adds the security headers. A pure ASGI layer: it costs no task and no copy."""

    def __init__(self, app: ASGIApp, node: Node) -> None:
        self._app = app
        self._secure = node.settings.public_url.startswith("https://")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._dress(MutableHeaders(scope=message))
            await send(message)

        await self._app(scope, receive, guarded)

    def _dress(self, headers: MutableHeaders) -> None:
        headers["X-Content-Type-Options"] = "nosniff"
        if headers.get("content-type", "").startswith("text/html"):
            headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
            headers["Referrer-Policy"] = "no-referrer"
            headers["Permissions-Policy"] = "geolocation=(), microphone=(), camera=(self)"
            headers.setdefault("Cache-Control", "no-store")
        if self._secure:
            headers["Strict-Transport-Security"] = "max-age=31536000"

"""Every route of a node in one table, each with who may use it. A route that is not here does not exist."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from salus.parties import TokenRefused, token
from salus.web.evidence import ROUTES as EVIDENCE
from salus.web.feeds import FEED_ROUTES
from salus.web.fhir import fhir_routes
from salus.web.gate import Gate, gate_of, in_thread
from salus.web.pages import page_routes
from salus.web.render import STATIC


async def healthz(request: Request) -> Response:
    """Tell whether this node and its database answer."""
    gate = gate_of(request)
    await in_thread(gate, gate.node.ping)
    return JSONResponse({"status": "ok", "kind": gate.node.kind, "name": gate.node.name})


async def oauth_token(request: Request) -> Response:
    """Exchange a client assertion for an access token (SMART Backend Services)."""
    gate = gate_of(request)
    form = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    node = gate.node
    try:
        answer = await in_thread(gate, lambda: token(node.store, node.issuer, form, node.clock.now()))
    except TokenRefused as refused:
        status = 401 if refused.error == "invalid_client" else 400
        return JSONResponse({"error": refused.error, "error_description": refused.text}, status, _NO_STORE)
    return JSONResponse(answer, 200, _NO_STORE)


async def jwks(request: Request) -> Response:
    """Publish the keys that access tokens are signed with."""
    return JSONResponse(gate_of(request).node.issuer.jwks())


# C2SP tlog-tiles, beside them the log's key and the documents that leaves name; staging files are nobody's business.
_PUBLISHED = re.compile(
    r"checkpoint|vkey|tile/(entries|\d{1,2})/(x\d{3}/)*\d{3}(\.p/\d{1,3})?|heads/(x\d{3}/)*\d{3}"
    r"|published/[0-9a-f]{64}\.json",
    re.ASCII,
)
_MEDIA = dict.fromkeys(("checkpoint", "vkey"), "text/plain; charset=utf-8")
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


async def log_file(request: Request) -> Response:
    """Serve one published file of the public log, for anybody."""
    missing = Response("there is no such file in this log\n", 404, media_type="text/plain")
    if not _PUBLISHED.fullmatch(request.path_params["path"]):
        return missing
    root = (gate_of(request).node.settings.data / "log").resolve()
    path = (root / request.path_params["path"]).resolve()
    if not path.is_relative_to(root) or not path.is_file():
        return missing
    media = _MEDIA.get(path.name, "application/json" if path.suffix == ".json" else "application/octet-stream")
    told = request.path_params["path"]
    changing = told == "checkpoint" or told.startswith("heads/") or ".p" in told
    headers = {"Cache-Control": "no-cache" if changing else "public, max-age=31536000, immutable"}
    return FileResponse(path, headers=headers, media_type=media)


def all_routes() -> list[BaseRoute]:
    """Return every route of a node."""
    return [
        *fhir_routes(),
        Route("/healthz", healthz, methods=["GET"], name="healthz"),
        Route("/oauth/token", oauth_token, methods=["POST"], name="oauth-token"),
        Route("/.well-known/jwks.json", jwks, methods=["GET"], name="jwks"),
        Route("/log/{path:path}", log_file, methods=["GET"], name="log-file"),
        *FEED_ROUTES,
        Mount("/static", StaticFiles(directory=STATIC), name="static"),
        *EVIDENCE,
        *page_routes(),
    ]


__all__ = ["Gate", "all_routes"]

"""Where other departments' systems send counts by county and day. JSON in, JSON out; nothing else is understood."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from salus import app
from salus.kernel import Invalid, Refused, SalusError, nests_deeper
from salus.parties import NotSignedIn, authenticate
from salus.surveillance import FeedRefused
from salus.web.gate import gate_of, in_thread

MOST_FEED_BYTES = 8 * 1024 * 1024
MOST_NESTED = 16


class FeedUnreadable(Invalid):
    """A body that is no JSON, or too much of it."""

    code = "SALUS-W030"


async def feed(request: Request) -> Response:
    """Take in a feed of one series, whole or not at all."""
    gate = gate_of(request)
    node = gate.node
    try:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise NotSignedIn("send an access token: Authorization: Bearer …")
        who = await in_thread(gate, lambda: authenticate(node.store, node.issuer, token.strip(), node.clock.now()))
        rows, series = await _body(request), request.path_params["series"]
        taken = await in_thread(gate, lambda: app.take_feed(node, who, series, rows))
    except SalusError as error:
        told = {"code": error.code, "error": error.text, "where": error.where}
        return JSONResponse(told, 422 if isinstance(error, FeedRefused) else error.status)
    return JSONResponse({"new": taken.new, "revised": taken.revised, "known": taken.known})


async def _body(request: Request) -> Any:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json":
        raise FeedUnreadable("send Content-Type: application/json")
    try:
        raw = await request.body()
    except ClientDisconnect:
        raise Refused("the connection ended before the body did; nothing was stored") from None
    if len(raw) > MOST_FEED_BYTES:
        raise FeedUnreadable(f"send at most {MOST_FEED_BYTES:,} bytes at a time")
    try:
        told = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise FeedUnreadable("this is no JSON") from None
    if nests_deeper(told, MOST_NESTED):
        raise FeedUnreadable(f"send no more than {MOST_NESTED} lists and objects inside of each other")
    return told


FEED_ROUTES = [Route("/feeds/{series}", feed, methods=["POST"], name="feed")]

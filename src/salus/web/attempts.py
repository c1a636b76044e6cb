"""Writes to addresses that somebody guessed, where a measure might be set. There is none; who is known here is counted.

Strangers are refused alike and not counted: whoever wants could raise the public figure at will.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

from salus.app import BY_ROUTE, keep_attempt
from salus.kernel import SalusError
from salus.parties import NotSignedIn, Principal, authenticate
from salus.records import resource_types
from salus.web.fhir.outcome import refusal
from salus.web.gate import gate_of, in_thread
from salus.web.pages.visit import SESSION, holder

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
SEGMENTS = frozenset(
    "measure measures setmeasure colour color setcolour setcolor healthcode codecolour codecolor codestatus"
    " healthcodestatus status setstatus redlist redcode restrict restriction quarantine precaution red yellow"
    " green".split()
)
"""What a part of an address is called behind which a measure might be set: lower case, letters alone."""


class NoSuchPower(SalusError):
    """A write to an address where a measure might be set, if there were such a thing."""

    code = "SALUS-W120"
    status = 404


class Guesses:
    """Answers writes to guessed addresses before any route does, and keeps those of callers who are known."""

    def __init__(self, app: ASGIApp, routes: Sequence[BaseRoute]) -> None:
        self._app = app
        self._routes = [route for route in routes if getattr(route, "name", "") != "fhir-unknown"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._guessed(scope):
            await self._app(scope, receive, send)
            return
        await (await _refuse(Request(scope)))(scope, receive, send)

    def _guessed(self, scope: Scope) -> bool:
        if scope["method"] not in WRITES or not names_a_measure(scope["path"]):
            return False
        return not any(_exists(route, scope) for route in self._routes)


def _exists(route: BaseRoute, scope: Scope) -> bool:
    match, found = route.matches(scope)
    kind = found.get("path_params", {}).get("type")
    return match is Match.FULL and (kind is None or kind in resource_types())


def names_a_measure(path: str) -> bool:
    """Tell whether a part of an address is one of the named ones; FHIR's own type Measure is none of them."""
    return any(re.sub(r"[$_.-]+", "", part.lower()) in SEGMENTS for part in path.split("/") if part != "Measure")


async def _refuse(request: Request) -> Response:
    who = await in_thread(gate_of(request), lambda: _who(request))
    if who is not None:
        node = gate_of(request).node
        await in_thread(gate_of(request), lambda: keep_attempt(node, who, BY_ROUTE, NoSuchPower.code))
    return refusal(
        NoSuchPower(
            "no address sets a measure: it follows from logged evidence and published rules alone; attempts are counted"
        )
    )


def _who(request: Request) -> Principal | None:
    gate = gate_of(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return holder(gate, request.cookies.get(SESSION, ""))
    try:
        return authenticate(gate.node.store, gate.node.issuer, token.strip(), gate.node.clock.now())
    except NotSignedIn:
        return None

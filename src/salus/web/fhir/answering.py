"""Around every FHIR route: what it raises becomes an OperationOutcome. And what a route says of itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps

from starlette.requests import Request
from starlette.responses import Response

from salus.kernel import SalusError
from salus.web.fhir.outcome import refusal
from salus.web.fhir.requests import check_accept, check_conditions
from salus.web.fhir.turning_away import count_refused

CLOSED, MAY_BE_CLOSED = "Salus-Closed", "parts of a record may be closed by law or by its resident"
"""A line on every answer alike, whatever is asked and found, so that it tells of nothing."""
_CLOSED = (CLOSED.lower().encode(), MAY_BE_CLOSED.encode())
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """One FHIR interaction: its code in CapabilityStatements, its route, who may ask."""

    code: str
    method: str
    path: str
    endpoint: Endpoint
    access: str


def answering(endpoint: Endpoint) -> Endpoint:
    """Turn every SalusError of a route into an OperationOutcome, and say on every answer that parts may be closed."""

    @wraps(endpoint)
    async def answered(request: Request) -> Response:
        try:
            check_accept(request)
            check_conditions(request)
            answer = await endpoint(request)
        except SalusError as error:
            await count_refused(request, error)
            # Its traceback's frames hold the body that was sent; they would wait for the garbage collector.
            answer = refusal(error.with_traceback(None))
        answer.raw_headers.append(_CLOSED)
        return answer

    return answered

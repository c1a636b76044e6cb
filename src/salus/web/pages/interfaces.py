"""What fields and interfaces of other systems' health codes are here; and the one interface that is refused by name."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from salus.web.pages.visit import Visit, paged
from salus.web.views import Address
from salus.web.views.interfaces import Interfaces

ITINERARY_REFUSED = "SALUS-W040"
_REFUSAL = {
    "code": ITINERARY_REFUSED,
    "refused": "itinerary declaration (个人行程申报, GB/T 38963)",
    "text": "no place of a person is collected here; nothing of what was sent was read or kept. Send none",
    "why": f"{Address.INTERFACES}#itinerary",
}


@paged
async def interfaces(visit: Visit) -> Response:
    """Show the mapping."""
    return visit.show(Interfaces())


async def itinerary(_: Request) -> Response:
    """Refuse an itinerary, without reading it."""
    return JSONResponse(_REFUSAL, 403, {"Cache-Control": "no-store"})


ROUTES = [
    Route(Address.INTERFACES, interfaces, methods=["GET"], name="interfaces"),
    Route(Address.ITINERARY, itinerary, methods=["GET", "POST"], name="itinerary-refused"),
]

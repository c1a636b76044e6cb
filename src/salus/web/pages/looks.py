"""Pages of who looked: people first, one by one; what systems did folded, and every entry behind a fold."""

from __future__ import annotations

from datetime import date
from itertools import groupby
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import Route

from salus import app
from salus.access import Fold
from salus.appeals import Look as Seen
from salus.kernel import CIVIL_TIME, Purpose, Role
from salus.parties import Principal
from salus.records import NotFound
from salus.web.gate import in_thread
from salus.web.pages.emergencies import opened_view
from salus.web.pages.residents import look_of, place_of
from salus.web.pages.visit import Visit, paged
from salus.web.pages.words_of import facility_words
from salus.web.views import Address, Look
from salus.web.views.looks import LookDay, SystemLine, SystemsLooked, WhoLooked

MOST_OPENINGS = 12
"""So many stand on one page, the newest; the list of looks below has every one of them."""
SYSTEMS = f"{Address.WHO_LOOKED}/systems"


def _resident(visit: Visit) -> Principal:
    return visit.principal(Role.RESIDENT).for_purpose(Purpose.PATRQT)


@paged
async def who_looked(visit: Visit) -> Response:
    """Show what was opened in emergencies, who looked at the record, day by day, and below what systems did."""
    who, node = _resident(visit), visit.gate.node
    before = place_of(visit.request.query_params.get("before", ""))
    looked = await in_thread(visit.gate, lambda: app.who_looked(node, who, before))
    looks = await _named(visit, looked.looks)
    opened = () if before else await in_thread(visit.gate, lambda: app.emergencies.my_openings(node, who))
    view = WhoLooked(
        days=tuple(LookDay(on=on, looks=tuple(found)) for on, found in groupby(looks, _day)),
        readers_this_week=looked.readers_this_week,
        systems=tuple(_line(visit, one) for one in looked.folds),
        older=_before(Address.WHO_LOOKED, looked.last),
        further=_before(SYSTEMS, looked.systems_before),
        emergencies=tuple(opened_view(node, one.opening, one.name, one) for one in opened[:MOST_OPENINGS]),
    )
    return visit.show(view)


@paged
async def systems_looked(visit: Visit) -> Response:
    """Show further lines of what systems did; or, of the line that is named, every entry."""
    who, node, asked = _resident(visit), visit.gate.node, visit.request.query_params
    before = place_of(asked.get("before", ""))
    if "day" not in asked:
        folds, last = await in_thread(visit.gate, lambda: app.register.systems_looked(node, who, before))
        lines = tuple(_line(visit, one) for one in folds)
        return visit.show(SystemsLooked(systems=lines, older=_before(SYSTEMS, last)))
    on, by = _fold(asked.get("day", ""), asked.get("role", ""), asked.get("facility"), asked.get("purpose", ""))
    found = await in_thread(visit.gate, lambda: app.register.unfolded(node, who, on, by, before))
    looks = await _named(visit, found.looks)
    if not looks:
        raise NotFound("there is no such page here")
    last = (found.looks[-1].batch, found.looks[-1].item) if found.more else None
    line = SystemLine(
        on=on,
        role=by[0],
        facility=facility_words(node, by[1]) if by[1] else None,
        purpose=by[2],
        looks=len(looks),
        first=looks[-1].at,
        last=looks[0].at,
        behind="",
    )
    return visit.show(SystemsLooked(of=line, looks=tuple(looks), older=_before(_behind(on, *by), last, "&")))


async def _named(visit: Visit, looks: tuple[Seen, ...]) -> list[Look]:
    node = visit.gate.node
    names = await in_thread(visit.gate, lambda: [app.reader_name(node, seen) for seen in looks])
    return [look_of(visit, seen, name) for seen, name in zip(looks, names, strict=True)]


def _line(visit: Visit, fold: Fold) -> SystemLine:
    return SystemLine(
        on=fold.day,
        role=fold.role,
        facility=facility_words(visit.gate.node, fold.facility) if fold.facility else None,
        purpose=fold.purpose,
        looks=fold.looks,
        first=fold.first,
        last=fold.last,
        behind=_behind(fold.day, fold.role, fold.facility, fold.purpose),
    )


def _behind(on: date, role: Role, facility: str | None, purpose: Purpose) -> str:
    named = {"day": on.isoformat(), "role": role.value, "purpose": purpose.value}
    return f"{SYSTEMS}?{urlencode(named | ({'facility': facility} if facility else {}))}"


def _fold(day: str, role: str, facility: str | None, purpose: str) -> tuple[date, tuple[Role, str | None, Purpose]]:
    """Read which line is meant. Raises NotFound for what names none."""
    try:
        found = date.fromisoformat(day), (Role(role), facility, Purpose(purpose))
    except ValueError:
        raise NotFound("there is no such page here") from None
    if not found[1][0].software or not date(2000, 1, 1) <= found[0] <= date(2999, 1, 1):
        raise NotFound("there is no such page here")
    return found


def _before(address: str, place: tuple[int, int] | None, joined: str = "?") -> str | None:
    return f"{address}{joined}before={place[0]}-{place[1]}" if place else None


def _day(look: Look) -> date:
    return look.at.astimezone(CIVIL_TIME).date()


ROUTES = [
    Route(Address.WHO_LOOKED, who_looked, methods=["GET"], name="who-looked"),
    Route(SYSTEMS, systems_looked, methods=["GET"], name="systems-looked"),
]

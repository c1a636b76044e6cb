"""Pages and tables of who is connected, for anybody, and of what a facility sends, for those who work there."""

from __future__ import annotations

import csv
import io
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from salus import app
from salus.app import ARRIVES_PERCENT, FEWEST, Covered, Delay, QualityReport
from salus.kernel import Purpose, Role, SalusError, format_instant
from salus.parties import Principal, authenticate
from salus.web.fhir.requests import bearer
from salus.web.gate import gate_of, in_thread
from salus.web.pages.visit import Visit, paged
from salus.web.pages.words_of import county_words
from salus.web.views import Address, Words
from salus.web.views.coverage import Coverage, ElementLine, Institution, Late, OddLine, Quality, RefusedLine, TypeLine

_COLUMNS = (
    "facility", "name", "name_zh", "kind", "level", "county", "first", "last", "ways", "arriving", "expected",
    "median_days", "ninth_decile_days", "beds", "beds_at",
)  # fmt: skip


@paged
async def coverage(visit: Visit) -> Response:
    """Show who is connected, what share of the core data set arrives, and how late."""
    node = visit.gate.node
    found = await in_thread(visit.gate, lambda: app.coverage(node))
    counties = {one.facility.county: county_words(node, one.facility.county) for one in found.facilities}
    view = Coverage(
        since=found.since,
        until=found.until,
        connected=found.connected,
        institutions=tuple(_institution(one, counties[one.facility.county]) for one in found.facilities),
        arrives_percent=ARRIVES_PERCENT,
        fewest=FEWEST,
    )
    return visit.show(view)


async def coverage_json(request: Request) -> Response:
    """Give the same as JSON, for anybody."""
    gate = gate_of(request)
    found = await in_thread(gate, lambda: app.coverage(gate.node))
    told = {
        "salus": "coverage/1",
        "since": found.since.isoformat(),
        "until": found.until.isoformat(),
        "facilities": [_row(one) for one in found.facilities],
    }
    return Response(orjson.dumps(told), 200, media_type="application/json")


async def coverage_csv(request: Request) -> Response:
    """Give the same as CSV, for anybody."""
    gate = gate_of(request)
    found = await in_thread(gate, lambda: app.coverage(gate.node))
    written = io.StringIO()
    table = csv.DictWriter(written, _COLUMNS, lineterminator="\r\n")
    table.writeheader()
    for one in found.facilities:
        table.writerow({**_row(one), "ways": " ".join(one.ways)})
    return Response(written.getvalue(), 200, media_type="text/csv; charset=utf-8")


@paged
async def quality(visit: Visit) -> Response:
    """Show those who work at a facility what it sends."""
    who, node = visit.principal(Role.CLINICIAN, Role.RECEPTION).for_purpose(Purpose.TREAT), visit.gate.node
    return visit.show(_quality(await in_thread(visit.gate, lambda: app.quality(node, who))))


async def quality_json(request: Request) -> Response:
    """Give a facility's own system the same as JSON."""
    gate = gate_of(request)
    node = gate.node

    def work() -> QualityReport:
        who: Principal = authenticate(node.store, node.issuer, token, node.clock.now())
        return app.quality(node, who)

    try:
        token = bearer(request)
        found = await in_thread(gate, work)
    except SalusError as error:
        return JSONResponse({"code": error.code, "error": error.text}, error.status)
    return Response(orjson.dumps(app.quality_told(found)), 200, {"Cache-Control": "no-store"}, "application/json")


def _institution(one: Covered, county: Words) -> Institution:
    place = one.facility
    return Institution(
        name=Words(en=place.name_en, zh=place.name_zh),
        key=place.facility_id,
        county=county,
        level=place.level,
        kind=place.kind,
        first=one.first,
        last=one.last,
        ways=one.ways,
        arriving=one.arriving,
        expected=one.expected,
        late=_late(one.delay),
        beds=one.beds,
        beds_at=one.beds_at,
    )


def _row(one: Covered) -> dict[str, Any]:
    place, delay = one.facility, one.delay
    return {
        "facility": place.facility_id,
        "name": place.name_en,
        "name_zh": place.name_zh,
        "kind": place.kind,
        "level": place.level,
        "county": place.county,
        "first": one.first.isoformat() if one.first else None,
        "last": one.last.isoformat() if one.last else None,
        "ways": list(one.ways),
        "arriving": one.arriving,
        "expected": one.expected,
        "median_days": delay.median_days if delay else None,
        "ninth_decile_days": delay.ninth_decile_days if delay else None,
        "beds": one.beds,
        "beds_at": format_instant(one.beds_at) if one.beds_at else None,
    }


def _late(delay: Delay | None) -> Late | None:
    return Late(median_days=delay.median_days, ninth_decile_days=delay.ninth_decile_days) if delay else None


def _quality(found: QualityReport) -> Quality:
    place = found.facility
    elements = tuple(
        ElementLine(
            name=Words(en=one.element.en, zh=one.element.zh),
            type=one.element.type,
            level=one.element.level,
            source=one.element.source,
            carrying=one.carrying,
            resources=one.resources,
            percent=one.percent,
            arrives=one.arrives,
        )
        for one in found.completeness
    )
    types = tuple(
        TypeLine(type=name, resources=n, late=_late(found.delays.get(name)), again=found.again.get(name, 0))
        for name, n in found.resources.items()
    )
    refused = tuple(
        RefusedLine(day=one.day, source=one.source, code=one.code, detail=one.detail, entries=one.entries)
        for one in found.turned_away
    )
    return Quality(
        facility=Words(en=place.name_en, zh=place.name_zh),
        level=place.level,
        since=found.since,
        until=found.until,
        arriving=found.arriving,
        elements=elements,
        types=types,
        odd=tuple(OddLine(odd=kind, patients=n) for kind, n in found.odd.items()),
        refused=refused,
        arrives_percent=ARRIVES_PERCENT,
    )


ROUTES = [
    Route(Address.COVERAGE, coverage, methods=["GET"], name="coverage"),
    Route(Address.COVERAGE + ".json", coverage_json, methods=["GET"], name="coverage-json"),
    Route(Address.COVERAGE + ".csv", coverage_csv, methods=["GET"], name="coverage-csv"),
    Route(Address.QUALITY, quality, methods=["GET"], name="quality"),
    Route(Address.QUALITY + ".json", quality_json, methods=["GET"], name="quality-json"),
]

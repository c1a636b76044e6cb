"""`Measure/$submit-data` (FHIR R4): a facility states what it has, and when, as a MeasureReport after HL7's SANER.

It is kept as every number of the command room is: with its instant, beside all that came before, unknown after a day.
`Measure/$collect-data` gives back to a facility what it stated.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import MAXYEAR, date, datetime, timedelta
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from salus.app import own_resources, read_body, report_resources
from salus.command import Known
from salus.kernel import CIVIL_TIME, civil_day, format_instant
from salus.records import FACILITY
from salus.web.fhir.answering import Interaction, answering
from salus.web.fhir.callers import caller, known
from salus.web.fhir.outcome import FHIR_JSON
from salus.web.fhir.parameters import Wanted, read_parameters, the_one, wrong
from salus.web.fhir.requests import bearer, body, no_parameters, pairs_of
from salus.web.gate import gate_of, in_thread

MEASURE: Final = "urn:salus:measure:resources"
OURS: Final = "urn:salus:resource"
SANER: Final = "http://hl7.org/fhir/uv/saner/CodeSystem/MeasuredValues"
SANER_CODES: Final = {
    "numICUBeds": "icu-beds-staffed",
    "numICUBedsOcc": "icu-beds-occupied",
    "numVentAvail": "ventilators-free",
}
"""Those of SANER's values that mean what one of ours means; its count of all beds is of other beds than any of ours."""
_WANTED: Wanted = {"measureReport": ("resource", 1)}
_WHERE = "MeasureReport.group.population"


@answering
async def state_capacity(request: Request) -> Response:
    """Answer `POST Measure/$submit-data` with Parameters that hold one MeasureReport."""
    gate = gate_of(request)
    no_parameters(request)
    token = bearer(request)
    who = await caller(gate, token)
    raw = await body(request)

    def work() -> None:
        sent = the_one(read_parameters(read_body(gate.node, who, raw), _WANTED), "measureReport")
        report_resources(gate.node, who, _stated(sent))

    await in_thread(gate, work)
    return Response(b"", 204, {"Cache-Control": "no-store"})


def _stated(report: dict[str, Any]) -> dict[str, Any]:
    """Return what a MeasureReport states, as the command room takes it."""
    if report.get("resourceType") != "MeasureReport" or report.get("type") != "summary":
        raise wrong("MeasureReport", "must be a MeasureReport of type summary: counts, and nobody")
    if report.get("status") != "complete" or not isinstance(report.get("date"), str):
        raise wrong("MeasureReport", "must be complete, and have the date at which the numbers were true")
    amounts: dict[str, int] = {}
    for code, count in _populations(report):
        if code in amounts:
            raise wrong(_WHERE, f"counts {code} twice")
        amounts[code] = count
    return {"as_of": report["date"], "resources": amounts}


def _populations(report: dict[str, Any]) -> Iterator[tuple[str, int]]:
    for group in report.get("group") or ():
        for one in (group.get("population") or ()) if isinstance(group, dict) else ():
            code, count = _code(one), one.get("count") if isinstance(one, dict) else None
            if not isinstance(count, int) or isinstance(count, bool):
                raise wrong(_WHERE, "needs a count, a whole number")
            yield code, count


def _code(population: Any) -> str:
    concept = population.get("code") if isinstance(population, dict) else None
    for coding in (concept.get("coding") or ()) if isinstance(concept, dict) else ():
        system, code = (coding.get("system"), coding.get("code")) if isinstance(coding, dict) else (None, None)
        if system == OURS and isinstance(code, str):
            return code
        if system == SANER and code in SANER_CODES:
            return SANER_CODES[code]
    raise wrong(_WHERE, f"needs a code of {OURS}, or one of SANER's: {', '.join(SANER_CODES)}")


@answering
async def collect_capacity(request: Request) -> Response:
    """Answer `GET Measure/$collect-data`: what the own facility stated, one MeasureReport for each instant.

    Of each resource the number that was true last at the end of the period, if it is of the period.
    """
    gate, token = gate_of(request), bearer(request)

    def work() -> bytes:
        who, node = known(gate, token), gate.node
        start, end = _period(pairs_of(request.url.query))
        found = [one for one in own_resources(node, who, end) if one.as_of >= start]
        instants = sorted({one.as_of for one in found})
        told = [_report(who.facility or "", at, [one for one in found if one.as_of == at]) for at in instants]
        parameter = [{"name": "measureReport", "resource": one} for one in told]
        return orjson.dumps({"resourceType": "Parameters"} | ({"parameter": parameter} if parameter else {}))

    return Response(await in_thread(gate, work), 200, {"Cache-Control": "no-store"}, media_type=FHIR_JSON)


def _period(pairs: list[tuple[str, str]]) -> tuple[datetime, datetime]:
    """Read the two days between which numbers are asked for, both included."""
    told = dict(pairs)
    if len(told) != len(pairs) or set(told) != {"periodStart", "periodEnd"}:
        raise wrong("query", "name periodStart and periodEnd, once each")
    days = []
    for name in ("periodStart", "periodEnd"):
        try:
            day = date.fromisoformat(told[name] if len(told[name]) == len("2031-03-01") else "")
            days.append(datetime(day.year, day.month, day.day, tzinfo=CIVIL_TIME))
        except ValueError:
            raise wrong(name, "must be a day such as 2031-03-01") from None
    if days[1].year == MAXYEAR:
        raise wrong("periodEnd", "must be a day such as 2031-03-01")
    return days[0], days[1] + timedelta(days=1)


def _report(facility: str, at: datetime, found: list[Known]) -> dict[str, Any]:
    population = [
        {"code": {"coding": [{"system": OURS, "code": one.resource.value}]}, "count": one.amount} for one in found
    ]
    day = civil_day(at).isoformat()
    return {
        "resourceType": "MeasureReport",
        "status": "complete",
        "type": "summary",
        "measure": MEASURE,
        "date": format_instant(at),
        "reporter": {"identifier": {"system": FACILITY, "value": facility}},
        "period": {"start": day, "end": day},
        "group": [{"population": population}],
    }


CAPACITY = (
    Interaction(
        code="operation",
        method="POST",
        path="/Measure/$submit-data",
        endpoint=state_capacity,
        access="policy: report-resources",
    ),
    Interaction(
        code="operation",
        method="GET",
        path="/Measure/$collect-data",
        endpoint=collect_capacity,
        access="policy: report-resources",
    ),
)

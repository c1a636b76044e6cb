"""The page on which a desk finds the reports that its institution wrote of who is here, to hand them out."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from salus import app
from salus.kernel import Purpose, Role
from salus.web.gate import in_thread
from salus.web.pages.staff import resident_id
from salus.web.pages.visit import Visit, paged
from salus.web.pages.words_of import facility_words, results, text_of, written
from salus.web.views import Address
from salus.web.views.collecting import ReportLine, Reports


@paged
async def reports(visit: Visit) -> Response:
    """Show the reports that the own institution wrote of a resident who is here."""
    who, node = visit.principal(Role.CLINICIAN).for_purpose(Purpose.TREAT), visit.gate.node
    resident = resident_id(visit.request.path_params["resident"])
    collected = await in_thread(visit.gate, lambda: app.collect_reports(node, who, resident))
    view = Reports(
        facility=facility_words(node, who.facility or ""),
        reports=tuple(
            ReportLine(
                name=text_of(one.line),
                on=one.line.at,
                conclusion=written(one.line.detail),
                results=results(node, one.results),
                files=one.files,
            )
            for one in collected.reports
        ),
        ends=collected.ends,
        back=f"{Address.DESK}/{resident}",
    )
    return visit.show(view)


ROUTES = [Route(Address.DESK + "/{resident}/reports", reports, methods=["GET"], name="reports")]

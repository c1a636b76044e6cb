"""The page of follow-up for those who treat: whom the own facility keeps the record of, and who is due for a visit."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from salus import app
from salus.app import Due, KeptElsewhere, Node, Share
from salus.kernel import Purpose, Role
from salus.web.gate import in_thread
from salus.web.pages.following_words_of import due_line
from salus.web.pages.staff import NAMELESS
from salus.web.pages.visit import Visit, paged
from salus.web.pages.words_of import facility_words, written
from salus.web.views import Address, Words
from salus.web.views.following import ShareLine, TakenLine, WorkLine, WorkList


@paged
async def work_list(visit: Visit) -> Response:
    """Show a page of residents who are due for something, and on the first page how follow-up goes by plan."""
    who, node = visit.principal(Role.CLINICIAN).for_purpose(Purpose.TREAT), visit.gate.node
    after = visit.request.query_params.get("after", "0")
    start = int(after) if after.isascii() and after.isdigit() and len(after) <= 18 else 0
    found = await in_thread(visit.gate, lambda: app.work_list(node, who, start))
    shares = [] if start else await in_thread(visit.gate, lambda: app.shares(node, who.facility))
    view = WorkList(
        facility=facility_words(node, who.facility or ""),
        lines=tuple(_line(node, one) for one in found.lines),
        taken=tuple(_taken(node, one) for one in found.taken),
        looked_at=found.looked_at,
        shares=tuple(_share(node, one) for one in shares),
        more=None if found.after is None else f"{Address.WORK_LIST}?after={found.after}",
    )
    return visit.show(view)


def _line(node: Node, one: Due) -> WorkLine:
    items = tuple(due_line(node, item) for item in one.items)
    return WorkLine(name=written(one.name) or NAMELESS, age_years=one.age_years, items=items)


def _taken(node: Node, one: KeptElsewhere) -> TakenLine:
    facility = None if one.facility is None else facility_words(node, one.facility)
    return TakenLine(name=written(one.name) or NAMELESS, facility=facility, since=one.since)


def _share(node: Node, one: Share) -> ShareLine:
    (plan,) = [plan for plan in node.plans if plan.key == one.plan]
    return ShareLine(
        what=Words(en=plan.en, zh=plan.zh),
        source=plan.source,
        people=one.people,
        up_to_date=one.up_to_date,
        due=one.due,
        overdue=one.overdue,
    )


ROUTES = [Route(Address.WORK_LIST, work_list, methods=["GET"], name="work-list")]

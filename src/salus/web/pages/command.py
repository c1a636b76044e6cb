"""Pages of the command room, the public list of orders, and the door through which hospitals report what they have."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from html import unescape
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from salus import app
from salus.command import (
    LONGEST_ORDER,
    MINIMUM_POPULATION,
    Answer,
    CommandInvalid,
    Course,
    EntryKind,
    IncidentKind,
    NotHere,
    Post,
    Resource,
    Standing,
    TaskKind,
    Verdict,
    whole_number,
)
from salus.kernel import CIVIL_TIME, Purpose, Role, nests_deeper, parse_instant
from salus.parties import NotSignedIn, Principal
from salus.web.fhir.callers import check_scope, known
from salus.web.gate import Gate, gate_of, in_thread
from salus.web.pages import pictures
from salus.web.pages.visit import Visit, paged
from salus.web.pages.words_of import naming
from salus.web.render import block
from salus.web.typesetting import chinese_font, pdf
from salus.web.views import Address, Language, Words
from salus.web.views import command as v

_READERS = (Role.COMMANDER, Role.EPIDEMIOLOGIST)
_LOCAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?", re.ASCII)


@paged
async def situation(visit: Visit) -> Response:
    """Show the situation of the newest open incident, or of the one asked for, and what waits for a decision."""
    who, node = _reader(visit), visit.gate.node
    courses = await in_thread(visit.gate, lambda: app.courses(node, who))
    alerts = await in_thread(visit.gate, lambda: app.waiting_alerts(node, who))
    open_now = [course for course in courses if not course.closed]
    asked = visit.request.query_params.get("incident")
    shown = _chosen(open_now, asked)
    view = v.Situation(
        picture=await in_thread(visit.gate, lambda: _picture(visit.gate, who, shown)) if shown else None,
        alerts=tuple(
            pictures.alert(figures, f"{Address.INCIDENTS}?alert={figures.alert}" if _commands(who) else None)
            for figures in alerts
        ),
        others=tuple(pictures.incident(course) for course in courses if course is not shown),
        may_command=_commands(who),
    )
    return visit.show(view)


def _chosen(courses: list[Course], asked: str | None) -> Course | None:
    chosen = (course for course in courses if asked in (None, str(course.incident.incident_id)))
    return next(chosen, None)


def _picture(gate: Gate, who: Principal, course: Course) -> v.Picture:
    return pictures.picture(_shown(gate, who, course.incident.incident_id))


def _shown(gate: Gate, who: Principal, incident_id: UUID) -> pictures.Shown:
    node = gate.node
    snapshot, _ = app.situation_of(node, who, incident_id)
    return pictures.Shown(snapshot=snapshot, topology=app.area_map(node), facility=naming(node))


# --- incidents


@paged
async def open_form(visit: Visit) -> Response:
    """Show the form that opens an incident from a handed-over alert."""
    who, node = _commander(visit), visit.gate.node
    wanted = visit.request.query_params.get("alert", "")
    alerts = await in_thread(visit.gate, lambda: app.waiting_alerts(node, who))
    figures = next((one for one in alerts if one.alert == wanted), None)
    if figures is None:
        raise NotHere("no such alert waits here")
    areas = {figures.area: Words(en=figures.area_en, zh=figures.area_zh)}
    areas |= {cell.area: Words(en=cell.name_en, zh=cell.name_zh) for cell in figures.areas}
    return visit.show(v.OpenIncident(alert=pictures.alert(figures), alert_id=figures.alert, areas=tuple(areas.items())))


@paged
async def open_incident(visit: Visit) -> Response:
    """Open an incident."""
    who, node = _commander(visit), visit.gate.node
    form = await visit.form()
    kind, level = str(form.get("kind", "")), str(form.get("level", ""))
    if kind not in set(IncidentKind):
        raise CommandInvalid("say what kind of event it is", where="kind")
    incident_id = await in_thread(
        visit.gate,
        lambda: app.open_incident(
            node,
            who,
            alert=str(form.get("alert", "")),
            kind=IncidentKind(kind),
            areas=[str(area) for area in form.getlist("area")],
            level=_digit(level),
            objectives=str(form.get("objectives", "")),
        ),
    )
    return visit.go(f"{Address.INCIDENTS}/{incident_id}")


@paged
async def incident(visit: Visit) -> Response:
    """Show one incident with its log, its resources and its forms."""
    who, node = _reader(visit), visit.gate.node
    incident_id = _id(visit, "incident")
    shown = await in_thread(visit.gate, lambda: _shown(visit.gate, who, incident_id))
    reports = await in_thread(visit.gate, lambda: app.reports_of(node, who, incident_id))
    snapshot, course = shown.snapshot, shown.snapshot.course
    objectives = course.newest(EntryKind.OBJECTIVES)
    view = v.Incident(
        picture=pictures.picture(shown),
        objectives=objectives.text if objectives else "",
        period=pictures.period(course),
        posts=pictures.posts(course),
        orders=tuple(pictures.order(given, snapshot.cut_off, shown.facility) for given in reversed(snapshot.orders)),
        tasks=pictures.tasks(snapshot.tasks, snapshot.cut_off, shown.facility),
        log=pictures.log(course.entries),
        reports=tuple((f"{Address.INCIDENTS}/{incident_id}/reports/{n}", n, cut_off) for n, cut_off in reports),
        may_command=_commands(who) and not course.closed,
    )
    return visit.show(view)


@paged
async def write_log(visit: Visit) -> Response:
    """Add a line to an incident's log: level, objectives, period, post, or its closing."""
    who, node, incident_id = _commander(visit), visit.gate.node, _id(visit, "incident")
    form = {name: str(value).strip() for name, value in (await visit.form()).items()}
    kind = form.get("entry", "")
    if kind not in set(EntryKind) - {EntryKind.FIGURES}:
        raise CommandInvalid("say what is to be written into the log", where="entry")
    fields: dict[str, dict[str, object]] = {
        EntryKind.LEVEL: {"level": _digit(form.get("level", ""))},
        EntryKind.OBJECTIVES: {"text": form.get("text", "")},
        EntryKind.CLOSED: {"text": form.get("closing", "")},
        EntryKind.PERIOD: {"starts": _instant_or_none(form, "starts"), "ends": _instant_or_none(form, "ends")},
        EntryKind.POST: {
            "post": Post(form["post"]) if form.get("post") in set(Post) else None,
            "holder": form.get("holder") or None,
            "deputy": form.get("deputy") or None,
        },
    }
    await in_thread(visit.gate, lambda: app.note(node, who, incident_id, kind=EntryKind(kind), **fields[kind]))
    return visit.go(f"{Address.INCIDENTS}/{incident_id}")


@paged
async def telephone(visit: Visit) -> Response:
    """Keep a number that somebody at a facility said on the telephone."""
    who, node, incident_id = _commander(visit), visit.gate.node, _id(visit, "incident")
    form = {name: str(value).strip() for name, value in (await visit.form()).items()}
    if form.get("resource") not in set(Resource):
        raise CommandInvalid("say what was counted", where="resource")
    amounts = {form["resource"]: whole_number(form.get("amount", ""), "amount")}
    as_of = _instant(form["as_of"]) if form.get("as_of") else node.clock.now()
    await in_thread(
        visit.gate,
        lambda: app.confirm_by_telephone(
            node,
            who,
            facility=form.get("facility", ""),
            amounts=amounts,
            confirmed_with=form.get("confirmed_with", ""),
            as_of=as_of,
        ),
    )
    return visit.go(f"{Address.INCIDENTS}/{incident_id}")


# --- orders and tasks


@paged
async def order_form(visit: Visit) -> Response:
    """Show the form of an order."""
    who, incident_id = _commander(visit), _id(visit, "incident")
    shown = await in_thread(visit.gate, lambda: _shown(visit.gate, who, incident_id))
    snapshot = shown.snapshot
    areas = {cell.area: Words(en=cell.name_en, zh=cell.name_zh) for cell in snapshot.course.figures.areas}
    areas |= {county.code: Words(en=county.name_en, zh=county.name_zh) for county in snapshot.counties}
    covered = {area: areas.get(area, Words(en=area, zh=area)) for area in snapshot.course.incident.areas}
    return visit.show(
        v.OrderForm(
            incident=pictures.incident(snapshot.course),
            facilities=_facilities(shown),
            areas=tuple((covered | areas).items()),
            longest_days=LONGEST_ORDER.days,
            smallest_area=MINIMUM_POPULATION,
        )
    )


@paged
async def give_order(visit: Visit) -> Response:
    """Give an order; it waits for another organisation. A field that orders do not have is refused and counted."""
    who, node, incident_id = _commander(visit), visit.gate.node, _id(visit, "incident")
    form = await visit.form()
    given = {name: str(value).strip() for name, value in form.items() if name != "csrf"}
    for name in ("starts", "ends"):
        if _LOCAL.fullmatch(given.get(name, "")):
            given[name] = _instant(given[name]).isoformat()
    order_id = await in_thread(visit.gate, lambda: app.give_order(node, who, incident_id, given))
    return visit.go(f"{Address.ORDERS}/{order_id}")


@paged
async def order(visit: Visit) -> Response:
    """Show an order to those who command: to be countersigned, or with its tasks."""
    who, node, order_id = _reader(visit), visit.gate.node, _id(visit, "order")
    given = await in_thread(visit.gate, lambda: app.one_order(node, who, order_id))
    shown = await in_thread(visit.gate, lambda: _shown(visit.gate, who, given.order.incident_id))
    at = shown.snapshot.cut_off
    own = node.facility(who.facility).organisation if who.facility else ""
    told = pictures.order(given, at, shown.facility)
    return visit.show(
        v.Order(
            order=told,
            incident=f"{Address.INCIDENTS}/{given.order.incident_id}",
            may_answer=_commands(who) and told.standing is Standing.WAITING and own != given.order.by.organisation,
            may_command=_commands(who) and told.standing in (Standing.IN_FORCE, Standing.COMING),
            tasks=pictures.tasks(
                (task for task in shown.snapshot.tasks if task.order_id == order_id), at, shown.facility
            ),
            facilities=_facilities(shown),
        )
    )


@paged
async def answer_order(visit: Visit) -> Response:
    """Countersign or reject an order of another organisation."""
    who, node, order_id = _commander(visit), visit.gate.node, _id(visit, "order")
    form = await visit.form()
    verdict = str(form.get("verdict", ""))
    if verdict not in set(Verdict):
        raise CommandInvalid("countersign the order or reject it", where="verdict")
    reason = str(form.get("reason", ""))
    await in_thread(visit.gate, lambda: app.answer_order(node, who, order_id, Verdict(verdict), reason))
    return visit.go(f"{Address.ORDERS}/{order_id}")


@paged
async def add_task(visit: Visit) -> Response:
    """Ask a facility to do something for an order."""
    who, node, order_id = _commander(visit), visit.gate.node, _id(visit, "order")
    form = {name: str(value).strip() for name, value in (await visit.form()).items()}
    if form.get("task") not in set(TaskKind):
        raise CommandInvalid("say what is to be done", where="task")
    kind, due = TaskKind(form["task"]), _instant(form.get("due", ""))
    await in_thread(visit.gate, lambda: app.add_task(node, who, order_id, kind, form.get("facility", ""), due))
    return visit.go(f"{Address.ORDERS}/{order_id}")


@paged
async def answer_task(visit: Visit) -> Response:
    """Note that a task is done, or declined and why."""
    who, node, task_id = _commander(visit), visit.gate.node, _id(visit, "task")
    form = {name: str(value).strip() for name, value in (await visit.form()).items()}
    if form.get("answer") not in set(Answer):
        raise CommandInvalid("a task is done or declined", where="answer")
    answer = Answer(form["answer"])
    order_id = await in_thread(visit.gate, lambda: app.answer_task(node, who, task_id, answer, form.get("note", "")))
    return visit.go(f"{Address.ORDERS}/{order_id}")


@paged
async def orders(visit: Visit) -> Response:
    """Show, to anybody, the orders that run, wait or have ended, and who tried to aim one at people."""
    node = visit.gate.node
    found, turned_away = await in_thread(visit.gate, lambda: app.public_orders(node))
    at = node.clock.now()
    name = await in_thread(visit.gate, lambda: naming(node))
    lines = [pictures.order(one.given, at, name, one.index) for one in found]
    running = (Standing.IN_FORCE, Standing.COMING)
    return visit.show(
        v.Orders(
            running=tuple(one for one in lines if one.standing in running),
            waiting=tuple(one for one in lines if one.standing is Standing.WAITING),
            ended=tuple(one for one in reversed(lines) if one.standing not in (*running, Standing.WAITING)),
            turned_away=tuple(turned_away),
        )
    )


@paged
async def order_file(visit: Visit) -> Response:
    """Hand out, to anybody, an order's document, its leaf in the public log and the proof of its place."""
    node, order_id = visit.gate.node, _id(visit, "order")
    told = await in_thread(visit.gate, lambda: app.order_document(node, order_id))
    headers = {"Content-Disposition": f'attachment; filename="order-{order_id}.json"'}
    return JSONResponse(told, headers=headers)


# --- situation reports


@paged
async def make_report(visit: Visit) -> Response:
    """Freeze the situation as a report."""
    who, node, incident_id = _commander(visit), visit.gate.node, _id(visit, "incident")
    await visit.form()
    number = await in_thread(visit.gate, lambda: app.make_report(node, who, incident_id))
    return visit.go(f"{Address.INCIDENTS}/{incident_id}/reports/{number}")


@paged
async def report(visit: Visit) -> Response:
    """Show a situation report from its frozen snapshot."""
    return visit.show(await _report(visit))


@paged
async def report_pdf(visit: Visit) -> Response:
    """Set the same report on paper. Asking again gives the same bytes."""
    view = await _report(visit)
    frame = visit.frame()
    title = unescape(block(view, frame, "title"))
    made = await in_thread(
        visit.gate, lambda: pdf(block(view, frame, "paper"), title, frame.language.value, view.picture.cut_off)
    )
    name = f"situation-report-{view.number}-{frame.language.value}.pdf"
    return Response(made, media_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'})


async def _report(visit: Visit) -> v.SituationReport:
    who, node, incident_id = _reader(visit), visit.gate.node, _id(visit, "incident")
    number = _digit(visit.request.path_params["number"])
    snapshot, digest = await in_thread(visit.gate, lambda: app.report_of(node, who, incident_id, number))
    names = pictures.names_of(snapshot, await in_thread(visit.gate, lambda: naming(node)))
    sets = visit.language() is Language.EN or chinese_font() is not None
    return v.SituationReport(
        number=number,
        node=node.name,
        picture=pictures.picture(pictures.Shown(snapshot=snapshot, topology=app.area_map(node), facility=names)),
        tasks=pictures.tasks(snapshot.tasks, snapshot.cut_off, names),
        sources=pictures.sources(snapshot),
        digest=digest,
        pdf=f"{Address.INCIDENTS}/{incident_id}/reports/{number}/report.pdf" if sets else None,
    )


# --- resources, by systems


async def report_resources(request: Request) -> Response:
    """Take what a hospital's system says that its own facility has."""
    gate = gate_of(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotSignedIn("send an access token: Authorization: Bearer …")
    who = await in_thread(gate, lambda: known(gate, token.strip()))
    check_scope(who, "MeasureReport", "c")
    try:
        body = json.loads(await request.body())
        if nests_deeper(body, 2):
            raise RecursionError
    except (ValueError, RecursionError):
        raise CommandInvalid("send one JSON object") from None
    kept = await in_thread(gate, lambda: app.report_resources(gate.node, who, body))
    return JSONResponse({"kept": kept}, 201)


# --- what forms and addresses say


def _reader(visit: Visit) -> Principal:
    return visit.principal(*_READERS).for_purpose(Purpose.PUBHLTH)


def _commander(visit: Visit) -> Principal:
    return visit.principal(Role.COMMANDER).for_purpose(Purpose.PUBHLTH)


def _commands(who: Principal) -> bool:
    return who.role is Role.COMMANDER


def _facilities(shown: pictures.Shown) -> tuple[tuple[str, Words], ...]:
    return tuple((one.facility, Words(en=one.name_en, zh=one.name_zh)) for one in shown.snapshot.places)


def _id(visit: Visit, name: str) -> UUID:
    try:
        return UUID(visit.request.path_params[name])
    except ValueError:
        raise NotHere("there is no such page here") from None


def _digit(text: str) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,6}", text, re.ASCII) else 0


def _instant(text: str) -> datetime:
    """Read what a form's date field holds, which is civil time, or an RFC 3339 instant."""
    if _LOCAL.fullmatch(text):
        try:
            return datetime.fromisoformat(text).replace(tzinfo=CIVIL_TIME).astimezone(UTC)
        except (ValueError, OverflowError):
            raise CommandInvalid("there is no such time") from None
    return parse_instant(text)


def _instant_or_none(form: dict[str, str], name: str) -> datetime | None:
    return _instant(form[name]) if form.get(name) else None


_INCIDENT = Address.INCIDENTS + "/{incident}"
_ORDER = Address.ORDERS + "/{order}"
ROUTES = [
    Route(Address.SITUATION, situation, methods=["GET"], name="situation"),
    Route(Address.INCIDENTS, open_form, methods=["GET"], name="open-incident-form"),
    Route(Address.INCIDENTS, open_incident, methods=["POST"], name="open-incident"),
    Route(_INCIDENT, incident, methods=["GET"], name="incident"),
    Route(_INCIDENT + "/log", write_log, methods=["POST"], name="write-log"),
    Route(_INCIDENT + "/telephone", telephone, methods=["POST"], name="telephone"),
    Route(_INCIDENT + "/orders", order_form, methods=["GET"], name="order-form"),
    Route(_INCIDENT + "/orders", give_order, methods=["POST"], name="give-order"),
    Route(_INCIDENT + "/reports", make_report, methods=["POST"], name="make-report"),
    Route(_INCIDENT + "/reports/{number}", report, methods=["GET"], name="situation-report"),
    Route(_INCIDENT + "/reports/{number}/report.pdf", report_pdf, methods=["GET"], name="situation-report-pdf"),
    Route(Address.ORDERS, orders, methods=["GET"], name="orders"),
    Route(_ORDER, order, methods=["GET"], name="order"),
    Route(_ORDER, answer_order, methods=["POST"], name="answer-order"),
    Route(_ORDER + "/file", order_file, methods=["GET"], name="order-file"),
    Route(_ORDER + "/tasks", add_task, methods=["POST"], name="add-task"),
    Route(Address.TASKS + "/{task}", answer_task, methods=["POST"], name="answer-task"),
    Route(Address.RESOURCES, report_resources, methods=["POST"], name="report-resources"),
]

"""One invented view model for every state of the command room's pages. Names, places and numbers are made up."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from web_samples import NOW

from salus.command import EntryKind, FigureKind, IncidentKind, OrderKind, Post, Resource, Standing, Supply, TaskKind
from salus.kernel import Role
from salus.web.maps import classes
from salus.web.views import Person, View, Words
from salus.web.views import command as c

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HERE = "/incidents/7d9a4f3e-0000-4000-8000-000000000001"
THERE = "/orders/7d9a4f3e-0000-4000-8000-000000000002"
WEI, TAN = Words(en="Wei Ran", zh="韦然"), Words(en="Tan Cheng", zh="谭诚")
ONE, TWO = Words(en="Qinglan General Hospital", zh="清澜综合医院"), Words(en="Yundu Hospital", zh="云渡医院")
COMMANDER = Person(name=WEI, role=Role.COMMANDER, facility=Words(en="Command Centre", zh="应急指挥中心"))
EPIDEMIOLOGIST = Person(name=Words(en="Fang Ning", zh="方宁"), role=Role.EPIDEMIOLOGIST)
ALERT = c.AlertFacts(
    disease=Words(en="Influenza", zh="流行性感冒"),
    area=Words(en="Meixuan Prefecture", zh="梅轩市"),
    first=date(2026, 11, 10),
    last=date(2026, 11, 23),
    observed=62,
    expected="21.4",
    once_in_years=12,
    why=Words(en="More than in any November before.", zh="多于往年任何一个十一月。"),
    verified_by="Fang Ning",
    at=NOW - 3 * HOUR,
    address="/incidents?alert=a-1",
)
SQUARE = [[[0, 0], [10, 0]], [[10, 0], [10, 10]], [[10, 10], [0, 10]], [[0, 10], [0, 0]]]
TOPOLOGY = {
    "type": "Topology",
    "arcs": [*SQUARE, [[10, 0], [20, 0], [20, 10], [10, 10]], [[20, 0], [30, 0], [30, 10], [20, 10], [20, 0]]],
    "objects": {
        "counties": {
            "geometries": [
                {"type": "Polygon", "id": "910101", "arcs": [[0, 1, 2, 3]]},
                {"type": "Polygon", "id": "910102", "arcs": [[4, -2]]},
                {"type": "MultiPolygon", "id": "910121", "arcs": [[[5]]]},
            ]
        }
    },
}
LINES = (
    c.AreaLine(code="910101", name=Words(en="Qinglan", zh="清澜区"), cases=50, few=False),
    c.AreaLine(code="910102", name=Words(en="Yundu", zh="云渡区"), cases=None, few=True),
    c.AreaLine(code="910121", name=Words(en="Wangxi", zh="望溪县"), cases=None, few=False),
    c.AreaLine(code="910122", name=Words(en="Songquan", zh="松泉县"), cases=0, few=False),
)
MAP = c.AreaMap(topology=TOPOLOGY, since=date(2026, 11, 1), last=date(2026, 11, 23), lines=LINES, steps=classes(50))
FIGURES = (
    c.FigureLine(kind=FigureKind.ICU_FREE, amount=5, oldest=NOW - 9 * HOUR, counted=1, asked=2),
    c.FigureLine(kind=FigureKind.ISOLATION_FREE, amount=None, oldest=None, counted=0, asked=2),
    c.FigureLine(kind=FigureKind.SHORT_OF_OXYGEN, amount=1, oldest=NOW - HOUR, counted=1, asked=2),
    c.FigureLine(kind=FigureKind.TASKS_OVERDUE, amount=1, oldest=NOW, counted=2, asked=2),
)
NUMBERS = (
    c.ResourceLine(
        resource=Resource.ICU_STAFFED,
        amount=40,
        as_of=NOW - 2 * HOUR,
        said_by=WEI,
        confirmed_with="Ward sister Li",
    ),
    c.ResourceLine(resource=Resource.MASKS, amount=None, as_of=NOW - 30 * HOUR, said_by=ONE, confirmed_with=None),
)
PLACES = (
    c.PlaceView(facility="H1", name=ONE, lines=NUMBERS, silent=False, icu_free=5, isolation_free=None, oxygen_days=2),
    c.PlaceView(facility="H2", name=TWO, lines=(), silent=True, icu_free=None, isolation_free=None, oxygen_days=None),
)
WAITING = c.OrderLine(
    address=THERE,
    file=f"{THERE}/file",
    kind=OrderKind.MOVE,
    supply=Supply.VENTILATORS,
    amount=6,
    giver=TWO,
    taker=ONE,
    area=None,
    population=None,
    basis="Regulation 376, article 32",
    reason="H1 has three beds left.",
    starts=NOW,
    ends=NOW + 3 * DAY,
    ordered_at=NOW - HOUR,
    ordered_by=WEI,
    answered_by=None,
    answer="",
    organisations=(Words(en="Health Commission", zh="卫生健康委员会"),),
    standing=Standing.WAITING,
    digest=bytes(32),
)
IN_FORCE = replace(
    WAITING,
    kind=OrderKind.DISTRIBUTE,
    supply=Supply.MASKS,
    giver=None,
    taker=None,
    area=Words(en="Qinglan District", zh="清澜区"),
    population=400_000,
    standing=Standing.IN_FORCE,
    answered_by=TAN,
    organisations=(Words(en="Health Commission", zh="卫生健康委员会"), Words(en="Emergency")),
    index=17,
)
REJECTED = replace(WAITING, standing=Standing.REJECTED, answered_by=TAN, answer="Yundu needs them itself.")
TASKS = (
    c.TaskLine(
        address="/tasks/7d9a4f3e-0000-4000-8000-000000000003",
        order=THERE,
        kind=TaskKind.HAND_OVER,
        facility=TWO,
        due=NOW - HOUR,
        overdue=True,
        answered=None,
        note="",
        answered_at=None,
    ),
    c.TaskLine(
        address="/tasks/7d9a4f3e-0000-4000-8000-000000000004",
        order=THERE,
        kind=TaskKind.RECEIVE,
        facility=ONE,
        due=NOW + HOUR,
        overdue=False,
        answered="declined",
        note="The lift is broken.",
        answered_at=NOW,
    ),
)
INCIDENT = c.IncidentFacts(
    address=HERE,
    kind=IncidentKind.INFECTIOUS,
    alert=ALERT,
    level=3,
    opened_at=NOW - DAY,
    opened_by=WEI,
    closed=None,
)
PICTURE = c.Picture(
    incident=INCIDENT,
    cut_off=NOW,
    figures=FIGURES,
    silent=(Words(en="Wangxi", zh="望溪县"),),
    map=MAP,
    places=PLACES,
    waiting=(WAITING,),
    in_force=(IN_FORCE,),
    overdue=1,
)
BARE = replace(
    PICTURE,
    figures=(replace(FIGURES[0], amount=None, oldest=None, counted=0), *FIGURES[1:]),
    silent=(),
    map=replace(MAP, topology={}, lines=LINES[3:]),
    places=(),
    waiting=(),
    in_force=(),
    incident=replace(INCIDENT, alert=replace(ALERT, observed=None, once_in_years=None)),
)


def _line(kind: EntryKind, **more: object) -> c.LogLine:
    nothing = dict.fromkeys(("level", "post", "holder", "deputy", "starts", "ends"))
    return c.LogLine(kind=kind, at=NOW, by=WEI, **{"text": "", **nothing, **more})  # type: ignore[arg-type]


POST = _line(EntryKind.POST, post=Post.LEAD, holder="Wei Ran", deputy="Qin Lan")
PERIOD = _line(EntryKind.PERIOD, starts=NOW, ends=NOW + DAY)
LOG = (POST, PERIOD, _line(EntryKind.LEVEL, level=3), _line(EntryKind.OBJECTIVES, text="No one waits for a bed."))
ROOM = c.Incident(
    picture=PICTURE,
    objectives="No one waits for a bed.",
    period=PERIOD,
    posts=(POST,),
    orders=(WAITING, IN_FORCE, REJECTED),
    tasks=TASKS,
    log=LOG,
    reports=((f"{HERE}/reports/1", 1, NOW - HOUR),),
    may_command=True,
)
CLOSED = replace(PICTURE, incident=replace(INCIDENT, closed="It is over."))
FACILITIES = (("H1", ONE), ("H2", TWO))
AREAS = (("910100", Words(en="Meixuan", zh="梅轩市")), ("910101", Words(en="Qinglan", zh="清澜区")))
ORDER = c.Order(order=WAITING, incident=HERE, may_answer=True, may_command=False, tasks=(), facilities=FACILITIES)
REPORT = c.SituationReport(
    number=1,
    node="demo.salus.example/log",
    picture=PICTURE,
    tasks=TASKS,
    sources=(Words(en="Fang Ning", zh="方宁"), ONE),
    digest=bytes(range(32)),
    pdf=f"{HERE}/reports/1/report.pdf",
)
SAMPLES: dict[str, tuple[View, Person | None]] = {
    "situation": (c.Situation(picture=PICTURE, alerts=(ALERT,), others=(INCIDENT,), may_command=True), COMMANDER),
    "situation without an incident": (
        c.Situation(picture=None, alerts=(), others=(), may_command=False),
        EPIDEMIOLOGIST,
    ),
    "situation with little known": (
        c.Situation(picture=BARE, alerts=(), others=(), may_command=True),
        COMMANDER,
    ),
    "open incident": (c.OpenIncident(alert=ALERT, alert_id="a-1", areas=AREAS), COMMANDER),
    "incident": (ROOM, COMMANDER),
    "incident closed": (replace(ROOM, picture=CLOSED, orders=(), reports=(), may_command=False), EPIDEMIOLOGIST),
    "order form": (
        c.OrderForm(incident=INCIDENT, facilities=FACILITIES, areas=AREAS, longest_days=14, smallest_area=10_000),
        COMMANDER,
    ),
    "order to be countersigned": (ORDER, COMMANDER),
    "order of the own organisation": (replace(ORDER, may_answer=False), COMMANDER),
    "order in force": (replace(ORDER, order=IN_FORCE, may_answer=False, may_command=True, tasks=TASKS), COMMANDER),
    "orders": (
        c.Orders(running=(IN_FORCE,), waiting=(WAITING,), ended=(REJECTED,), turned_away=(("Health-Commission", 2),)),
        None,
    ),
    "orders, none": (c.Orders(running=(), waiting=(), ended=(), turned_away=()), None),
    "situation report": (REPORT, COMMANDER),
    "situation report without a font": (replace(REPORT, pdf=None), EPIDEMIOLOGIST),
}

"""The words of the command room's closed lists: kinds of incidents, orders, supplies, resources, figures, tasks."""

from __future__ import annotations

from collections.abc import Mapping

from salus.command import (
    Answer,
    EntryKind,
    FigureKind,
    IncidentKind,
    OrderKind,
    Post,
    Resource,
    Standing,
    Supply,
    TaskKind,
)
from salus.web.words import noop

INCIDENTS: Mapping[IncidentKind, str] = {
    IncidentKind.INFECTIOUS: noop("Outbreak of an infectious disease"),
    IncidentKind.UNEXPLAINED: noop("Illness of many without known cause"),
    IncidentKind.FOOD: noop("Food poisoning"),
    IncidentKind.OCCUPATIONAL: noop("Poisoning at work"),
    IncidentKind.OTHER: noop("Other event that affects health"),
}
POSTS: Mapping[Post, str] = {
    Post.LEAD: noop("Lead"),
    Post.OPERATIONS: noop("Operations"),
    Post.PLANNING: noop("Planning"),
    Post.LOGISTICS: noop("Logistics"),
    Post.FINANCE: noop("Finance"),
    Post.INFORMATION: noop("Information for the public"),
}
ENTRIES: Mapping[EntryKind, str] = {
    EntryKind.LEVEL: noop("Level"),
    EntryKind.OBJECTIVES: noop("Objectives"),
    EntryKind.PERIOD: noop("Operational period"),
    EntryKind.POST: noop("Post"),
    EntryKind.FIGURES: noop("Newer figures of the alert"),
    EntryKind.CLOSED: noop("Closed"),
}
FIGURES: Mapping[FigureKind, str] = {
    FigureKind.ICU_FREE: noop("Intensive-care beds free"),
    FigureKind.ISOLATION_FREE: noop("Isolation beds free"),
    FigureKind.SHORT_OF_OXYGEN: noop("Places short of oxygen"),
    FigureKind.TASKS_OVERDUE: noop("Tasks overdue"),
}
DEFINITIONS: Mapping[FigureKind, str] = {
    FigureKind.ICU_FREE: noop("Staffed beds less occupied ones, where both numbers are younger than 24 hours."),
    FigureKind.ISOLATION_FREE: noop("Staffed beds less occupied ones, both numbers being younger than 24 hours."),
    FigureKind.SHORT_OF_OXYGEN: noop(
        "Places whose oxygen lasts for less than three days, as reported within 24 hours."
    ),
    FigureKind.TASKS_OVERDUE: noop("Tasks past their time that nobody has called done or declined."),
}
RESOURCES: Mapping[Resource, str] = {
    Resource.ORDINARY_STAFFED: noop("Ordinary beds, staffed"),
    Resource.ORDINARY_OCCUPIED: noop("Ordinary beds, occupied"),
    Resource.OXYGEN_STAFFED: noop("Oxygen beds, staffed"),
    Resource.OXYGEN_OCCUPIED: noop("Oxygen beds, occupied"),
    Resource.ICU_STAFFED: noop("Intensive-care beds, staffed"),
    Resource.ICU_OCCUPIED: noop("Intensive-care beds, occupied"),
    Resource.ISOLATION_STAFFED: noop("Isolation beds, staffed"),
    Resource.ISOLATION_OCCUPIED: noop("Isolation beds, occupied"),
    Resource.OTHER_STAFFED: noop("Other beds, staffed"),
    Resource.OTHER_OCCUPIED: noop("Other beds, occupied"),
    Resource.PHYSICIANS: noop("Physicians on duty"),
    Resource.NURSES: noop("Nurses on duty"),
    Resource.VENTILATORS: noop("Ventilators free"),
    Resource.OXYGEN_DAYS: noop("Days that the oxygen lasts"),
    Resource.ANTIVIRALS: noop("Courses of antivirals"),
    Resource.MASKS: noop("Masks"),
    Resource.AMBULANCES: noop("Ambulances free"),
    Resource.TESTS: noop("Laboratory tests a day"),
}
ORDERS: Mapping[OrderKind, str] = {
    OrderKind.MOVE: noop("Move between facilities"),
    OrderKind.DELIVER: noop("Deliver to a facility"),
    OrderKind.DISTRIBUTE: noop("Hand out in an area"),
    OrderKind.PROCURE: noop("Buy"),
}
SUPPLIES: Mapping[Supply, str] = {
    Supply.VENTILATORS: noop("ventilators"),
    Supply.OXYGEN: noop("oxygen cylinders"),
    Supply.ANTIVIRALS: noop("courses of antivirals"),
    Supply.MASKS: noop("masks"),
    Supply.SUITS: noop("protective suits"),
    Supply.TESTS: noop("test kits"),
}
STANDINGS: Mapping[Standing, str] = {
    Standing.WAITING: noop("waits for the other organisation"),
    Standing.COMING: noop("countersigned, not yet begun"),
    Standing.IN_FORCE: noop("in force"),
    Standing.REJECTED: noop("rejected"),
    Standing.ENDED: noop("ended"),
}
TASKS: Mapping[TaskKind, str] = {
    TaskKind.HAND_OVER: noop("Hand over"),
    TaskKind.TRANSPORT: noop("Transport"),
    TaskKind.RECEIVE: noop("Receive"),
    TaskKind.DISTRIBUTE: noop("Hand out"),
    TaskKind.BUY: noop("Procure"),
}
ANSWERS: Mapping[Answer, str] = {Answer.DONE: noop("done"), Answer.DECLINED: noop("declined")}

# What maps and charts say.
NAMED = noop("%(name)s: %(said)s")
FEW = noop("fewer than 5, or hidden so that such a count cannot be computed")
SILENT = noop("no report")
NO_CASE = noop("no case")
MAP_TITLE = noop("Map of cases by county; the table below has the same numbers")
UNKNOWN = noop("unknown")
BEDS_TITLE = noop("Intensive-care beds free, by place; unknown ones are outlines")
BEDS = noop("beds free")

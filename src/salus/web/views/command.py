"""What the pages of the command room are given: counts, places and institutions; officers by name, nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar

from salus.command import EntryKind, FigureKind, IncidentKind, OrderKind, Post, Resource, Standing, Supply, TaskKind
from salus.web.views import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFacts:
    """The public figures of an alert. `first` and `last` are civil days, both included; `observed` is None for one to
    four; `address` leads to the form that opens an incident, None where there is one already or nothing to open."""

    disease: Words
    area: Words
    first: date
    last: date
    observed: int | None
    expected: str
    once_in_years: int | None
    why: Words
    verified_by: str
    at: datetime
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaLine:
    """Cases of one area: None and not `few` where it is silent."""

    code: str
    name: Words
    cases: int | None
    few: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaMap:
    """Cases by area, of the days from `since` to `last`, and how to draw them.

    `steps` are the lowest values of the colours above the first, fixed for an incident. `topology` is empty where the
    node has no map: then the table stands alone.
    """

    topology: Mapping[str, Any] = field(repr=False)
    since: date
    last: date
    lines: tuple[AreaLine, ...]
    steps: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureLine:
    """One of the four figures. `amount` is None: unknown. `counted` of `asked` places are in it, `oldest` its age."""

    kind: FigureKind
    amount: int | None
    oldest: datetime | None
    counted: int
    asked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceLine:
    """One number of one place. `amount` is None: it is too old to be known. `said_by` is who asked or sent it."""

    resource: Resource
    amount: int | None
    as_of: datetime
    said_by: Words
    confirmed_with: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceView:
    """A place of care and what is known of it."""

    facility: str
    name: Words
    lines: tuple[ResourceLine, ...]
    silent: bool
    icu_free: int | None
    isolation_free: int | None
    oxygen_days: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """An order as pages show it. `organisations` are those that signed, one or two. `index` is its place in the log."""

    address: str
    file: str
    kind: OrderKind
    supply: Supply
    amount: int
    giver: Words | None
    taker: Words | None
    area: Words | None
    population: int | None
    basis: str
    reason: str
    starts: datetime
    ends: datetime
    ordered_at: datetime
    ordered_by: Words
    answered_by: Words | None
    answer: str
    organisations: tuple[Words, ...]
    standing: Standing
    digest: bytes
    index: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLine:
    """A task. `answered` is None while nobody has said that it is done or declined."""

    address: str
    order: str
    kind: TaskKind
    facility: Words
    due: datetime
    overdue: bool
    answered: str | None
    note: str
    answered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line of an incident's log, as it was written."""

    kind: EntryKind
    at: datetime
    by: Words
    text: str
    level: int | None
    post: Post | None
    holder: str | None
    deputy: str | None
    starts: datetime | None
    ends: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentFacts:
    """What names an incident everywhere. `address` is its page."""

    address: str
    kind: IncidentKind
    alert: AlertFacts
    level: int
    opened_at: datetime
    opened_by: Words
    closed: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The situation of one incident at `cut_off`."""

    incident: IncidentFacts
    cut_off: datetime
    figures: tuple[FigureLine, ...]
    silent: tuple[Words, ...]
    map: AreaMap
    places: tuple[PlaceView, ...]
    waiting: tuple[OrderLine, ...]
    in_force: tuple[OrderLine, ...]
    overdue: int

    @property
    def icu(self) -> FigureLine:
        """The figure of free intensive-care beds, which the headline names."""
        return next(line for line in self.figures if line.kind is FigureKind.ICU_FREE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """The commander's first screen. `picture` is that of the incident shown, None where none is open."""

    template: ClassVar[str] = "situation.html"
    picture: Picture | None
    alerts: tuple[AlertFacts, ...]
    others: tuple[IncidentFacts, ...]
    may_command: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIncident:
    """The form that opens an incident from an alert. `areas` are offered as codes with names."""

    template: ClassVar[str] = "open_incident.html"
    alert: AlertFacts
    alert_id: str
    areas: tuple[tuple[str, Words], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One incident: facts, resources, tasks, orders, log; and its forms, for those who may command."""

    template: ClassVar[str] = "incident.html"
    picture: Picture
    objectives: str
    period: LogLine | None
    posts: tuple[LogLine, ...]
    orders: tuple[OrderLine, ...]
    tasks: tuple[TaskLine, ...]
    log: tuple[LogLine, ...]
    reports: tuple[tuple[str, int, datetime], ...]
    may_command: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderForm:
    """The form of an order. It has exactly the fields that an order has."""

    template: ClassVar[str] = "order_form.html"
    incident: IncidentFacts
    facilities: tuple[tuple[str, Words], ...]
    areas: tuple[tuple[str, Words], ...]
    longest_days: int
    smallest_area: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order for those who command: to be countersigned by another organisation, with its tasks.

    `may_answer` is false for the organisation that gave it.
    """

    template: ClassVar[str] = "order.html"
    order: OrderLine
    incident: str
    may_answer: bool
    may_command: bool
    tasks: tuple[TaskLine, ...]
    facilities: tuple[tuple[str, Words], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """The public list of orders, for anybody. `turned_away` counts attempts to aim one at people, by organisation."""

    template: ClassVar[str] = "orders.html"
    running: tuple[OrderLine, ...]
    waiting: tuple[OrderLine, ...]
    ended: tuple[OrderLine, ...]
    turned_away: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SituationReport:
    """One page, frozen: everything on it comes from the snapshot whose SHA-256 it carries.

    `pdf` is where its paper is, None where this machine cannot set it in the page's language.
    """

    template: ClassVar[str] = "situation_report.html"
    number: int
    node: str
    picture: Picture
    tasks: tuple[TaskLine, ...]
    sources: tuple[Words, ...]
    digest: bytes
    pdf: str | None

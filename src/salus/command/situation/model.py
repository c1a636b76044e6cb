"""The situation: what is known, how old each figure is, who is silent. Pure, a function over a snapshot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from salus.command.model import Course
from salus.command.orders.model import GivenOrder, Standing, Task
from salus.command.resources.model import Known, Resource

SHORT_OF_OXYGEN_DAYS = 3
_BEDS = {
    "icu-beds-free": (Resource.ICU_STAFFED, Resource.ICU_OCCUPIED),
    "isolation-beds-free": (Resource.ISOLATION_STAFFED, Resource.ISOLATION_OCCUPIED),
}


class FigureKind(StrEnum):
    """The four figures of the situation, each with a definition of its own."""

    ICU_FREE = "icu-beds-free"
    ISOLATION_FREE = "isolation-beds-free"
    SHORT_OF_OXYGEN = "facilities-short-of-oxygen"
    TASKS_OVERDUE = "tasks-overdue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place of care in the incident's areas."""

    facility: str
    name_en: str
    name_zh: str
    county: str


@dataclass(frozen=True, slots=True, kw_only=True)
class County:
    """The name of a county in both languages."""

    code: str
    name_en: str
    name_zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All that a situation is computed from, as it was at `cut_off`."""

    cut_off: datetime
    course: Course
    places: tuple[Place, ...]
    counties: tuple[County, ...]
    known: tuple[Known, ...]
    orders: tuple[GivenOrder, ...]
    tasks: tuple[Task, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number. `amount` is None where no place gave a number that still holds. `oldest` is the instant of the
    oldest number in it; `counted` of `asked` places are in it, the others are unknown."""

    kind: FigureKind
    amount: int | None
    oldest: datetime | None
    counted: int
    asked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceLine:
    """One place of care as the table of resources shows it: what is known of each resource, None if never reported."""

    place: Place
    values: tuple[Known | None, ...]
    silent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """The situation of one incident. `waiting` are orders that wait for their second signature, oldest first."""

    cut_off: datetime
    figures: tuple[Figure, ...]
    silent: tuple[County, ...]
    lines: tuple[PlaceLine, ...]
    waiting: tuple[GivenOrder, ...]
    in_force: tuple[GivenOrder, ...]
    overdue: tuple[Task, ...]

    def figure(self, kind: FigureKind) -> Figure:
        """Return the figure of a kind."""
        return next(figure for figure in self.figures if figure.kind is kind)


def situation(snapshot: Snapshot) -> Situation:
    """Compute the situation at the snapshot's cut-off. The same snapshot always gives the same answer."""
    at = snapshot.cut_off
    values = {(one.facility, one.resource): one for one in snapshot.known}
    overdue = tuple(task for task in snapshot.tasks if task.overdue(at))
    lines = tuple(_line(place, values) for place in snapshot.places)
    orders = sorted(snapshot.orders, key=lambda given: given.order.ordered_at)
    return Situation(
        cut_off=at,
        figures=(
            _beds(FigureKind.ICU_FREE, snapshot.places, values),
            _beds(FigureKind.ISOLATION_FREE, snapshot.places, values),
            _oxygen(snapshot.places, values),
            Figure(
                kind=FigureKind.TASKS_OVERDUE,
                amount=len(overdue),
                oldest=at,
                counted=len(snapshot.tasks),
                asked=len(snapshot.tasks),
            ),
        ),
        silent=silent(snapshot, lines),
        lines=lines,
        waiting=tuple(given for given in orders if given.standing(at) is Standing.WAITING),
        in_force=tuple(given for given in orders if given.standing(at) in (Standing.IN_FORCE, Standing.COMING)),
        overdue=overdue,
    )


def silent(snapshot: Snapshot, lines: Iterable[PlaceLine]) -> tuple[County, ...]:
    """Return the counties that say nothing: no count of cases came, or no place of care there has a number that holds.

    A county with no place of care is silent only for want of its counts.
    """
    heard: dict[str, bool] = {}
    for line in lines:
        heard[line.place.county] = heard.get(line.place.county, False) or not line.silent
    quiet = {county for county, any_heard in heard.items() if not any_heard}
    quiet |= {cell.area for cell in snapshot.course.figures.areas if cell.silent}
    return tuple(county for county in snapshot.counties if county.code in quiet)


def _line(place: Place, values: dict[tuple[str, Resource], Known]) -> PlaceLine:
    found = tuple(values.get((place.facility, resource)) for resource in Resource)
    return PlaceLine(place=place, values=found, silent=all(one is None or one.amount is None for one in found))


def _beds(kind: FigureKind, places: tuple[Place, ...], values: dict[tuple[str, Resource], Known]) -> Figure:
    free, instants = [], []
    for place in places:
        staffed, occupied = (values.get((place.facility, resource)) for resource in _BEDS[kind.value])
        if staffed and occupied and staffed.amount is not None and occupied.amount is not None:
            free.append(max(0, staffed.amount - occupied.amount))
            instants += [staffed.as_of, occupied.as_of]
    return Figure(
        kind=kind,
        amount=sum(free) if free else None,
        oldest=min(instants, default=None),
        counted=len(free),
        asked=len(places),
    )


def _oxygen(places: tuple[Place, ...], values: dict[tuple[str, Resource], Known]) -> Figure:
    days = [values.get((place.facility, Resource.OXYGEN_DAYS)) for place in places]
    good = [(one.amount, one.as_of) for one in days if one is not None and one.amount is not None]
    return Figure(
        kind=FigureKind.SHORT_OF_OXYGEN,
        amount=sum(left < SHORT_OF_OXYGEN_DAYS for left, _ in good) if good else None,
        oldest=min((as_of for _, as_of in good), default=None),
        counted=len(good),
        asked=len(places),
    )

"""Who is connected, what share of the core data set arrives and how late; and a facility's report on its own sending.

All of it are counts that were kept as things arrived. The page for anybody says nothing of fewer than five of a kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from salus import command, parties
from salus.access import Action, Kind
from salus.app.facts import decide, refuse
from salus.app.node import Node
from salus.kernel import civil_day
from salus.parties import Facility, Principal
from salus.records import arriving
from salus.records.arriving import Arrivals, Connection, Element, TurnedAway
from salus.storage import Duty

WINDOW: Final = timedelta(days=90)
ARRIVES_PERCENT: Final = 80
"""An element of the core set arrives where so many of the resources of its type carry it."""
FEWEST: Final = 5
"""Of fewer than so many nothing is said where it leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """Within how many days half, and nine of ten, of the new resources arrived; `of` is how many those are."""

    median_days: int
    ninth_decile_days: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """One facility as anybody may see it. `first` is None where nothing ever came.

    `arriving` of the `expected` elements of its level arrive; `delay` is None where too little came to say. `beds` are
    those that it stated as staffed within the last day, of all kinds, as of `beds_at`.
    """

    facility: Facility
    first: date | None
    last: date | None
    ways: tuple[str, ...]
    arriving: int
    expected: int
    delay: Delay | None
    beds: int | None = None
    beds_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """All facilities that give care, by county; `since` and `until` are the days that shares and delays are of."""

    since: date
    until: date
    facilities: tuple[Covered, ...]

    @property
    def connected(self) -> int:
        """How many ever sent something."""
        return sum(one.first is not None for one in self.facilities)


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    """Of how many resources of its type how many carry an element of the core set."""

    element: Element
    carrying: int
    resources: int

    @property
    def percent(self) -> int | None:
        """The share in whole percent, rounded down; None where no resource of the type came."""
        return self.carrying * 100 // self.resources if self.resources else None

    @property
    def arrives(self) -> bool:
        """Tell whether the element arrives."""
        return self.resources >= FEWEST and self.carrying * 100 >= ARRIVES_PERCENT * self.resources


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityReport:
    """What a facility sent in some days, for those who work there: exact, since it is their own.

    `odd` are Patients that were stored as they were sent with something odd in them, by what it is.
    """

    facility: Facility
    since: date
    until: date
    connections: tuple[Connection, ...]
    resources: Mapping[str, int]
    completeness: tuple[Completeness, ...]
    delays: Mapping[str, Delay]
    again: Mapping[str, int]
    odd: Mapping[str, int]
    turned_away: tuple[TurnedAway, ...]

    @property
    def arriving(self) -> int:
        """How many elements of the core set arrive."""
        return sum(one.arrives for one in self.completeness)

    @property
    def missing(self) -> tuple[Completeness, ...]:
        """The elements that do not arrive, those of the lowest level first: what to do next."""
        return tuple(sorted((one for one in self.completeness if not one.arrives), key=lambda one: one.element.level))


def coverage(node: Node) -> Coverage:
    """Return who is connected, and how well, for anybody. Made once a minute at most."""
    now = node.clock.now()
    return node.memory.recall("coverage", now.replace(second=0, microsecond=0), lambda: _coverage(node))


def quality(node: Node, who: Principal, days: int = WINDOW.days) -> QualityReport:
    """Return a facility's report to one who works there, or to its system. Raises Refused."""
    if who.facility is None or not decide(node, who, Action.READ_QUALITY, Kind.COUNTS, own_facility=True).allowed:
        raise refuse(node, who, Action.READ_QUALITY, "a report on what a facility sends is for those who work there")
    return quality_of(node, who.facility, days)


def quality_of(node: Node, facility_id: str, days: int = WINDOW.days) -> QualityReport:
    """Return a facility's report to the operator at the machine."""
    place, until = node.facility(facility_id), civil_day(node.clock.now())
    since = until - timedelta(days=days - 1)
    with node.store.transaction(Duty.CARE) as tx:
        connections = arriving.connections(tx, facility_id)
        came = arriving.arrivals(tx, since, until, facility_id).get(facility_id, Arrivals(facility=facility_id))
        refused = arriving.turned_away(tx, facility_id, since, until)
    delays = {name: _delay(came.delays[name]) for name in sorted(came.delays)}
    return QualityReport(
        facility=place,
        since=since,
        until=until,
        connections=tuple(connections),
        resources=dict(sorted(came.resources.items())),
        completeness=_completeness(place, came),
        delays={name: delay for name, delay in delays.items() if delay},
        again=dict(sorted(came.again.items())),
        odd=dict(sorted(came.odd.items(), key=lambda one: (-one[1], one[0]))),
        turned_away=tuple(refused),
    )


def quality_told(report: QualityReport) -> dict[str, Any]:
    """Return a report as JSON can hold it."""
    return {
        "salus": "quality/1",
        "facility": report.facility.facility_id,
        "level": report.facility.level,
        "sandbox": report.facility.sandbox,
        "since": report.since.isoformat(),
        "until": report.until.isoformat(),
        "connections": [
            {"way": one.source, "first": one.first.isoformat(), "last": one.last.isoformat(), "entries": one.entries}
            for one in report.connections
        ],
        "arriving": report.arriving,
        "expected": len(report.completeness),
        "elements": [
            {"element": one.element.key, "level": one.element.level, "source": one.element.source,
             "carrying": one.carrying, "resources": one.resources, "arrives": one.arrives}
            for one in report.completeness
        ],
        "types": [
            {"type": name, "resources": n, "again": report.again.get(name, 0), **_days(report.delays.get(name))}
            for name, n in report.resources.items()
        ],
        "odd": [{"odd": kind, "patients": n} for kind, n in report.odd.items()],
        "refused": [
            {"day": one.day.isoformat(), "way": one.source, "code": one.code, "detail": one.detail,
             "entries": one.entries}
            for one in report.turned_away
        ],
    }  # fmt: skip


def _days(delay: Delay | None) -> dict[str, int | None]:
    return {
        "median_days": delay.median_days if delay else None,
        "ninth_decile_days": delay.ninth_decile_days if delay else None,
    }


def _coverage(node: Node) -> Coverage:
    until = civil_day(node.clock.now())
    since = until - WINDOW + timedelta(days=1)
    places = [place for place in parties.facilities(node.store) if place.care]
    with node.store.transaction(Duty.CARE) as tx:
        connections = arriving.connections(tx)
        arrived = arriving.arrivals(tx, since, until)
    by_facility: dict[str, list[Connection]] = {}
    for one in connections:
        by_facility.setdefault(one.facility, []).append(one)
    beds = _beds(node, [place.facility_id for place in places])
    found = [
        _covered(place, by_facility.get(place.facility_id, ()), arrived.get(place.facility_id), beds)
        for place in sorted(places, key=lambda place: (place.county, place.facility_id))
    ]
    return Coverage(since=since, until=until, facilities=tuple(found))


def _beds(node: Node, facilities: Sequence[str]) -> dict[str, tuple[int, datetime]]:
    """Return how many beds of all kinds were stated as staffed, and the oldest instant among them.

    Capacity alone: how many are occupied can be a count of few people, and stays in the command room.
    """
    found: dict[str, tuple[int, datetime]] = {}
    with node.store.transaction(Duty.COMMAND) as tx:
        for one in command.known_at(tx, facilities, node.clock.now()):
            if one.resource.endswith("-beds-staffed") and one.amount is not None:
                beds, at = found.get(one.facility, (0, one.as_of))
                found[one.facility] = beds + one.amount, min(at, one.as_of)
    return found


def _covered(
    place: Facility,
    connections: Sequence[Connection],
    came: Arrivals | None,
    stated: Mapping[str, tuple[int, datetime]],
) -> Covered:
    known = came or Arrivals(facility=place.facility_id)
    together: Counter[int] = Counter()
    for delays in known.delays.values():
        together.update(delays)
    delay = _delay(together)
    complete = _completeness(place, known)
    beds, beds_at = stated.get(place.facility_id, (None, None))
    return Covered(
        facility=place,
        first=min((one.first for one in connections), default=None),
        last=max((one.last for one in connections), default=None),
        ways=tuple(one.source for one in connections),
        arriving=sum(one.arrives for one in complete),
        expected=len(complete),
        delay=delay if delay and delay.of >= FEWEST else None,
        beds=beds,
        beds_at=beds_at,
    )


def _completeness(place: Facility, came: Arrivals) -> tuple[Completeness, ...]:
    return tuple(
        Completeness(
            element=one,
            carrying=came.carrying.get((one.type, one.name), 0),
            resources=came.resources.get(one.type, 0),
        )
        for one in (arriving.core_set(place.level) if place.kind.care else ())
    )


def _delay(delays: Mapping[int, int]) -> Delay | None:
    median, ninth = arriving.quantile(delays, 0.5), arriving.quantile(delays, 0.9)
    if median is None or ninth is None:
        return None
    return Delay(median_days=median, ninth_decile_days=ninth, of=sum(delays.values()))


__all__ = [
    "ARRIVES_PERCENT",
    "FEWEST",
    "WINDOW",
    "Completeness",
    "Coverage",
    "Covered",
    "Delay",
    "QualityReport",
    "coverage",
    "quality",
    "quality_of",
    "quality_told",
]

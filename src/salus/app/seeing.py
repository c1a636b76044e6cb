"""What a principal may see of whose charts: the sight without which no body is opened, made in one place.

A facility sees under an open care relation what its resident did not close, and always what it wrote itself; a resident
sees all of the own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from salus import access, identity, records
from salus.access import EVERY_CLASS, EVERYTHING, Sight
from salus.app.node import Node
from salus.parties import Principal
from salus.records import Unclassed
from salus.storage import Transaction

Pair = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How facilities stand to residents at an instant: which care relations are open, and what is closed in them.

    `opened` is what of that residents opened though, by facility and chart. `steps` is how many of the three steps of
    finding it out were run: see `look_for_nobody`.
    """

    open: frozenset[Pair]
    closed: Mapping[Pair, int]
    opened: Mapping[Pair, int] = field(default_factory=dict)
    steps: int = 0

    def denied(self, facility: str | None, resident: int | None) -> bool:
        """Tell whether a resident closed to this facility everything that others wrote."""
        known = facility is not None and resident is not None
        return known and bool(self.closed.get((facility or "", resident or 0), 0) & EVERYTHING)

    def sight(
        self, facility: str | None, whose: Mapping[int, int | None], keepers: Mapping[int, str] | None = None
    ) -> Sight:
        """Return what a facility may see of charts: chart -> its resident. Without an open relation its own alone."""
        closed = {resident: bits for (at, resident), bits in self.closed.items() if at == facility}
        opened = {chart: bits for (at, chart), bits in self.opened.items() if at == facility}
        return access.sight(facility, whose, closed, keepers, opened)


NONE = Standing(open=frozenset(), closed=MappingProxyType({}))


def standing(tx: Transaction, pairs: Iterable[tuple[str | None, int | None]], at: datetime) -> Standing:
    """Find out how these facilities and residents stand, under whatever key a relation was opened or something closed.

    What somebody opened, they opened in the charts that go with the own identifier by number, as a measure does: a
    wrong link must not open one person's record by another's word.
    """
    wanted = {(facility, resident) for facility, resident in pairs if facility is not None and resident is not None}
    if not wanted:
        return NONE
    known = identity.known_as_each(tx, sorted({resident for _, resident in wanted}))
    under = {(facility, key): (facility, now) for facility, now in wanted for key in known.get(now, (now,))}
    found = frozenset(under[pair] for pair in access.relations(tx, sorted(under), at))
    asked = {(facility, now): known.get(now, (now,)) for facility, now in sorted(found)}
    if not asked:
        return Standing(open=found, closed=NONE.closed, steps=1)
    return _said(tx, found, asked, at)


def _said(tx: Transaction, found: frozenset[Pair], asked: Mapping[Pair, Sequence[int]], at: datetime) -> Standing:
    """Add to the relations that were found what is closed to the pairs that are asked for, and opened though."""
    closed, said = access.closed_classes(tx, asked, at)
    charts = identity.charts_by_number(tx, sorted({key for _, key in said})) if said else {}
    opened: dict[Pair, int] = {}
    for (facility, key), bits in said.items():
        for chart in charts.get(key, ()):
            opened[facility, chart] = opened.get((facility, chart), 0) | bits
    steps = 3 if said else 2
    return Standing(open=found, closed=MappingProxyType(closed), opened=MappingProxyType(opened), steps=steps)


NOBODY = 0
"""The key of no resident and of no chart."""


def look_for_nobody(tx: Transaction, facility: str | None, steps: int, at: datetime) -> None:
    """Run the steps of `standing` that were not run, for nobody.

    What is closed and what is missing then take the same statements, so that no clock tells them apart.
    """
    at_home = facility or ""
    if steps < 1:
        identity.known_as_each(tx, [NOBODY])
        access.relations(tx, [(at_home, NOBODY)], at)
    if steps < 2:
        access.closed_classes(tx, {(at_home, NOBODY): (NOBODY,)}, at)
    if steps < 3:
        identity.charts_by_no_number(tx)


def sight_of(tx: Transaction, node: Node, who: Principal, charts: Collection[int], at: datetime) -> Sight:
    """Return what a principal's facility may see of charts now. Ask it in the transaction that reads them.

    For whatever reads others' records: searches, summaries, histories, all of a record. A resident takes `own_sight`.
    Raises Unclassed while the charts are being prepared.
    """
    sight = _sight(tx, who, charts, at)
    check_classed(tx, node, sight)
    return sight


def emergency_sight(
    tx: Transaction, node: Node, facility: str, resident: int, charts: Collection[int], at: datetime
) -> Sight:
    """Return what a care relation would show of one resident's charts, where an emergency stands in for it.

    What is closed stays closed: by law, and by its resident. Ask policy first. Raises Unclassed as `sight_of` does.
    """
    known = identity.known_as_each(tx, [resident])
    stands = _said(tx, frozenset(), {(facility, resident): known.get(resident, (resident,))}, at)
    sight = stands.sight(facility, dict.fromkeys(charts, resident))
    check_classed(tx, node, sight)
    return sight


def sight_so_far(tx: Transaction, node: Node, who: Principal, charts: Collection[int], at: datetime) -> Sight:
    """Return the same, also while charts are being prepared: what waits is not shown, and is prepared before others.

    For who somebody is, at a desk, and for nothing clinical: there what is left out may be an allergy.
    """
    sight = _sight(tx, who, charts, at)
    node.wanted.update(records.charts_waiting(tx, list(sight.closed), sight.facility))
    return sight


def _sight(tx: Transaction, who: Principal, charts: Collection[int], at: datetime) -> Sight:
    whose = identity.residents_of(tx, sorted(charts)) if charts else {}
    stands = standing(tx, [(who.facility, resident) for resident in whose.values()], at)
    return stands.sight(who.facility, {chart: whose.get(chart) for chart in charts})


@dataclass(frozen=True, slots=True)
class Eyes:
    """What is there for somebody who writes, of what others wrote."""

    node: Node
    who: Principal
    at: datetime

    def closed(self, tx: Transaction, found: Sequence[tuple[int, str, int | None]], *, missing: bool) -> list[bool]:
        """Tell of resources, (chart, facility, classes), which are as if they were not there.

        Without an open care relation that is all that others wrote. Raises Unclassed where classes that wait decide it.
        Where something else is `missing`, or is closed, all is asked that can be asked, if need be of nobody.
        """
        whose = identity.residents_of(tx, sorted({chart for chart, _, _ in found} or {NOBODY}))
        stands = standing(tx, [(self.who.facility, resident) for resident in whose.values()], self.at)
        sight = stands.sight(self.who.facility, {chart: whose.get(chart) for chart, _, _ in found})
        unknown = [(chart, at) for chart, at, classes in found if classes is None and not sight.shows(chart, at, None)]
        if waiting := [chart for chart, at in unknown if sight.shows(chart, at, 0)]:
            raise unclassed(self.node, waiting)
        closed = [not sight.shows(chart, at, classes) for chart, at, classes in found]
        if missing or any(closed):
            look_for_nobody(tx, self.who.facility, stands.steps, self.at)
        return closed


def check_classed(tx: Transaction, node: Node, sight: Sight) -> None:
    """Raise Unclassed where it is not yet worked out what a sight shows: neither showing nor leaving out is right."""
    wanted = [chart for chart, closed in sight.closed.items() if closed and not closed & EVERYTHING]
    if waiting := records.charts_waiting(tx, wanted, sight.facility):
        raise unclassed(node, waiting)


def unclassed(node: Node, charts: Collection[int]) -> Unclassed:
    """Have charts prepared before others, and return what to raise meanwhile."""
    node.wanted.update(charts)
    return Unclassed(charts)


def own_sight(charts: Iterable[int]) -> Sight:
    """Return all there is in charts, for the resident whose they are. Ask policy first."""
    return access.whole(charts)


def unnamed_sight(facility: str | None, whose: Mapping[int, int | None]) -> Sight:
    """Return what of charts may decide a facility's lists and numbers: its own, and of others what is not sensitive."""
    return access.sight(facility, whose, {resident: int(EVERY_CLASS) for resident in whose.values() if resident})


def listed_sight(tx: Transaction, facility: str, whose: Mapping[int, int], at: datetime) -> Sight:
    """Return the same, and nothing that others wrote of residents who closed everything to the facility."""
    known = identity.known_as_each(tx, sorted(set(whose.values()))) if whose else {}
    asked = {(facility, resident): keys for resident, keys in known.items()}
    said = access.closed_classes(tx, asked, at)[0] if asked else {}
    closed = {resident: bits | EVERY_CLASS for (_, resident), bits in said.items()}
    return access.sight(facility, whose, closed)


def own_facility_sight(facility: str | None, charts: Iterable[int] = ()) -> Sight:
    """Return what a facility wrote itself, and nothing else of the charts that are named. Ask policy first."""
    return access.sight(facility, dict.fromkeys(charts), {})

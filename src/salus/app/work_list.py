"""Whom a facility keeps the record of and who is due for follow-up; and how many, as numbers. Nothing follows from it.

A line rests on the facility's own charts alone: what others wrote takes a care relation. Each line is registered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from salus import access, identity, parties, records
from salus.access import Action, Kind, Read, Sight
from salus.app.facts import decide, read_by, refuse
from salus.app.node import Node
from salus.app.seeing import listed_sight, own_facility_sight, standing
from salus.kernel import civil_day
from salus.parties import Principal
from salus.records import Located, following, population
from salus.records.following import Followed, How, Item
from salus.records.population import Keeping, suppressed
from salus.storage import Duty, Transaction

LINES, LOOKED_AT, PAGE = 25, 2_000, 250
"""How many lines a page has at most, how many charts are looked at for it, and how many of them at once."""
_NOT_YOURS = "the work list is for clinicians of a place of care, of residents whose record it keeps"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One resident who is due for something: the name and age that the facility's own record has, and what."""

    name: str | None = field(repr=False)
    age_years: int | None
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptElsewhere:
    """One resident whose record the facility declares to keep, while another declares it since a later day.

    Which one, and since when, is told while a care relation is open: a list alone says not where somebody is now.
    """

    name: str | None = field(repr=False)
    facility: str | None
    since: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkList:
    """A page of whom a facility has to offer a visit, and of whose record another facility says that it keeps it now.

    `after` is where the next page begins, None at the end.
    """

    lines: tuple[Due, ...]
    taken: tuple[KeptElsewhere, ...]
    looked_at: int
    after: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A plan at one facility: how many residents it applies to, and how many are up to date, due or overdue for it.

    None is a figure from 1 to 4, or one that would give such a figure away.
    """

    facility: str
    plan: str
    people: int | None
    up_to_date: int | None
    due: int | None
    overdue: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """A resident whose record a facility keeps: the own charts, the own statement of birth and sex, and the plans.

    Of one whose record another keeps by now, `taken` is that one's declaration, and nothing is due here.
    """

    key: int
    chart: int
    charts: tuple[int, ...]
    born: date | None
    dead: bool
    followed: tuple[Followed, ...]
    taken: Keeping | None = None


def work_list(node: Node, who: Principal, after: int = 0) -> WorkList:
    """Return a page of residents who are due for something. Each line is in its resident's register.

    Raises Refused, and Unavailable until the charts of an earlier release are counted: some would be missing.
    """
    at = node.clock.now()
    decision = decide(node, who, Action.READ_WORK_LIST, Kind.RECORD, own_facility=True)
    if not decision.allowed or who.facility is None:
        raise refuse(node, who, Action.READ_WORK_LIST, _NOT_YOURS)
    with node.store.transaction(Duty.CARE) as tx:
        population.check_surveyed(tx)
        found, looked_at, last = _page(tx, node, who.facility, after, civil_day(at))
        sight = own_facility_sight(who.facility, [one.chart for one in found])
        people = {one.chart_key: one for one in records.patients(tx, sight)}
        if found:
            access.register(tx, [_read(who, one, decision.ground, at) for one in found])
        stands = standing(tx, [(who.facility, one.key) for one in found if one.taken], at)
    keys = node.keys.unwrap_left(sorted(people))
    lines = tuple(_line(one, people.get(one.chart), keys, sight, civil_day(at)) for one in found if one.taken is None)
    taken = tuple(
        _elsewhere(_name(people.get(one.chart), keys, sight), one.taken, (who.facility, one.key) in stands.open)
        for one in found
        if one.taken is not None
    )
    return WorkList(lines=lines, taken=taken, looked_at=looked_at, after=last)


def shares(node: Node, facility: str | None = None) -> list[Share]:
    """Return, for each facility that keeps records, or one, how follow-up goes there by plan: numbers, no persons.

    Raises Unavailable until the charts of an earlier release are counted.
    """
    today = civil_day(node.clock.now())
    wanted = [one.facility_id for one in parties.facilities(node.store) if one.care]
    with node.store.transaction(Duty.CARE) as tx:
        population.check_surveyed(tx)
    found = []
    for one in wanted if facility is None else [facility]:
        people: dict[str, Counter[str]] = {}
        with node.store.transaction(Duty.CARE) as tx:
            for page in _pages(tx, node, one, 0, today):
                for kept in page[0]:
                    for plan in () if kept.dead else kept.followed:
                        people.setdefault(plan.plan.key, Counter())[_worst(plan)] += 1
        found += [_share(one, plan.key, people[plan.key]) for plan in node.plans if plan.key in people]
    return found


def _share(facility: str, plan: str, counts: Counter[str]) -> Share:
    shown = suppressed({name: counts[name] for name in ("up-to-date", "due", "overdue")})
    people = suppressed({"people": counts.total()})["people"]
    return Share(
        facility=facility,
        plan=plan,
        people=people,
        up_to_date=shown["up-to-date"],
        due=shown["due"],
        overdue=shown["overdue"],
    )


def _worst(plan: Followed) -> str:
    hows = {one.how for one in plan.items}
    return "overdue" if How.OVERDUE in hows else "due" if How.DUE in hows else "up-to-date"


def _page(tx: Transaction, node: Node, facility: str, after: int, today: date) -> tuple[list[_Kept], int, int | None]:
    """Return residents who are due for something or kept elsewhere now, how many were looked at, and where to go on."""
    due: list[_Kept] = []
    looked_at = charts = 0
    for kept, last, held in _pages(tx, node, facility, after, today):
        charts += held
        for one in kept:
            looked_at += one.taken is None
            if one.taken or (not one.dead and any(plan.open for plan in one.followed)):
                due.append(one)
                if len(due) == LINES:
                    return due, looked_at, one.chart
        if charts >= LOOKED_AT:
            return due, looked_at, last
    return due, looked_at, None


def _pages(
    tx: Transaction, node: Node, facility: str, after: int, today: date
) -> Iterator[tuple[list[_Kept], int, int]]:
    """Yield pages of a facility's charts: the residents it keeps the record of, the last chart, and how many charts."""
    while charts := population.charts_kept(tx, facility, after, PAGE):
        yield _kept(tx, node, facility, charts, today), charts[-1], len(charts)
        after = charts[-1]


def _kept(tx: Transaction, node: Node, facility: str, charts: Sequence[int], today: date) -> list[_Kept]:
    """Return those of these charts' residents whose record the facility keeps today, each with its first such chart."""
    people = identity.residents(tx, sorted(set(identity.residents_of(tx, charts).values())))
    everything = sorted({chart for one in people.values() for chart in one.charts})
    whose = {chart: person.key for person in people.values() for chart in person.charts}
    kept, taken = population.kept_by(tx, listed_sight(tx, facility, whose, node.clock.now()), today, whose)
    own = records.patients_at(tx, everything, facility)
    vitals = population.vitals_of(tx, sorted(own))
    marks = following.marks(tx, node.custodian, own_facility_sight(facility, sorted(own)))
    found = []
    for chart in charts:
        person = next((one for one in people.values() if chart in one.charts), None)
        if person is not None and taken.get(person.key, (0,))[0] == chart:
            found.append(_taken(person.key, chart, taken[person.key][1]))
        if person is None or kept.get(person.key) != chart:
            continue
        mine = tuple(one for one in person.charts if one in own)
        told = population.told_by([vitals[one] for one in mine if one in vitals])
        born = told.born and population.last_day(told.born)
        seen = [mark for one in mine for mark in marks.get(one, ())]
        followed = tuple(following.follow(node.plans, born, told.sex, seen, today))
        dead = told.died is not None
        found.append(_Kept(key=person.key, chart=chart, charts=mine, born=born, dead=dead, followed=followed))
    return found


def _taken(key: int, chart: int, taken: Keeping) -> _Kept:
    return _Kept(key=key, chart=chart, charts=(chart,), born=None, dead=False, followed=(), taken=taken)


def _elsewhere(name: str | None, taken: Keeping, is_open: bool) -> KeptElsewhere:
    told = (taken.facility, taken.since) if is_open else (None, None)
    return KeptElsewhere(name=name, facility=told[0], since=told[1])


def _name(patient: Located | None, keys: dict[int, bytes], sight: Sight) -> str | None:
    return records.patient_name(patient, keys, sight) if patient else None


def _line(one: _Kept, patient: Located | None, keys: dict[int, bytes], sight: Sight, today: date) -> Due:
    items = tuple(item for plan in one.followed for item in plan.open)
    years = None
    if one.born:
        years = today.year - one.born.year - ((today.month, today.day) < (one.born.month, one.born.day))
    return Due(name=_name(patient, keys, sight), age_years=years, items=items)


def _read(who: Principal, one: _Kept, ground: str, at: datetime) -> Read:
    return read_by(
        who,
        resident_key=one.key,
        chart_keys=one.charts,
        what="follow-up",
        count=sum(len(plan.open) for plan in one.followed),
        action=Action.READ_WORK_LIST,
        ground=ground,
        unwraps=1,
        at=at,
    )


__all__ = ["Due", "KeptElsewhere", "Share", "WorkList", "shares", "work_list"]

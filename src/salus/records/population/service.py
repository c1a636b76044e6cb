"""The population register's verbs: note what arrives, count residents at the end of a month. No person leaves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from salus.identity import residents, residents_of
from salus.records.following.topics import TYPES
from salus.records.population import counting, store
from salus.records.population.model import Change, Denominator, Keeping, Vital, keeper
from salus.records.population.reading import keeping_of, vital_of
from salus.storage import Transaction

PAGE = 10_000


def note(tx: Transaction, facility: str, at: datetime, written: Sequence[tuple[int, int, Mapping[str, Any]]]) -> None:
    """Note what written resources say: (resource key, chart key, resource). In the transaction that writes them."""
    vitals = {
        chart: vital_of(chart, facility, resource, at)
        for _, chart, resource in written
        if resource["resourceType"] == "Patient"
    }
    if vitals:
        store.replace_vitals(tx, list(vitals.values()))
    declaring = [one for one in written if one[2]["resourceType"] == "EpisodeOfCare"]
    if declaring:
        rows = [keeping_of(key, chart, facility, resource, at) for key, chart, resource in declaring]
        store.replace_keepings(tx, [key for key, _, _ in declaring], [row for row in rows if row])


def denominators(tx: Transaction, month: date, counties: Mapping[str, str]) -> list[Denominator]:
    """Return how many residents there were at the end of a month by county, sex and band of ages.

    `counties` says in which county each facility lies. A resident counts once, however many charts there are; in the
    county of whoever then kept the record, by what is known now. Exact figures: suppress them where they leave.
    """
    cells = Counter(counting.cell(one, month, counties) for one in _everybody(tx) if counting.lives(one, month))
    return counting.table(cells, month)


def changes(tx: Transaction, month: date, counties: Mapping[str, str]) -> list[Change]:
    """Return births, deaths and moves of one month in each county, with the population before and after."""
    gathered = counting.Changes(month=month, counties=counties)
    for one in _everybody(tx):
        gathered.add(one)
    return gathered.table()


def keepings_of(tx: Transaction, chart_keys: Sequence[int]) -> list[Keeping]:
    """Return who declared to keep the record of these charts' resident."""
    return store.keepings_of(tx, chart_keys)


def charts_kept(tx: Transaction, facility: str, after: int, most: int) -> list[int]:
    """Return the next of a facility's charts in which it declared, now or once, that it keeps the record."""
    return store.charts_kept(tx, facility, after, most)


def kept_by(
    tx: Transaction, chart_keys: Sequence[int], facility: str, day: date, whose: Mapping[int, int]
) -> dict[int, int]:
    """Return each resident whose record the facility keeps on a day, with the chart in which it says so.

    `whose` says whose each chart is, and all charts of each of them are among these.
    """
    declared: dict[int, list[Keeping]] = {}
    for one in store.keepings_of(tx, chart_keys):
        declared.setdefault(whose[one.chart_key], []).append(one)
    found = {resident: keeper(keepings, day) for resident, keepings in declared.items()}
    return {resident: one.chart_key for resident, one in found.items() if one and one.facility == facility}


def vitals_of(tx: Transaction, chart_keys: Sequence[int]) -> dict[int, Vital]:
    """Return what these charts say of birth, sex and death."""
    return {one.chart_key: one for one in store.vitals_of(tx, chart_keys)}


def unsurveyed(tx: Transaction, after: int, most: int) -> tuple[list[int], int | None]:
    """Return which of the next `most` charts were never noted, and the last of them looked at; None at the end."""
    return store.unsurveyed(tx, after, most)


def surveyed(tx: Transaction, chart: int) -> list[UUID]:
    """Return the resources of a chart that the register and follow-up look at."""
    return store.resources_of(tx, chart, ("Patient", "EpisodeOfCare", *TYPES))


def _everybody(tx: Transaction) -> Iterator[counting.Counted]:
    """Yield each resident once, a page of charts at a time: with the first of their charts that says anything."""
    last = 0
    while page := store.vitals_after(tx, last, PAGE):
        whose = residents_of(tx, [one.chart_key for one in page])
        people = residents(tx, sorted(set(whose.values())))
        charts = sorted({chart for person in people.values() for chart in person.charts})
        vitals = {one.chart_key: one for one in store.vitals_of(tx, charts)}
        kept: dict[int, list[Keeping]] = {}
        for one in store.keepings_of(tx, charts):
            kept.setdefault(one.chart_key, []).append(one)
        for person in people.values():
            stated = [vitals[chart] for chart in person.charts if chart in vitals]
            if last < min(one.chart_key for one in stated) <= page[-1].chart_key:
                yield counting.resident(stated, [one for chart in person.charts for one in kept.get(chart, ())])
        last = page[-1].chart_key


__all__ = [
    "changes",
    "charts_kept",
    "denominators",
    "keepings_of",
    "kept_by",
    "note",
    "surveyed",
    "unsurveyed",
    "vitals_of",
]

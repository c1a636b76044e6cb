"""The population register's verbs: note what arrives, count residents at the end of a month. No person leaves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from salus.access.consent import Sight
from salus.identity import residents, residents_of
from salus.kernel import Invalid, Unavailable, civil_day
from salus.records.following.topics import TYPES
from salus.records.population import counting, publishing, store
from salus.records.population.model import (
    Change,
    Denominator,
    Keeping,
    Vital,
    keeper,
    month_after,
    month_before,
    month_of,
)
from salus.records.population.publishing import Published
from salus.records.population.reading import keeping_of, vital_of
from salus.storage import Transaction

PAGE = 10_000
_DEATHS = frozenset({"deceasedBoolean", "deceasedDateTime"})
LAYOUT = 1
"""Of what is noted. A new one lets all charts be surveyed again."""
MOST_SEALED_BYTES = 8 * 1024 * 1024
"""How many bytes of bodies are held while a chart is surveyed; one body of more is held alone."""


def note(tx: Transaction, facility: str, at: datetime, written: Sequence[tuple[int, int, Mapping[str, Any]]]) -> None:
    """Note what written resources say: (resource key, chart key, resource). In the transaction that writes them."""
    people = [(chart, resource) for _, chart, resource in written if resource["resourceType"] == "Patient"]
    dead = [chart for chart, resource in people if _DEATHS & resource.keys()]
    said = vitals_of(tx, dead) if dead else {}
    vitals = {chart: vital_of(chart, facility, resource, at, said.get(chart)) for chart, resource in people}
    if vitals:
        store.replace_vitals(tx, list(vitals.values()))
    declaring = [one for one in written if one[2]["resourceType"] == "EpisodeOfCare"]
    if declaring:
        keys = [key for key, _, _ in declaring]
        before = {one.resource_key: one for one in store.keepings(tx, keys)}
        rows = [keeping_of(key, chart, facility, body, at, before.get(key)) for key, chart, body in declaring]
        store.replace_keepings(tx, keys, [row for row in rows if row])


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


def figures_of(tx: Transaction, month: date, counties: Mapping[str, str]) -> list[Published]:
    """Return a month's figures as they leave the house: those that were published, else they are now, for good.

    `counties` says in which county each facility lies. Months are published in their order and none is passed over:
    those between are published, too. The first is the one before that in which the first record came, whoever asks for
    which. Raises Invalid for an earlier one, and Unavailable while charts of an earlier release wait to be surveyed.
    """
    found = store.published(tx, month)
    if found:
        return found
    check_surveyed(tx)
    store.lock_published(tx)
    newest = store.newest_published(tx)
    waiting = _unpublished(tx, newest, month)
    if not waiting and not store.published(tx, month):
        raise Invalid(
            f"there are no figures of {month:%Y-%m}, nor will there be: ask for later ones", code="SALUS-R063"
        )
    before = store.published(tx, newest) if newest else None
    for one, (table, changed) in _counted(tx, waiting, counties).items():
        before = publishing.publish(table, changed, before)
        store.add_published(tx, one, before)
    return store.published(tx, month)


def _unpublished(tx: Transaction, newest: date | None, until: date) -> list[date]:
    """Return the months that are to be published before one is, and that one, in order; none where it is too early."""
    opened = store.first_opened(tx)
    last = newest or (month_before(month_before(month_of(civil_day(opened)))) if opened else until)
    found = []
    while last < until:
        last = month_after(last)
        found.append(last)
    return found


def _counted(
    tx: Transaction, months: Sequence[date], counties: Mapping[str, str]
) -> dict[date, tuple[list[Denominator], list[Change]]]:
    """Return the denominators and the changes of months, in their order. Everybody is read once."""
    if not months:
        return {}
    cells = {month: Counter[counting.Cell]() for month in months}
    gathered = {month: counting.Changes(month=month, counties=counties) for month in months}
    for one in _everybody(tx):
        for month in months:
            gathered[month].add(one)
            if counting.lives(one, month):
                cells[month][counting.cell(one, month, counties)] += 1
    return {month: (counting.table(cells[month], month), gathered[month].table()) for month in months}


def keepings_of(tx: Transaction, sight: Sight) -> list[Keeping]:
    """Return who declared to keep the record of the resident whose charts a sight shows, as far as it shows that."""
    return store.keepings_seen(tx, sight)


def charts_kept(tx: Transaction, facility: str, after: int, most: int) -> list[int]:
    """Return the next of a facility's charts in which it declared, now or once, that it keeps the record."""
    return store.charts_kept(tx, facility, after, most)


def kept_by(
    tx: Transaction, sight: Sight, day: date, whose: Mapping[int, int]
) -> tuple[dict[int, int], dict[int, tuple[int, Keeping]]]:
    """Return each resident whose record the sight's facility keeps on a day, with the chart in which it says so.

    Also those whose record it says that it keeps while another facility does: the own chart, and the other's
    declaration. `whose` says whose each chart is, and all charts of each of them are among these. What is closed takes
    nobody over, nor what began before the own chart was opened: else a declaration since long ago would tell of it.
    """
    declared: dict[int, list[Keeping]] = {}
    for one in store.keepings_seen(tx, sight):
        declared.setdefault(whose[one.chart_key], []).append(one)
    own = {
        resident: last
        for resident, keepings in declared.items()
        if (last := keeper((one for one in keepings if one.facility == sight.facility), day))
    }
    opened = store.opened(tx, [one.chart_key for one in own.values()]) if own else {}
    kept: dict[int, int] = {}
    taken: dict[int, tuple[int, Keeping]] = {}
    for resident, mine in own.items():
        stands = keeper(declared[resident], day)
        if stands and stands.facility != sight.facility and stands.since > civil_day(opened[mine.chart_key]):
            taken[resident] = mine.chart_key, stands
        else:
            kept[resident] = mine.chart_key
    return kept, taken


def vitals_of(tx: Transaction, chart_keys: Sequence[int]) -> dict[int, Vital]:
    """Return what these charts say of birth, sex and death."""
    return {one.chart_key: one for one in store.vitals_of(tx, chart_keys)}


def check_surveyed(tx: Transaction) -> None:
    """Raise Unavailable while charts of an earlier release wait to be surveyed: figures would leave them out."""
    if store.unsurveyed(tx, LAYOUT) is not None:
        raise Unavailable("the records of an earlier release are being counted; ask again in some minutes")


def unsurveyed(tx: Transaction, most: int) -> tuple[list[int], int] | None:
    """Return the next charts to survey and how far that goes, of `most` looked at; None where all were surveyed."""
    store.begin(tx, LAYOUT)
    state = store.unsurveyed(tx, LAYOUT)
    if state is None:
        return None
    until, done = state
    return store.charts_between(tx, done, until, most)


def note_surveyed(tx: Transaction, last: int) -> None:
    """Note that every chart up to one was surveyed."""
    store.note_surveyed(tx, LAYOUT, last)


def surveyed(tx: Transaction, chart: int) -> list[list[UUID]]:
    """Return the resources of a chart that the register and follow-up look at, in parts to be opened one by one."""
    parts: list[list[UUID]] = []
    held = MOST_SEALED_BYTES
    for id_, size in store.resources_of(tx, chart, ("Patient", "EpisodeOfCare", *TYPES)):
        held += size
        if held > MOST_SEALED_BYTES:
            parts.append([])
            held = size
        parts[-1].append(id_)
    return parts


def forget(tx: Transaction, chart_keys: Sequence[int], resource_keys: Sequence[int]) -> None:
    """Forget what these charts say of birth, sex and death, and what these resources declare."""
    store.forget_vitals(tx, chart_keys)
    store.replace_keepings(tx, resource_keys, ())


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
    "check_surveyed",
    "denominators",
    "figures_of",
    "forget",
    "keepings_of",
    "kept_by",
    "note",
    "note_surveyed",
    "surveyed",
    "unsurveyed",
    "vitals_of",
]

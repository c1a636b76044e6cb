"""Count by day what hospitals sent: each resident once for each syndrome or disease, place and day.

Out come whole numbers. A resident is a key in here, for telling two apart, and never part of an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from salus.identity import residents_of
from salus.records import store
from salus.records.fhir.facts import CODE, token_of
from salus.records.fhir.occurrence import ADMITTED, FINDING
from salus.records.intake.tokens import token_digest
from salus.records.model import Counted, Sealer, Wanted
from salus.storage import Transaction

_SEEN, _ADMITTED = "seen", "admitted"
Marks = dict[str, set[int]]
"""What was seen of whom: residents by mark."""


def counts(
    tx: Transaction, sealer: Sealer, wanted: Sequence[Wanted], days: Sequence[date], counties: Mapping[str, str]
) -> list[Counted]:
    """Return exact counts of civil days, for each facility that sent something and for each county as a whole.

    `counties` says in which county each facility lies; others' are left out. A resident counts once in a facility, and
    once in a county, however often a message was sent, an episode was coded, or a hospital was visited that day. The
    denominator is all residents seen there that day; for a series of results, all who were tested.
    """
    digests, marks = _asked(sealer, wanted)
    rows = store.occurrences(tx, days, digests, list(range(len(marks))))
    whose = residents_of(tx, sorted({chart for _, chart, _, _ in rows}))
    seen: dict[date, dict[str, Marks]] = {}
    for day, chart, facility, mark in rows:
        if facility in counties and chart in whose:
            there = seen.setdefault(day, {}).setdefault(facility, {})
            there.setdefault(_SEEN if mark is None else marks[mark], set()).add(whose[chart])
    return [one for day in sorted(seen) for one in _of_day(wanted, day, seen[day], counties)]


def _of_day(
    wanted: Sequence[Wanted], day: date, facilities: Mapping[str, Marks], counties: Mapping[str, str]
) -> list[Counted]:
    places: dict[str, list[str]] = {}
    for facility in sorted(facilities):
        places.setdefault(counties[facility], []).append(facility)
    found: list[Counted] = []
    for county in sorted(places):
        for facility in places[county]:
            found += _count(wanted, day, county, facility, facilities[facility], 1)
        together = _together(facilities[facility] for facility in places[county])
        found += _count(wanted, day, county, None, together, len(places[county]))
    return found


def _asked(sealer: Sealer, wanted: Sequence[Wanted]) -> tuple[list[tuple[bytes, int, str]], list[str]]:
    """Return (digest, parameter, type) to look for, and what each marks."""
    digests, marks = [(token_digest(sealer, FINDING, ADMITTED), FINDING, "Encounter")], [_ADMITTED]
    for one in wanted:
        for system, code in one.codes:
            param, kind = (FINDING, "Observation") if one.results else (CODE, "Condition")
            digests.append((token_digest(sealer, param, token_of(system, code)), param, kind))
            marks.append(one.series)
            if one.results:
                digests.append((token_digest(sealer, CODE, token_of(system, code)), CODE, "Observation"))
                marks.append(_tested(one))
    return digests, marks


def _tested(one: Wanted) -> str:
    return f"{one.series}/tested"


def _together(several: Iterable[Marks]) -> Marks:
    whole: Marks = {}
    for seen in several:
        for mark, residents in seen.items():
            whole.setdefault(mark, set()).update(residents)
    return whole


def _count(
    wanted: Sequence[Wanted], day: date, county: str, facility: str | None, seen: Marks, reporting: int
) -> list[Counted]:
    found = []
    for one in wanted:
        cases = seen.get(one.series, set())
        if one.admitted:
            cases = cases & seen.get(_ADMITTED, set())
        among = seen.get(_tested(one) if one.results else _SEEN, set())
        found.append(
            Counted(
                series=one.series,
                day=day,
                county=county,
                facility=facility,
                count=len(cases),
                denominator=len(among),
                reporting=reporting,
            )
        )
    return found

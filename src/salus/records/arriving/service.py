"""Count what arrives and what is refused, from the outbox; answer who is connected and what came. No body is opened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Final

from salus.kernel import SalusError
from salus.records.arriving import store
from salus.records.arriving.model import Arrivals, Connection, TurnedAway
from salus.records.arriving.telling import digests_of
from salus.records.errors import RecordRefused
from salus.storage import Transaction

REMEMBERED: Final = timedelta(days=90)
"""For so long it is known what was sent, to tell when the same is sent again."""
IMPORT: Final = "import"
Reason = tuple[str, str]
"""Code of an error, and what is more exact: a rule, FHIR's issue code, a condition of HL7 v2, or nothing."""


def count(tx: Transaction, facility: str, source: str, day: date, entries: int, told: Mapping[str, Any]) -> None:
    """Count what the event of one acceptance tells. The caller sees to it that each event is counted once."""
    store.connect(tx, facility, source, day, entries)
    rows: Counter[tuple[str, str, str]] = Counter()
    for name, one in told.items():
        rows[name, "resource", ""] += int(one["all"])
        for element, carrying in one["has"].items():
            rows[name, "element", str(element)] += int(carrying)
        for days, late in one["late"].items():
            rows[name, "delay", str(int(days))] += int(late)
        for odd, times in one.get("odd", {}).items():
            rows[name, "odd", str(odd)] += int(times)
        digests = digests_of(one["sent"])
        again = len(digests) - len(store.add_sent(tx, facility, day, digests))
        if again:
            rows[name, "again", ""] += again
    if rows:
        store.add_arrived(tx, facility, source, day, [(*key, n) for key, n in sorted(rows.items())])


def turn_away(tx: Transaction, facility: str, source: str, day: date, reasons: Iterable[Reason]) -> None:
    """Count entries that were refused, one for each reason."""
    rows = Counter(reasons)
    if rows:
        store.add_turned_away(tx, facility, source, day, [(*key, n) for key, n in sorted(rows.items())])


def reasons(error: SalusError) -> list[Reason]:
    """Return, for each entry that an error is about, its code and the rule or FHIR's code of the first problem.

    These are words of ours; nothing of what was sent is among them.
    """
    if not isinstance(error, RecordRefused):
        return [(error.code, "")]
    first: dict[int | None, str] = {}
    for problem in error.problems:
        first.setdefault(problem.entry, problem.rule or problem.code)
    return [(error.code, detail) for detail in first.values()]


def connections(tx: Transaction, facility: str | None = None) -> list[Connection]:
    """Return by which ways facilities send, or one of them."""
    found = store.connections(tx) if facility is None else store.connections_of(tx, facility)
    return [
        Connection(facility=of, source=source, first=first, last=last, acceptances=times, entries=entries)
        for of, source, first, last, times, entries in found
    ]


def arrivals(tx: Transaction, since: date, until: date, facility: str | None = None) -> dict[str, Arrivals]:
    """Return what arrived from one day to another, both included, by facility."""
    rows = store.arrived(tx, since, until) if facility is None else store.arrived_of(tx, facility, since, until)
    found: dict[str, Arrivals] = {}
    for of, source, name, kind, detail, n in rows:
        _add(found.setdefault(of, Arrivals(facility=of)), source, name, kind, detail, n)
    return found


def turned_away(tx: Transaction, facility: str, since: date, until: date) -> list[TurnedAway]:
    """Return what was refused to a facility from one day to another, both included, the newest day first."""
    return [
        TurnedAway(day=day, source=source, code=code, detail=detail, entries=n)
        for day, source, code, detail, n in store.turned_away(tx, facility, since, until)
    ]


def forget_sent(tx: Transaction, today: date) -> int:
    """Forget what was sent longer ago than it is remembered; return how many."""
    return store.forget_sent(tx, today - REMEMBERED)


def _add(to: Arrivals, source: str, name: str, kind: str, detail: str, n: int) -> None:
    if kind == "resource":
        to.resources[name] = to.resources.get(name, 0) + n
    elif kind == "element":
        to.carrying[name, detail] = to.carrying.get((name, detail), 0) + n
    elif kind == "again":
        to.again[name] = to.again.get(name, 0) + n
    elif kind == "odd":
        to.odd[detail] = to.odd.get(detail, 0) + n
    elif source != IMPORT:
        delays = to.delays.setdefault(name, {})
        delays[int(detail)] = delays.get(int(detail), 0) + n

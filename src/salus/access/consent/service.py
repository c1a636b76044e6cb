"""Write down what residents say of their records; work out what of a chart a read may show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import reduce
from operator import or_
from types import MappingProxyType
from uuid import UUID

from salus.access.consent import store as sql
from salus.access.consent.model import EVERY_CLASS, EVERYTHING, Directive, Sight, closed_by, opened_by
from salus.storage import Transaction


def direct(tx: Transaction, directive: Directive) -> None:
    """Write a directive down; it holds from its `since` on. Ask `permit` first. Duty CARE."""
    sql.add(tx, directive)


def withdraw(tx: Transaction, id_: UUID, by: str, at: datetime) -> bool:
    """Take a directive back from `at` on, once; tell whether this did. Only its resident may: ask `permit` first."""
    return sql.withdraw(tx, id_, at, by)


def directives(tx: Transaction, resident_keys: Sequence[int]) -> list[Directive]:
    """Return all that was ever said for these residents, in force or not, the newest first."""
    return sql.directives(tx, resident_keys)


def directive(tx: Transaction, id_: UUID) -> Directive | None:
    """Return what was said under an identifier, in force or not; None where nothing was."""
    return sql.directive(tx, id_)


def closed_classes(
    tx: Transaction, asked: Mapping[tuple[str, int], Sequence[int]], at: datetime
) -> tuple[dict[tuple[str, int], int], dict[tuple[str, int], int]]:
    """Return what is closed to each facility of each resident, and what of that the resident opened, by key.

    These are the bits of `Sensitive`, and EVERYTHING. `asked` names for each pair of facility and resident all keys
    that the resident is known under. What was closed under any of them is closed. What was opened is told by facility
    and the key under which it was said: it opens the charts that go with that key, and no others. One statement.
    """
    forbids: dict[tuple[str, int], int] = dict.fromkeys(asked, 0)
    permits: dict[tuple[str, int], int] = {}
    whose: dict[tuple[str, int], list[tuple[str, int]]] = {}
    for pair, known in asked.items():
        for key in known:
            whose.setdefault((pair[0], key), []).append(pair)
    for facility, key, permitted, forbidden in sql.said(tx, list(whose), at) if whose else ():
        if permitted:
            permits[facility, key] = permitted
        for pair in whose[facility, key]:
            forbids[pair] |= forbidden
    closed = {pair: closed_by(forbidden) for pair, forbidden in forbids.items()}
    opened = {
        pair: opened_by(bits, reduce(or_, (forbids[each] for each in whose[pair]))) for pair, bits in permits.items()
    }
    return closed, {pair: bits for pair, bits in opened.items() if bits}


def sight(
    facility: str | None,
    whose: Mapping[int, int | None],
    closed: Mapping[int, int],
    keepers: Mapping[int, str] | None = None,
    opened: Mapping[int, int] | None = None,
) -> Sight:
    """Return what of these charts a facility may show: chart -> its resident, resident -> what is closed of them.

    `opened` names charts with what their resident opened of that in them. Nothing is shown of a resident of whom it was
    not worked out, nor of a chart that is nobody's.
    """
    nothing = EVERY_CLASS | EVERYTHING
    though = opened or {}
    of = {
        chart: nothing if key is None or key not in closed else closed[key] & ~though.get(chart, 0)
        for chart, key in whose.items()
    }
    return Sight(facility=facility, closed=MappingProxyType(of), keepers=MappingProxyType(keepers or {}))

"""Keep what resources are found by: rows are written with each version, and replaced with the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from salus.records.errors import Problem, RecordRefused
from salus.records.model import Sealer
from salus.records.search import store
from salus.records.search.digests import digest, scope
from salus.records.search.extract import Extracted, extract
from salus.records.search.parameters import MOST_SLOTS
from salus.storage import Transaction

_LOWEST, _HIGHEST = Decimal("-Infinity"), Decimal("Infinity")
MOST_FORMS: Final = 200_000
"""Of one resource: what would have to be found by more is refused, since it would be found by some only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexed:
    """A version that shall be found."""

    resource_key: int
    id: UUID
    type: str
    chart_key: int
    facility: str
    at: datetime
    resource: dict[str, Any] = field(repr=False)


@dataclass(slots=True)
class _Rows:
    found: list[store.FoundRow] = field(default_factory=list)
    charted: list[store.ChartedRow] = field(default_factory=list)
    dates: list[store.DateRow] = field(default_factory=list)
    numbers: list[store.NumberRow] = field(default_factory=list)


def put(tx: Transaction, sealer: Sealer, entries: Sequence[Indexed], replaced: Sequence[tuple[int, int]] = ()) -> None:
    """Write the search rows of these versions; `replaced` are (resource, chart) whose former rows go."""
    if replaced:
        forget(tx, replaced)
    read = [(one, extract(one.resource)) for one in entries]
    known = {one.id: one.resource_key for one in entries}
    missing = {id_ for _, told in read for _, _, id_ in told.targets} - known.keys()
    if missing:
        known |= store.keys_of(tx, sorted(missing))
    rows = _Rows()
    for one, told in read:
        _add(rows, sealer, one, told, known)
    store.insert(tx, rows.found, rows.charted, rows.dates, rows.numbers)


def forget(tx: Transaction, rows: Sequence[tuple[int, int]]) -> None:
    """Let resources no longer be found: (resource, chart) of each that was deleted, or is written anew."""
    store.drop(tx, rows)


def _add(rows: _Rows, sealer: Sealer, one: Indexed, told: Extracted, known: dict[UUID, int]) -> None:
    at, kind, key = one.facility, one.type, one.resource_key
    low, high = told.date or (None, None)
    if len(told.forms) > MOST_FORMS:
        raise RecordRefused([Problem(where=kind, text="holds too many codes to be found by; send it in parts",
                                     code="too-long")], 413)  # fmt: skip
    found = [digest(sealer, at, kind, form) for form in told.forms]
    targets = sorted({known[id_] * MOST_SLOTS + slot for slot, _, id_ in told.targets if id_ in known})
    rows.found.append(
        (key, one.chart_key, scope(sealer, at, kind), one.at, low, high, sorted(told.present), found, targets)
    )
    codes = {digest(sealer, at, kind, form) for form in told.codes}
    rows.charted += [(one.chart_key, code, low, high, key) for code in codes]
    rows.dates += [(digest(sealer, at, kind, path), lo, hi, key) for path, lo, hi in told.dates]
    for name, lo, hi, unit, code, label in told.numbers:
        marks = [digest(sealer, at, kind, form) if form else 0 for form in (unit, code, label)]
        ends = _LOWEST if lo is None else lo, _HIGHEST if hi is None else hi
        rows.numbers.append((digest(sealer, at, kind, name), *ends, marks[0], marks[1], marks[2], key))

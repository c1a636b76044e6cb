"""Find residents: by number, by identifier, by key, and by their charts. The index is never listed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from salus.identity import store
from salus.identity.documents.model import Identifier
from salus.identity.matching.service import Opener, Sealer
from salus.identity.model import IdNumber, Resident
from salus.identity.placing import number_digest
from salus.storage import Transaction

_DOMAIN = "identity.number"


def find(tx: Transaction, sealer: Sealer, number: IdNumber | Identifier) -> Resident | None:
    """Return the resident who holds a number, with all charts, or None."""
    digest = number_digest(sealer, number)
    chart = store.holders(tx, [digest]).get(digest)
    return None if chart is None else _of_chart(tx, chart)


def holder(tx: Transaction, sealer: Sealer, number: IdNumber) -> int | None:
    """Return the chart that holds a number, or None."""
    digest = number_digest(sealer, number)
    return store.holders(tx, [digest]).get(digest)


def last_two(tx: Transaction, opener: Opener, resident_key: int) -> str | None:
    """Open a resident's first number and return its last two characters, and nothing else of it; None without one."""
    found = store.first_number(tx, store.charts_of(tx, [resident_key]))
    if found is None:
        return None
    digest, sealed = found
    return opener.open_sealed(_DOMAIN, sealed, digest).decode("ascii")[-2:]


def born_of(tx: Transaction, opener: Opener, resident_key: int) -> date | None:
    """Open a resident's first number and return the birth date that it names, if there is one, and nothing else."""
    found = store.first_number(tx, store.charts_of(tx, [resident_key]))
    if found is None:
        return None
    digest, sealed = found
    return IdNumber.read(opener.open_sealed(_DOMAIN, sealed, digest).decode("ascii")).born


def resident(tx: Transaction, resident_id: UUID) -> Resident | None:
    """Return a resident by external identifier, with all charts, or None. An alias leads to whom it is an alias of."""
    chart = store.anchor_of(tx, resident_id)
    return None if chart is None else _of_chart(tx, chart)


def resident_by_key(tx: Transaction, key: int) -> Resident | None:
    """Return a resident by physical key, with all charts, or None. An alias leads to whom it is an alias of."""
    found = store.current(tx, key)
    if found is None:
        return None
    return Resident(key=found[0], resident_id=found[1], charts=tuple(store.charts_of(tx, [found[0]])))


def residents(tx: Transaction, keys: Sequence[int]) -> dict[int, Resident]:
    """Return residents by physical key, each with all charts, in one statement; keys of aliases are not found."""
    charts: dict[tuple[int, UUID], list[int]] = {}
    for key, id_, chart in store.whole(tx, keys) if keys else ():
        charts.setdefault((key, id_), []).append(chart)
    return {key: Resident(key=key, resident_id=id_, charts=tuple(found)) for (key, id_), found in charts.items()}


def residents_of(tx: Transaction, chart_keys: Sequence[int]) -> dict[int, int]:
    """Return the resident of each chart that has one; directory charts have none."""
    return store.residents_of(tx, chart_keys)


def _of_chart(tx: Transaction, chart: int) -> Resident | None:
    key = store.residents_of(tx, [chart]).get(chart)
    return None if key is None else resident_by_key(tx, key)

"""Find a resident by number or open one. Nothing is merged; charts are asserted to belong to a resident."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from salus.identity import store
from salus.identity.model import IdNumber, Resident
from salus.kernel import bucket, new_id
from salus.storage import Transaction

_DOMAIN = "identity.number"


class Sealer(Protocol):
    """Keyed digests and sealed bytes, from the custodian's keys."""

    def digest(self, domain: str, value: bytes) -> bytes: ...

    def seal(self, domain: str, plaintext: bytes, aad: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A new chart and the identity numbers its source gave for the person."""

    chart_key: int
    numbers: tuple[IdNumber, ...] = ()


def place(tx: Transaction, sealer: Sealer, arrivals: Sequence[Arrival], at: datetime) -> dict[int, int]:
    """Say whose each new chart is: the resident who holds its number, else a new one. Returns chart -> resident.

    Two senders of one number at the same time end up at the same resident; a chart without a number opens a
    resident of its own. The first number of a chart decides whose it is; see `add_numbers` for the others.
    """
    firsts = {a.chart_key: _digest(sealer, a.numbers[0]) for a in arrivals if a.numbers}
    wanted = sorted(set(firsts.values()))
    reserved = store.keys(tx, len(wanted) + sum(1 for a in arrivals if not a.numbers))
    candidates = dict(zip(wanted, reserved, strict=False))
    fresh = iter(reserved[len(wanted) :])
    held = store.claim(tx, wanted, [candidates[d] for d in wanted]) if wanted else {}
    opened = [key for digest, key in candidates.items() if held[digest] == key]
    placed: dict[int, int] = {}
    for arrival in arrivals:
        if arrival.chart_key in firsts:
            placed[arrival.chart_key] = held[firsts[arrival.chart_key]]
        else:
            placed[arrival.chart_key] = next(fresh)
            opened.append(placed[arrival.chart_key])
    _open(tx, opened, at)
    for arrival in arrivals:
        add_numbers(tx, sealer, arrival, placed[arrival.chart_key], at)
    store.insert_assertions(
        tx, [(a.chart_key, placed[a.chart_key], True, "number" if a.numbers else "opened", at) for a in arrivals]
    )
    return placed


def add_numbers(tx: Transaction, sealer: Sealer, arrival: Arrival, resident_key: int, at: datetime) -> None:
    """Note the numbers that a chart's source gives, sealed, and let its resident be found by those that are free.

    A number that another resident holds stays theirs: it is kept with this chart, and nothing is linked by it.
    """
    digests = {_digest(sealer, number): number for number in arrival.numbers}
    if not digests:
        return
    store.claim(tx, sorted(digests), [resident_key] * len(digests))
    rows = [
        (digest, resident_key, arrival.chart_key, sealer.seal(_DOMAIN, number.text.encode("ascii"), digest), at)
        for digest, number in digests.items()
    ]
    store.insert_numbers(tx, rows)


def find(tx: Transaction, sealer: Sealer, number: IdNumber) -> Resident | None:
    """Return the resident who holds a number, with all charts, or None."""
    digest = _digest(sealer, number)
    key = store.holders(tx, [digest]).get(digest)
    return None if key is None else _resident(tx, key)


def resident(tx: Transaction, resident_id: UUID) -> Resident | None:
    """Return a resident by external identifier, with all charts, or None."""
    key = store.key_of(tx, resident_id)
    return None if key is None else Resident(key=key, resident_id=resident_id, charts=tuple(store.charts_of(tx, key)))


def resident_by_key(tx: Transaction, key: int) -> Resident | None:
    """Return a resident by physical key, with all charts, or None."""
    return _resident(tx, key)


def residents_of(tx: Transaction, chart_keys: Sequence[int]) -> dict[int, int]:
    """Return the resident of each chart that has one; directory charts have none."""
    return store.residents_of(tx, chart_keys)


def _resident(tx: Transaction, key: int) -> Resident | None:
    found = store.id_of(tx, key)
    return None if found is None else Resident(key=key, resident_id=found, charts=tuple(store.charts_of(tx, key)))


def _digest(sealer: Sealer, number: IdNumber) -> bytes:
    return sealer.digest(_DOMAIN, number.text.encode("ascii"))


def _open(tx: Transaction, opened: Sequence[int], at: datetime) -> None:
    ids = [(key, new_id()) for key in opened]
    store.insert_residents(tx, [(key, id_, bucket(id_), at) for key, id_ in ids])

"""Find a resident by number or open one. Nothing is merged; charts are asserted to belong to a resident."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


class Opener(Protocol):
    """Opens what the custodian's keys sealed."""

    def open_sealed(self, domain: str, sealed: bytes, aad: bytes) -> bytes: ...


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
    digests = {a.chart_key: [_digest(sealer, number) for number in a.numbers] for a in arrivals}
    wanted = sorted({mine[0] for mine in digests.values() if mine})
    reserved = store.keys(tx, len(wanted) + sum(1 for a in arrivals if not a.numbers))
    candidates = dict(zip(wanted, reserved, strict=False))
    fresh = iter(reserved[len(wanted) :])
    held = _claim(tx, [mine for mine in digests.values() if mine], candidates)
    opened = [key for digest, key in candidates.items() if held[digest] == key]
    placed: dict[int, int] = {}
    for chart, mine in digests.items():
        if mine:
            placed[chart] = held[mine[0]]
        else:
            placed[chart] = next(fresh)
            opened.append(placed[chart])
    _open(tx, opened, at)
    for arrival in arrivals:
        _note(tx, sealer, arrival, placed[arrival.chart_key], at)
    store.insert_assertions(
        tx, [(a.chart_key, placed[a.chart_key], True, "number" if a.numbers else "opened", at) for a in arrivals]
    )
    return placed


class _Moved(Exception):
    """Somebody else placed one of these numbers first."""


def _claim(tx: Transaction, charts: Sequence[list[bytes]], candidates: Mapping[bytes, int]) -> dict[bytes, int]:
    """Claim all numbers of all charts in one order, so that no two senders wait for each other; return the holders.

    Whose a chart's other numbers become depends on who holds its first. Where that changes on the way, claim anew.
    """
    if all(len(mine) == 1 for mine in charts):
        ordered = sorted(candidates)
        return store.claim(tx, ordered, [candidates[digest] for digest in ordered]) if ordered else {}
    while True:
        holders = {**candidates, **store.holders(tx, list(candidates))}
        whose = dict(holders)
        for first, *others in charts:
            for other in others:
                whose.setdefault(other, holders[first])
        ordered = sorted(whose)
        try:
            with tx.savepoint():
                held = store.claim(tx, ordered, [whose[digest] for digest in ordered])
                if any(held[first] != holders[first] for first in candidates):
                    raise _Moved
                return held
        except _Moved:
            continue


def add_numbers(tx: Transaction, sealer: Sealer, arrival: Arrival, resident_key: int, at: datetime) -> None:
    """Note the numbers that a chart's source gives, sealed, and let its resident be found by those that are free.

    A number that another resident holds stays theirs: it is kept with this chart, and nothing is linked by it.
    """
    digests = sorted({_digest(sealer, number) for number in arrival.numbers})
    if digests:
        store.claim(tx, digests, [resident_key] * len(digests))
        _note(tx, sealer, arrival, resident_key, at)


def _note(tx: Transaction, sealer: Sealer, arrival: Arrival, resident_key: int, at: datetime) -> None:
    digests = {_digest(sealer, number): number for number in arrival.numbers}
    rows = [
        (digest, resident_key, arrival.chart_key, sealer.seal(_DOMAIN, number.text.encode("ascii"), digest), at)
        for digest, number in digests.items()
    ]
    if rows:
        store.insert_numbers(tx, rows)


def find(tx: Transaction, sealer: Sealer, number: IdNumber) -> Resident | None:
    """Return the resident who holds a number, with all charts, or None."""
    digest = _digest(sealer, number)
    key = store.holders(tx, [digest]).get(digest)
    return None if key is None else _resident(tx, key)


def last_two(tx: Transaction, opener: Opener, resident_key: int) -> str | None:
    """Open a resident's first number and return its last two characters, and nothing else of it; None without one."""
    found = store.first_number(tx, resident_key)
    if found is None:
        return None
    digest, sealed = found
    return opener.open_sealed(_DOMAIN, sealed, digest).decode("ascii")[-2:]


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

"""Find a resident by number or open one. Nothing is merged; a chart is asserted to be the same person's as another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from salus.identity import store
from salus.identity.matching import Described, remember
from salus.identity.matching.describing import person
from salus.identity.model import IdNumber, Resident
from salus.identity.names import read_name
from salus.identity.placing import Known, Placing, borrowed
from salus.identity.review import ask
from salus.kernel import bucket, new_id
from salus.storage import Transaction

_DOMAIN, _NAMES = "identity.number", "identity.name"


class Sealer(Protocol):
    """Keyed digests and sealed bytes, from the custodian's keys."""

    def digest(self, domain: str, value: bytes) -> bytes: ...

    def seal(self, domain: str, plaintext: bytes, aad: bytes) -> bytes: ...


class Opener(Protocol):
    """Opens what the custodian's keys sealed."""

    def open_sealed(self, domain: str, sealed: bytes, aad: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A new chart and what its source says of the person: identity numbers, birth date, names as written."""

    chart_key: int
    numbers: tuple[IdNumber, ...] = ()
    born: date | None = None
    names: tuple[str, ...] = field(default=(), repr=False)
    described: Described = field(default_factory=Described)
    source: str = ""


def place(tx: Transaction, sealer: Sealer, arrivals: Sequence[Arrival], at: datetime) -> dict[int, int]:
    """Say whose each new chart is: the resident who holds its number, else a new one. Returns chart -> resident.

    The first number of a chart decides whose it is; see `add_numbers` for the others. Two senders of one number at the
    same time end up at the same resident. A number whose birth date contradicts the stated one is kept as a guardian's,
    and is nobody's here. A chart of another name than the number's holder opens a resident, and a person is asked.
    """
    mine = {a.chart_key: _own(sealer, a) for a in arrivals}
    names = {a.chart_key: _called(sealer, a) for a in arrivals}
    first: dict[bytes, int] = {}
    for chart, digests in mine.items():
        for digest in digests:
            first.setdefault(digest, chart)
    ordered = sorted(first)
    held = store.claim(tx, ordered, [first[digest] for digest in ordered]) if ordered else {}
    placing = Placing(known=_known(tx, held, mine, names), at=at)
    for chart, digests in mine.items():
        placing.add(chart, digests)
    opened = store.keys(tx, len(placing.opened)) if placing.opened else []
    whose = placing.residents(dict(zip(placing.opened, opened, strict=True)))
    _open(tx, zip(placing.opened, opened, strict=True), at)
    store.insert_members(tx, sorted(whose.items()))
    _note(tx, sealer, arrivals, names, at)
    remember(tx, sealer, [(one.chart_key, one.source, person(one.described)) for one in arrivals], (), at)
    if placing.assertions:
        store.insert_assertions(tx, placing.assertions)
    if placing.questions:
        ask(tx, placing.questions)
    return whose


def _known(
    tx: Transaction, held: dict[bytes, int], mine: dict[int, list[bytes]], names: dict[int, frozenset[bytes]]
) -> Known:
    """Gather what is known of the numbers that charts of before hold.

    Where a name contradicts, the numbers are judged by one transaction at a time, so that of two strangers to the
    holder who are one person, the second finds the first.
    """
    outside = [digest for digest, chart in held.items() if chart not in mine]
    known = Known(held=held, names=dict(names))
    if not outside:
        return known
    _learn(tx, known, outside)
    doubted = sorted(
        {digests[0] for chart, digests in mine.items() if digests and known.differ(chart, held[digests[0]])}
    )
    if doubted:
        store.lock_numbers(tx, doubted)
        _learn(tx, known, outside)
    return known


def _learn(tx: Transaction, known: Known, digests: Sequence[bytes]) -> None:
    carried = store.carriers(tx, digests)
    charts = sorted({chart for _, chart, _ in carried} | {known.held[digest] for digest in digests})
    known.carriers = {}
    for digest, chart, names in carried:
        known.carriers.setdefault(digest, []).append(chart)
        known.names[chart] = names
    known.whose = _settled(tx, charts)


def _settled(tx: Transaction, charts: Sequence[int]) -> dict[int, int]:
    """Return whose charts are, and keep it so until the transaction ends."""
    while True:
        whose = store.residents_for_adding(tx, charts)
        if store.residents_of(tx, charts) == whose:
            return whose


def add_numbers(tx: Transaction, sealer: Sealer, arrival: Arrival, at: datetime) -> None:
    """Note what a known chart's source says now, sealed, and let its resident be found by the numbers that are free.

    A number that another resident holds stays theirs: it is kept with this chart, nothing is linked by it, and a
    person is asked.
    """
    digests = sorted(_own(sealer, arrival))
    held = store.claim(tx, digests, [arrival.chart_key] * len(digests)) if digests else {}
    placing = Placing(known=Known(held=held, whose=store.residents_of(tx, [arrival.chart_key, *held.values()])), at=at)
    placing.ask(arrival.chart_key, digests)
    _note(tx, sealer, [arrival], {arrival.chart_key: _called(sealer, arrival)}, at)
    if placing.questions:
        ask(tx, placing.questions)


def _note(
    tx: Transaction,
    sealer: Sealer,
    arrivals: Iterable[Arrival],
    names: Mapping[int, frozenset[bytes]],
    at: datetime,
) -> None:
    numbers, called = [], []
    for arrival in arrivals:
        for number in dict.fromkeys(arrival.numbers):
            digest = _digest(sealer, number)
            holding = "guardian" if borrowed(number, arrival.born) else "own"
            sealed = sealer.seal(_DOMAIN, number.text.encode("ascii"), digest)
            numbers.append((digest, arrival.chart_key, sealed, holding, at))
        called += [(arrival.chart_key, digest) for digest in sorted(names[arrival.chart_key])]
    if numbers:
        store.insert_numbers(tx, numbers)
    if called:
        store.insert_names(tx, called)


def find(tx: Transaction, sealer: Sealer, number: IdNumber) -> Resident | None:
    """Return the resident who holds a number, with all charts, or None."""
    digest = _digest(sealer, number)
    chart = store.holders(tx, [digest]).get(digest)
    return None if chart is None else _of_chart(tx, chart)


def last_two(tx: Transaction, opener: Opener, resident_key: int) -> str | None:
    """Open a resident's first number and return its last two characters, and nothing else of it; None without one."""
    found = store.first_number(tx, store.charts_of(tx, [resident_key]))
    if found is None:
        return None
    digest, sealed = found
    return opener.open_sealed(_DOMAIN, sealed, digest).decode("ascii")[-2:]


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


def residents_of(tx: Transaction, chart_keys: Sequence[int]) -> dict[int, int]:
    """Return the resident of each chart that has one; directory charts have none."""
    return store.residents_of(tx, chart_keys)


def anchor(tx: Transaction, resident_id: UUID) -> int | None:
    """Return the chart with which an identifier goes, for ever; whose it is now, `residents_of` says."""
    return store.anchor_of(tx, resident_id)


def known_as(tx: Transaction, resident_key: int) -> tuple[int, ...]:
    """Return the keys under which a resident was ever known: the own one, and of all who are aliases now."""
    return tuple(key for key, _, _ in store.minted_by(tx, store.charts_of(tx, [resident_key])))


def _of_chart(tx: Transaction, chart: int) -> Resident | None:
    key = store.residents_of(tx, [chart]).get(chart)
    return None if key is None else resident_by_key(tx, key)


def _own(sealer: Sealer, arrival: Arrival) -> list[bytes]:
    """Return the digests of the numbers that are the person's own, in order, each once."""
    own = (number for number in arrival.numbers if not borrowed(number, arrival.born))
    return list(dict.fromkeys(_digest(sealer, number) for number in own))


def _called(sealer: Sealer, arrival: Arrival) -> frozenset[bytes]:
    """Return the digests of the keys of all names that can tell people apart."""
    read = [read_name(text) for text in arrival.names]
    keys = dict.fromkeys(key for name in read if name.telling for key in name.keys)
    return frozenset(sealer.digest(_NAMES, key.encode("ascii")) for key in keys)


def _digest(sealer: Sealer, number: IdNumber) -> bytes:
    return sealer.digest(_DOMAIN, number.text.encode("ascii"))


def _open(tx: Transaction, opened: Iterable[tuple[int, int]], at: datetime) -> None:
    """Mint residents for charts: (chart, key)."""
    rows = [(key, id_, bucket(id_), chart, at) for chart, key in opened for id_ in (new_id(),)]
    if rows:
        store.insert_residents(tx, rows)

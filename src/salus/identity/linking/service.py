"""Append an assertion, replay what is asserted of the charts around it, and tell whose identifier changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from salus.identity import store
from salus.identity.assertions import Assertion, Author, Evidence, State, Verdict, pair_of, replay, standing
from salus.identity.errors import AssertionRefused, NumbersDiffer, Parted
from salus.identity.linking.parting import bonds
from salus.kernel import bucket, new_id
from salus.storage import Transaction

TWO_NUMBERS = "two-numbers"
"""The guard that two people may override: each of the two has a valid number that the other has not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What an assertion changed: the charts that have another resident now, by chart: (before, now).

    `kept` is the identifier that stayed, `others` those that became its aliases, or that stand by themselves again.
    """

    moved: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    kept: UUID | None = None
    others: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a resident is told: `linked` or `parted`, when, and the other identifiers that it concerns."""

    kind: str
    others: tuple[UUID, ...]
    at: datetime


@dataclass(slots=True, kw_only=True)
class _Around:
    """The residents whom an assertion concerns, locked: their charts, and all that was asserted of these."""

    tx: Transaction
    at: datetime
    whose: dict[int, int]
    told: list[Assertion]

    def side(self, chart: int) -> list[int]:
        """Return the charts of one chart's resident."""
        return [one for one, resident in self.whose.items() if resident == self.whose[chart]]

    def between(self, some: Collection[int], others: Collection[int]) -> list[Assertion]:
        """Return what stands asserted of pairs across."""
        return [
            one
            for one in standing(self.told)
            if (one.pair[0] in some and one.pair[1] in others) or (one.pair[1] in some and one.pair[0] in others)
        ]


def link(
    tx: Transaction,
    pair: tuple[int, int],
    *,
    ground: str,
    author: Author,
    at: datetime,
    evidence: Evidence | None = None,
) -> Changed:
    """Assert that two charts are one person's, and with them all charts of their residents.

    The resident minted first keeps the name, the other becomes its alias. Raises Parted where a person found that
    two of these charts are two people's, whoever asks; NumbersDiffer where each side has a valid number that is not
    the other's, unless a second person stands behind it; AssertionRefused for a chart that is nobody's.
    """
    around = _around(tx, pair, at)
    one, other = around.side(pair[0]), around.side(pair[1])
    guard = None
    if around.whose[pair[0]] != around.whose[pair[1]]:
        if any(said.verdict is Verdict.NOT_SAME for said in around.between(one, other)):
            raise Parted("a person found that these are two people; lift that first, if it was wrong")
        if _numbers_differ(tx, one, other):
            if author.second is None:
                raise NumbersDiffer("each has a valid number that the other has not; two people may link them")
            guard = TWO_NUMBERS
    said = Assertion(
        pair=pair_of(*pair),
        verdict=Verdict.SAME,
        ground=ground,
        author=author,
        at=at,
        evidence=evidence,
        guard=guard,
    )
    return _append(around, [said])


def part(tx: Transaction, charts: Collection[int], *, ground: str, author: Author, at: datetime) -> Changed:
    """Assert that some charts of one resident are another person's than the rest; no rule links them again.

    Either side stays one resident's. One that has an identifier of its own gets it back, another a new one. No chart
    and nothing that hangs on one moves. Raises AssertionRefused unless a person asks, for some but not all charts of
    one resident.
    """
    if not author.human or not charts:
        raise AssertionRefused("a person parts records, and names the charts to part")
    around = _around(tx, sorted(charts), at)
    rest = [chart for chart in around.whose if chart not in charts]
    if not rest or len(set(around.whose.values())) != 1:
        raise AssertionRefused("name some, but not all, of the charts of one resident")
    said: dict[tuple[int, int], list[Assertion]] = {pair_of(one, two): [] for one in charts for two in rest}
    for known in around.between(charts, rest):
        said[known.pair].append(known)
    new = [_not_same(pair, known, ground, author, at) for pair, known in sorted(said.items())]
    numbers, told = store.numbers_of(tx, list(around.whose)), standing(around.told)
    for side in (charts, rest):
        new += bonds(side, told, numbers, ground=ground, author=author, at=at)
    return _append(around, new)


def keep_apart(tx: Transaction, pair: tuple[int, int], *, ground: str, author: Author, at: datetime) -> None:
    """Assert that charts of two residents are two people's; it holds until a person lifts it.

    Raises AssertionRefused if they are one resident's (`part` says which charts go), or unless a person asks.
    """
    around = _around(tx, pair, at)
    if not author.human or around.whose[pair[0]] == around.whose[pair[1]]:
        raise AssertionRefused("a person keeps two residents apart; part the charts of one resident first")
    known = around.between([pair[0]], [pair[1]])
    _append(around, [_not_same(pair_of(*pair), known, ground, author, at)])


def together(tx: Transaction, pair: tuple[int, int]) -> bool:
    """Tell whether two charts are one resident's now."""
    whose = store.residents_of(tx, pair)
    return len(whose) == 2 and len(set(whose.values())) == 1


def lift(tx: Transaction, pair: tuple[int, int], *, ground: str, author: Author, at: datetime) -> int:
    """Take back every finding that the residents of two charts are two people's; return how many there were.

    Nothing is linked by it. Raises AssertionRefused unless a person asks.
    """
    if not author.human:
        raise AssertionRefused("only a person lifts what a person found")
    around = _around(tx, pair, at)
    found = [
        one for one in around.between(around.side(pair[0]), around.side(pair[1])) if one.verdict is Verdict.NOT_SAME
    ]
    _append(around, [_withdrawal(one, ground, author, at) for one in found])
    return len(found)


def withdraw(tx: Transaction, key: int, *, ground: str, author: Author, at: datetime) -> Changed:
    """Take back one assertion as if it had never been made: every identifier is again what it was without it.

    Raises AssertionRefused if it does not stand, or if a rule takes back what a person asserted.
    """
    said = store.assertion(tx, key)
    if said is None or (said.author.human and not author.human):
        raise AssertionRefused("there is no such assertion that you may take back")
    around = _around(tx, said.pair, at)
    if key not in {one.key for one in standing(around.told)}:
        raise AssertionRefused("this assertion does not stand any more")
    return _append(around, [_withdrawal(said, ground, author, at)])


def notify(tx: Transaction, event: int, kind: str, residents: Sequence[int], at: datetime) -> None:
    """Tell each of these residents that records were linked, or parted. Idempotent by the event's number."""
    store.insert_notices(tx, event, kind, residents, at)


def notices(tx: Transaction, resident_key: int) -> list[Notice]:
    """Return what a resident was told under any identifier, the newest first."""
    known = [key for key, _, _ in store.minted_by(tx, store.charts_of(tx, [resident_key]))]
    return [Notice(kind=kind, others=others, at=told) for kind, others, told in store.notices_of(tx, known)]


def assertions_of(tx: Transaction, charts: Sequence[int]) -> list[Assertion]:
    """Return all that was ever asserted of charts, oldest first."""
    return store.assertions_of(tx, charts)


def hold(tx: Transaction, charts: Sequence[int]) -> dict[int, int]:
    """Lock the residents of charts, so that nothing is added to them and nobody else moves them; return whose they are.

    Raises AssertionRefused for a chart that is nobody's.
    """
    while True:
        whose = store.residents_of(tx, charts)
        if set(whose) != set(charts):
            raise AssertionRefused("there is no such chart of a resident")
        store.lock_for_moving(tx, whose.values())
        if store.residents_of(tx, charts) == whose:
            return whose


def _around(tx: Transaction, charts: Sequence[int], at: datetime) -> _Around:
    whose = hold(tx, charts)
    everybody = store.charts_of(tx, sorted(set(whose.values())))
    return _Around(tx=tx, at=at, whose=store.residents_of(tx, everybody), told=store.assertions_of(tx, everybody))


def _numbers_differ(tx: Transaction, some: Sequence[int], others: Sequence[int]) -> bool:
    numbers = store.numbers_of(tx, [*some, *others])
    one = {digest for chart in some for digest in numbers.get(chart, ())}
    other = {digest for chart in others for digest in numbers.get(chart, ())}
    return bool(one and other and not one & other)


def _not_same(
    pair: tuple[int, int], known: Sequence[Assertion], ground: str, author: Author, at: datetime
) -> Assertion:
    gone = frozenset(one.key for one in known)
    return Assertion(pair=pair, verdict=Verdict.NOT_SAME, ground=ground, author=author, at=at, supersedes=gone)


def _withdrawal(one: Assertion, ground: str, author: Author, at: datetime) -> Assertion:
    return Assertion(
        pair=one.pair,
        verdict=Verdict.WITHDRAWN,
        ground=ground,
        author=author,
        at=at,
        supersedes=frozenset([one.key]),
    )


def _append(around: _Around, said: Sequence[Assertion]) -> Changed:
    """Keep assertions, say anew whose the charts are, and tell of every identifier that changed."""
    tx = around.tx
    store.insert_assertions(tx, said)
    state = _settled(around)
    moved = {chart: (was, state[chart]) for chart, was in around.whose.items() if state[chart] != was}
    if not moved:
        return Changed()
    store.move_members(tx, [(chart, now) for chart, (_, now) in sorted(moved.items())])
    ids = {key: id_ for key, id_, _ in store.minted_by(tx, sorted(around.whose))}
    touched = {key for change in moved.values() for key in change}
    kept = min(touched)
    others = tuple(ids[key] for key in sorted(touched - {kept}))
    more = len(set(state.values())) > len(set(around.whose.values()))
    announce(tx, "parted" if more else "linked", touched)
    return Changed(moved=moved, kept=ids[kept], others=others)


def announce(tx: Transaction, kind: str, residents: Iterable[int]) -> None:
    """Let residents be told, once this is committed, that they were `linked` or `parted`."""
    tx.emit("ResidentsChanged", {"kind": kind, "residents": sorted(residents)})


def _settled(around: _Around) -> Mapping[int, int]:
    """Replay what stands of the charts around, minting a resident for each group that has none."""
    tx = around.tx
    told = [one for one in store.assertions_of(tx, sorted(around.whose)) if around.whose.keys() >= set(one.pair)]
    state = _replayed(around, told)
    if state.unminted:
        keys = store.keys(tx, len(state.unminted))
        rows = [(key, new_id(), group[0]) for key, group in zip(keys, state.unminted, strict=True)]
        store.insert_residents(tx, [(key, id_, bucket(id_), chart, around.at) for key, id_, chart in rows])
        state = _replayed(around, told)
    return state.residents


def _replayed(around: _Around, told: Sequence[Assertion]) -> State:
    mints = {key: chart for key, _, chart in store.minted_by(around.tx, sorted(around.whose))}
    return replay(around.whose, mints, told)

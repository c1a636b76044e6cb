"""Find the charts that stand around new ones: who is found under their keys, how they weigh, what links connect."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from salus.identity import store
from salus.identity.assertions import pair_of
from salus.identity.linkage.people import Answer, Judge, Verdict
from salus.identity.matching import Custodian, Known, digests, kept, near
from salus.identity.matching.describing import person
from salus.identity.matching.model import Described, Person
from salus.identity.matching.service import Opened
from salus.identity.matching.weighing import weigh
from salus.storage import Transaction

MOST_CHARTS = 64
"""A component of more charts is nobody's: a number or a name that stands for many holds it together.

Each arrival weighs the pairs of its component, which this bounds."""
NOBODY = person(Described())
Pair = tuple[int, int]


@dataclass(slots=True)
class Memory:
    """What was read, opened and weighed before. Who was not changed since is not opened, digested or weighed again.

    `judge` is that of the register's size. `asked` are the keys that were asked for: all at once, they are asked for
    again.
    """

    judge: Judge
    asked: dict[int, str] = field(default_factory=dict)
    opened: Opened = field(default_factory=dict)
    _keys: dict[int, tuple[Person, Mapping[int, str]]] = field(default_factory=dict)
    _weighed: dict[Pair, tuple[Person, Person, Verdict]] = field(default_factory=dict)

    def verdict(self, pair: Pair, one: Person, other: Person) -> Verdict:
        """Return the verdict on two charts as they are now."""
        known = self._weighed.get(pair)
        if known is None or known[0] != one or known[1] != other:
            known = self._weighed[pair] = one, other, weigh(one, other, self.judge)
        return known[2]

    def keys(self, custodian: Custodian, chart: int, one: Person) -> Mapping[int, str]:
        """Return the digests of the keys under which a chart is found."""
        known = self._keys.get(chart)
        if known is None or known[0] is not one:
            known = self._keys[chart] = one, digests(custodian, one)
        return known[1]


@dataclass(slots=True)
class Surroundings:
    """What was read of the index around some charts, in one transaction. Each key is asked for once.

    `known` and `keys` begin with the charts that it is about: who they say somebody is, and their keys' digests.
    """

    tx: Transaction
    custodian: Custodian
    known: dict[int, Known]
    keys: dict[int, Mapping[int, str]]
    memory: Memory
    _under: dict[int, Sequence[int]] = field(default_factory=dict)
    _around: dict[int, dict[int, Verdict]] = field(default_factory=dict)
    _linked: dict[int, set[int]] = field(default_factory=dict)
    _weighed: dict[Pair, Verdict] = field(default_factory=dict)
    _whole: dict[int, set[int]] = field(default_factory=dict)

    def search(self, charts: Iterable[int]) -> None:
        """Read who is found under the keys of charts, in one statement."""
        wanted: dict[int, str] = {}
        for chart in charts:
            person = self.known[chart].person
            if chart not in self.keys and person is not None:
                self.keys[chart] = self.memory.keys(self.custodian, chart, person)
            wanted |= {key: rule for key, rule in self.keys.get(chart, {}).items() if key not in self._under}
        if wanted:
            self.ask(wanted)

    def ask(self, wanted: Mapping[int, str]) -> None:
        """Read who is found under keys, in one statement."""
        found, under, whole = near(self.tx, self.custodian, wanted, self.known, self.memory.opened)
        self.known |= {one.chart: one for one in found}
        self._under |= {key: under.get(key, ()) for key in wanted}
        self._whole |= {key: set(charts) for key, charts in whole.items()}
        self.memory.asked |= wanted

    def around(self, chart: int) -> Mapping[int, Verdict]:
        """Return the verdicts on a chart that was searched for and all who were found under its keys."""
        found = self._around.get(chart)
        if found is None:
            met = {other for key in self.keys.get(chart, ()) for other in self._under[key]} - {chart}
            found = {other: self._verdict(pair_of(chart, other)) for other in met}
            if chart in self.keys:
                self._around[chart] = found
        return found

    def _verdict(self, pair: Pair) -> Verdict:
        found = self._weighed.get(pair)
        if found is None:
            one, other = (self.known[chart].person or NOBODY for chart in pair)
            found = self._weighed[pair] = self.memory.verdict(pair, one, other)
        return found

    def linked(self, chart: int) -> Collection[int]:
        """Return the charts that a link would connect with one."""
        found = self._linked.get(chart)
        if found is None:
            found = {other for other, verdict in self.around(chart).items() if verdict.answer is Answer.LINK}
            if chart in self.keys:
                self._linked[chart] = found
        return found

    def read_ahead(self, seeds: Collection[int]) -> None:
        """Read what the components of several charts are made of, a step of all of them in one statement each."""
        seen, todo = set[int](), set(seeds)
        while todo and len(seen) <= MOST_CHARTS * len(seeds):
            seen |= todo
            todo = self._step(todo) - seen

    def component(self, seed: int) -> frozenset[int]:
        """Return the charts that links connect with one, and all charts of the residents whom these are.

        It ends early once there are more than MOST_CHARTS.
        """
        found, todo = {seed}, {seed}
        while todo and len(found) <= MOST_CHARTS:
            todo = self._step(todo) - found
            found |= todo
        return frozenset(found)

    def _step(self, charts: Collection[int]) -> set[int]:
        """Return whom links connect with charts, and all charts of the residents whom these and they are."""
        self.search(sorted(charts))
        met = {other for chart in charts for other in self.linked(chart)}
        residents = {key for chart in met.union(charts) if (key := self.known[chart].resident) is not None}
        self._read_whole(residents)
        return met.union(*(self._whole[key] for key in residents))

    def _read_whole(self, residents: Collection[int]) -> None:
        """Read all charts of residents, where that was not done."""
        missing = {key for key in residents if key not in self._whole}
        self._whole |= {key: set() for key in missing}
        for chart, resident in (store.members_of(self.tx, missing) if missing else {}).items():
            self._whole[resident].add(chart)
        new = {chart: key for key in residents for chart in self._whole[key] if chart not in self.known}
        self.known |= {chart: Known(chart=chart, resident=key) for chart, key in new.items()}
        self.known |= {one.chart: one for one in kept(self.tx, self.custodian, new, self.memory.opened)}

    def links(self, charts: Collection[int]) -> dict[Pair, Verdict]:
        """Return the links among the charts of a component."""
        found = {pair_of(one, other) for one in charts for other in self.linked(one) if other in charts}
        return {pair: self._weighed[pair] for pair in found}


class _Unlocked(Exception):
    """Ends an attempt that met residents who are not locked; the locks that it took are given back."""


def surroundings(
    tx: Transaction,
    custodian: Custodian,
    seeds: Sequence[Known],
    keys: Mapping[int, Mapping[int, str]],
    residents: Mapping[int, int],
    judge: Judge,
) -> tuple[Surroundings, list[frozenset[int]]]:
    """Return what is around charts that are kept, and their components, which nobody else changes from now on.

    Each resident in a component is locked against adding, linking and parting until the transaction ends. All are
    locked at once, in one order, so that two transactions never wait for each other; where one more is met after that,
    all are given back, and everything is read again. `residents` are those of the charts that have one already.

    What is read first is read without a lock, and without a savepoint: to roll back to one makes psycopg forget all
    statements that it had prepared.
    """
    memory = Memory(judge)
    around, components = _read(tx, custodian, seeds, keys, residents, memory)
    locked = _residents(around, components)
    while locked:
        try:
            with tx.savepoint():
                store.lock_for_moving(tx, locked)
                if residents:
                    residents = store.residents_of(tx, [one.chart for one in seeds])
                around, components = _read(tx, custodian, seeds, keys, residents, memory)
                met = _residents(around, components)
                if not met <= locked:
                    locked |= met
                    raise _Unlocked
                return around, components
        except _Unlocked:
            continue
    return around, components


def _residents(around: Surroundings, components: Sequence[frozenset[int]]) -> set[int]:
    found = {around.known[chart].resident for component in components for chart in component}
    return {key for key in found if key is not None}


def _read(
    tx: Transaction,
    custodian: Custodian,
    seeds: Sequence[Known],
    keys: Mapping[int, Mapping[int, str]],
    residents: Mapping[int, int],
    memory: Memory,
) -> tuple[Surroundings, list[frozenset[int]]]:
    known = {one.chart: replace(one, resident=residents.get(one.chart)) for one in seeds}
    around = Surroundings(tx, custodian, known, dict(keys), memory)
    if memory.asked:
        around.ask(memory.asked)
    around.read_ahead(list(known))
    return around, list(dict.fromkeys(around.component(one.chart) for one in seeds))

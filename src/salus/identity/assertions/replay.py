"""Replay assertions: any order of the same ones gives the same residents, and no chain joins what a person parted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from salus.identity.assertions.model import Assertion, Pair, State, Verdict


def standing(assertions: Iterable[Assertion]) -> list[Assertion]:
    """Return the assertions that nothing supersedes, in the order of their keys.

    One supersedes another only where both are about the same pair, and a rule never a person: lifting what a person
    found takes a person. What was superseded stays so, also when that which superseded it is withdrawn.
    """
    known = {one.key: one for one in assertions}
    gone = {
        older
        for one in known.values()
        for older in one.supersedes
        if older in known and known[older].pair == one.pair and (one.author.human or not known[older].author.human)
    }
    return [known[key] for key in sorted(known) if key not in gone]


def replay(charts: Iterable[int], mints: Mapping[int, int], assertions: Iterable[Assertion]) -> State:
    """Say whose each chart is. `mints` maps the key of each resident to the chart for which it was minted.

    Charts that stand asserted as the same are one resident's, through others too, except where that would bring
    together two that stand asserted as not the same: then the stronger assertions are followed (a person's before a
    rule's, more bits before fewer, then by pair). The resident minted first keeps the name; the others are its aliases.
    """
    upheld = standing(assertions)
    groups = _Groups(charts, [one.pair for one in upheld if one.verdict is Verdict.NOT_SAME])
    same = sorted((one for one in upheld if one.verdict is Verdict.SAME), key=_strength)
    unfollowed = frozenset(one.key for one in same if not groups.join(one.pair))
    minted: dict[int, list[int]] = defaultdict(list)
    for resident, chart in mints.items():
        minted[groups.root(chart)].append(resident)
    residents: dict[int, int] = {}
    unminted = []
    for root, members in groups.members.items():
        if root in minted:
            residents.update(dict.fromkeys(members, min(minted[root])))
        else:
            unminted.append(tuple(sorted(members)))
    aliases = {resident: residents[chart] for resident, chart in mints.items() if residents[chart] != resident}
    return State(residents=residents, aliases=aliases, unminted=tuple(sorted(unminted)), unfollowed=unfollowed)


def reached(chart: int, pairs: Iterable[Pair]) -> frozenset[int]:
    """Return all charts to which a way of pairs leads from one, itself included."""
    beside: dict[int, list[int]] = defaultdict(list)
    for one, other in pairs:
        beside[one].append(other)
        beside[other].append(one)
    found, ahead = {chart}, [chart]
    while ahead:
        fresh = [one for one in beside[ahead.pop()] if one not in found]
        found.update(fresh)
        ahead += fresh
    return frozenset(found)


def _strength(one: Assertion) -> tuple[bool, float, Pair]:
    return (not one.author.human, -one.evidence.total if one.evidence else 0.0, one.pair)


class _Groups:
    """Disjoint sets of charts, the smaller joining the larger, that keep parted pairs apart."""

    def __init__(self, charts: Iterable[int], parted: Iterable[Pair]) -> None:
        self._root = {chart: chart for chart in charts}
        self.members = {chart: [chart] for chart in self._root}
        self._parted: dict[int, set[int]] = defaultdict(set)
        for one, other in parted:
            self._parted[one].add(other)
            self._parted[other].add(one)

    def root(self, chart: int) -> int:
        return self._root[chart]

    def join(self, pair: Pair) -> bool:
        """Join the groups of two charts unless a parted pair would meet; tell whether they are one now."""
        few, many = sorted((self._root[chart] for chart in pair), key=lambda root: len(self.members[root]))
        if few == many:
            return True
        if any(self._root.get(foe) == many for one in self.members[few] for foe in self._parted.get(one, ())):
            return False
        self._root.update(dict.fromkeys(self.members[few], many))
        self.members[many] += self.members.pop(few)
        return True

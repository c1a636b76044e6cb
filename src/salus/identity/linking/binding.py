"""What is bound to what: charts by equal own numbers, identifiers to the charts for which they were minted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from salus.identity import store
from salus.identity.assertions import Assertion, Verdict, reached, standing
from salus.storage import Transaction


def joined_by_number(tx: Transaction, chart: int) -> tuple[int, ...]:
    """Return a chart and those of its resident that rules joined to it because both carry one own number, in order.

    A chart that a person linked, or that a weight did, is not among them, nor is any that is joined only through such
    a one: it may be another person's. Nobody's chart is joined to nothing.
    """
    return _joined(tx, [chart])[chart]


def charts_by_number(tx: Transaction, resident_keys: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """Return for each identifier's key the chart for which it was minted, and those that are joined to it by number."""
    anchors = store.anchors_of(tx, resident_keys)
    joined = _joined(tx, sorted(set(anchors.values()))) if anchors else {}
    return {key: joined[chart] for key, chart in anchors.items()}


def charts_by_no_number(tx: Transaction) -> None:
    """Ask what `charts_by_number` asks, of nobody, so that it takes as long."""
    store.anchors_of(tx, [0])
    _joined(tx, [0])


def _joined(tx: Transaction, wanted: Sequence[int]) -> dict[int, tuple[int, ...]]:
    residents = store.residents_of(tx, wanted)
    whose = store.members_of(tx, set(residents.values()))
    numbers = store.numbers_of(tx, sorted(whose))
    told = [one for one in standing(store.assertions_of(tx, sorted(whose))) if _by_number(one, numbers)]
    pairs = [one.pair for one in told if whose.get(one.pair[0]) == whose.get(one.pair[1])]
    found: dict[int, tuple[int, ...]] = {}
    for chart in wanted:
        near, resident = reached(chart, pairs), residents.get(chart)
        found[chart] = tuple(one for one in sorted(near) if resident is not None and whose.get(one) == resident)
    return found


def minted(tx: Transaction, resident_id: UUID) -> tuple[int, int] | None:
    """Return the own key of an identifier and the chart with which it goes, for ever; None for an unknown one."""
    return store.minted(tx, resident_id)


def minted_so_far(tx: Transaction) -> int:
    """Return how many residents were minted, of many about how many. It is told to operators and decides nothing."""
    return store.minted_so_far(tx)


def minted_for(tx: Transaction, chart: int) -> int | None:
    """Return the first key that was minted for a chart or one that is joined to it by number; None if there is none."""
    found = store.minted_by(tx, joined_by_number(tx, chart))
    return found[0][0] if found else None


def identifiers(tx: Transaction, resident_key: int) -> tuple[UUID, ...]:
    """Return all identifiers that lead to a resident, the first minted first."""
    return tuple(id_ for _, id_, _ in store.minted_by(tx, store.charts_of(tx, [resident_key])))


def known_as(tx: Transaction, resident_key: int) -> tuple[int, ...]:
    """Return the keys under which a resident was ever known: the own one, and of all who are aliases now."""
    return known_as_each(tx, [resident_key]).get(resident_key, ())


def known_as_each(tx: Transaction, resident_keys: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """Return for each of these residents the keys under which they were ever known, the first minted first."""
    found: dict[int, tuple[int, ...]] = {}
    for now, key in store.minted_of(tx, resident_keys):
        found[now] = (*found.get(now, ()), key)
    return found


def charts_beside(tx: Transaction, chart: int) -> tuple[int, ...]:
    """Return all charts of a chart's resident now, the oldest first; none for nobody's."""
    return tuple(store.charts_of(tx, sorted(store.residents_of(tx, [chart]).values())))


def parted_by_people(tx: Transaction, pair: tuple[int, int]) -> bool:
    """Tell whether a person's finding stands that the residents of two charts are two people."""
    whose = store.residents_of(tx, pair)
    charts = store.charts_of(tx, sorted(set(whose.values())))
    sides = store.residents_of(tx, charts)
    told = [one for one in standing(store.assertions_of(tx, charts)) if one.verdict is Verdict.NOT_SAME]
    return any(
        one.pair[0] in sides and one.pair[1] in sides and sides[one.pair[0]] != sides[one.pair[1]] for one in told
    )


def _by_number(one: Assertion, numbers: Mapping[int, set[bytes]]) -> bool:
    if one.verdict is not Verdict.SAME or one.author.human:
        return False
    return not numbers.get(one.pair[0], set()).isdisjoint(numbers.get(one.pair[1], set()))

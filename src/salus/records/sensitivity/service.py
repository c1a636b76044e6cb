"""Work out the classes of what is stored: after an upgrade, and where what others refer to became sensitive."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from salus.kernel import Unavailable, Unsafe
from salus.records.errors import RecordRefused
from salus.records.fhir.parse import parse
from salus.records.fhir.references import parse_literal, referred
from salus.records.fhir.walk import walk
from salus.records.sealing import unseal
from salus.records.sensitivity import store
from salus.records.sensitivity.holding import AGAIN, EVERY_LENT, lends, taken_on
from salus.records.sensitivity.spreading import follow
from salus.storage import Transaction

Literal = tuple[str, UUID]
Said = tuple[str, UUID, dict[str, Any], list[str]]
Keys = Callable[[Sequence[int]], Mapping[int, bytes]]
_ROUNDS, _MOST = 16, 20_000
"""How far, and over how many entries, references are followed to others that wait; beyond they count as every class."""


class Unclassed(Unavailable):
    """What somebody asked for lies in charts that are being prepared: nothing of them is shown, nor left out."""

    def __init__(self, charts: Collection[int]) -> None:
        super().__init__("this record is being prepared: ask again in some seconds")
        self.charts = frozenset(charts)


def charts_waiting(tx: Transaction, charts: Collection[int], facility: str | None) -> list[int]:
    """Return those of these charts, but for a facility's own, in which it is not yet worked out what is sensitive."""
    return store.charts_waiting(tx, sorted(charts), facility) if charts else []


@dataclass(slots=True)
class _Page:
    """Entries that are worked out together: whose keys are locked, what their versions say, what lies outside."""

    tx: Transaction
    keys: Keys
    mine: dict[Literal, int] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)
    spoilt: set[Literal] = field(default_factory=set)
    others: dict[Literal, int | None] = field(default_factory=dict)

    def open(self, rows: Sequence[store.Row]) -> None:
        """Open every version of locked entries, and look up what they refer to."""
        self.mine |= {(name, id_): key for key, name, id_, _, _ in rows}
        about = {key: (name, id_, chart) for key, name, id_, chart, _ in rows}
        opens, named = self.keys(sorted({row[3] for row in rows})), set[Literal]()
        for key, version, sealed in store.versions(self.tx, list(about)):
            name, id_, chart = about[key]
            body = _body(opens.get(chart), key, version, sealed)
            if body is None:
                self.spoilt.add((name, id_))
            else:
                references = referred(walk(body).references)
                self.said.append((name, id_, body, references))
                named |= {literal for one in references if (literal := parse_literal(one))}
        wanted = sorted({id_ for _, id_ in named - self.mine.keys() - self.others.keys()})
        stored = store.classes_of(self.tx, wanted) if wanted else {}
        self.others |= {one: None if told is None or told & AGAIN else told for one, told in stored.items()}

    @property
    def unknown(self) -> list[Literal]:
        """What is referred to, waits, and is not on the page."""
        return [one for one, told in self.others.items() if told is None and one not in self.mine]


def classify(tx: Transaction, keys: Keys, first: Sequence[int], most: int) -> int:
    """Work out the classes of about `most` entries, of the charts `first` before others; tell of how many.

    `keys` opens charts. What waits and is referred to is taken along, so that nothing counts as more than it is. What
    cannot be read any more, its chart's key being destroyed say, is in every class. Any number may run at once.
    """
    rows = store.waiting_in(tx, first, most) if first else []
    rows = rows or store.waiting(tx, most)
    if not rows:
        return 0
    page = _Page(tx=tx, keys=keys)
    held = _fill(page, rows)
    blocked = _blocked(page.said, held)
    ready = [one for one in page.said if one[:2] not in blocked]
    others = {one: told for one, told in page.others.items() if one not in page.mine}
    found = {one: EVERY_LENT if one in page.spoilt else 0 for one in page.mine if one not in blocked}
    for one, classes in zip(ready, taken_on(ready, others), strict=True):
        found[one[:2]] |= classes
    if found:
        store.set_classes(tx, [(page.mine[one], classes) for one, classes in found.items()])
        follow(tx, [(page.mine[one], lends(classes)) for one, classes in found.items() if lends(classes)])
    return len(found)


def _fill(page: _Page, rows: Sequence[store.Row]) -> set[Literal]:
    """Open rows and whatever they refer to that waits; return what of that somebody else holds."""
    for _ in range(_ROUNDS):
        page.open(rows)
        unknown = page.unknown
        if not unknown or len(page.mine) > _MOST:
            return set()
        rows = store.waiting_among(page.tx, sorted(id_ for _, id_ in unknown))
        if not rows:
            return set(unknown)
    return set()


def _blocked(said: Sequence[Said], held: Collection[Literal]) -> set[Literal]:
    """Return what refers to what another holds, however many steps away: its turn comes when the other is done."""
    blocked: set[Literal] = set()
    waits, grew = set(held), bool(held)
    while grew:
        grew = False
        for name, id_, _, references in said:
            if (name, id_) not in blocked and any(parse_literal(one) in waits for one in references):
                blocked.add((name, id_))
                waits.add((name, id_))
                grew = True
    return blocked


def _body(key: bytes | None, resource_key: int, version: int, sealed: bytes) -> dict[str, Any] | None:
    if key is None:
        return None
    try:
        return parse(unseal(key, resource_key, version, sealed))
    except (RecordRefused, Unsafe):
        return None

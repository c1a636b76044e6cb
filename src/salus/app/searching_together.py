"""Searches of one or a few patients' records that arrive together share statements and one durable commit (flow 0).

Each is judged, bounded and registered as if it came alone. What may take long, or reaches further, is not shared.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from salus import access, records
from salus.access import Action
from salus.app.coalesce import Coalescer
from salus.app.facts import refuse
from salus.app.node import Node
from salus.app.searching import (
    Bound,
    FoundSealed,
    Page,
    check_indexed,
    gather,
    judged,
    opened,
    read_search,
    reads_of,
    search,
)
from salus.kernel import Refused, Role, SalusError
from salus.parties import Principal, authenticate
from salus.records import Asked
from salus.storage import Duty, StoreDown, TookTooLong, Transaction

log = logging.getLogger("salus.searching")
THREADS = 2
SHARED_SECONDS = 2.0
"""How long a statement may hold up others' searches: what takes longer is run alone by whoever holds it."""
MOST_CONDITIONS = 5
MOST_VALUES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchAsk:
    """One search as it came: whose token it is, is found out with the rest of its batch."""

    bearer: str
    type: str
    pairs: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alone:
    """A search that is not shared: whoever holds it runs it."""

    principal: Principal
    asked: Asked


class Searcher:
    """Searches of one node, coalesced."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._coalescer: Coalescer[SearchAsk, Page | Alone] = Coalescer(self._many, threads=THREADS)

    async def ask(self, ask: SearchAsk) -> Page | Alone:
        """Answer one search, or hand it back to be run alone. Raises what `search` raises."""
        return await self._coalescer.ask(ask)

    def close(self) -> None:
        """Finish what runs."""
        self._coalescer.close()

    def _many(self, asks: Sequence[SearchAsk]) -> list[Page | Alone | BaseException]:
        answers: list[Page | Alone | BaseException] = []
        at, known = self._node.clock.now(), dict[str, Principal]()
        for ask in asks:
            try:
                answers.append(self._read(ask, at, known))
            except SalusError as error:
                answers.append(error)
        shared = [place for place, one in enumerate(answers) if isinstance(one, Alone) and _is_short(one)]
        cases = [one for one in (answers[place] for place in shared) if isinstance(one, Alone)]
        for place, answer in zip(shared, self._answered(cases), strict=True):
            answers[place] = answer
        return answers

    def _read(self, ask: SearchAsk, at: datetime, known: dict[str, Principal]) -> Alone:
        who = known.get(ask.bearer)
        if who is None:
            who = known[ask.bearer] = authenticate(self._node.store, self._node.issuer, ask.bearer, at)
        if not who.in_scope(ask.type, "s"):
            raise Refused(f"the access token's scope does not cover system/{ask.type}.s", where="scope")
        return Alone(principal=who, asked=read_search(self._node, who, ask.type, ask.pairs))

    def _answered(self, cases: Sequence[Alone]) -> Sequence[Page | Alone | BaseException]:
        if len(cases) > 1:
            try:
                return search_together(self._node, cases)
            except StoreDown as down:
                return [down] * len(cases)
            except TookTooLong:
                return cases
            except SalusError:
                pass  # one of them is refused: each is told its own reason below
            except Exception as error:
                log.warning("searches could not be run together: %s", type(error).__name__)
        return [self._alone(one) for one in cases]

    def _alone(self, one: Alone) -> Page | BaseException:
        try:
            return search(self._node, one.principal, one.asked)
        except Exception as error:
            return error


def search_together(node: Node, cases: Sequence[Alone]) -> list[Page | BaseException]:
    """Answer searches that name patients, in shared statements; a key is unwrapped, and counted, for each search.

    Of the statements the last alone writes: all entries of the register, durable before a key is opened.
    """
    at = node.clock.now()
    with node.store.statements(Duty.CARE, limit=min(SHARED_SECONDS, node.most_seconds)) as tx:
        check_indexed(tx, node)
        facts = gather(tx, [(one.principal, one.asked.patients or ()) for one in cases], at)
        bounds = [judged(node, one.principal, one.asked.patients or (), facts) for one in cases]
        found = _found(tx, [(one.asked, bound) for one, bound in zip(cases, bounds, strict=True)])
        told = [
            read
            for one, bound, told in zip(cases, bounds, found, strict=True)
            if bound is not None and told is not None
            for read in reads_of(tx, one.principal, one.asked, bound, told, at)
        ]
        if told:
            access.register(tx, told)
    keys = node.keys.unwrap_left([chart for one in found if one is not None for chart in one.charts])
    return [
        refuse(node, one.principal, Action.SEARCH) if told is None else opened(node, one.asked, told, keys)
        for one, told in zip(cases, found, strict=True)
    ]


def _found(tx: Transaction, cases: Sequence[tuple[Asked, Bound | None]]) -> list[FoundSealed | None]:
    """Run searches in their bounds, which count and include nothing; of one without a bound nothing is found."""
    pages = iter(records.search_each(tx, [(asked, one.facility, one.sight) for asked, one in cases if one is not None]))
    found: list[FoundSealed | None] = []
    for _, bound in cases:
        if bound is None:
            found.append(None)
        else:
            matches, behind = next(pages)
            found.append(FoundSealed(sight=bound.sight, matches=matches, behind=behind))
    return found


def _is_short(one: Alone) -> bool:
    asked = one.asked
    return (
        asked.patients is not None
        and one.principal.role is not Role.RESIDENT
        and not asked.decides
        and not asked.includes
        and asked.shape.total == "none"
        and len(asked.conditions) <= MOST_CONDITIONS
        and len(asked.conditions) + asked.canonical.count(",") <= MOST_VALUES
        and not records.is_directory(asked.type)
    )


__all__ = ["Alone", "SearchAsk", "Searcher", "search_together"]

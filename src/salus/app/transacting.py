"""One transaction that writes and reads: reads see what it wrote, and where one fails nothing is stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from salus.access import Action
from salus.app.at_hand import register_undone
from salus.app.begun import Begun, begun_kept
from salus.app.facts import refuse
from salus.app.node import Node
from salus.app.reading import Found, ReadsTogether
from salus.app.searching import Page, opened_page, search_in
from salus.app.writing import accept
from salus.kernel import Refused, SalusError
from salus.parties import Principal
from salus.records import Accepted, Asked, Intent
from salus.storage import Duty, StoreDown, Transaction

Read = tuple[int, str, UUID, int | None]
"""Entry, type, id, and the version if one is meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transacted:
    """What became of a transaction: what it wrote, and by entry what it read and found."""

    accepted: Accepted | None
    read: dict[int, Found]
    pages: dict[int, Page]


def transact(
    node: Node, who: Principal, intents: Sequence[Intent], reads: Sequence[Read], searches: Sequence[tuple[int, Asked]]
) -> Transacted:
    """Take in all intents, then read and search, or do nothing.

    Raises what `accept` raises, and NotFound, Gone or Refused for a read or a search; a refusal is kept. What was found
    on the way is shown to whom it concerns, also where nothing comes of it.
    """
    together, pages, read = ReadsTogether(node, who, reads), dict[int, Page](), dict[int, Found]()
    opened: list[int] = []

    def look(tx: Transaction, begun: list[Begun]) -> None:
        """Read and open before the commit: what cannot be opened undoes all, and no answer leaves before it."""
        together.within(tx)
        for entry, asked in searches:
            try:
                tx.limit(node.most_seconds)
                found = search_in(tx, node, who, asked, begun)
                opened.extend(found.charts)
                pages[entry] = opened_page(node, asked, found)
            except SalusError as error:
                error.where = f"Bundle.entry[{entry}].request"
                raise
        read.update(together.opened())

    accepted = None
    try:
        with begun_kept(node, who) as begun:
            if intents:
                accepted = accept(node, who, intents, noted=lambda tx, _: look(tx, begun))
            else:
                _only_look(node, who, lambda tx: look(tx, begun))
    except SalusError as error:
        if not isinstance(error, StoreDown):
            together.register_looks()
            with node.store.transaction(Duty.CARE) as tx:
                register_undone(tx, who, opened, node.clock.now())
        raise
    return Transacted(accepted=accepted, read=read, pages=pages)


def _only_look(node: Node, who: Principal, look: Callable[[Transaction], None]) -> None:
    try:
        with node.store.transaction(Duty.CARE) as tx:
            look(tx)
    except Refused as refused:
        kept = refuse(node, who, Action.READ, refused.text)
        kept.where = refused.where
        raise kept from None


__all__ = ["Transacted", "transact"]

"""Register what was asked and not answered: a refusal behind the door, or none in time, tells of whom it was about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from salus import access
from salus.access import Action, Read
from salus.app.facts import read_by
from salus.app.node import Node
from salus.kernel import SalusError
from salus.parties import Principal
from salus.storage import Duty, StoreDown


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What somebody may read and began to: on which ground, and of whom, as far as that was known by then."""

    what: str
    ground: str
    residents: tuple[int, ...] = ()
    action: Action = Action.SEARCH


@contextmanager
def begun_kept(node: Node, who: Principal) -> Iterator[list[Begun]]:
    """Register what the block put on the list where it raises a SalusError: the block's transaction registers nothing.

    Put the transaction inside, so that it is rolled back before. A store that is down keeps nothing, and tells nothing.
    """
    begun: list[Begun] = []
    try:
        yield begun
    except SalusError as error:
        if not isinstance(error, StoreDown):
            register_unanswered(node, who, begun)
        raise


def register_unanswered(node: Node, who: Principal, begun: Sequence[Begun]) -> None:
    """Write down, in a transaction of its own, that somebody asked and was given nothing; whom it names is told."""
    if not begun:
        return
    with node.store.transaction(Duty.CARE) as tx:
        access.register(tx, [_entry(node, who, one, whose) for one in begun for whose in one.residents or (None,)])


def _entry(node: Node, who: Principal, one: Begun, resident: int | None) -> Read:
    return read_by(
        who, resident_key=resident, what=one.what, count=0, action=one.action, ground=one.ground, at=node.clock.now()
    )


__all__ = ["Begun", "begun_kept", "register_unanswered"]

"""Whether a register has outgrown the size that its node weighs for. A count decides nothing: it is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from salus import identity
from salus.storage import Duty

if TYPE_CHECKING:
    from salus.app.node import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many residents the index holds, of many about, and for how many people at most the node weighs."""

    residents: int
    people: int

    @property
    def outgrown(self) -> bool:
        """Tell whether it holds more than it weighs for."""
        return self.residents > self.people

    @property
    def advice(self) -> str:
        """What an operator does about it."""
        if self.residents > identity.MOST_PEOPLE:
            return "no class is larger; see docs/how-to/run-for-a-province.md"
        return (
            "say in the settings for how many people it is, as in"
            f" register_people = {identity.class_of(self.residents)}, and start the node again"
        )


def size_of(node: Node) -> Size:
    """Return how large the register is, and for how many people it is weighed."""
    with node.store.statements(Duty.CARE) as tx:
        return Size(residents=identity.minted_so_far(tx), people=node.held.people)


def told(node: Node) -> Iterator[str]:
    """Say at the start that another number holds from now on, and that the register has outgrown what was said."""
    held = node.held
    if held.people != held.before:
        yield f"weighs for {held.people:,} people from now on, before for {held.before:,}"
    yield from outgrown(node)


def outgrown(node: Node) -> Iterator[str]:
    """Say that the register has outgrown what was said of it, and what to do; nothing where it has not."""
    size = size_of(node)
    if size.outgrown:
        yield f"the index holds {size.residents:,} residents and weighs for {size.people:,} people: {size.advice}"

"""What the order of lines sent apart depends on: which identifiers one gives, and which it asks for. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from salus.records.fhir import facts
from salus.records.intake.examine import Ready, examine
from salus.records.intake.feed import replacements
from salus.records.model import Intent


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """What a line gives and asks, as marks of types and identifiers. `alone` says that it waits for all before it."""

    gives: frozenset[bytes] = field(default=frozenset(), repr=False)
    asks: frozenset[bytes] = field(default=frozenset(), repr=False)
    alone: bool = False

    def meets(self, other: Footprint) -> bool:
        """Tell whether it matters which of two comes first."""
        apart = self.gives.isdisjoint(other.asks) and self.asks.isdisjoint(other.gives)
        return self.alone or other.alone or not apart

    def __or__(self, other: Footprint) -> Footprint:
        return Footprint(gives=self.gives | other.gives, asks=self.asks | other.asks, alone=self.alone or other.alone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line that may be stored: examined, unless a condition or a patch says only later what it is."""

    intents: Sequence[Intent] = field(repr=False)
    ready: Ready | None = field(repr=False)
    footprint: Footprint


def line(intents: Sequence[Intent]) -> Line:
    """Examine what one line sends. Raises RecordRefused.

    Whatever changes, deletes, asks by a search, or says that one Patient replaced another, stands alone in its order.
    """
    if not all(one.ready for one in intents):
        return Line(intents=intents, ready=None, footprint=Footprint(alone=True))
    ready = examine(intents)
    alone = any(one.verb != "create" for one in intents) or any(
        True for one in intents for _ in replacements(one.resource)
    )
    return Line(intents=intents, ready=ready, footprint=Footprint(gives=_gives(ready), asks=_asks(ready), alone=alone))


def _gives(ready: Ready) -> frozenset[bytes]:
    return frozenset(
        _mark(one.type, facts.token_of(system, value))
        for one in ready.examined
        for told, value in facts.identifiers(one.resource)
        for system in (None, told or "")
    )


def _asks(ready: Ready) -> frozenset[bytes]:
    return frozenset(_mark(name, facts.asked_token(unquote(token)) or "") for name, token in ready.references.asked)


def _mark(name: str, token: str) -> bytes:
    told = f"{name}\0{token}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(told, digest_size=12).digest()

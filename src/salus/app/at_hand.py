"""Chart keys of one transaction, and what the register says where nothing comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from salus import access, identity
from salus.access import Action
from salus.app.facts import read_by
from salus.keys import KeyService
from salus.parties import Principal
from salus.storage import Transaction

UNDONE = "undone"
"""The ground of what was opened for a write that was then refused: nothing was stored, but it was opened."""


class AtHand:
    """Chart keys of one transaction, each unwrapped, and counted, once. `opened` are the charts whose key that was.

    Once `day` is set they are counted on it: a long acceptance over midnight is told of by entries of its beginning.
    """

    def __init__(self, keys: KeyService) -> None:
        self._keys = keys
        self._known: dict[int, bytes] = {}
        self.opened: list[int] = []
        self.day: date | None = None

    def create(self, chart_keys: Sequence[int]) -> dict[int, bytes]:
        made = self._keys.create(chart_keys)
        self._known |= made
        return made

    def unwrap(self, chart_keys: Sequence[int]) -> dict[int, bytes]:
        missing = sorted(set(chart_keys) - set(self._known))
        self._known |= self._keys.unwrap(missing, self.day) if missing else {}
        self.opened += missing
        return {key: self._known[key] for key in chart_keys}

    def emergency_keys(self) -> dict[bytes, bytes]:
        return self._keys.emergency_keys()

    def emergency_key(self, emergency: bytes) -> bytes:
        return self._keys.emergency_key(emergency)


def register_undone(tx: Transaction, who: Principal, opened: Sequence[int], at: datetime) -> None:
    """Tell of keys that were opened in a transaction that was rolled back, each in its resident's own register."""
    if not opened:
        return
    owners = identity.residents_of(tx, sorted(set(opened)))
    reads = [
        read_by(
            who,
            resident_key=owners.get(chart),
            chart_keys=(chart,),
            what="Bundle",
            count=0,
            action=Action.UPDATE,
            ground=UNDONE,
            unwraps=1,
            at=at,
        )
        for chart in opened
    ]
    access.register(tx, reads)


__all__ = ["UNDONE", "AtHand", "register_undone"]

"""Which refusals are kept whole, and what the others come to. Pure; forgets nothing that it counted."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

from salus.access.model import Refusal
from salus.kernel import Purpose, Role

REFUSALS_WHOLE: Final = 100
"""How many refusals of one kind to one caller in one hour have a row each; no setting changes it."""

_MOST_KINDS = 10_000
_Kind = tuple[str, Role, str, str | None, str, Purpose | None]


class Tally:
    """What was refused whom in this hour, by caller and kind: whatever but the instant is the same."""

    def __init__(self) -> None:
        self._seen: OrderedDict[_Kind, tuple[datetime, int]] = OrderedDict()
        self._counted: dict[_Kind, Refusal] = {}

    def whole(self, refusal: Refusal) -> bool:
        """Tell whether a refusal is to be kept whole; one that is not is counted."""
        kind, hour = _kind(refusal), refusal.at.replace(minute=0, second=0, microsecond=0)
        before, seen = self._seen.get(kind, (hour, 0))
        if before != hour:
            seen = 0
        self._seen[kind] = (hour, seen + 1)
        self._seen.move_to_end(kind)
        if len(self._seen) > _MOST_KINDS:  # whoever is forgotten has rows of its own again: nothing is lost
            self._seen.popitem(last=False)
        if seen < REFUSALS_WHOLE:
            return True
        self._add(refusal)
        return False

    def drawn(self, at: datetime) -> list[Refusal]:
        """Return what was counted, one for each caller and kind, as of `at`, and count from nothing."""
        found, self._counted = self._counted, {}
        return [replace(one, at=max(at, one.at)) for one in found.values()]

    def put_back(self, counted: Iterable[Refusal]) -> None:
        """Count again what was drawn and could not be kept."""
        for one in counted:
            self._add(one)

    def _add(self, refusal: Refusal) -> None:
        kind = _kind(refusal)
        known = self._counted.get(kind)
        if known is None:
            self._counted[kind] = refusal
            return
        since = min(known.since or known.at, refusal.since or refusal.at)
        at, count = max(known.at, refusal.at), known.count + refusal.count
        self._counted[kind] = replace(known, since=since, at=at, count=count)


def _kind(refusal: Refusal) -> _Kind:
    return refusal.code, refusal.role, refusal.principal, refusal.facility, refusal.action, refusal.purpose

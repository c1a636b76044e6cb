"""Chart keys of one transaction."""

from __future__ import annotations

from collections.abc import Sequence

from salus.keys import KeyService


class AtHand:
    """Chart keys of one transaction, each unwrapped, and counted, once."""

    def __init__(self, keys: KeyService) -> None:
        self._keys = keys
        self._known: dict[int, bytes] = {}

    def create(self, chart_keys: Sequence[int]) -> dict[int, bytes]:
        return self._keys.create(chart_keys)

    def unwrap(self, chart_keys: Sequence[int]) -> dict[int, bytes]:
        missing = sorted(set(chart_keys) - set(self._known))
        self._known |= self._keys.unwrap(missing) if missing else {}
        return {key: self._known[key] for key in chart_keys}

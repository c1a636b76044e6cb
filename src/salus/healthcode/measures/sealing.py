"""Seal openings under the key of their chart (AES-256-GCM): who destroys the key destroys what they say.

What is kept because of an emergency is sealed under a key of that emergency as well, and whose it is under that alone:
once it is destroyed nobody can read what was kept, nor tell about whom it was.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV

from salus.healthcode.measures.model import FORGOTTEN, Decided, Kept, raw
from salus.kernel import canonical
from salus.records import Keys

_VERSION = b"\x01"
_NONCE = 12
_HOLDER = b"healthcode.holder"


class EvidenceKeys(Keys, Protocol):
    """Keys of charts, and those of emergencies."""

    def emergency_keys(self) -> dict[bytes, bytes]: ...

    def emergency_key(self, emergency: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Seals:
    """The keys of the emergencies that have one, by digest. Ask for them anew for each request, and keep them nowhere.

    A chart is sealed with AES-SIV (RFC 5297), which gives one value for one chart within one emergency: rows of a
    chart are found by it.
    """

    emergencies: Mapping[bytes, bytes] = field(repr=False)

    @classmethod
    def of(cls, keys: EvidenceKeys) -> Seals:
        """Return the keys as they are now."""
        return cls(emergencies=keys.emergency_keys())

    def holder(self, emergency: bytes, chart_key: int) -> bytes:
        """Return what stands for a chart under an emergency. KeyError if the emergency has no key."""
        return _siv(self.emergencies[emergency]).encrypt(chart_key.to_bytes(8, signed=True), [_HOLDER])

    def holders(self, charts: Sequence[int]) -> list[bytes]:
        """Return everything that stands for these charts."""
        return [self.holder(one, chart) for one in self.emergencies for chart in charts]

    def chart_of(self, emergency: bytes, holder: bytes) -> int:
        """Return whose it is; FORGOTTEN where the key was destroyed, or never sealed this."""
        key = self.emergencies.get(emergency)
        try:
            return int.from_bytes(_siv(key).decrypt(holder, [_HOLDER]), signed=True) if key else FORGOTTEN
        except InvalidTag:
            return FORGOTTEN

    def key_for(self, row: Kept | Decided, chart: bytes) -> bytes | None:
        """Return the key that seals a row, from that of its chart; None where the emergency's was destroyed."""
        emergency = row.emergency if isinstance(row, Kept) else raw(row.emergency) if row.under else None
        if emergency is None:
            return chart
        return self.joined(emergency, chart) if emergency in self.emergencies else None

    def joined(self, emergency: bytes, chart: bytes) -> bytes:
        """Return the key that takes both: HMAC-SHA256 of the chart's under the emergency's."""
        return hmac.digest(self.emergencies[emergency], b"healthcode.sealed\x00" + chart, "sha256")

    def unseal(self, row: Kept | Decided, chart: bytes | None) -> dict[str, Any] | None:
        """Open the opening of a row with the key of its chart; None where it does not open."""
        key = self.key_for(row, chart) if chart else None
        return unseal(key, row.place, row.sealed) if key else None


def _siv(key: bytes) -> AESSIV:
    return AESSIV(hmac.digest(key, _HOLDER, "sha512"))


def seal(key: bytes, place: bytes, opening: Mapping[str, Any]) -> bytes:
    """Seal an opening to its row."""
    nonce = secrets.token_bytes(_NONCE)
    return _VERSION + nonce + AESGCM(key).encrypt(nonce, canonical(dict(opening)), place)


def unseal(key: bytes, place: bytes, sealed: bytes) -> dict[str, Any] | None:
    """Open an opening; None where it is not the one that was sealed for this row, which then counts for nothing."""
    if sealed[:1] != _VERSION or len(sealed) <= 1 + _NONCE:
        return None
    try:
        found = json.loads(AESGCM(key).decrypt(sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], place))
    except (InvalidTag, ValueError):
        return None
    return found if isinstance(found, dict) else None

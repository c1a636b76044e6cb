"""Seal openings under the key of their chart (AES-256-GCM): who destroys the key destroys what they say."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from salus.kernel import canonical

_VERSION = b"\x01"
_NONCE = 12


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

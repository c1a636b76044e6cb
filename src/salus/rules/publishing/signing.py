"""Whether a party's key made a signature. Pure."""

from __future__ import annotations

import base64
import binascii
from functools import lru_cache

from salus.proof import VerifierKey


def signed_by(key: bytes, message: bytes, signature: object) -> bool:
    """Tell whether an Ed25519 key made a signature that is given in canonical base64; any other value is none."""
    return isinstance(signature, str) and _signed_by(key, message, signature)


@lru_cache(maxsize=1024)
def _signed_by(key: bytes, message: bytes, signature: str) -> bool:
    try:
        raw = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return False
    if base64.b64encode(raw).decode() != signature:
        return False
    return VerifierKey(name="party", public_key=key).verifies(message, raw)

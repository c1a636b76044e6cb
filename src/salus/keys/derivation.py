"""Keys derived from a custodian's own, one for each use and name."""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from salus.keys.model import KEY_BYTES, checked_name


def derive(key: bytes, use: str, name: str) -> bytes:
    """Derive the 32-byte key of one use and name by HKDF-SHA256 (RFC 5869); uses and names never run together."""
    info = b"salus " + use.encode() + b"\x00" + checked_name(name).encode()
    return HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=info).derive(key)

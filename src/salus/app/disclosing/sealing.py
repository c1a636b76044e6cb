"""Seal what is disclosed to the court's key (HPKE, RFC 9180), so that it lies nowhere in the clear. Pure."""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from salus.access.disclosing import Disclosure
from salus.kernel import Invalid

MAGIC: Final = b"salus-disclosure-1\n"


class FileUnreadable(Invalid):
    """A file is none of a disclosure, or not for this key, or it was changed."""

    code = "SALUS-A091"


def seal_file(disclosure: Disclosure, content: bytes) -> bytes:
    """Seal a file to the court that a disclosure names; it is bound to that disclosure."""
    key = X25519PublicKey.from_public_bytes(disclosure.key)
    return MAGIC + disclosure.commitment + _suite().encrypt(content, key, info=MAGIC + disclosure.commitment)


def open_file(sealed: bytes, key: bytes) -> bytes:
    """Open a file with the court's private key of 32 bytes, as the court does. Raises FileUnreadable."""
    commitment, rest = sealed[len(MAGIC) : len(MAGIC) + 32], sealed[len(MAGIC) + 32 :]
    try:
        private = X25519PrivateKey.from_private_bytes(key)
        if not sealed.startswith(MAGIC):
            raise ValueError
        return _suite().decrypt(rest, private, info=MAGIC + commitment)
    except (InvalidTag, ValueError):
        raise FileUnreadable("this key opens no such file: it is for another court, or it was changed") from None


def _suite() -> Suite:
    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


__all__ = ["FileUnreadable", "open_file", "seal_file"]

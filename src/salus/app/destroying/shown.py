"""What somebody was shown of a measure, kept with their contest of it: sealed under the emergency, and gone with it."""

from __future__ import annotations

import base64
import hmac
import secrets
import zlib
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from salus.app.node import Node
from salus.healthcode import measures
from salus.keys import KeyShredded

_MARK: Final = "sealed:"
_NONCE: Final = 12


def keep_shown(node: Node, emergency: str, shown: str) -> str:
    """Return a notice's file as it is kept with a contest, from the digest of the emergency that it names.

    One that no emergency of the log stands behind is kept as it is: it asked for nothing, and a key for it would never
    be due. So is one that its holder brings after the key was destroyed.
    """
    if measures.known(node.store, node.trust).of(emergency) is None:
        return shown
    try:
        key = _key(node.keys.emergency_key(measures.raw(emergency)))
    except KeyShredded:
        return shown
    nonce = secrets.token_bytes(_NONCE)
    sealed = nonce + AESGCM(key).encrypt(nonce, zlib.compress(shown.encode(), 9), emergency.encode())
    return f"{_MARK}{emergency}:{base64.b64encode(sealed).decode()}"


def open_shown(node: Node, kept: str) -> str | None:
    """Return the file that was kept; None once the key of its emergency is destroyed."""
    if not kept.startswith(_MARK):
        return kept
    emergency, _, text = kept.removeprefix(_MARK).partition(":")
    key, sealed = node.keys.emergency_keys().get(measures.raw(emergency)), base64.b64decode(text)
    if key is None:
        return None
    try:
        packed = AESGCM(_key(key)).decrypt(sealed[:_NONCE], sealed[_NONCE:], emergency.encode())
    except InvalidTag:
        return None
    return zlib.decompress(packed).decode()


def _key(emergency: bytes) -> bytes:
    return hmac.digest(emergency, b"appeals.shown", "sha256")


__all__ = ["keep_shown", "open_shown"]

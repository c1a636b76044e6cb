"""A demo node's passphrase, which lies beside its data, cut so that neither file of a back-up holds it.

The data's half is a one-way function of the passphrase and the same in every back-up; the keys' half is the rest. So
any data file goes with any keys file of the node, and one file alone opens nothing.
"""

from __future__ import annotations

import hashlib

_LABEL = b"salus backup of a demo passphrase: the half beside the data\x00"


def cut(passphrase: bytes) -> tuple[bytes, bytes]:
    """Return the data's half and the keys' half."""
    mask = hashlib.shake_256(_LABEL + passphrase).digest(len(passphrase))
    return mask, _xor(passphrase, mask)


def joined(beside_data: bytes, beside_keys: bytes) -> bytes:
    """Return the passphrase; nonsense if the halves are of two nodes."""
    return _xor(beside_data, beside_keys)


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=False))

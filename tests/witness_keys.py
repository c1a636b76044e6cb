"""Keys of logs and witnesses made from seeds, and checkpoints signed and cosigned with them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from salus.proof import Trust, VerifierKey, WitnessKey, cosign, sign_checkpoint


class SeededSigner:
    """A key made from a seed, so that every byte is fixed: Ed25519 signatures are deterministic."""

    def __init__(self, name: str, seed: int) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        self.name = name

    @property
    def public_key(self) -> bytes:
        return self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


LOG = SeededSigner("salus.example/log", 1)
WITNESSES = [SeededSigner(f"witness.example/w{number}", 10 + number) for number in range(9)]


def trust_in(count: int) -> Trust:
    """Believe the log with so many of the witnesses."""
    return Trust.of(VerifierKey.of(LOG), map(WitnessKey.of, WITNESSES[:count]))


def cosigned(size: int, root: bytes, times: Mapping[int, datetime]) -> str:
    """Sign a head, and let the witnesses with these numbers cosign it at these times."""
    head = sign_checkpoint(size, root, LOG)
    return head.note + "".join(str(cosign(head.text, at, WITNESSES[number])) for number, at in times.items())

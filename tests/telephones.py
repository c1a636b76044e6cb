"""A telephone as its page's script makes one: a key that stays there, a token, and a code for each step."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from salus.codec import signer
from salus.codec.dynamic import encode_dynamic, step_at
from salus.healthcode.phones import Token


@dataclass
class Telephone:
    """One telephone. `handed` is the token that it was given last."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    handed: Token | None = None

    @property
    def point(self) -> bytes:
        """Its public key."""
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def code(self, at: datetime, steps: int = 0) -> str:
        """Return what it shows at an instant, its clock being so many steps ahead."""
        assert self.handed is not None
        return encode_dynamic(self.handed.message, step_at(at) + steps, signer(self.key))

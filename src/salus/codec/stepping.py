"""What a telephone signs anew in each step of 30 seconds: its message around a token of the node's. Pure.

A nested CWT (RFC 8392, section 7): no key id, and the beginning of the step as `iat` among the CWT claims of the
protected header (RFC 9597). ES256, fixed places, one spelling.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey

from salus.codec import base45
from salus.codec.cose import SIGNATURE_OCTETS, Algorithm, Signer, to_be_signed, verify
from salus.codec.envelope import PREFIX, require_signature
from salus.codec.errors import CodecError, Fault

STEP_SECONDS = 30
SKEW_STEPS = 1
"""How many steps a telephone's clock may differ, in either direction."""
POINT_OCTETS = 65
"""A holder's key: a point of P-256, uncompressed (SEC 1, section 2.3.3), as a browser exports it."""
SHORTEST_NUMBER = 1 << 16  # a smaller one would have a shorter form

_HEAD = bytes.fromhex("d2844b")
_STEP = bytes.fromhex("a201260fa1061a")
_SIGNATURE = bytes.fromhex("5840")
_PROTECTED_OCTETS = len(_STEP) + 4
_BEFORE_TOKEN = len(_HEAD) + _PROTECTED_OCTETS + len(b"\xa0\x58\x00")
_AROUND = _BEFORE_TOKEN + len(_SIGNATURE) + SIGNATURE_OCTETS
BEGINNING = PREFIX + base45.encode(_HEAD + _STEP[:1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepped:
    """A token and the step for which a telephone signed it; whether its holder did is not looked at yet."""

    token: bytes
    step: int
    _signed: bytes = field(repr=False)
    _signature: bytes = field(repr=False)

    def require(self, point: bytes) -> None:
        """Raise CodecError unless the holder's key signed this token and step."""
        verify(holder_key(point), self._signature, self._signed)


def holder_key(point: bytes) -> EllipticCurvePublicKey:
    """Read a holder's public key; CodecError unless the octets are a point of P-256, uncompressed."""
    try:
        if len(point) != POINT_OCTETS:
            raise ValueError
        return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
    except ValueError:
        raise CodecError("a holder's key is a point of P-256 of 65 octets", Fault.KEY) from None


def step_at(at: datetime) -> int:
    """Return the number of the step that an instant lies in, counted from 1970."""
    return int(at.timestamp()) // STEP_SECONDS


def write_stepped(token: bytes, step: int, sign: Signer) -> str:
    """Write the code of one step, as a telephone does; `sign` is the holder's, and is called once."""
    protected = _STEP + (step * STEP_SECONDS).to_bytes(4)
    signature = sign(to_be_signed(protected, token))
    require_signature(signature, Algorithm.ES256)
    payload = b"\xa0\x58%c" % len(token)
    return PREFIX + base45.encode(b"".join((_HEAD, protected, payload, token, _SIGNATURE, signature)))


def read_stepped(message: bytes, lengths: range, what: str) -> Stepped:
    """Take a message apart whose token has one of `lengths` octets, below 256; `what` names the form in errors."""
    size = len(message) - _AROUND
    if size not in lengths:
        raise CodecError(f"{what} has another length", Fault.LENGTH)
    protected = message[len(_HEAD) : len(_HEAD) + _PROTECTED_OCTETS]
    token = message[_BEFORE_TOKEN : _BEFORE_TOKEN + size]
    signature = message[-SIGNATURE_OCTETS:]
    begins = int.from_bytes(protected[-4:])
    if b"".join((_HEAD, _STEP, protected[-4:], b"\xa0\x58%c" % size, token, _SIGNATURE, signature)) != message:
        raise CodecError(f"this is not the one form that {what} has", Fault.CANONICAL)
    if begins % STEP_SECONDS or begins < SHORTEST_NUMBER:
        raise CodecError("a step begins at a whole number of steps", Fault.CANONICAL)
    require_signature(signature, Algorithm.ES256)
    return Stepped(
        token=token, step=begins // STEP_SECONDS, _signed=to_be_signed(protected, token), _signature=signature
    )

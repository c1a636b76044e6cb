"""`SL1:`, third form: an identity code that a telephone signs anew in each step of 30 seconds. Pure.

A nested CWT (RFC 8392, section 7). Inside is the node's token, `{4: exp, 7: identifier of 16, 8: {3: confirmation}}`,
in the envelope of the other forms. Around it is the telephone's message: no key id, and the beginning of the step as
`iat` among the CWT claims of its protected header (RFC 9597). ES256, fixed places: 213 octets, 324 characters.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey

from salus.codec import base45
from salus.codec.cose import SIGNATURE_OCTETS, Algorithm, PublicKey, Signer, to_be_signed, verify
from salus.codec.envelope import PREFIX, message_of, opened, require_signature, sealed
from salus.codec.errors import CodecError, Fault
from salus.codec.sl1 import IDENTIFIER_OCTETS

STEP_SECONDS = 30
SKEW_STEPS = 1
"""How many steps a telephone's clock may differ, in either direction."""
POINT_OCTETS = 65
"""A holder's key: a point of P-256, uncompressed (SEC 1, section 2.3.3), as a browser exports it."""

_WHAT = "a code of a telephone"
_CONFIRMATION_OCTETS = 16
_EXPIRES, _IDENTIFIER, _CONFIRMATION = (bytes.fromhex(head) for head in ("a3041a", "0750", "08a10350"))
_TOKEN = range(45, 46)
_TOKEN_MESSAGE_OCTETS = 130
_HEAD = bytes.fromhex("d2844b")
_STEP = bytes.fromhex("a201260fa1061a")
_PAYLOAD = bytes.fromhex("a05882")
_SIGNATURE = bytes.fromhex("5840")
_PROTECTED_OCTETS = len(_STEP) + 4
_BEFORE_TOKEN = len(_HEAD) + _PROTECTED_OCTETS + len(_PAYLOAD)
_OCTETS = _BEFORE_TOKEN + _TOKEN_MESSAGE_OCTETS + len(_SIGNATURE) + SIGNATURE_OCTETS
_BEGINNING = PREFIX + base45.encode(_HEAD + _STEP[:1])
_SHORTEST_NUMBER = 1 << 16  # a smaller one would have a shorter form


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A code in its one form that the node's key and the time agree with. `require` asks whether its holder made it."""

    identifier: bytes
    step: int
    ends: datetime
    _confirmation: bytes
    _signed: bytes
    _signature: bytes

    def require(self, point: bytes) -> None:
        """Raise CodecError unless the holder's key is the one that the token is for, and signed this step."""
        if confirmation(self.identifier, point) != self._confirmation:
            raise CodecError("the token of this code is for another key", Fault.KEY)
        verify(holder_key(point), self._signature, self._signed)


def is_dynamic(text: str) -> bool:
    """Tell by the beginning of a trimmed text whether it claims to be a code of a telephone."""
    return text.startswith(_BEGINNING)


def holder_key(point: bytes) -> EllipticCurvePublicKey:
    """Read a holder's public key; CodecError unless the octets are a point of P-256, uncompressed."""
    try:
        if len(point) != POINT_OCTETS:
            raise ValueError
        return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
    except ValueError:
        raise CodecError("a holder's key is a point of P-256 of 65 octets", Fault.KEY) from None


def confirmation(identifier: bytes, point: bytes) -> bytes:
    """Return what binds a token to a holder's key. Tokens of one key have nothing in common by it."""
    return hashlib.sha256(identifier + point).digest()[:_CONFIRMATION_OCTETS]


def encode_token(identifier: bytes, point: bytes, ends: datetime, issuer_kid: bytes, sign: Signer) -> bytes:
    """Write the token of an identifier of 16 random octets for a holder's key; the node signs it once, by ES256."""
    if len(identifier) != IDENTIFIER_OCTETS:
        raise CodecError(f"an identifier has {IDENTIFIER_OCTETS} octets", Fault.STRUCTURE)
    holder_key(point)
    expires = _EXPIRES + int(ends.timestamp()).to_bytes(4)
    payload = expires + _IDENTIFIER + identifier + _CONFIRMATION + confirmation(identifier, point)
    return sealed(payload, issuer_kid, sign, Algorithm.ES256)


def step_at(at: datetime) -> int:
    """Return the number of the step that an instant lies in, counted from 1970."""
    return int(at.timestamp()) // STEP_SECONDS


def encode_dynamic(token: bytes, step: int, sign: Signer) -> str:
    """Write the code of one step, as a telephone does; `sign` is the holder's, and is called once."""
    protected = _STEP + (step * STEP_SECONDS).to_bytes(4)
    signature = sign(to_be_signed(protected, token))
    require_signature(signature, Algorithm.ES256)
    return PREFIX + base45.encode(b"".join((_HEAD, protected, _PAYLOAD, token, _SIGNATURE, signature)))


def decode_dynamic(text: str, keys: Mapping[bytes, PublicKey], at: datetime) -> Shown:
    """Take a code apart whose token one of `keys`, by their `key_id`, has signed, and whose time is now.

    The holder's signature is checked by `Shown.require`, once the caller has found the key. For each token, step and
    signature exactly one text is accepted. Everything else is a CodecError, and no other exception is raised.
    """
    message = message_of(text, _WHAT)
    if len(message) != _OCTETS:
        raise CodecError(f"{_WHAT} has another length", Fault.LENGTH)
    protected = message[len(_HEAD) : len(_HEAD) + _PROTECTED_OCTETS]
    token = message[_BEFORE_TOKEN : _BEFORE_TOKEN + _TOKEN_MESSAGE_OCTETS]
    signature = message[-SIGNATURE_OCTETS:]
    begins = int.from_bytes(protected[-4:])
    if b"".join((_HEAD, _STEP, protected[-4:], _PAYLOAD, token, _SIGNATURE, signature)) != message:
        raise CodecError(f"this is not the one form that {_WHAT} has", Fault.CANONICAL)
    if begins % STEP_SECONDS or begins < _SHORTEST_NUMBER:
        raise CodecError("a step begins at a whole number of steps", Fault.CANONICAL)
    require_signature(signature, Algorithm.ES256)
    identifier, ends, bound = _token(token, keys)
    step = begins // STEP_SECONDS
    _require_now(step, ends, at)
    return Shown(
        identifier=identifier,
        step=step,
        ends=ends,
        _confirmation=bound,
        _signed=to_be_signed(protected, token),
        _signature=signature,
    )


def _token(message: bytes, keys: Mapping[bytes, PublicKey]) -> tuple[bytes, datetime, bytes]:
    """Return identifier, end and confirmation of a token that one of the node's keys signed, by ES256."""
    envelope = opened(message, _TOKEN, "a token")
    payload = envelope.payload
    expires, identifier, bound = payload[3:7], payload[9:25], payload[29:]
    if b"".join((_EXPIRES, expires, _IDENTIFIER, identifier, _CONFIRMATION, bound)) != payload:
        raise CodecError("this is not the one form that a token has", Fault.CANONICAL)
    number = int.from_bytes(expires)
    if number < _SHORTEST_NUMBER:
        raise CodecError("a number is not in its shortest form", Fault.CANONICAL)
    key = keys.get(envelope.kid)
    if key is None:
        raise CodecError("no known key has signed this token", Fault.KEY)
    if envelope.algorithm is not Algorithm.ES256:
        raise CodecError("a token is signed by ES256", Fault.ALGORITHM)
    envelope.verify(key)
    return identifier, datetime.fromtimestamp(number, UTC), bound


def _require_now(step: int, ends: datetime, at: datetime) -> None:
    now = step_at(at)
    if at >= ends or step < now - SKEW_STEPS:
        raise CodecError("this code was shown before; a new one is on the telephone", Fault.EXPIRED)
    if step > now + SKEW_STEPS:
        raise CodecError("this code is for a time to come; the telephone's clock is wrong", Fault.NOT_YET)

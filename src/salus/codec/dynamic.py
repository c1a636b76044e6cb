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

from salus.codec.cose import Algorithm, PublicKey, Signer
from salus.codec.envelope import message_of, opened, sealed
from salus.codec.errors import CodecError, Fault
from salus.codec.sl1 import IDENTIFIER_OCTETS
from salus.codec.stepping import (
    BEGINNING,
    POINT_OCTETS,
    SHORTEST_NUMBER,
    SKEW_STEPS,
    STEP_SECONDS,
    Stepped,
    holder_key,
    read_stepped,
    step_at,
    write_stepped,
)

_WHAT = "a code of a telephone"
_CONFIRMATION_OCTETS = 16
_EXPIRES, _IDENTIFIER, _CONFIRMATION = (bytes.fromhex(head) for head in ("a3041a", "0750", "08a10350"))
_TOKEN = range(45, 46)
_TOKEN_MESSAGE = range(130, 131)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A code in its one form that the node's key and the time agree with. `require` asks whether its holder made it."""

    identifier: bytes
    step: int
    ends: datetime
    _confirmation: bytes
    _stepped: Stepped

    def require(self, point: bytes) -> None:
        """Raise CodecError unless the holder's key is the one that the token is for, and signed this step."""
        if confirmation(self.identifier, point) != self._confirmation:
            raise CodecError("the token of this code is for another key", Fault.KEY)
        self._stepped.require(point)


def is_dynamic(text: str) -> bool:
    """Tell by the beginning of a trimmed text whether it claims to be a code of a telephone."""
    return text.startswith(BEGINNING)


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


def encode_dynamic(token: bytes, step: int, sign: Signer) -> str:
    """Write the code of one step, as a telephone does; `sign` is the holder's, and is called once."""
    return write_stepped(token, step, sign)


def decode_dynamic(text: str, keys: Mapping[bytes, PublicKey], at: datetime) -> Shown:
    """Take a code apart whose token one of `keys`, by their `key_id`, has signed, and whose time is now.

    The holder's signature is checked by `Shown.require`, once the caller has found the key. For each token, step and
    signature exactly one text is accepted. Everything else is a CodecError, and no other exception is raised.
    """
    stepped = read_stepped(message_of(text, _WHAT), _TOKEN_MESSAGE, _WHAT)
    identifier, ends, bound = _token(stepped.token, keys)
    _require_now(stepped.step, ends, at)
    return Shown(identifier=identifier, step=stepped.step, ends=ends, _confirmation=bound, _stepped=stepped)


def _token(message: bytes, keys: Mapping[bytes, PublicKey]) -> tuple[bytes, datetime, bytes]:
    """Return identifier, end and confirmation of a token that one of the node's keys signed, by ES256."""
    envelope = opened(message, _TOKEN, "a token")
    payload = envelope.payload
    expires, identifier, bound = payload[3:7], payload[9:25], payload[29:]
    if b"".join((_EXPIRES, expires, _IDENTIFIER, identifier, _CONFIRMATION, bound)) != payload:
        raise CodecError("this is not the one form that a token has", Fault.CANONICAL)
    number = int.from_bytes(expires)
    if number < SHORTEST_NUMBER:
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


__all__ = [
    "POINT_OCTETS",
    "SKEW_STEPS",
    "STEP_SECONDS",
    "Shown",
    "confirmation",
    "decode_dynamic",
    "encode_dynamic",
    "encode_token",
    "holder_key",
    "is_dynamic",
    "step_at",
]

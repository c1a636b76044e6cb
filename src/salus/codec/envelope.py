"""What both forms of `SL1:` share: a COSE_Sign1 (RFC 9052) as Base45 text, for which there is one spelling only.

Deterministic CBOR (RFC 8949, section 4.2.1) at fixed places: tag 18, array of 4, a byte string of 13 that holds
`{1: alg, 4: kid of 8}`, no unprotected header, the payload of up to 255 octets, a signature of 64. It is never
compressed: deflate makes so short a message longer, and has many spellings.
"""

from __future__ import annotations

from dataclasses import dataclass

from salus.codec import base45
from salus.codec.cose import (
    KID_OCTETS,
    SIGNATURE_OCTETS,
    Algorithm,
    PublicKey,
    Signer,
    algorithm_of,
    has_low_s,
    to_be_signed,
    verify,
)
from salus.codec.errors import CodecError, Fault

PREFIX = "SL1:"
MOST_CHARACTERS = 512

_HEAD = bytes.fromhex("d2844d")
_ALGORITHM = bytes.fromhex("a201")
_KID = bytes.fromhex("0448")
_UNPROTECTED = b"\xa0"
_SIGNATURE = bytes.fromhex("5840")
_ALGORITHM_OCTETS = {Algorithm.ES256: b"\x26", Algorithm.EDDSA: b"\x27"}
_BEFORE_PAYLOAD = 17
_SHORT_PAYLOAD = 24
_MOST_PAYLOAD = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A message in its one form; whose key made the signature is not looked at yet."""

    kid: bytes
    algorithm: Algorithm
    payload: bytes
    signed: bytes
    signature: bytes

    def verify(self, key: PublicKey) -> None:
        """Raise CodecError unless `key` signed it, by the algorithm that the protected header names."""
        if algorithm_of(key) is not self.algorithm:
            raise CodecError("the signature algorithm is not the one of this key", Fault.ALGORITHM)
        verify(key, self.signature, self.signed)


def seal(payload: bytes, issuer_kid: bytes, sign: Signer, algorithm: Algorithm) -> str:
    """Sign a payload, once, and write it as text.

    Raises CodecError if a length is wrong or an ES256 signature is not in its low-s form.
    """
    protected = _protected(issuer_kid, algorithm)
    if len(payload) > _MOST_PAYLOAD:
        raise CodecError(f"a payload has at most {_MOST_PAYLOAD} octets", Fault.LENGTH)
    signature = sign(to_be_signed(protected, payload))
    _require_signature(signature, algorithm)
    return PREFIX + base45.encode(_message(protected, payload, signature))


def unseal(text: object, lengths: range, what: str) -> Envelope:
    """Take a text apart whose payload has one of `lengths` octets; `what` names the form in errors.

    Every text that is not the one spelling of its message is a CodecError, and no other exception is raised. Nothing
    is trimmed or folded here.
    """
    message = _message_of(text, what)
    payload = message[_BEFORE_PAYLOAD + _head_octets(lengths.start) : -len(_SIGNATURE) - SIGNATURE_OCTETS]
    if len(payload) not in lengths:
        raise CodecError(f"{what} has another length, and is not compressed", Fault.LENGTH)
    algorithm = next((known for known, octet in _ALGORITHM_OCTETS.items() if octet == message[5:6]), None)
    if algorithm is None:
        raise CodecError("the signature algorithm is not accepted", Fault.ALGORITHM)
    kid, signature = message[8:16], message[-SIGNATURE_OCTETS:]
    protected = _protected(kid, algorithm)
    if _message(protected, payload, signature) != message:
        raise CodecError(f"this is not the one form that {what} has", Fault.CANONICAL)
    _require_signature(signature, algorithm)
    return Envelope(
        kid=kid, algorithm=algorithm, payload=payload, signed=to_be_signed(protected, payload), signature=signature
    )


def _message_of(text: object, what: str) -> bytes:
    if not isinstance(text, str) or len(text) > MOST_CHARACTERS:
        raise CodecError(f"a code is text of at most {MOST_CHARACTERS} characters", Fault.LENGTH)
    if not text.startswith(PREFIX):
        raise CodecError(f"{what} begins with {PREFIX}", Fault.PREFIX)
    return base45.decode(text[len(PREFIX) :])


def _head_octets(payload: int) -> int:
    """Return how many octets say the length of a payload."""
    return 1 if payload < _SHORT_PAYLOAD else 2


def _protected(kid: bytes, algorithm: Algorithm) -> bytes:
    if len(kid) != KID_OCTETS:
        raise CodecError(f"a key id has {KID_OCTETS} octets", Fault.STRUCTURE)
    return _ALGORITHM + _ALGORITHM_OCTETS[algorithm] + _KID + kid


def _message(protected: bytes, payload: bytes, signature: bytes) -> bytes:
    size = len(payload)
    head = bytes([0x40 + size]) if size < _SHORT_PAYLOAD else bytes([0x58, size])
    return b"".join((_HEAD, protected, _UNPROTECTED, head, payload, _SIGNATURE, signature))


def _require_signature(signature: bytes, algorithm: Algorithm) -> None:
    if len(signature) != SIGNATURE_OCTETS:
        raise CodecError(f"a signature has {SIGNATURE_OCTETS} octets", Fault.SIGNATURE)
    if algorithm is Algorithm.ES256 and not has_low_s(signature):
        raise CodecError(
            "of the two forms of an ECDSA signature only the one with the lower s is accepted", Fault.CANONICAL
        )

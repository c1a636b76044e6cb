"""What the forms of `SL1:` share: a COSE_Sign1 (RFC 9052) as Base45 text, for which there is one spelling only.

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
    has_low_s,
    to_be_signed,
    verify,
)
from salus.codec.errors import CodecError, Fault

PREFIX = "SL1:"
MOST_CHARACTERS = 512

_TAGGED = bytes.fromhex("d284")
_UNPROTECTED = b"\xa0"
_SIGNATURE = bytes.fromhex("5840")
# a byte string of 13, in it a map of two: the algorithm, and a byte string of 8, which follows
_PROTECTED = {
    Algorithm.ES256: bytes.fromhex("4da201260448"),
    Algorithm.EDDSA: bytes.fromhex("4da201270448"),
}
_BEFORE_KID = {algorithm: _TAGGED + octets for algorithm, octets in _PROTECTED.items()}
_ALGORITHMS = {octets[3]: algorithm for algorithm, octets in _PROTECTED.items()}
_ALGORITHM_AT, _PROTECTED_AT, _KID_AT, _UNPROTECTED_AT, _BEFORE_PAYLOAD = 5, 2, 8, 16, 17
_TO_SIGN = to_be_signed(b"", b"")[: -len(b"\x40\x40\x40")] + b"%b\x40%b"
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
        verify(key, self.signature, self.signed, self.algorithm)


def seal(payload: bytes, issuer_kid: bytes, sign: Signer, algorithm: Algorithm) -> str:
    """Sign a payload, once, and write it as text.

    Raises CodecError if a length is wrong or an ES256 signature is not in its low-s form.
    """
    return PREFIX + base45.encode(sealed(payload, issuer_kid, sign, algorithm))


def sealed(payload: bytes, issuer_kid: bytes, sign: Signer, algorithm: Algorithm) -> bytes:
    """Sign a payload, once, and return the message's octets. Raises what `seal` raises."""
    size = len(payload)
    if len(issuer_kid) != KID_OCTETS:
        raise CodecError(f"a key id has {KID_OCTETS} octets", Fault.STRUCTURE)
    if size > _MOST_PAYLOAD:
        raise CodecError(f"a payload has at most {_MOST_PAYLOAD} octets", Fault.LENGTH)
    head = b"%c" % (0x40 + size) if size < _SHORT_PAYLOAD else b"\x58%c" % size
    protected, said = b"%b%b" % (_PROTECTED[algorithm], issuer_kid), head + payload
    signature = sign(_TO_SIGN % (protected, said))
    require_signature(signature, algorithm)
    return b"".join((_TAGGED, protected, _UNPROTECTED, said, _SIGNATURE, signature))


def unseal(text: object, lengths: range, what: str) -> Envelope:
    """Take a text apart whose payload has one of `lengths` octets; `what` names the form in errors.

    Every text that is not the one spelling of its message is a CodecError, and no other exception is raised. Nothing
    is trimmed or folded here.
    """
    return opened(message_of(text, what), lengths, what)


def opened(message: bytes, lengths: range, what: str) -> Envelope:
    """Take a message's octets apart, as `unseal` does a text."""
    kid, algorithm, payload, signed, signature = parts(message, lengths, what)
    return Envelope(kid=kid, algorithm=algorithm, payload=payload, signed=signed, signature=signature)


def parts(message: bytes, lengths: range, what: str) -> tuple[bytes, Algorithm, bytes, bytes, bytes]:
    """Take a message apart as `opened` does: key id, algorithm, payload, the octets that are signed, the signature."""
    begins = _BEFORE_PAYLOAD + (1 if lengths.start < _SHORT_PAYLOAD else 2)
    size = len(message) - begins - len(_SIGNATURE) - SIGNATURE_OCTETS
    if size not in lengths:
        raise CodecError(f"{what} has another length, and is not compressed", Fault.LENGTH)
    algorithm = _ALGORITHMS.get(message[_ALGORITHM_AT])
    if algorithm is None:
        raise CodecError("the signature algorithm is not accepted", Fault.ALGORITHM)
    head = b"%c" % (0x40 + size) if size < _SHORT_PAYLOAD else b"\x58%c" % size
    if not (
        message.startswith(_BEFORE_KID[algorithm])
        and message.startswith(_UNPROTECTED + head, _BEFORE_PAYLOAD - 1)
        and message.startswith(_SIGNATURE, begins + size)
    ):
        raise CodecError(f"this is not the one form that {what} has", Fault.CANONICAL)
    signature = message[-SIGNATURE_OCTETS:]
    require_signature(signature, algorithm)
    signed = _TO_SIGN % (message[_PROTECTED_AT:_UNPROTECTED_AT], message[_BEFORE_PAYLOAD : begins + size])
    return message[_KID_AT:_UNPROTECTED_AT], algorithm, message[begins : begins + size], signed, signature


def message_of(text: object, what: str) -> bytes:
    """Return the octets of a text; CodecError if it is no `SL1:` text of at most 512 characters."""
    if not isinstance(text, str) or len(text) > MOST_CHARACTERS:
        raise CodecError(f"a code is text of at most {MOST_CHARACTERS} characters", Fault.LENGTH)
    if not text.startswith(PREFIX):
        raise CodecError(f"{what} begins with {PREFIX}", Fault.PREFIX)
    return base45.decode(text[len(PREFIX) :])


def require_signature(signature: bytes, algorithm: Algorithm) -> None:
    """Raise CodecError unless a signature has its length, and its low-s form for ES256."""
    if len(signature) != SIGNATURE_OCTETS:
        raise CodecError(f"a signature has {SIGNATURE_OCTETS} octets", Fault.SIGNATURE)
    if algorithm is Algorithm.ES256 and not has_low_s(signature):
        raise CodecError(
            "of the two forms of an ECDSA signature only the one with the lower s is accepted", Fault.CANONICAL
        )

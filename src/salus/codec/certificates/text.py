"""`SL1:`, second form: a signed CWT with expiry, issue and one private claim that holds the fact.

The message is a COSE_Sign1 (RFC 9052) with alg and kid in its protected header and nothing unprotected. The payload is
a CWT (RFC 8392) `{4: expires, 6: issued, -65537: [kind, disease, when, list, index]}`, with `[initials, month, day,
last two]` as a sixth item where the holder chose to carry a hint. It is encoded deterministically (RFC 8949, section
4.2.1) and never compressed: deflate makes so short a message longer, and has many spellings. So each content, key and
signature has exactly one text, and every other is refused.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cbor2

from salus.codec import base45
from salus.codec.certificates.model import Certificate, CertificateKind, Disease, Hint, instant, seconds
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
CLAIM = -65537
_EXPIRES, _ISSUED = 4, 6
_MOST_DEPTH = 3

# tag 18, array of 4, byte string of 13 holding {1: alg, 4: kid of 8}; then no unprotected header, two byte strings
_HEAD = bytes.fromhex("d2844da201")
_KID = bytes.fromhex("0448")
_UNPROTECTED_AND_PAYLOAD = bytes.fromhex("a058")
_SIGNATURE = bytes.fromhex("5840")
_ALGORITHMS = {Algorithm.ES256: b"\x26", Algorithm.EDDSA: b"\x27"}
_BEFORE_PAYLOAD = 19
_AFTER_PAYLOAD = 2 + SIGNATURE_OCTETS


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """A certificate as it was presented, well formed; whose key made the signature is not looked at yet."""

    certificate: Certificate
    kid: bytes
    algorithm: Algorithm
    signed: bytes
    signature: bytes

    def verify(self, key: PublicKey) -> None:
        """Raise CodecError unless `key` signed it, by the algorithm that the protected header names."""
        if algorithm_of(key) is not self.algorithm:
            raise CodecError("the signature algorithm is not the one of this key", Fault.ALGORITHM)
        verify(key, self.signature, self.signed)


def encode_certificate(
    certificate: Certificate, issuer_kid: bytes, sign: Signer, algorithm: Algorithm = Algorithm.ES256
) -> str:
    """Write a certificate as text; `sign` is called once.

    `issuer_kid` is the `key_id` of the public key, `sign` the `signer` of the private one. Raises CodecError if a
    length is wrong or an ES256 signature is not in its low-s form.
    """
    protected, payload = _protected(issuer_kid, algorithm), payload_of(certificate)
    signature = sign(to_be_signed(protected, payload))
    _require_signature(signature, algorithm)
    return PREFIX + base45.encode(_message(protected, payload, signature))


def decode_certificate(text: object) -> Presented:
    """Take a presented text apart; its signature is checked by `Presented.verify`.

    Every text that is not the one spelling of a certificate is a CodecError, an identity code included, and no other
    exception is raised. Nothing is trimmed or folded here.
    """
    message = _message_of(text)
    algorithm = next((known for known, octet in _ALGORITHMS.items() if octet == message[5:6]), None)
    if algorithm is None:
        raise CodecError("the signature algorithm is not accepted", Fault.ALGORITHM)
    kid, payload = message[8:16], message[_BEFORE_PAYLOAD:-_AFTER_PAYLOAD]
    signature = message[-SIGNATURE_OCTETS:]
    protected = _protected(kid, algorithm)
    if _message(protected, payload, signature) != message:
        raise CodecError("this is not the one form that a certificate has", Fault.CANONICAL)
    _require_signature(signature, algorithm)
    return Presented(
        certificate=_certificate(payload),
        kid=kid,
        algorithm=algorithm,
        signed=to_be_signed(protected, payload),
        signature=signature,
    )


def payload_of(certificate: Certificate) -> bytes:
    """Return the CWT of a certificate, in its one encoding."""
    hint = certificate.hint
    fact: list[Any] = [
        int(certificate.kind),
        int(certificate.disease),
        certificate.when,
        certificate.list_number,
        certificate.index,
    ]
    if hint is not None:
        fact.append([hint.initials, hint.month, hint.day, hint.last_two])
    claims = {_EXPIRES: seconds(certificate.expires), _ISSUED: seconds(certificate.issued), CLAIM: fact}
    return cbor2.dumps(claims, canonical=True)


def _message_of(text: object) -> bytes:
    if not isinstance(text, str) or len(text) > MOST_CHARACTERS:
        raise CodecError(f"a code is text of at most {MOST_CHARACTERS} characters", Fault.LENGTH)
    if not text.startswith(PREFIX):
        raise CodecError(f"a certificate begins with {PREFIX}", Fault.PREFIX)
    message = base45.decode(text[len(PREFIX) :])
    if not _BEFORE_PAYLOAD + _AFTER_PAYLOAD < len(message) < _BEFORE_PAYLOAD + _AFTER_PAYLOAD + 256:
        raise CodecError("no certificate has this length", Fault.LENGTH)
    return message


def _certificate(payload: bytes) -> Certificate:
    match _claims(payload):
        case {4: int() as expires, 6: int() as issued, -65537: [kind, disease, when, list_number, index, *more]}:
            numbers = [expires, issued, kind, disease, when, list_number, index]
        case _:
            raise CodecError("a certificate has exactly expiry, issue and its fact", Fault.STRUCTURE)
    if any(type(number) is not int or not 0 <= number < 1 << 33 for number in numbers) or len(more) > 1:
        raise CodecError("a certificate's fact is numbers in their places", Fault.STRUCTURE)
    try:
        certificate = Certificate(
            kind=CertificateKind(kind),
            disease=Disease(disease),
            when=when,
            issued=instant(issued),
            expires=instant(expires),
            list_number=list_number,
            index=index,
            hint=_hint(more[0]) if more else None,
        )
    except (ValueError, OverflowError):
        raise CodecError("a certificate's kind and disease are of the closed lists", Fault.STRUCTURE) from None
    if payload_of(certificate) != payload:
        raise CodecError("this is not the one encoding of these claims", Fault.CANONICAL)
    return certificate


def _hint(found: Any) -> Hint:
    match found:
        case [str() as initials, month, day, str() as last_two] if type(month) is int and type(day) is int:
            return Hint(initials=initials, month=month, day=day, last_two=last_two)
        case _:
            raise CodecError("a hint has initials, month, day and two characters", Fault.STRUCTURE)


def _claims(payload: bytes) -> Mapping[Any, Any]:
    stream = io.BytesIO(payload)
    try:
        decoder = cbor2.CBORDecoder(stream, max_depth=_MOST_DEPTH, allow_indefinite=False, allow_duplicate_keys=False)
        claims = decoder.decode()
    except Exception:  # the decoder raises many types on hostile octets; each means the same
        raise CodecError("the claims are not CBOR of definite length without repeated keys", Fault.STRUCTURE) from None
    if not isinstance(claims, dict) or len(claims) != 3 or stream.tell() != len(payload):
        raise CodecError("the claims are not one map of three", Fault.STRUCTURE)
    return claims


def _protected(kid: bytes, algorithm: Algorithm) -> bytes:
    if len(kid) != KID_OCTETS:
        raise CodecError(f"a key id has {KID_OCTETS} octets", Fault.STRUCTURE)
    return _HEAD[3:] + _ALGORITHMS[algorithm] + _KID + kid


def _message(protected: bytes, payload: bytes, signature: bytes) -> bytes:
    if not 24 <= len(payload) < 256:
        raise CodecError("no certificate has this length", Fault.LENGTH)
    return b"".join(
        (_HEAD[:3], protected, _UNPROTECTED_AND_PAYLOAD, bytes([len(payload)]), payload, _SIGNATURE, signature)
    )


def _require_signature(signature: bytes, algorithm: Algorithm) -> None:
    if len(signature) != SIGNATURE_OCTETS:
        raise CodecError(f"a signature has {SIGNATURE_OCTETS} octets", Fault.SIGNATURE)
    if algorithm is Algorithm.ES256 and not has_low_s(signature):
        raise CodecError(
            "of the two forms of an ECDSA signature only the one with the lower s is accepted", Fault.CANONICAL
        )

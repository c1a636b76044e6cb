"""`SL1:`, second form: a signed CWT with expiry, issue and one private claim that holds the fact.

The payload of its envelope is a CWT (RFC 8392) `{4: expires, 6: issued, -65537: [kind, disease, when, list, index]}`,
with `[initials, month, day, last two]` as a sixth item where the holder chose to carry a hint. It is encoded
deterministically (RFC 8949, section 4.2.1), so each content, key and signature has exactly one text.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cbor2

from salus.codec.certificates.model import Certificate, CertificateKind, Disease, Hint, instant, seconds
from salus.codec.cose import Algorithm, Signer
from salus.codec.envelope import Envelope, seal, unseal
from salus.codec.errors import CodecError, Fault

CLAIM = -65537
_EXPIRES, _ISSUED = 4, 6
_MOST_DEPTH = 3
_LENGTHS = range(24, 256)


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented(Envelope):
    """A certificate as it was presented, well formed; whose key made the signature is not looked at yet."""

    certificate: Certificate


def encode_certificate(
    certificate: Certificate, issuer_kid: bytes, sign: Signer, algorithm: Algorithm = Algorithm.ES256
) -> str:
    """Write a certificate as text; `sign` is called once.

    `issuer_kid` is the `key_id` of the public key, `sign` the `signer` of the private one. Raises CodecError if a
    length is wrong or an ES256 signature is not in its low-s form.
    """
    return seal(payload_of(certificate), issuer_kid, sign, algorithm)


def decode_certificate(text: object) -> Presented:
    """Take a presented text apart; its signature is checked by `Presented.verify`.

    Every text that is not the one spelling of a certificate is a CodecError, an identity code included, and no other
    exception is raised. Nothing is trimmed or folded here.
    """
    envelope = unseal(text, _LENGTHS, "a certificate")
    return Presented(
        certificate=_certificate(envelope.payload),
        kid=envelope.kid,
        algorithm=envelope.algorithm,
        payload=envelope.payload,
        signed=envelope.signed,
        signature=envelope.signature,
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
    return cbor2.dumps(claims)  # in the order that RFC 8949, section 4.2.1, gives these three keys


def _certificate(payload: bytes) -> Certificate:
    claims = _claims(payload)
    fact = claims.get(CLAIM)
    if type(fact) is not list or not 5 <= len(fact) <= 6:
        raise CodecError("a certificate has exactly expiry, issue and its fact", Fault.STRUCTURE)
    expires: Any = claims.get(_EXPIRES)
    issued: Any = claims.get(_ISSUED)
    kind, disease, when, list_number, index = fact[:5]
    # 33 bits are more than any of them can have
    for number in (expires, issued, kind, disease, when, list_number, index):
        if type(number) is not int or number >> 33:
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
            hint=_hint(fact[5]) if len(fact) > 5 else None,
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

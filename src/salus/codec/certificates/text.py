"""`SL1:`, second form: a signed CWT with expiry, issue and one private claim that holds the fact.

The payload of its envelope is a CWT (RFC 8392) `{4: expires, 6: issued, -65537: [kind, disease, when, list, index]}`,
with `[initials, month, day, last two]` as a sixth item where the holder chose to carry a hint. It is encoded
deterministically (RFC 8949, section 4.2.1), so each content, key and signature has exactly one text.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import cbor2

from salus.codec.certificates.model import Certificate, CertificateKind, Disease, Hint, instant, seconds
from salus.codec.cose import Algorithm, Signer
from salus.codec.envelope import Envelope, message_of, parts, seal
from salus.codec.errors import CodecError, Fault

CLAIM = -65537
SHORT_OCTETS = 16
_EXPIRES, _ISSUED = 4, 6
_MOST_DEPTH = 3
_LENGTHS = range(24, 256)

_UINT = rb"([\x00-\x17]|\x18[\x18-\xff]|\x19(?!\x00)..|\x1a(?!\x00\x00)....)"
_INSTANT = rb"\x1a((?!\x00\x00)....)"
_HINT = rb"\x84([\x61-\x6c].{1,12})([\x01-\x0c])([\x01-\x17]|\x18[\x18-\x1f])\x62([0-9][0-9X])"
_ONE_FORM = re.compile(
    rb"\xa3\x04" + _INSTANT + rb"\x06" + _INSTANT + rb"\x3a\x00\x01\x00\x00(?:\x85|(\x86))"
    rb"([\x01-\x17])([\x01-\x17])" + _UINT * 3 + b"(?(3)" + _HINT + b")",
    re.DOTALL,
)
"""The one encoding of claims, but for instants beyond 2106; kinds and diseases have numbers below 24."""
_KINDS = {bytes([one]): one for one in CertificateKind}
_DISEASES = {bytes([one]): one for one in Disease}


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
    kid, algorithm, payload, signed, signature = parts(message_of(text, "a certificate"), _LENGTHS, "a certificate")
    return Presented(
        certificate=certificate_in(payload),
        kid=kid,
        algorithm=algorithm,
        payload=payload,
        signed=signed,
        signature=signature,
    )


def short_digest(text: str) -> bytes:
    """Return the first 16 octets of a certificate's SHA-256: what the public log's hourly digests are made of."""
    return sha256(text.encode("ascii")).digest()[:SHORT_OCTETS]


def payload_of(certificate: Certificate) -> bytes:
    """Return the CWT of a certificate, in its one encoding.

    It is written piece by piece: a CBOR library asks of each value what it is, which takes twice as long.
    """
    hint = certificate.hint
    return b"\xa3\x04%b\x06%b\x3a\x00\x01\x00\x00%c%c%c%b%b%b%b" % (
        _written(seconds(certificate.expires)),
        _written(seconds(certificate.issued)),
        0x85 if hint is None else 0x86,
        certificate.kind,
        certificate.disease,
        _written(certificate.when),
        _written(certificate.list_number),
        _written(certificate.index),
        b"" if hint is None else _written_hint(hint),
    )


def _written(number: int) -> bytes:
    """Write an integer in its shortest form (RFC 8949, section 4.2.1)."""
    if 0xFFFF < number <= 0xFFFFFFFF:
        return b"\x1a" + number.to_bytes(4)
    if 0xFF < number <= 0xFFFF:
        return b"\x19" + number.to_bytes(2)
    if 0 <= number <= 0xFF:
        return b"%c" % number if number < 0x18 else b"\x18%c" % number
    return cbor2.dumps(number)  # an instant before 1970, or after 2106


def _written_hint(hint: Hint) -> bytes:
    initials = hint.initials.encode()
    return b"\x84%c%b%c%b\x62%b" % (
        0x60 + len(initials),
        initials,
        hint.month,
        _written(hint.day),
        hint.last_two.encode("ascii"),
    )


def certificate_in(payload: bytes) -> Certificate:
    """Read the claims of a certificate in their one encoding; every other payload is a CodecError."""
    found = _ONE_FORM.fullmatch(payload)
    if found is None:
        return read_slowly(payload)
    expires, issued, _, kind, disease, when, list_number, index, initials, month, day, last_two = found.groups()
    if kind not in _KINDS or disease not in _DISEASES or (initials and initials[0] - 0x60 != len(initials) - 1):
        return read_slowly(payload)
    return Certificate(
        kind=_KINDS[kind],
        disease=_DISEASES[disease],
        when=_number(when),
        issued=instant(int.from_bytes(issued)),
        expires=instant(int.from_bytes(expires)),
        list_number=_number(list_number),
        index=_number(index),
        hint=_hint_of(initials, month[0], _number(day), last_two) if initials else None,
    )


def _number(octets: bytes) -> int:
    return octets[0] if len(octets) == 1 else int.from_bytes(octets[1:])


def _hint_of(initials: bytes, month: int, day: int, last_two: bytes) -> Hint:
    try:
        written = initials[1:].decode("utf-8")
    except UnicodeDecodeError:
        raise CodecError("a hint has initials in UTF-8", Fault.STRUCTURE) from None
    return Hint(initials=written, month=month, day=day, last_two=last_two.decode("ascii"))


def read_slowly(payload: bytes) -> Certificate:
    """Read the same as `certificate_in` by way of any CBOR: its slow twin, which also says what is wrong."""
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

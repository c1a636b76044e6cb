"""COSE_Sign1 (RFC 9052, section 4.2) with ES256 and EdDSA over Ed25519 (RFC 9053, section 2)."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from salus.codec.errors import CodecError, Fault

PublicKey = EllipticCurvePublicKey | Ed25519PublicKey
PrivateKey = EllipticCurvePrivateKey | Ed25519PrivateKey
Signer = Callable[[bytes], bytes]
"""Signs octets; the signature is raw: r and s of 32 octets each for ES256, 64 octets for EdDSA."""

KID_OCTETS = 8
SIGNATURE_OCTETS = 64
SIGN1_TAG = 18
_ALG = 1
_MOST_OCTETS = 16 * 1024
_MOST_DEPTH = 8
_SIGNATURE1 = b"\x84" + cbor2.dumps("Signature1")
_ECDSA_SHA256 = ECDSA(hashes.SHA256())
_SM2_CURVE = bytes.fromhex("06082a811ccf5501822d")  # 1.2.156.10197.1.301
_MOST_HEAD = 32
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class Algorithm(IntEnum):
    """The signature algorithms that are accepted, by their COSE numbers."""

    ES256 = -7
    EDDSA = -8


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign1:
    """A COSE_Sign1 message taken apart; `protected` stays in the octets that were signed."""

    protected: bytes
    unprotected: Mapping[Any, Any]
    payload: bytes
    signature: bytes

    @property
    def headers(self) -> Mapping[Any, Any]:
        """The protected headers; only these are believed."""
        headers = load_cbor(self.protected) if self.protected else {}
        if not isinstance(headers, Mapping):
            raise CodecError("the protected headers are not a map", Fault.STRUCTURE)
        return headers


def key_id(key: PublicKey) -> bytes:
    """Return the 8 octets that name a key: the beginning of SHA-256 over its SubjectPublicKeyInfo."""
    return key_digest(key)[:KID_OCTETS]


def key_digest(key: PublicKey) -> bytes:
    """Return SHA-256 over a key's SubjectPublicKeyInfo: what the public log names an issuer's key by."""
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()


def signer(key: PrivateKey) -> Signer:
    """Make a signer of a P-256 or Ed25519 private key.

    The same octets give the same signature: ECDSA is deterministic (RFC 6979), and of the two forms of s the lower is
    taken.
    """
    if isinstance(key, Ed25519PrivateKey):
        return key.sign
    private, scheme = key, ECDSA(hashes.SHA256(), deterministic_signing=True)
    algorithm_of(private.public_key())

    def sign(octets: bytes) -> bytes:
        r, s = decode_dss_signature(private.sign(octets, scheme))
        return r.to_bytes(32) + min(s, _P256_ORDER - s).to_bytes(32)

    return sign


def has_low_s(signature: bytes) -> bool:
    """Tell whether an ES256 signature has the lower of its two equally valid forms."""
    return int.from_bytes(signature[32:]) <= _P256_ORDER // 2


def to_be_signed(protected: bytes, payload: bytes, external: bytes = b"") -> bytes:
    """Return the Sig_structure of RFC 9052, section 4.4; an empty protected map counts as no octets."""
    parts = (b"" if protected == b"\xa0" else protected, external, payload)
    return _SIGNATURE1 + b"".join([_octets_head(len(part)) + part for part in parts])


def _octets_head(length: int) -> bytes:
    """Return how CBOR begins a byte string of this length, in its shortest form."""
    if length < 24:
        return bytes([0x40 + length])
    return b"\x58" + bytes([length]) if length < 256 else cbor2.dumps(bytes(length))[:-length]


def parse_sign1(message: bytes, most: int = _MOST_OCTETS) -> Sign1:
    """Take a tagged COSE_Sign1 message of at most `most` octets apart, without verifying it.

    Raises CodecError unless the octets are exactly one tag 18 with protected, unprotected, payload and signature, all
    of definite length, without a key twice.
    """
    tagged = load_cbor(message, most)
    parts = tagged.value if isinstance(tagged, cbor2.CBORTag) and tagged.tag == SIGN1_TAG else None
    match parts:
        case [bytes() as protected, Mapping() as unprotected, bytes() as payload, bytes() as signature]:
            return Sign1(protected=protected, unprotected=unprotected, payload=payload, signature=signature)
        case _:
            raise CodecError("this is not a COSE_Sign1 message", Fault.STRUCTURE)


def verify_sign1(message: Sign1, key: PublicKey, *, external: bytes = b"", implied: Algorithm | None = None) -> bytes:
    """Return the payload of a message that `key` signed.

    The algorithm is the one of the protected headers, and must be the one that the key is for; a caller who knows it
    from elsewhere passes it as `implied`, for messages that do not name it there. Raises CodecError otherwise.
    """
    named = message.headers.get(_ALG, implied)
    wanted = algorithm_of(key)
    if type(named) not in {int, Algorithm} or named != wanted:
        raise CodecError("the signature algorithm is not accepted, or not the one of this key", Fault.ALGORITHM)
    verify(key, message.signature, to_be_signed(message.protected, message.payload, external))
    return message.payload


def verify(key: PublicKey, signature: bytes, octets: bytes, named: Algorithm | None = None) -> None:
    """Check a raw signature; raises CodecError if `key` did not make it over these octets, or is not for `named`."""
    algorithm = algorithm_of(key)
    if named is not None and named is not algorithm:
        raise CodecError("the signature algorithm is not the one of this key", Fault.ALGORITHM)
    if len(signature) != SIGNATURE_OCTETS:
        raise CodecError(f"a signature has {SIGNATURE_OCTETS} octets", Fault.SIGNATURE)
    try:
        if isinstance(key, Ed25519PublicKey):
            key.verify(signature, octets)
        else:
            key.verify(_in_der(signature), octets, _ECDSA_SHA256)
    except InvalidSignature:
        raise CodecError("the signature does not belong to this code", Fault.SIGNATURE) from None


def _in_der(signature: bytes) -> bytes:
    """Write r and s as the SEQUENCE of two INTEGER that OpenSSL reads: no leading zeros, the first bit clear."""
    r, s = signature[:32].lstrip(b"\0"), signature[32:].lstrip(b"\0")
    if not r or r[0] > 0x7F:
        r = b"\0" + r
    if not s or s[0] > 0x7F:
        s = b"\0" + s
    return b"\x30%c\x02%c%b\x02%c%b" % (4 + len(r) + len(s), len(r), r, len(s), s)


def refuse_sm2(spki: bytes) -> None:
    """Refuse a SubjectPublicKeyInfo of SM2 (GB/T 32918) by its name; CodecError, with the fault of an algorithm.

    No library that we would rely on signs or verifies it, and COSE has no number for it.
    """
    if _SM2_CURVE in spki[:_MOST_HEAD]:
        raise CodecError("this key is of SM2, which this release neither signs with nor verifies", Fault.ALGORITHM)


def algorithm_of(key: object) -> Algorithm:
    """Return the one algorithm that a key is for; raises CodecError for keys of other kinds."""
    if isinstance(key, Ed25519PublicKey):
        return Algorithm.EDDSA
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return Algorithm.ES256
    raise CodecError("a key must be of P-256 or Ed25519", Fault.KEY)


def split_messages(octets: bytes) -> list[bytes]:
    """Take a sequence of tagged COSE_Sign1 messages apart (a CBOR sequence, RFC 8742), without looking into them."""
    stream, found = io.BytesIO(octets), []
    while (begins := stream.tell()) < len(octets):
        value = _value(stream)
        if not isinstance(value, cbor2.CBORTag) or value.tag != SIGN1_TAG:
            raise CodecError("this is not a sequence of COSE_Sign1 messages", Fault.STRUCTURE)
        found.append(octets[begins : stream.tell()])
    return found


def load_cbor(octets: bytes, most: int = _MOST_OCTETS) -> Any:
    """Read exactly one value: definite lengths, no key twice, at most eight deep, nothing after it; else CodecError."""
    if len(octets) > most:
        raise CodecError(f"the message is longer than {most} octets", Fault.LENGTH)
    stream = io.BytesIO(octets)
    value = _value(stream)
    if stream.tell() != len(octets):
        raise CodecError("there are octets after the end of the message", Fault.STRUCTURE)
    return value


def _value(stream: io.BytesIO) -> Any:
    """Read one value, and leave the stream where it ends."""
    try:
        return cbor2.CBORDecoder(
            stream, max_depth=_MOST_DEPTH, allow_indefinite=False, allow_duplicate_keys=False
        ).decode()
    except Exception:  # the decoder raises many types on hostile octets; each means the same
        raise CodecError("the octets are not CBOR of definite length without repeated keys", Fault.STRUCTURE) from None

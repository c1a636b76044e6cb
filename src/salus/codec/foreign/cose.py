"""COSE of other issuers (RFC 9052, 9053): COSE_Sign1 and COSE_Sign, with or without their tag, and more algorithms.

What `salus.codec.cose` accepts for codes of our own is far less. Bounds are the same: definite lengths, no key twice,
at most eight levels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Any

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from salus.codec.cose import load_cbor
from salus.codec.errors import CodecError, Fault

AnyKey = EllipticCurvePublicKey | Ed25519PublicKey | Ed448PublicKey | RSAPublicKey

SIGN1, SIGN, CWT = 18, 98, 61
_ALG, _KID = 1, 4
_RSA_BITS = range(2048, 4097)
_CURVES = {"secp256r1", "secp384r1", "secp521r1"}


class Algorithm(IntEnum):
    """The signature algorithms that are checked, by their COSE numbers."""

    ES256 = -7
    EDDSA = -8
    ES384 = -35
    ES512 = -36
    PS256 = -37
    PS384 = -38
    PS512 = -39


REFUSED_ALGORITHMS = MappingProxyType(
    {
        -46: "HSS-LMS",
        -47: "ES256K",
        -48: "ML-DSA-44",
        -49: "ML-DSA-65",
        -50: "ML-DSA-87",
        -257: "RS256",
        -258: "RS384",
        -259: "RS512",
        -65535: "RS1",
    }
)
"""Registered algorithms that are refused by name: old ones on purpose, new ones until an issuer needs them."""
_HASHES: dict[Algorithm, hashes.HashAlgorithm] = {
    Algorithm.ES256: hashes.SHA256(),
    Algorithm.ES384: hashes.SHA384(),
    Algorithm.ES512: hashes.SHA512(),
    Algorithm.PS256: hashes.SHA256(),
    Algorithm.PS384: hashes.SHA384(),
    Algorithm.PS512: hashes.SHA512(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A message of one signer taken apart; `context` and `body` are what its Sig_structure begins with."""

    context: str
    body: bytes
    protected: bytes
    headers: Mapping[Any, Any]
    unprotected: Mapping[Any, Any]
    payload: bytes
    signature: bytes

    @property
    def kid(self) -> bytes | None:
        """The key's name: the protected one if there is one, else the other."""
        found = self.headers[_KID] if _KID in self.headers else self.unprotected.get(_KID)
        return found if isinstance(found, bytes) else None

    @property
    def algorithm(self) -> Algorithm:
        """The algorithm, protected before unprotected; CodecError, by its name, for one that is not checked here."""
        named = self.headers[_ALG] if _ALG in self.headers else self.unprotected.get(_ALG)
        if type(named) is int and named in set(Algorithm):
            return Algorithm(named)
        known = REFUSED_ALGORITHMS.get(named, "") if type(named) is int else ""
        raise CodecError(f"the signature algorithm {known or 'of this message'} is not accepted", Fault.ALGORITHM)

    def to_be_signed(self, external: bytes = b"") -> bytes:
        """Return the Sig_structure of RFC 9052, section 4.4."""
        own = [] if self.context == "Signature1" else [self.protected]
        return cbor2.dumps([self.context, self.body, *own, external, self.payload])


def parse_signed(message: bytes) -> Signed:
    """Take a message of exactly one signer apart, without verifying it; CodecError if it is none."""
    value, tag = _untagged(load_cbor(message))
    match value:
        case [bytes() as body, Mapping() as unprotected, bytes() as payload, bytes() as signature] if tag != SIGN:
            return _signed("Signature1", body, body, unprotected, payload, signature)
        case [bytes() as body, Mapping(), bytes() as payload, [[bytes() as own, Mapping() as extra, bytes() as one]]]:
            if tag != SIGN1:
                return _signed("Signature", body, own, extra, payload, one)
    raise CodecError("this is not a COSE message of one signer", Fault.STRUCTURE)


def verify_signed(message: Signed, key: AnyKey, *, external: bytes = b"", expected: Algorithm | None = None) -> None:
    """Raise CodecError unless `key` made the signature, by the algorithm that the message names.

    `expected` is an algorithm that the caller knows from the key, and which a message may not differ from.
    """
    algorithm = message.algorithm
    if expected is not None and algorithm is not expected:
        raise CodecError("the signature algorithm is not the one of this key", Fault.ALGORITHM)
    verify_any(key, algorithm, message.signature, message.to_be_signed(external))


def verify_any(key: AnyKey, algorithm: Algorithm, signature: bytes, octets: bytes) -> None:
    """Check a raw signature; CodecError if `key` did not make it over these octets by this algorithm."""
    try:
        if isinstance(key, EllipticCurvePublicKey):
            key.verify(_dss(key, algorithm, signature), octets, ECDSA(_hash(algorithm, "ES")))
        elif isinstance(key, RSAPublicKey):
            if key.key_size not in _RSA_BITS:
                raise CodecError("an RSA key has 2,048 to 4,096 bits", Fault.KEY)
            used = _hash(algorithm, "PS")
            key.verify(signature, octets, PSS(MGF1(used), used.digest_size), used)
        elif algorithm is Algorithm.EDDSA and isinstance(key, Ed25519PublicKey | Ed448PublicKey):
            key.verify(signature, octets)
        else:
            raise CodecError("the signature algorithm is not one for this key", Fault.ALGORITHM)
    except InvalidSignature:
        raise CodecError("the signature does not belong to this code", Fault.SIGNATURE) from None


def _untagged(value: Any) -> tuple[Any, int | None]:
    """Take CWT's tag and then COSE's off; either may be missing, and no other is known."""
    if isinstance(value, cbor2.CBORTag) and value.tag == CWT:
        value = value.value
    if isinstance(value, cbor2.CBORTag):
        return (value.value, value.tag) if value.tag in {SIGN1, SIGN} else (None, None)
    return value, None


def _signed(
    context: str, body: bytes, protected: bytes, unprotected: Mapping[Any, Any], payload: bytes, signature: bytes
) -> Signed:
    headers = load_cbor(protected) if protected else {}
    if not isinstance(headers, Mapping):
        raise CodecError("the protected headers are not a map", Fault.STRUCTURE)
    empty = {b"\xa0": b""}
    return Signed(
        context=context,
        body=empty.get(body, body),
        protected=empty.get(protected, protected),
        headers=headers,
        unprotected=unprotected,
        payload=payload,
        signature=signature,
    )


def _hash(algorithm: Algorithm, family: str) -> hashes.HashAlgorithm:
    if not algorithm.name.startswith(family):
        raise CodecError("the signature algorithm is not one for this key", Fault.ALGORITHM)
    return _HASHES[algorithm]


def _dss(key: EllipticCurvePublicKey, algorithm: Algorithm, signature: bytes) -> bytes:
    """Turn r and s of a fixed length each into the form that the library reads."""
    half = (key.curve.key_size + 7) // 8
    if key.curve.name not in _CURVES:
        raise CodecError("an elliptic curve is P-256, P-384 or P-521", Fault.KEY)
    _hash(algorithm, "ES")
    if len(signature) != 2 * half:
        raise CodecError("a signature has the length that its curve gives", Fault.SIGNATURE)
    return encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))

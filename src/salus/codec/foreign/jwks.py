"""Keys of issuers of SMART Health Cards, from a JWK Set (RFC 7517). A key that is not as the spec has it is refused.

A chain of certificates beside a key is checked as far as it speaks of the key: it begins with this key, and each
certificate was issued by the next. Whether its end is believed is for whoever hands the file over.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from hashlib import sha256
from itertools import pairwise
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_der_x509_certificate

from salus.codec.errors import CodecError, Fault

MOST_KEYS = 1000
_SECRET = {"d", "k", "p", "q"}


def keys_of_jwks(value: object) -> dict[str, EllipticCurvePublicKey]:
    """Return every key of a set by its name; CodecError if one is not as it has to be."""
    keys = value.get("keys") if isinstance(value, Mapping) else None
    if not isinstance(keys, list) or not 1 <= len(keys) <= MOST_KEYS:
        raise CodecError("a key set has a list of keys", Fault.STRUCTURE)
    return dict(_key(one) for one in keys)


def jwk_of(key: EllipticCurvePublicKey) -> dict[str, str]:
    """Write a public key of P-256 as such a set has it, named by its thumbprint."""
    point = key.public_numbers()
    x, y = (base64.urlsafe_b64encode(one.to_bytes(32)).rstrip(b"=").decode() for one in (point.x, point.y))
    return {"kty": "EC", "kid": _thumbprint(x, y), "use": "sig", "alg": "ES256", "crv": "P-256", "x": x, "y": y}


def _key(one: object) -> tuple[str, EllipticCurvePublicKey]:
    if not isinstance(one, Mapping) or _SECRET & set(one):
        raise CodecError("a key set holds public keys; a private one is not given to anybody", Fault.KEY)
    if one.get("crv") == "SM2" or one.get("alg") == "SM2":
        raise CodecError("this key is of SM2, which this release neither signs with nor verifies", Fault.ALGORITHM)
    told = (one.get("kty"), one.get("crv"), one.get("alg"), one.get("use"))
    if told != ("EC", "P-256", "ES256", "sig"):
        raise CodecError("a key is of P-256, for signatures by ES256", Fault.KEY)
    x, y = (_coordinate(one.get(axis)) for axis in ("x", "y"))
    kid = _thumbprint(one["x"], one["y"])
    if one.get("kid") != kid:
        raise CodecError("a key is named by its thumbprint (RFC 7638)", Fault.KEY)
    try:
        key = EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()
    except ValueError:
        raise CodecError("a key is a point of its curve", Fault.KEY) from None
    if "x5c" in one:
        _chain(one["x5c"], key)
    return kid, key


def _thumbprint(x: str, y: str) -> str:
    spelt = json.dumps({"crv": "P-256", "kty": "EC", "x": x, "y": y}, separators=(",", ":"))
    return base64.urlsafe_b64encode(sha256(spelt.encode()).digest()).rstrip(b"=").decode()


def _coordinate(text: object) -> int:
    try:
        raw = base64.urlsafe_b64decode(str(text) + "=")
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 32:
        raise CodecError("a coordinate has 32 octets", Fault.KEY)
    return int.from_bytes(raw)


def _chain(x5c: Any, key: EllipticCurvePublicKey) -> None:
    try:
        chain = [load_der_x509_certificate(base64.b64decode(one, validate=True)) for one in x5c]
        if not chain or len(chain) > 8 or _spki(chain[0].public_key()) != _spki(key):
            raise CodecError("a key's chain begins with a certificate of this key", Fault.KEY)
        for one, issuer in pairwise(chain):
            one.verify_directly_issued_by(issuer)
    except (InvalidSignature, TypeError, ValueError):
        raise CodecError("a key's chain of certificates does not hold together", Fault.KEY) from None


def _spki(key: Any) -> bytes:
    octets: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return octets

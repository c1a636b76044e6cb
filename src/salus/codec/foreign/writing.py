"""Write `HC1:` and `shc:/`: the same chains that are read here, signed by ES256. Pure; signing is handed in."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from salus.codec import base45
from salus.codec.certificates.model import seconds
from salus.codec.cose import Signer, to_be_signed
from salus.codec.errors import CodecError, Fault
from salus.codec.foreign.cose import SIGN1, Algorithm
from salus.codec.foreign.hcert import PREFIX as HC1
from salus.codec.foreign.jwks import jwk_of
from salus.codec.foreign.smart import MOST_SINGLE, spelled

_ALG, _KID = 1, 4
_ISSUER, _EXPIRES, _ISSUED, _HCERT, _DCC = 1, 4, 6, -260, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """From when until when a code counts."""

    starts: datetime
    ends: datetime


def write_hcert(payload: Mapping[str, Any], issuer: str, kid: bytes, sign: Signer, life: Life) -> str:
    """Write a health certificate. `issuer` are a country's two letters, `kid` the name of the signer's certificate."""
    claims = {_ISSUER: issuer, _EXPIRES: seconds(life.ends), _ISSUED: seconds(life.starts), _HCERT: {_DCC: payload}}
    protected = cbor2.dumps({_ALG: int(Algorithm.ES256), _KID: kid})
    octets = cbor2.dumps(claims)
    message = cbor2.CBORTag(SIGN1, [protected, {}, octets, sign(to_be_signed(protected, octets))])
    return HC1 + base45.encode(zlib.compress(cbor2.dumps(message), 9))


def write_shc(content: Mapping[str, Any], issuer: str, key: EllipticCurvePublicKey, sign: Signer, life: Life) -> str:
    """Write a SMART Health Card as one code. `content` is its `vc`, `issuer` the address that its keys lie below.

    CodecError if it does not fit one code; chunks are read and never written, as the specification asks since 1.4.
    """
    claims = {"iss": issuer, "nbf": seconds(life.starts), "exp": seconds(life.ends), "vc": content}
    header = {"zip": "DEF", "alg": "ES256", "kid": jwk_of(key)["kid"]}
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = squeeze.compress(_json(claims)) + squeeze.flush()
    signed = f"{_url64(_json(header))}.{_url64(packed)}"
    jws = f"{signed}.{_url64(sign(signed.encode('ascii')))}"
    if len(jws) > MOST_SINGLE:
        raise CodecError(f"a card of one code has at most {MOST_SINGLE} characters", Fault.LENGTH)
    (code,) = spelled(jws)
    return code


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _url64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()

"""Write and read what issuers sign beside certificates, as a CWT (RFC 8392) of a named type: lists and their changes.

All of them are COSE_Sign1 messages whose protected header has the algorithm, the type and, where several keys could
have signed, the name of the key, and nothing else. What the claims say is for each type to read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cbor2

from salus.codec.cose import (
    SIGN1_TAG,
    Algorithm,
    PublicKey,
    Sign1,
    Signer,
    has_low_s,
    load_cbor,
    parse_sign1,
    to_be_signed,
    verify_sign1,
)
from salus.codec.errors import CodecError, Fault

_ALG, _KID, _TYP = 1, 4, 16


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenType:
    """A type of token: its media type, what it is called in an error, and how many octets it has at most.

    `bare` ones have nothing outside of what is signed; `exact` ones have one spelling, and no other is read.
    """

    media: str
    name: str
    most: int
    bare: bool = False
    exact: bool = False


def write_token(
    of: TokenType,
    claims: Mapping[int, Any],
    sign: Signer,
    kid: bytes | None = None,
    algorithm: Algorithm = Algorithm.ES256,
) -> bytes:
    """Sign claims as a token of a type; without `kid` for readers who know by which key it is."""
    named = {} if kid is None else {_KID: kid}
    protected = cbor2.dumps({_ALG: int(algorithm), **named, _TYP: of.media}, canonical=True)
    payload = cbor2.dumps(claims, canonical=True)
    return _message(protected, payload, sign(to_be_signed(protected, payload)))


def read_token(token: bytes, of: TokenType, keys: Mapping[bytes, PublicKey]) -> tuple[Any, bytes]:
    """Return the claims of a token of a type, and by the name of which of `keys` it is signed; else CodecError."""
    message = parse_sign1(token, most=of.most)
    kid = message.headers.get(_KID)
    if not isinstance(kid, bytes):
        raise CodecError(f"this is not a {of.name}", Fault.STRUCTURE)
    return _claims(token, message, of, {_ALG, _KID, _TYP}, keys.get(kid)), kid


def read_token_of(token: bytes, of: TokenType, key: PublicKey) -> Any:
    """Return the claims of a token of a type that names no key, and that this one signed; else CodecError."""
    return _claims(token, parse_sign1(token, most=of.most), of, {_ALG, _TYP}, key)


def _claims(token: bytes, message: Sign1, of: TokenType, wanted: set[int], key: PublicKey | None) -> Any:
    headers = message.headers
    if set(headers) != wanted or headers[_TYP] != of.media or (of.bare and message.unprotected):
        raise CodecError(f"this is not a {of.name}", Fault.STRUCTURE)
    if key is None:
        raise CodecError(f"no known key has signed this {of.name}", Fault.KEY)
    if headers[_ALG] == Algorithm.ES256 and not has_low_s(message.signature):
        raise CodecError(f"the signature of this {of.name} is not in its one form", Fault.CANONICAL)
    claims = load_cbor(verify_sign1(message, key), most=of.most)
    if of.exact:
        protected, payload = (cbor2.dumps(one, canonical=True) for one in (dict(headers), claims))
        if _message(protected, payload, message.signature) != token:
            raise CodecError(f"this {of.name} is not in its one form", Fault.CANONICAL)
    return claims


def _message(protected: bytes, payload: bytes, signature: bytes) -> bytes:
    return cbor2.dumps(cbor2.CBORTag(SIGN1_TAG, [protected, {}, payload, signature]))

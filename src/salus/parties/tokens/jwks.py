"""The public key sets of systems (RFC 7517): checked once at registration, then trusted. Private keys are refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from salus.parties.errors import PartyInvalid

Key = ECKey | RSAKey | OKPKey

#: What each kind of key signs with; EdDSA is the older name of Ed25519 (RFC 9864). SMART asks for ES384 and RS384;
#: `none` and HS* have no place here.
ALGORITHMS: Mapping[tuple[str, str | None], tuple[str, ...]] = {
    ("EC", "P-384"): ("ES384",),
    ("EC", "P-256"): ("ES256",),
    ("RSA", None): ("RS384",),
    ("OKP", "Ed25519"): ("EdDSA", "Ed25519"),
}
_PUBLIC = {"EC": ("crv", "x", "y"), "RSA": ("n", "e"), "OKP": ("crv", "x")}
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_CLASSES: dict[str, type[ECKey] | type[RSAKey] | type[OKPKey]] = {"EC": ECKey, "RSA": RSAKey, "OKP": OKPKey}
MOST_KEYS = 8
LARGEST = 32_768
RSA_BITS = range(2048, 8193)


def public_key_set(content: object) -> dict[str, list[dict[str, str]]]:
    """Check a key set and return it with its public members only. Accepts a JSON text or an object.

    Raises PartyInvalid naming the key (by its place) and what is wrong with it.
    """
    if isinstance(content, str | bytes):
        content = _parsed(content)
    keys = content.get("keys") if isinstance(content, Mapping) else None
    if not isinstance(keys, list) or not 1 <= len(keys) <= MOST_KEYS:
        raise PartyInvalid(f'a JWKS is an object whose member "keys" lists 1 to {MOST_KEYS} keys')
    checked = [_checked(key, place) for place, key in enumerate(keys)]
    if len({key["kid"] for key in checked}) < len(checked):
        raise PartyInvalid("two keys of the JWKS have the same kid")
    return {"keys": checked}


def algorithms(key: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the algorithm that a key may sign with, under each of its names; empty for a key of no use here."""
    return ALGORITHMS.get((str(key.get("kty")), key.get("crv")), ())


def load(key: Mapping[str, Any]) -> Key:
    """Load the public key of a checked set's member."""
    kty = str(key["kty"])
    return _CLASSES[kty].import_key({name: key[name] for name in ("kty", *_PUBLIC[kty])})


def new_client_key(kid: str) -> tuple[dict[str, Any], dict[str, list[dict[str, str]]]]:
    """Make an ES384 key pair for a client that has none: the private JWK, to be kept by the client, and the JWKS."""
    key = ECKey.generate_key("P-384", parameters={"kid": kid, "alg": "ES384", "use": "sig"})
    private: dict[str, Any] = {name: key.as_dict(private=True)[name] for name in ("kty", "crv", "x", "y", "d")}
    return private | {"kid": kid, "alg": "ES384"}, public_key_set({"keys": [key.as_dict(private=False)]})


def _parsed(text: str | bytes) -> object:
    if len(text) > LARGEST:
        raise PartyInvalid(f"a JWKS has at most {LARGEST} bytes")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise PartyInvalid("the JWKS is not JSON") from None


def _checked(key: object, place: int) -> dict[str, str]:
    where = f"keys[{place}]"
    if not isinstance(key, Mapping) or key.get("kty") not in _PUBLIC:
        raise PartyInvalid(f"{where}: kty is EC, RSA or OKP", where=where)
    if _PRIVATE & set(key):
        raise PartyInvalid(f"{where} is a private key: replace it, keep it secret, send its public part", where=where)
    kty, kid = str(key["kty"]), key.get("kid")
    public = {"kty": kty} | {name: key.get(name) for name in _PUBLIC[kty]}
    wanted = algorithms(public)
    if not wanted:
        raise PartyInvalid(f"{where}: the curve is P-256, P-384 or Ed25519", where=where)
    if not isinstance(kid, str) or not 1 <= len(kid) <= 128 or not kid.isprintable():
        raise PartyInvalid(f"{where}: kid is a text of 1 to 128 characters", where=where)
    if key.get("use", "sig") != "sig" or key.get("alg", wanted[0]) not in wanted:
        raise PartyInvalid(f"{where}: use is sig and alg is {wanted[0]}", where=where)
    _loadable(public, where)
    return {name: str(value) for name, value in public.items()} | {"kid": kid, "alg": wanted[0], "use": "sig"}


def _loadable(public: Mapping[str, Any], where: str) -> None:
    try:
        loaded = load(public)
        right_size = not isinstance(loaded, RSAKey) or loaded.public_key.key_size in RSA_BITS
    except (JoseError, ValueError, TypeError, KeyError):
        raise PartyInvalid(f"{where}: the public key's numbers are not a valid key", where=where) from None
    if not right_size:
        raise PartyInvalid(f"{where}: an RSA key has 2048 to 8192 bits", where=where)

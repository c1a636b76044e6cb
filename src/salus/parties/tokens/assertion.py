"""Client assertions (RFC 7523, SMART Backend Services 2.2): a system proves who it is with its own key.

Refuses every algorithm but the one that the registered key is for, and every header that would name another key.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jws import CompactSignature, JWSRegistry

from salus.parties.errors import TokenRefused
from salus.parties.model import ASSERTION_LASTS, System
from salus.parties.tokens.jwks import ALGORITHMS, algorithms, load

LARGEST = 8_192
_HEADER = frozenset({"alg", "kid", "typ"})
_ALL = frozenset(name for names in ALGORITHMS.values() for name in names)
_CLOCK_SKEW = timedelta(seconds=30)
_UNKNOWN = "the client is not known or disabled, or has no key of this kid, or the signature is not by that key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """An assertion that was read but not yet checked: nothing in it is true until `verify` has returned."""

    client_id: UUID
    kid: str
    alg: str
    claims: Mapping[str, Any] = field(repr=False)
    signature: CompactSignature = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What must be remembered of a checked assertion, so that it is never taken again."""

    jti: bytes
    expires: datetime


class _Registry(JWSRegistry):
    """Allows the named algorithms only, and does not warn about the older name of Ed25519."""

    def get_alg(self, name: str) -> Any:
        if name not in _ALL:
            raise JoseError
        return self.algorithms[name]


def read(text: str) -> Assertion:
    """Take an assertion apart. Raises TokenRefused (invalid_client) for anything malformed."""
    if not 0 < len(text) <= LARGEST or not text.isascii():
        raise refused(f"client_assertion is a JWT of at most {LARGEST} characters")
    try:
        signature = jws.extract_compact(text.encode("ascii"))
        header, claims = signature.headers(), json.loads(signature.payload, object_pairs_hook=_once)
    except (JoseError, ValueError, RecursionError):
        raise refused("client_assertion is not a signed JWT") from None
    alg, kid = header.get("alg"), header.get("kid")
    if alg not in _ALL:
        raise refused("the assertion is signed with ES384, RS384, ES256 or EdDSA")
    if not isinstance(kid, str) or not set(header) <= _HEADER:
        raise refused("the assertion's header holds alg, kid and typ, and nothing else")
    return Assertion(client_id=_client(claims), kid=kid, alg=str(alg), claims=claims, signature=signature)


def verify(assertion: Assertion, system: System | None, token_urls: Sequence[str], at: datetime) -> Use:
    """Check an assertion against the system that it names.

    Raises TokenRefused (invalid_client). An unknown client and a wrong signature get the same answer.
    """
    keys = system.jwks["keys"] if system and not system.disabled else []
    key = next((k for k in keys if k["kid"] == assertion.kid), None) if isinstance(keys, list) else None
    if key is None or assertion.alg not in algorithms(key) or not _signed(assertion, key):
        raise refused(_UNKNOWN)
    _check_audience(assertion.claims.get("aud"), token_urls)
    return Use(jti=_jti(assertion.claims.get("jti")), expires=_expires(assertion.claims, at))


def refused(text: str) -> TokenRefused:
    """Make the one kind of refusal of this module."""
    return TokenRefused("invalid_client", text)


def _signed(assertion: Assertion, key: Mapping[str, Any]) -> bool:
    try:
        return jws.validate_compact(assertion.signature, load(key), registry=_Registry())
    except (JoseError, ValueError):
        return False


def _client(claims: object) -> UUID:
    if not isinstance(claims, dict) or not claims.get("iss") or claims["iss"] != claims.get("sub"):
        raise refused("the assertion's iss and sub are both the client id")
    try:
        client_id = UUID(claims["iss"])
    except (ValueError, AttributeError, TypeError):
        raise refused(_UNKNOWN) from None
    if str(client_id) != claims["iss"]:
        raise refused(_UNKNOWN)
    return client_id


def _check_audience(aud: object, token_urls: Sequence[str]) -> None:
    named = aud if isinstance(aud, list) else [aud]
    if not any(isinstance(one, str) and one in token_urls for one in named):
        raise refused("the assertion's aud is the address of this token endpoint")


def _expires(claims: Mapping[str, Any], at: datetime) -> datetime:
    now = at.timestamp()
    exp = _seconds(claims, "exp")
    if exp is None or not now < exp <= now + ASSERTION_LASTS.total_seconds():
        raise refused("the assertion's exp is in the future, and at most five minutes; check both clocks")
    for name in ("nbf", "iat"):
        since = _seconds(claims, name) if name in claims else now
        if since is None or since > now + _CLOCK_SKEW.total_seconds():
            raise refused(f"the assertion's {name} is not in the future; check both clocks")
    return datetime.fromtimestamp(exp, UTC)


def _seconds(claims: Mapping[str, Any], name: str) -> float | None:
    """Return a NumericDate (RFC 7519, section 2), or None for what is not a finite number."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 2**53:
        return None
    return float(value) if math.isfinite(value) else None


def _jti(jti: object) -> bytes:
    if not isinstance(jti, str) or not 1 <= len(jti) <= 255:
        raise refused("the assertion has a jti of 1 to 255 characters, a new one every time")
    return hashlib.sha256(jti.encode("utf-8", "surrogatepass")).digest()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a claim stands twice")
    return found

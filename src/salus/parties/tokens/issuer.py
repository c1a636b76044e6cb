"""Access tokens: JWTs in the form of RFC 9068, signed ES256 by the node; issued, checked, remembered until they end."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from salus.kernel import Invalid, Purpose, Refused, Role, Unavailable, new_id
from salus.parties import store as rows
from salus.parties.errors import NotSignedIn, PartyInvalid
from salus.parties.model import ACCESS_TOKEN_LASTS, DISABLED_WITHIN, LONGEST_TOKEN, Principal, principal
from salus.parties.scopes import format_scopes, parse_scopes
from salus.storage import Duty, Store

_TYPE = "at+jwt"
_LARGEST_TOKEN = 16_384
_MOST_REMEMBERED = 20_000
_REFRESH = DISABLED_WITHIN / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """A token that was checked: who it names, and until when (Unix seconds, exclusive)."""

    principal: Principal
    exp: int


@dataclass(slots=True)
class _Memo:
    """Checked tokens by digest; the oldest half goes when it is full."""

    _known: dict[bytes, Remembered] = field(default_factory=dict)
    _writing: threading.Lock = field(default_factory=threading.Lock)

    def get(self, digest: bytes) -> Remembered | None:
        return self._known.get(digest)

    def put(self, digest: bytes, remembered: Remembered) -> None:
        with self._writing:
            if len(self._known) >= _MOST_REMEMBERED:
                kept = list(self._known.items())[_MOST_REMEMBERED // 2 :]
                self._known = dict(kept)
            self._known[digest] = remembered


class _Disabled:
    """The disabled subjects, read again every 30 seconds; never trusted when older than 60."""

    def __init__(self) -> None:
        self._loading = threading.Lock()
        self._seen: tuple[datetime, frozenset[str]] | None = None

    def subjects(self, store: Store, at: datetime) -> frozenset[str]:
        """Return the set as it was at most 60 seconds before `at`. Raises Unavailable if that cannot be had."""
        seen = self._seen
        if seen and abs(at - seen[0]) < _REFRESH:
            return seen[1]
        if not self._loading.acquire(blocking=not self._usable(at)):
            return seen[1] if seen else self.subjects(store, at)
        try:
            return self._load(store, at)
        finally:
            self._loading.release()

    def at_hand(self, at: datetime) -> frozenset[str] | None:
        """Return the set if it was read within the last 30 seconds, else None."""
        seen = self._seen
        return seen[1] if seen and abs(at - seen[0]) < _REFRESH else None

    def _load(self, store: Store, at: datetime) -> frozenset[str]:
        if self._seen and abs(at - self._seen[0]) < _REFRESH:
            return self._seen[1]
        try:
            with store.transaction(Duty.REGISTRY) as tx:
                self._seen = (at, rows.disabled(tx))
        except Unavailable:
            if not self._usable(at):
                raise
        return self._seen[1] if self._seen else frozenset()

    def _usable(self, at: datetime) -> bool:
        return self._seen is not None and abs(at - self._seen[0]) < DISABLED_WITHIN


class TokenIssuer:
    """The node as an issuer of access tokens. One per process; thread-safe.

    `issuer` and `audience` go into every token and are required of every token; `token_urls` are the addresses of
    the token endpoint that a client assertion may name as its audience.
    """

    def __init__(
        self, key: ec.EllipticCurvePrivateKey, *, issuer: str, audience: str, token_urls: Sequence[str]
    ) -> None:
        if not issuer or not audience or isinstance(token_urls, str):
            raise PartyInvalid("a token issuer needs its own name, an audience, and a list of token addresses")
        self._key = ECKey.import_key(key)
        self._public = ECKey.import_key(key.public_key())
        self._kid = self._public.thumbprint()
        self.issuer = issuer
        self.audience = audience
        self.token_urls = tuple(token_urls)
        self.memo = _Memo()
        self.disabled = _Disabled()

    def __repr__(self) -> str:
        return f"TokenIssuer({self.issuer!r}, kid={self._kid!r})"

    def jwks(self) -> dict[str, list[dict[str, Any]]]:
        """Return the public key set with which anyone may check this node's tokens."""
        public = self._public.as_dict(private=False)
        return {"keys": [{**public, "kid": self._kid, "alg": "ES256", "use": "sig"}]}

    def sign(self, claims: Mapping[str, object]) -> str:
        """Sign claims as an access token."""
        header = {"alg": "ES256", "typ": _TYPE, "kid": self._kid}
        return jwt.encode(header, dict(claims), self._key, algorithms=["ES256"])

    def claims(self, bearer: str) -> dict[str, Any]:
        """Return the claims of a token of this issuer and audience. Raises NotSignedIn; does not look at the time."""
        try:
            token = jwt.decode(bearer, self._public, algorithms=["ES256"])
        except (JoseError, ValueError, RecursionError):
            raise NotSignedIn("the access token was not issued here") from None
        if token.header.get("typ") != _TYPE or token.claims.get("iss") != self.issuer:
            raise NotSignedIn("the access token was not issued here")
        if token.claims.get("aud") != self.audience:
            raise NotSignedIn("the access token is meant for another service")
        return token.claims


def issue_token(issuer: TokenIssuer, who: Principal, at: datetime, lifetime: timedelta = ACCESS_TOKEN_LASTS) -> str:
    """Issue an access token for a principal. The caller has authenticated it, or is a demo node's command line.

    Raises PartyInvalid for a lifetime that is not positive or exceeds 24 hours.
    """
    if not timedelta(0) < lifetime <= LONGEST_TOKEN:
        raise PartyInvalid(f"a token lasts up to {LONGEST_TOKEN}")
    iat = int(at.timestamp())
    claims: dict[str, object] = {
        "iss": issuer.issuer,
        "aud": issuer.audience,
        "sub": who.subject,
        "iat": iat,
        "exp": iat + int(lifetime.total_seconds()),
        "jti": str(new_id()),
        "role": who.role.value,
        "strong": who.strong,
        "client_id": who.subject if who.role.software else None,
        "facility": who.facility,
        "resident": str(who.resident) if who.resident else None,
        "purpose_of_use": who.purpose.value if who.purpose else None,
        "scope": format_scopes(who.scopes) or None,
        "name": who.name_en or None,
        "name#zh": who.name_zh or None,
    }
    return issuer.sign({name: value for name, value in claims.items() if value is not None})


def authenticate(store: Store, issuer: TokenIssuer, bearer: str, at: datetime) -> Principal:
    """Return who a bearer token names.

    The first use of a token checks its signature; later uses cost one digest. A disabled system or account is
    refused within 60 seconds of its disabling. Raises NotSignedIn for anything that is no token of ours in force.
    """
    if not 0 < len(bearer) <= _LARGEST_TOKEN or not bearer.isascii():
        raise NotSignedIn("the access token was not issued here")
    digest = hashlib.sha256(bearer.encode("ascii")).digest()
    known = issuer.memo.get(digest)
    if known is None:
        known = _remembered(issuer.claims(bearer))
        issuer.memo.put(digest, known)
    if at.timestamp() >= known.exp:
        raise NotSignedIn("the access token has expired; ask for a new one")
    if known.principal.subject in issuer.disabled.subjects(store, at):
        raise NotSignedIn("this system or account was disabled")
    return known.principal


def remembered(issuer: TokenIssuer, bearer: str, at: datetime) -> Principal | None:
    """Return who a bearer token names where that takes neither a signature nor the database; else None: authenticate.

    It waits for nothing, so that an event loop may ask.
    """
    if not 0 < len(bearer) <= _LARGEST_TOKEN or not bearer.isascii():
        return None
    known = issuer.memo.get(hashlib.sha256(bearer.encode("ascii")).digest())
    disabled = issuer.disabled.at_hand(at)
    if known is None or disabled is None or at.timestamp() >= known.exp or known.principal.subject in disabled:
        return None
    return known.principal


def _remembered(claims: Mapping[str, Any]) -> Remembered:
    try:
        return Remembered(principal=_principal(claims), exp=int(claims["exp"]))
    except (KeyError, ValueError, TypeError, Invalid, Refused):
        raise NotSignedIn("the access token's claims are not understood; ask for a new one") from None


def _principal(claims: Mapping[str, Any]) -> Principal:
    resident, purpose, scope = (claims.get(name) for name in ("resident", "purpose_of_use", "scope"))
    return principal(
        Role(claims["role"]),
        str(claims["sub"]),
        name_en=str(claims.get("name", "")),
        name_zh=str(claims.get("name#zh", "")),
        facility=claims.get("facility"),
        resident=UUID(resident) if resident else None,
        purpose=Purpose(purpose) if purpose else None,
        strong=claims.get("strong") is True,
        scopes=parse_scopes(scope) if scope else (),
    )

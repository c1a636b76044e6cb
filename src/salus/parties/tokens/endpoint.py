"""The token endpoint of SMART Backend Services (SMART App Launch 2.2, section 6), free of any web framework."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from salus.kernel import Purpose, Role
from salus.parties import store as rows
from salus.parties.errors import PartyInvalid, TokenRefused
from salus.parties.model import ACCESS_TOKEN_LASTS, ROLE_PURPOSES, System, default_purpose
from salus.parties.scopes import Scope, covers, format_scopes, parse_scopes
from salus.parties.service import system_principal
from salus.parties.tokens import assertion as assertions
from salus.parties.tokens.issuer import TokenIssuer, issue_token
from salus.storage import Duty, Store

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LONGEST_SCOPE = 4_000


def token(store: Store, issuer: TokenIssuer, form: Mapping[str, str], at: datetime) -> dict[str, object]:
    """Answer a token request: client_credentials with private_key_jwt.

    `form` holds grant_type, scope, client_assertion_type, client_assertion and, optionally, purpose_of_use (the
    role's first where absent). Returns the response body. Raises TokenRefused, whose `error` is the OAuth code:
    unsupported_grant_type, invalid_request, invalid_scope, invalid_client. An assertion that was verified is used up,
    whatever the answer.
    """
    if form.get("grant_type") != "client_credentials":
        raise TokenRefused("unsupported_grant_type", "grant_type is client_credentials")
    scopes = _scopes(form.get("scope", ""))
    system = _authenticated(store, issuer, form, at)
    for scope in scopes:
        if not covers(system.scopes, scope):
            raise TokenRefused("invalid_scope", f"this client is registered for: {format_scopes(system.scopes)}")
    with store.transaction(Duty.REGISTRY) as tx:
        facility = rows.facility(tx, system.facility)
    if facility is None:
        raise TokenRefused("invalid_client", "the client's facility is not registered")
    who = replace(system_principal(system, facility), scopes=scopes)
    who = replace(who, purpose=_purpose(form.get("purpose_of_use"), who.role))
    return {
        "access_token": issue_token(issuer, who, at),
        "token_type": "bearer",
        "expires_in": int(ACCESS_TOKEN_LASTS.total_seconds()),
        "scope": format_scopes(scopes),
    }


def _authenticated(store: Store, issuer: TokenIssuer, form: Mapping[str, str], at: datetime) -> System:
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        raise TokenRefused("invalid_client", f"client_assertion_type is {ASSERTION_TYPE}")
    claimed = assertions.read(form.get("client_assertion", ""))
    if form.get("client_id", str(claimed.client_id)) != str(claimed.client_id):
        raise TokenRefused("invalid_client", "client_id and the assertion name different clients")
    with store.transaction(Duty.REGISTRY) as tx:
        system = rows.system(tx, claimed.client_id)
        use = assertions.verify(claimed, system, issuer.token_urls, at)
        rows.forget_assertions(tx, at)
        first = rows.use_assertion(tx, claimed.client_id, use.jti, use.expires)
    if system is None or not first:
        raise TokenRefused("invalid_client", "this assertion was used before; make one with a new jti for each request")
    return system


def _scopes(text: str) -> tuple[Scope, ...]:
    if not 0 < len(text) <= _LONGEST_SCOPE:
        raise TokenRefused("invalid_scope", "scope is required, such as system/*.rs")
    try:
        return parse_scopes(text)
    except PartyInvalid as problem:
        raise TokenRefused("invalid_scope", problem.text) from None


def _purpose(text: str | None, role: Role) -> Purpose | None:
    allowed = ROLE_PURPOSES[role]
    if text is None:
        return default_purpose(role)
    if text not in allowed:
        raise TokenRefused("invalid_request", f"purpose_of_use is one of: {', '.join(allowed)}")
    return Purpose(text)

"""WebAuthn level 2 ceremonies, checked by the webauthn library; user verification is required. No store.

The library reads the certificates of every kind of authenticator and loads for a tenth of a second; whoever serves no
sign-in does not load this module.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import webauthn
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from webauthn.helpers import options_to_json_dict, parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from salus.parties.errors import PartyInvalid
from salus.parties.signin.passkeys import Answer, Registered, RelyingParty, refused

LARGEST_ANSWER = 65_536
_MALFORMED = (
    WebAuthnException,
    InvalidSignature,
    UnsupportedAlgorithm,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    AssertionError,
    RecursionError,
    struct.error,
)


def registration_options(
    party: RelyingParty, account: UUID, label: str, known: list[bytes], challenge: bytes
) -> dict[str, Any]:
    """Return the options for `navigator.credentials.create`; `label` is shown by the authenticator only."""
    options = webauthn.generate_registration_options(
        rp_id=party.rp_id,
        rp_name=party.name,
        user_id=account.bytes,
        user_name=label,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=id_) for id_ in known],
    )
    return dict(options_to_json_dict(options))


def sign_in_options(party: RelyingParty, challenge: bytes) -> dict[str, Any]:
    """Return the options for `navigator.credentials.get`, for any credential of this relying party."""
    options = webauthn.generate_authentication_options(
        rp_id=party.rp_id, challenge=challenge, user_verification=UserVerificationRequirement.REQUIRED
    )
    return dict(options_to_json_dict(options))


def check_registration(party: RelyingParty, credential: object, challenge: bytes) -> Registered:
    """Check the answer to registration options. Raises PartyInvalid."""
    try:
        verified = webauthn.verify_registration_response(
            credential=_content(credential),
            expected_challenge=challenge,
            expected_rp_id=party.rp_id,
            expected_origin=list(party.origins),
            require_user_verification=True,
        )
    except _MALFORMED:
        raise PartyInvalid("this passkey could not be registered; begin again") from None
    return Registered(
        credential_id=verified.credential_id,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
    )


def read_answer(credential: object) -> Answer:
    """Take a sign-in answer apart. Raises NotSignedIn."""
    try:
        content = _content(credential)
        parsed = parse_authentication_credential_json(content)
        handle = parsed.response.user_handle
        return Answer(credential_id=parsed.raw_id, user=UUID(bytes=handle) if handle else None, content=content)
    except _MALFORMED:
        raise refused() from None


def check_answer(party: RelyingParty, answer: Answer, challenge: bytes, public_key: bytes, sign_count: int) -> int:
    """Check a sign-in answer against a registered key; return the authenticator's new counter. Raises NotSignedIn."""
    try:
        verified = webauthn.verify_authentication_response(
            credential=dict(answer.content),
            expected_challenge=challenge,
            expected_rp_id=party.rp_id,
            expected_origin=list(party.origins),
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
    except _MALFORMED:
        raise refused() from None
    return verified.new_sign_count


def _content(credential: object) -> dict[str, Any]:
    if isinstance(credential, str | bytes):
        if len(credential) > LARGEST_ANSWER:
            raise ValueError("too long")
        credential = json.loads(credential)
    if not isinstance(credential, Mapping):
        raise TypeError("not an object")
    return dict(credential)

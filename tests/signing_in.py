"""What tests of signing in share: a desk, a passkey in software, an authenticator."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import cbor2
import pyotp
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from salus.kernel import new_id
from salus.keys import Custodian
from salus.parties import RelyingParty, SignIn, add_facility, add_organisation
from salus.storage import Store

AT = datetime(2031, 3, 1, 8, 0, tzinfo=UTC)
ORIGIN = "https://node.example"
PASSWORD = "correct horse battery"


def b64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Authenticator:
    """A passkey in software, after WebAuthn level 2: P-256, attestation none, a counter."""

    rp_id: str = "node.example"
    origin: str = ORIGIN
    verified: bool = True
    counter: int = 0
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: new_id().bytes + new_id().bytes)
    user: bytes = b""

    def create(self, options: Any) -> dict[str, Any]:
        self.user = unb64(options["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
        credential = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + public
        attestation = {"fmt": "none", "attStmt": {}, "authData": self._state(0x40) + credential}
        return self._answer(
            {"clientDataJSON": self._client("webauthn.create", options), "attestationObject": cbor2.dumps(attestation)}
        )

    def get(self, options: Any) -> dict[str, Any]:
        self.counter += 1
        client, state = self._client("webauthn.get", options), self._state(0)
        signature = self.key.sign(state + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {"clientDataJSON": client, "authenticatorData": state, "signature": signature, "userHandle": self.user}
        )

    def _client(self, kind: str, options: Any) -> bytes:
        return json.dumps({"type": kind, "challenge": options["challenge"], "origin": self.origin}).encode()

    def _state(self, extra: int) -> bytes:
        flags = 0x01 | (0x04 if self.verified else 0) | extra
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.counter.to_bytes(4, "big")

    def _answer(self, response: dict[str, bytes]) -> dict[str, Any]:
        return {
            "id": b64(self.credential_id),
            "rawId": b64(self.credential_id),
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {name: b64(value) for name, value in response.items()},
        }


def open_desk(store: Store, custodian: Custodian) -> SignIn:
    """Register one hospital and return the desk where its people sign in."""
    add_organisation(store, organisation_id="ORG", name_en="Health Group", name_zh="健康集团")
    add_facility(
        store,
        facility_id="H1",
        name_en="First Hospital",
        name_zh="第一医院",
        level=3,
        kind="hospital",
        county="410102",
        organisation="ORG",
    )
    return desk_of(store, custodian)


def desk_of(store: Store, custodian: Custodian, ahead: Callable[[], timedelta] = timedelta) -> SignIn:
    """Open the sign-in of a node whose clock is so far ahead of the telephones."""
    return SignIn(store, custodian, RelyingParty(rp_id="node.example", origins=(ORIGIN,)), ahead)


def registered(desk: SignIn, account: UUID, **how: Any) -> Authenticator:
    device = Authenticator(**how)
    ceremony = desk.begin_passkey(account, "Dr Li", AT)
    desk.finish_passkey(ceremony.handle, device.create(ceremony.options), AT)
    return device


def with_totp(desk: SignIn, account: UUID, login: str) -> pyotp.TOTP:
    desk.set_password(account, login, PASSWORD)
    uri = desk.begin_totp(account, "Dr Li")
    totp = pyotp.TOTP(parse_qs(urlsplit(uri).query)["secret"][0])
    desk.confirm_totp(account, totp.at(AT), AT)
    return totp

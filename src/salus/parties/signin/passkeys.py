"""Passkeys as sign-in knows them: for whom they are, and what is learnt of one. `ceremonies` checks them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from salus.parties.errors import NotSignedIn, PartyInvalid


@dataclass(frozen=True, slots=True, kw_only=True)
class RelyingParty:
    """Who the passkeys are for: the domain, the web origins that may use them, and the name that people see."""

    rp_id: str
    origins: tuple[str, ...]
    name: str = "Salus"

    def __post_init__(self) -> None:
        if not self.rp_id or not self.origins or any("://" not in origin for origin in self.origins):
            raise PartyInvalid("a relying party has a domain and a list of origins, such as https://salus.example")


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A new credential that was checked."""

    credential_id: bytes
    public_key: bytes = field(repr=False)
    sign_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A browser's answer to a sign-in challenge, not yet checked."""

    credential_id: bytes
    user: UUID | None
    content: Mapping[str, Any] = field(repr=False)


def refused() -> NotSignedIn:
    """Make the one refusal of a passkey sign-in."""
    return NotSignedIn("this passkey did not sign you in; begin again")

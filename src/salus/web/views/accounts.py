"""What the pages of signing in, invitations and accounts are given: frozen view models, as those of `views`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar


class SignInTrouble(StrEnum):
    """Why a sign-in did not succeed; never which part of it was wrong."""

    WRONG = "wrong"
    PASSKEY = "passkey"
    TOO_MANY = "too-many"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Sign in by passkey (with scripts) or by password and one-time code (without). `next` is where to go after."""

    template: ClassVar[str] = "sign_in.html"
    trouble: SignInTrouble | None = None
    wait_minutes: int = 15  # named with TOO_MANY
    next: str = "/"


class InvitationTrouble(StrEnum):
    """Why an invitation did not open an account."""

    UNKNOWN = "unknown"  # never given out, used, replaced by a later one, or lapsed: which of these is not told
    HAS_SIGN_IN = "has-sign-in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """Where an invitation leads. Showing it uses nothing up; its form does.

    `held` tells that the key came with the link and waits in a cookie; else it is typed from the slip.
    """

    template: ClassVar[str] = "invitation.html"
    held: bool
    trouble: InvitationTrouble | None = None


class SetUpTrouble(StrEnum):
    """Why a sign-in could not be set up as sent."""

    UNFIT = "unfit"
    TAKEN = "taken"
    CODE = "code"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUp:
    """Set up the first sign-in: a passkey, or account name, password and authenticator confirmed by its first code.

    `secret` is the authenticator's, as people type it; `otpauth` the same as the address that its app scans. `account`
    is the name entered before, where something else did not fit.
    """

    template: ClassVar[str] = "set_up.html"
    secret: str = field(repr=False)
    otpauth: str = field(repr=False)
    account: str = ""
    trouble: SetUpTrouble | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """A slip of paper with which a resident opens the own account. It names nobody.

    `link` is what a phone scans; `place` and `key` are the same to be typed. All three are None, and so is `ends`,
    where the resident can sign in already: then there is nothing to hand out.
    """

    template: ClassVar[str] = "slip.html"
    link: str | None = field(default=None, repr=False)
    place: str | None = None
    key: str | None = field(default=None, repr=False)
    ends: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """One passkey of an account."""

    added: datetime
    used: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The account: its passkeys, and how pages look."""

    template: ClassVar[str] = "account.html"
    passkeys: tuple[Passkey, ...]

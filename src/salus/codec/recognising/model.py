"""A fact out of a code of another issuer, and what a door is shown. Pure; no name, product or colour has a field."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from salus.codec.certificates import Certificate, CertificateKind, Disease, Outcome, Reason
from salus.codec.foreign import Event, Holder
from salus.rules import Declaration, RecognisedKey


class NotBelieved(Exception):
    """A code is not to be believed; why, `reason` says, which is for its holder."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Believed:
    """A code that a recognised key signed: whose, what happened, how long it counts, SHA-256 of what was signed."""

    key: RecognisedKey
    holder: Holder = field(repr=False)
    events: tuple[Event, ...]
    issued: datetime | None
    ends: datetime | None
    digest: bytes

    @property
    def vouched(self) -> tuple[Event, ...]:
        """The events of those kinds for which the key is recognised; both are words of one closed list."""
        return tuple(one for one in self.events if str(one.kind) in self.key.kinds)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignFact:
    """One fact of another issuer's code: what, when, until when it may be shown, and who is recognised to say so.

    `at` is a specimen's instant, or the beginning of the civil day in UTC.
    """

    kind: CertificateKind
    disease: Disease
    at: datetime
    expires: datetime
    issuer: str

    @property
    def day(self) -> date:
        """The civil day of the fact; for a test, of its specimen in UTC."""
        return self.at.date()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The answer to one presented code: a certificate of ours, or a fact of another issuer's, or neither."""

    outcome: Outcome
    certificate: Certificate | None
    foreign: ForeignFact | None
    reason: Reason | None
    declarations: tuple[Declaration, ...]

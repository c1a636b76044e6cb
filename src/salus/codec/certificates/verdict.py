"""What a door is told about what it was shown: a certificate's fact, or nothing, or that no check is permitted there.

Whether anybody may ask comes first; the code is not looked at before. Whatever is not a good certificate of a kind that
the door may ask for gets one and the same answer. Why it is so, `reason` says, which is for its holder and no screen.
A picture of a certificate that lives on a telephone gets another, which says what to do: form and clock alone decide
that it does, so that a good certificate and a void, foreign or forged one get it alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from salus.codec.certificates.accepting import accepted
from salus.codec.certificates.bound import decode_bound
from salus.codec.certificates.model import Certificate
from salus.codec.certificates.text import Presented, decode_certificate
from salus.codec.certificates.trust import SLOW_CLOCK, TrustFile
from salus.codec.errors import CodecError
from salus.rules import Declaration, Venue


class Outcome(StrEnum):
    """The four things that a verifier can show."""

    GOOD = "good"
    NOTHING = "nothing-shown"
    AGAIN = "show-again"
    NOT_PERMITTED = "not-permitted"


class Reason(StrEnum):
    """Why a certificate was not shown, for its holder; stable words."""

    NO_DECLARATION = "no-declaration"
    TRUST_TOO_OLD = "trust-too-old"
    UNREADABLE = "unreadable"
    FOREIGN = "foreign-issuer"
    FORGED = "forged"
    NOT_YET = "not-yet"
    EXPIRED = "expired"
    NOT_ASKED = "not-asked-for"
    NOT_TRUSTED = "key-not-trusted"
    KEY_ENDED = "key-ended"
    NOT_ITS_USE = "key-not-for-this"
    NO_LIST = "no-list"
    VOID = "void"
    NOT_ACCEPTED = "not-accepted"
    NO_FACT = "no-fact"
    NO_PROOF = "no-proof"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer to one presented code. `certificate`, and its `issuer`, are there only where it is good.

    `declarations` are the live ones that name the kind of venue; `reason` is None only for a good certificate.
    """

    outcome: Outcome
    certificate: Certificate | None
    reason: Reason | None
    declarations: tuple[Declaration, ...]
    issuer: str | None = None


class _NotShown(Exception):
    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def permitted(trust: TrustFile, at: datetime, venue: Venue) -> tuple[Declaration, ...]:
    """Return the declarations that are alive at `at` and name this kind of venue; without any no door may ask."""
    if not trust.fresh(at):
        return ()
    return tuple([one for one in trust.declarations if venue in one.venues and one.starts <= at < one.ends])


def verify(text: object, trust: TrustFile, at: datetime, venue: Venue) -> Verdict:
    """Judge what was presented at a door of this kind at this instant. Total: it raises nothing, whatever it is given.

    Identity codes, measures, foreign, forged, expired and voided certificates, those of a kind that no declaration
    lets this door ask for, and those that are not good enough by the rules of the region that asks, all give NOTHING.
    A certificate that is bound to a telephone, without its holder's proof or with an old one, gives AGAIN.
    """
    live = permitted(trust, at, venue)
    if not live:
        reason = Reason.NO_DECLARATION if trust.fresh(at) else Reason.TRUST_TOO_OLD
        return Verdict(outcome=Outcome.NOT_PERMITTED, certificate=None, reason=reason, declarations=())
    try:
        presented, written = _presented(text, at)
        certificate, issuer = _good(presented, written, trust, at, live)
    except _NotShown as found:
        outcome = Outcome.AGAIN if found.reason is Reason.NO_PROOF else Outcome.NOTHING
        return Verdict(outcome=outcome, certificate=None, reason=found.reason, declarations=live)
    return Verdict(outcome=Outcome.GOOD, certificate=certificate, reason=None, declarations=live, issuer=issuer)


def _presented(text: object, at: datetime) -> tuple[Presented, str]:
    """Return what was presented, by its holder where it is bound to a telephone, and the certificate's own text."""
    try:
        return decode_certificate(text), str(text)
    except CodecError:
        pass  # a bound one is no certificate of that form
    try:
        bound = decode_bound(text)
    except CodecError:
        raise _NotShown(Reason.UNREADABLE) from None
    if not bound.fresh(at):
        raise _NotShown(Reason.NO_PROOF)
    try:
        bound.require_holder()
    except CodecError:
        raise _NotShown(Reason.FORGED) from None
    return bound.presented, bound.text


def _good(
    presented: Presented, text: str, trust: TrustFile, at: datetime, live: Sequence[Declaration]
) -> tuple[Certificate, str]:
    party = _issued_by(presented, trust)
    certificate = presented.certificate
    if at < certificate.issued - SLOW_CLOCK:
        raise _NotShown(Reason.NOT_YET)
    if at >= certificate.expires:
        raise _NotShown(Reason.EXPIRED)
    # kinds that are wanted are strings of these very words
    asking = [one for one in live if certificate.kind.word in one.wants]
    if not asking:
        raise _NotShown(Reason.NOT_ASKED)
    if trust.governed(at):
        _within_limits(text, presented, trust, at, asking)
    listed = trust.lists.get((party, certificate.list_number))
    if listed is None or not listed.issued - SLOW_CLOCK <= at < listed.expires or not trust.may_void(listed, at):
        raise _NotShown(Reason.NO_LIST)
    if listed.void(certificate.index):
        raise _NotShown(Reason.VOID)
    if not any(accepted(certificate, trust.acceptance, one.region, at) for one in asking):
        raise _NotShown(Reason.NOT_ACCEPTED)
    return certificate, party


def _within_limits(
    text: str, presented: Presented, trust: TrustFile, at: datetime, asking: Sequence[Declaration]
) -> None:
    """Hold a certificate against what the trust list says of its key: times, kinds, regions.

    After a key's end only what the log had before is good: a thief can date a certificate back, but not its entry.
    """
    key, certificate = trust.key_of(presented.kid, at), presented.certificate
    if key is None:
        raise _NotShown(Reason.NOT_TRUSTED)
    if not key.signs(certificate.issued) or (at >= key.ends and not trust.had(text, presented.kid, key.ends)):
        raise _NotShown(Reason.KEY_ENDED)
    word = certificate.kind.word
    if word not in key.kinds or not any(key.covers(one.region) for one in asking):
        raise _NotShown(Reason.NOT_ITS_USE)


def _issued_by(presented: Presented, trust: TrustFile) -> str:
    issuer = trust.issuers.get(presented.kid)
    if issuer is None:
        raise _NotShown(Reason.FOREIGN)
    try:
        presented.verify(issuer.key)
    except CodecError:
        raise _NotShown(Reason.FORGED) from None
    return issuer.party

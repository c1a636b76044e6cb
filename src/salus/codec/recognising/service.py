"""Judge what is presented at a door, whoever issued it. Pure and total; the browser's modules give the same verdicts.

A code of another issuer counts only by a key that a published recognition in the trust file names, for that kind of
fact, and if the rules of a region that asks accept it. No code counts longer than one of ours could: a test 72 hours
from its specimen, a recovery from the eleventh to the 180th day, a vaccination's code a year from its issue. A chunk of
a card is no card here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from salus.codec.certificates import LONGEST, CertificateKind, Disease, Outcome, Reason, TrustFile, permitted, verify
from salus.codec.certificates.accepting import accepted
from salus.codec.foreign import HC1_PREFIX, Event, EventKind, disease_of
from salus.codec.foreign.smart import PREFIX as SHC_PREFIX
from salus.codec.foreign.values import value_set
from salus.codec.recognising.model import Believed, ForeignFact, NotBelieved, Shown
from salus.codec.recognising.reading import believe
from salus.rules import Declaration, Venue, recognised_at

RECOVERED_AFTER: Final = timedelta(days=11)
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_WHEN = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?(?:Z|([+-])([0-9]{2})(?::?([0-9]{2}))?)?)?"
)


def judge(text: object, trust: TrustFile, at: datetime, venue: Venue) -> Shown:
    """Judge what was presented at a door of this kind at this instant. Raises nothing, whatever it is given."""
    if not isinstance(text, str) or not text.startswith((HC1_PREFIX, SHC_PREFIX)):
        own = verify(text, trust, at, venue)
        return Shown(
            outcome=own.outcome,
            certificate=own.certificate,
            foreign=None,
            reason=own.reason,
            declarations=own.declarations,
        )
    live = permitted(trust, at, venue)
    if not live:
        reason = Reason.NO_DECLARATION if trust.fresh(at) else Reason.TRUST_TOO_OLD
        return Shown(outcome=Outcome.NOT_PERMITTED, certificate=None, foreign=None, reason=reason, declarations=())
    try:
        told = believe([text], recognised_at(trust.recognised, at), at, trust.voided)
        facts = [_fact(event, told, at) for event in told.events]
        fact = _wanted(facts, live, trust, at)
    except NotBelieved as found:
        return Shown(outcome=Outcome.NOTHING, certificate=None, foreign=None, reason=found.reason, declarations=live)
    return Shown(outcome=Outcome.GOOD, certificate=None, foreign=fact, reason=None, declarations=live)


def _wanted(
    facts: Iterable[ForeignFact | Reason], live: Sequence[Declaration], trust: TrustFile, at: datetime
) -> ForeignFact:
    """Return the first fact that this door may ask for and that is good enough there; else why the first is not."""
    reasons = []
    for one in facts:
        found = one if isinstance(one, Reason) else _refused(one, live, trust, at)
        if found is None and isinstance(one, ForeignFact):
            return one
        reasons.append(found or Reason.NO_FACT)
    raise NotBelieved(reasons[0])


def _refused(fact: ForeignFact, live: Sequence[Declaration], trust: TrustFile, at: datetime) -> Reason | None:
    asking = [one for one in live if fact.kind.word in one.wants]  # kinds that are wanted are strings of these words
    if not asking:
        return Reason.NOT_ASKED
    enough = any(accepted(fact, trust.acceptance, one.region, at) for one in asking)
    return None if enough else Reason.NOT_ACCEPTED


def _fact(event: Event, told: Believed, at: datetime) -> ForeignFact | Reason:
    disease, happened, kind = disease_of(event.target), _instant(event.on), _kind(event)
    if disease is None or happened is None or kind is None:
        return Reason.NO_FACT
    if kind.word not in told.key.kinds:  # kinds that are signed are strings of these very words
        return Reason.FOREIGN
    begins, last = _life(kind, happened, told.issued)
    until = _instant(dict(event.detail).get("du", ""))
    if until is not None:
        last = min(last, until + _DAY)
    if at < begins:
        return Reason.NOT_YET
    if at >= last:
        return Reason.EXPIRED
    return ForeignFact(
        kind=kind,
        disease=Disease[disease.upper().replace("-", "_")],
        at=happened,
        expires=last if told.ends is None else min(told.ends, last),
        issuer=told.key.issuer,
    )


def _kind(event: Event) -> CertificateKind | None:
    """Return what an event can say at a door; a finding is for care, and says nothing there but a recovery later."""
    result = dict(event.detail).get("tr" if "|" not in event.target else "result", "").rpartition("|")[2]
    if event.kind is EventKind.TEST and result != value_set("result")["not-found"].means:
        return None
    return CertificateKind[event.kind.name]


def _life(kind: CertificateKind, happened: datetime, issued: datetime | None) -> tuple[datetime, datetime]:
    if kind is CertificateKind.TEST:
        return happened - _HOUR, happened + LONGEST[kind]
    if kind is CertificateKind.RECOVERY:
        return happened + RECOVERED_AFTER, happened + LONGEST[kind]
    return happened - _DAY, (issued or happened) + LONGEST[kind]


def _instant(text: str) -> datetime | None:
    """Read a date, or a date-time, which is one of UTC where it names no zone; None if no calendar has it."""
    found = _WHEN.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(found[place] or 0) for place in range(1, 7))
    try:
        at = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
        away = timedelta(hours=int(found[8] or 0), minutes=int(found[9] or 0))
        return at + away if found[7] == "-" else at - away
    except (ValueError, OverflowError):
        return None

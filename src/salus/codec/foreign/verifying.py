"""Verify a code of another issuer against keys that somebody chose to believe. Pure; the instant is an argument."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from salus.codec.errors import CodecError, Fault
from salus.codec.foreign.cose import Algorithm, AnyKey, verify_signed
from salus.codec.foreign.hcert import Hcert
from salus.codec.foreign.keys import DocumentSigner
from salus.codec.foreign.model import Event, Holder
from salus.codec.foreign.smart import HealthCard

HC1_ALGORITHMS = frozenset({Algorithm.ES256, Algorithm.PS256})
_SLOW_CLOCK = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """A code that holds: whose, what, and which key said so."""

    holder: Holder
    event: Event
    signer: DocumentSigner


def verify_hcert(found: Hcert, signers: Iterable[DocumentSigner], at: datetime) -> Trusted:
    """Return what a health certificate says if a believed key of that name signed it and it counts at this instant.

    CodecError otherwise, with the fault: KEY for a key that is not believed, or not any more, or not for this kind of
    event; SIGNATURE for a forged one; EXPIRED or NOT_YET by the certificate's own times.
    """
    holder, event = found.read()
    signer = signed_by(found, signers)
    if not signer.counts(at):
        raise CodecError("the key that signed this code is not in use at this instant", Fault.KEY)
    if event.kind not in signer.kinds:
        raise CodecError("the key that signed this code is not for this kind of event", Fault.KEY)
    require_in_time(found, at)
    return Trusted(holder=holder, event=event, signer=signer)


def require_in_time(found: Hcert, at: datetime) -> None:
    """Raise CodecError before a code's issue, a slow clock's hour aside, and after its expiry."""
    if found.issued is not None and at < found.issued - _SLOW_CLOCK:
        raise CodecError("this code does not count yet", Fault.NOT_YET)
    if at > found.expires:  # RFC 8392 ends one second earlier; verifiers in the field, and their test data, do not
        raise CodecError("this code has expired", Fault.EXPIRED)


def signed_by(found: Hcert, signers: Iterable[DocumentSigner]) -> DocumentSigner:
    """Return which of the believed keys signed it; of several with one name each is tried."""
    if found.signed.algorithm not in HC1_ALGORITHMS:
        raise CodecError(f"the signature algorithm {found.signed.algorithm.name} is not one for HC1", Fault.ALGORITHM)
    named = [one for one in signers if one.kid == found.signed.kid]
    if not named:
        raise CodecError("no known key has signed this code", Fault.KEY)
    for place, one in enumerate(named, 1):
        try:
            verify_signed(found.signed, one.key)
        except CodecError:
            if place == len(named):
                raise
        else:
            return one
    raise AssertionError


def verify_shc(card: HealthCard, issuers: Mapping[str, Mapping[str, AnyKey]], at: datetime) -> HealthCard:
    """Return a card if a key of its own issuer signed it and it counts at this instant; else CodecError.

    `issuers` are the keys that are believed, by the issuer's address and the key's name: one issuer's key signs no
    card of another.
    """
    key = issuers.get(card.issuer, {}).get(card.kid)
    if key is None:
        raise CodecError("no known key of this issuer has signed this card", Fault.KEY)
    card.verify(key)
    if at < card.starts - _SLOW_CLOCK:
        raise CodecError("this card does not count yet", Fault.NOT_YET)
    if card.expires is not None and at >= card.expires:
        raise CodecError("this card has expired", Fault.EXPIRED)
    return card

"""A disclosure to a court: what its document may say, and who has to sign it. Limits are constants here. Pure.

There is no purpose of use for it and no action of the policy. It names one resident; no list of people can be written.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from salus.access.errors import DisclosureRefused
from salus.kernel import Invalid, canonical, format_instant, parse_instant, spelt
from salus.proof import VerifierKey

DISCLOSURE_SIGNERS: Final = 4
DISCLOSURE_ORGANISATIONS: Final = 3
MOST_SIGNERS: Final = 6
LONGEST_DELAY: Final = timedelta(days=90)
"""By so long after a disclosure its resident is told of it. It carries a right: nothing makes it longer."""
KEY_NOTICE: Final = timedelta(days=30)
"""How long a key stands in the log, seen by witnesses, before it signs a disclosure, or that a record is destroyed.

Whoever runs a node can enter keys into its log: the public sees them coming. No setting changes it.
"""
DISCLOSURE_WITHIN: Final = timedelta(days=30)
"""A disclosure that was not carried out by so long after it stood in the log is void."""
_EFFECTIVE = ("effectiveDateTime", "effectiveInstant", "effectivePeriod")
DISCLOSABLE: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "AllergyIntolerance": ("recordedDate", "onsetDateTime"),
        "Condition": ("recordedDate", "onsetDateTime", "onsetPeriod"),
        "DiagnosticReport": (*_EFFECTIVE, "issued"),
        "Encounter": ("period",),
        "Immunization": ("occurrenceDateTime",),
        "MedicationAdministration": _EFFECTIVE,
        "MedicationDispense": ("whenHandedOver", "whenPrepared"),
        "MedicationRequest": ("authoredOn",),
        "MedicationStatement": (*_EFFECTIVE, "dateAsserted"),
        "Observation": (*_EFFECTIVE, "issued"),
        "Procedure": ("performedDateTime", "performedPeriod"),
    }
)
"""What can be disclosed, entries about care that was given, and by which elements each is dated: the first there is.

No place, no device, no consent, no trace of who looked is among them.
"""
SIGNER: Final = "signer"
OMBUDSMAN: Final = "ombudsman"

_FIELDS = {"blind", "court", "from", "key", "kinds", "notice", "reference", "resident", "to"}
_COURT = re.compile(r"[^\x00-\x1f]{1,120}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosureKey:
    """A key that the public log gives a party, and since when witnesses vouch for that."""

    party: str
    organisation: str
    duty: str
    key: bytes
    logged_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """What is disclosed: kinds of entries of one resident that are dated within `since` <= day < `until`.

    `key` is the court's public key (X25519), to which the file is sealed. The resident is told at `notice` at the
    latest. `blind` are 32 random bytes: the public log has a hash, from which nobody can guess the court or the person.
    """

    court: str = field(repr=False)
    reference: str = field(repr=False)
    key: bytes = field(repr=False)
    resident: UUID = field(repr=False)
    kinds: tuple[str, ...]
    since: date
    until: date
    notice: datetime
    blind: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not _COURT.fullmatch(self.court) or not _COURT.fullmatch(self.reference):
            raise DisclosureRefused("a disclosure names the court and its reference, in 1 to 120 characters each")
        if len(self.key) != 32 or len(self.blind) != 32:
            raise DisclosureRefused("the court's key and the blind have 32 bytes each")
        if not self.kinds or list(self.kinds) != sorted(set(self.kinds)) or not set(self.kinds) <= set(DISCLOSABLE):
            raise DisclosureRefused(f"kinds are a sorted choice of: {', '.join(sorted(DISCLOSABLE))}")
        if self.since >= self.until:
            raise DisclosureRefused("the first day lies before the day until which entries are disclosed")
        if self.notice.tzinfo is None or self.notice.microsecond:
            raise DisclosureRefused("the instant of the notice is given in whole seconds")

    @classmethod
    def parse(cls, raw: bytes) -> Disclosure:
        """Read a document in its canonical spelling; DisclosureRefused for any other bytes."""
        try:
            value = json.loads(raw)
            found = cls._of(value["disclosure"] if isinstance(value, Mapping) and len(value) == 1 else None)
        except (ValueError, KeyError, TypeError, RecursionError, binascii.Error):
            raise DisclosureRefused("this is no document of a disclosure") from None
        except Invalid as wrong:
            raise wrong if isinstance(wrong, DisclosureRefused) else DisclosureRefused(wrong.text) from None
        if found.encoded != raw:
            raise DisclosureRefused("the document is written in its canonical spelling (RFC 8785), as `prepare` does")
        return found

    @classmethod
    def _of(cls, body: Any) -> Disclosure:
        if not isinstance(body, Mapping) or set(body) != _FIELDS or not isinstance(body["kinds"], list):
            raise DisclosureRefused(f"a disclosure has exactly the fields {sorted(_FIELDS)}")
        if not all(isinstance(body[name], str) for name in _FIELDS - {"kinds"}):
            raise DisclosureRefused("a disclosure names one resident, and everything but its kinds is a text")
        return cls(
            court=body["court"],
            reference=body["reference"],
            key=base64.b64decode(body["key"], validate=True),
            resident=UUID(body["resident"]),
            kinds=tuple(str(one) for one in body["kinds"]),
            since=date.fromisoformat(body["from"]),
            until=date.fromisoformat(body["to"]),
            notice=parse_instant(body["notice"]),
            blind=base64.b64decode(body["blind"], validate=True),
        )

    @property
    def encoded(self) -> bytes:
        """The canonical bytes of the document."""
        return canonical(
            {
                "disclosure": {
                    "blind": base64.b64encode(self.blind).decode(),
                    "court": self.court,
                    "from": self.since.isoformat(),
                    "key": base64.b64encode(self.key).decode(),
                    "kinds": list(self.kinds),
                    "notice": format_instant(self.notice),
                    "reference": self.reference,
                    "resident": str(self.resident),
                    "to": self.until.isoformat(),
                }
            }
        )

    @property
    def commitment(self) -> bytes:
        """SHA-256 of the document, which is all that the public log shows of it."""
        return sha256(self.encoded).digest()

    @property
    def signed(self) -> bytes:
        """The bytes that each signer signs (Ed25519); anybody can hold the signatures in the log against them."""
        return canonical({"disclosure": self.told})

    @property
    def span(self) -> tuple[datetime, datetime]:
        """An instant before all that is disclosed, and one after it, in whatever offset days were written."""
        lo, hi = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in (self.since, self.until))
        return lo - timedelta(days=1), hi + timedelta(days=1)

    def covers(self, entry: Mapping[str, Any]) -> bool:
        """Tell whether an entry is to be disclosed: of a named kind, and dated within, as precisely as a day."""
        kind = str(entry.get("resourceType"))
        found = [entry[name] for name in DISCLOSABLE.get(kind, ()) if name in entry] if kind in self.kinds else []
        written = found[0].get("start") if found and isinstance(found[0], Mapping) else found[0] if found else None
        try:
            return self.since <= date.fromisoformat(str(written)[:10]) < self.until
        except ValueError:
            return False

    @property
    def told(self) -> dict[str, str]:
        """What the leaf says beside the signatures."""
        return {
            "disclosure": base64.b64encode(self.commitment).decode(),
            "notice": format_instant(self.notice),
        }


def check_signers(
    disclosure: Disclosure, signatures: Mapping[str, str], keys: Iterable[DisclosureKey], at: datetime
) -> tuple[str, ...]:
    """Return who signed, or raise DisclosureRefused with the word for what is missing.

    `keys` are those of the public log; each has to have stood there for `KEY_NOTICE` at `at`. Every signature has to be
    good. Signers come from three organisations at least, and one of them is an ombudsman whose organisation nobody else
    signs for.
    """
    found = [_signer(disclosure, party, signature, list(keys), at) for party, signature in signatures.items()]
    if not DISCLOSURE_SIGNERS <= len(found) <= MOST_SIGNERS or len({one.key for one in found}) != len(found):
        raise DisclosureRefused(f"SHORT-QUORUM: {DISCLOSURE_SIGNERS} to {MOST_SIGNERS} have to sign, each with a key")
    if len({spelt(one.organisation) for one in found}) < DISCLOSURE_ORGANISATIONS:
        raise DisclosureRefused(f"SHORT-QUORUM: signers come from at least {DISCLOSURE_ORGANISATIONS} organisations")
    executive = {spelt(one.organisation) for one in found if one.duty != OMBUDSMAN}
    if not {spelt(one.organisation) for one in found if one.duty == OMBUDSMAN} - executive:
        raise DisclosureRefused("SHORT-QUORUM: an ombudsman signs, of an organisation that nobody else signs for")
    return tuple(sorted(one.party for one in found))


def check_notice(disclosure: Disclosure, at: datetime) -> None:
    """Raise DisclosureRefused if the resident would be told later than 90 days after `at`."""
    if disclosure.notice > at + LONGEST_DELAY:
        raise DisclosureRefused(f"the resident is told within {LONGEST_DELAY.days} days, and nothing makes it longer")


def _signer(
    disclosure: Disclosure, party: str, signature: str, keys: Sequence[DisclosureKey], at: datetime
) -> DisclosureKey:
    message = disclosure.signed
    for one in keys:
        known = one.party == party and one.duty in (SIGNER, OMBUDSMAN) and one.logged_at + KEY_NOTICE <= at
        if known and _good(one.key, message, signature):
            return one
    raise DisclosureRefused(f"SIGNATURE: that of {party[:40]} is of no key that the log had for {KEY_NOTICE.days} days")


def _good(key: bytes, message: bytes, signature: str) -> bool:
    try:
        raw = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return False
    return VerifierKey(name="party", public_key=key).verifies(message, raw)

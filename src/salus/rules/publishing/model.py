"""What is published: documents, who signed them, and what a declaration may say. Limits are constants here. Pure."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Final

from salus.kernel import Invalid, canonical, format_instant, parse_instant
from salus.rules.errors import PublicationRefused
from salus.rules.publishing.naming import has_few_digits

SIGNERS: Final = 4
ORGANISATIONS: Final = 3
RULES_NOTICE: Final = timedelta(hours=72)
RULES_LAST: Final = timedelta(days=366)
URGENT_SIGNERS: Final = 6
URGENT_ORGANISATIONS: Final = 4
URGENT_NOTICE: Final = timedelta(hours=6)
URGENT_LAST: Final = timedelta(days=14)
EMERGENCY_SIGNERS: Final = 5
EMERGENCY_LASTS: Final = timedelta(days=30)
DECLARATION_NOTICE: Final = timedelta(hours=24)
DECLARATION_LASTS: Final = timedelta(days=30)
EMERGENCY_YEAR: Final = timedelta(days=365)
EMERGENCY_DAYS: Final = timedelta(days=180)
"""Of any 365 days in a row at most so many are under emergency for one disease."""
LEAST_LIFE: Final = timedelta(hours=24)
MOST_BYTES: Final = 64 * 1024

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+){0,5}", re.ASCII)
REGION = re.compile(r"country|[0-9]{6}", re.ASCII)
_FIELDS = {"kind", "name", "version", "starts", "ends", "body"}


class PublicationKind(StrEnum):
    """What can be published."""

    RULES = "assignment-rules"
    EMERGENCY = "emergency"
    DECLARATION = "declaration"
    ACCEPTANCE = "acceptance-rules"
    RECOGNITION = "recognition"
    TRUST_LIST = "trust-list"
    ADMISSION = "admission"


class Venue(StrEnum):
    """Where a declaration may let a door ask. There is none for a bank, a court, a petition office, a workplace, a
    home, a shop, a polling station, or any place where people are treated in an emergency."""

    CARE_HOME = "care-home"
    HOSPITAL_VISIT = "hospital-visit"
    LARGE_EVENT = "large-event"
    INDOOR_LEISURE = "indoor-leisure"
    INTERNATIONAL_DEPARTURE = "international-departure"


class CertificateKind(StrEnum):
    """What a certificate can say; each is a fact about care that was given."""

    VACCINATION = "vaccination"
    TEST = "test"
    RECOVERY = "recovery"


def is_digest(value: object) -> bool:
    """Tell whether a value is a document's digest: 32 octets in canonical base64."""
    try:
        raw = base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except (binascii.Error, ValueError):
        return False
    return len(raw) == sha256().digest_size and base64.b64encode(raw).decode() == value


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What signers sign and the log names by its digest. Building one checks its form, not what is in `body`.

    Times are whole seconds. `encoded` are the canonical bytes that are served; their SHA-256 is the digest.
    """

    kind: PublicationKind
    name: str
    version: int
    starts: datetime
    ends: datetime
    body: Mapping[str, Any]
    encoded: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or not has_few_digits(self.name) or not 1 <= self.version < 10_000:
            raise PublicationRefused(
                "NAME", "a document has a short name in small letters, of at most six digits, and a version from 1"
            )
        if self.starts >= self.ends or self.starts.microsecond or self.ends.microsecond:
            raise PublicationRefused("TIMES", "a document starts before it ends, both in whole seconds")
        object.__setattr__(self, "body", MappingProxyType(dict(self.body)))
        object.__setattr__(self, "encoded", canonical(self.as_json()))
        if len(self.encoded) > MOST_BYTES:
            raise PublicationRefused("SIZE", f"a document has at most {MOST_BYTES} bytes")

    @classmethod
    def parse(cls, raw: bytes) -> Document:
        """Read the canonical bytes of a document; PublicationRefused for any other bytes."""
        try:
            document = cls.of(json.loads(raw))
        except (ValueError, RecursionError):
            raise PublicationRefused("FORM", "a document is canonical JSON") from None
        if document.encoded != raw:
            raise PublicationRefused("FORM", "a document is written in its canonical spelling (RFC 8785)")
        return document

    @classmethod
    def of(cls, value: object) -> Document:
        """Build a document from parsed JSON; PublicationRefused for any other value."""
        if not isinstance(value, Mapping) or set(value) != _FIELDS or not isinstance(value["body"], Mapping):
            raise PublicationRefused("FORM", f"a document has exactly the fields {sorted(_FIELDS)}")
        version = value["version"]
        if not isinstance(value["name"], str) or not isinstance(version, int) or isinstance(version, bool):
            raise PublicationRefused("NAME", "a document has a name and a version")
        try:
            return cls(
                kind=PublicationKind(value["kind"]),
                name=value["name"],
                version=version,
                starts=parse_instant(str(value["starts"])),
                ends=parse_instant(str(value["ends"])),
                body=value["body"],
            )
        except ValueError:
            kinds = ", ".join(PublicationKind)
            raise PublicationRefused("FORM", f"there is no such kind; there are {kinds}") from None
        except Invalid as error:
            raise error if isinstance(error, PublicationRefused) else PublicationRefused("FORM", error.text) from None

    def as_json(self) -> dict[str, Any]:
        """Return the document as its bytes have it."""
        times = {"starts": format_instant(self.starts), "ends": format_instant(self.ends)}
        return {"kind": str(self.kind), "name": self.name, "version": self.version, **times, "body": dict(self.body)}

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical bytes, in base64."""
        return base64.b64encode(sha256(self.encoded).digest()).decode()

    @property
    def signed(self) -> bytes:
        """The bytes that each signer signs (Ed25519)."""
        return canonical({"publication": self._told})

    def leaf(self, signatures: Mapping[str, str]) -> dict[str, Any]:
        """Return the body of the log's leaf of kind `publication`; `signatures` are base64, by the signing party."""
        return {**self._told, "signatures": dict(signatures)}

    @property
    def _told(self) -> dict[str, Any]:
        return {name: value for name, value in self.as_json().items() if name != "body"} | {"digest": self.digest}


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyKey:
    """A key as the log has it: whose, of which organisation, for which duty, and since when by witness time.

    `ended_at` is when it ended, None as far as whoever reads knows of no end.
    """

    party: str
    organisation: str
    duty: str
    key: bytes
    logged_at: datetime
    ended_at: datetime | None = None

    def ended(self, at: datetime) -> bool:
        """Tell whether what the log had at an instant came after the key's end: whatever it signed counts for nothing.

        What came with the end in one batch was signed before anybody could know of it.
        """
        return self.ended_at is not None and at > self.ended_at

    def stands(self, at: datetime) -> bool:
        """Tell whether the log had the key by an instant, and no end of it before."""
        return self.logged_at <= at and not self.ended(at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A document that was published as it has to be: who signed, and since when it stood in the log.

    `logged_at` is witness time, `keys` are those of the signers in their order. It counts for starts <= t < ends.
    """

    document: Document
    logged_at: datetime
    signers: tuple[str, ...]
    organisations: tuple[str, ...]
    keys: tuple[bytes, ...] = field(default=(), repr=False)

    def alive(self, at: datetime) -> bool:
        """Tell whether it counts at this instant."""
        return self.document.starts <= at < self.document.ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """Which kinds of doors may ask for which kinds of certificates, where, and for how long.

    `region` is `country` or the six digits of a province, prefecture or county. Counts for starts <= t < ends.
    """

    venues: tuple[Venue, ...]
    wants: tuple[CertificateKind, ...]
    region: str
    starts: datetime
    ends: datetime

    def __post_init__(self) -> None:
        if not self.venues or not self.wants or not REGION.fullmatch(self.region):
            raise PublicationRefused("FORM", "a declaration names venues, what they may ask for, and a region")
        if len(set(self.venues)) != len(self.venues) or len(set(self.wants)) != len(self.wants):
            raise PublicationRefused("FORM", "a declaration names nothing twice")
        if self.ends - self.starts > DECLARATION_LASTS:
            raise PublicationRefused("OVERLONG", f"a declaration ends within {DECLARATION_LASTS.days} days")

    @classmethod
    def of(cls, document: Document) -> Declaration:
        """Read a declaration's document; PublicationRefused if it says anything else."""
        venues, wants, region = (document.body.get(name) for name in ("venues", "wants", "region"))
        if document.kind is not PublicationKind.DECLARATION or set(document.body) != {"venues", "wants", "region"}:
            raise PublicationRefused("FORM", "a declaration has exactly the fields venues, wants and region")
        if not isinstance(venues, list) or not isinstance(wants, list) or not isinstance(region, str):
            raise PublicationRefused("FORM", "venues and wants are lists, a region is a word")
        try:
            chosen = tuple(Venue(one) for one in venues), tuple(CertificateKind(one) for one in wants)
        except ValueError:
            raise PublicationRefused(
                "VENUE", "a venue or certificate is named that is not in the closed list"
            ) from None
        return cls(venues=chosen[0], wants=chosen[1], region=region, starts=document.starts, ends=document.ends)

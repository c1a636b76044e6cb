"""Whose keys count, for what and until when: a published list that names the one before it. Limits are constants. Pure.

A list names keys of institutions and nobody else; there is nothing in it that a person could be meant by.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Final

from salus.kernel import Invalid, parse_instant
from salus.rules.errors import PublicationRefused
from salus.rules.publishing.model import CertificateKind, Document, PublicationKind, Published
from salus.rules.publishing.naming import is_key
from salus.rules.tables.lint import is_long_number

TRUST_NAME: Final = "issuers"
TRUST_NOTICE: Final = timedelta(hours=24)
TRUST_URGENT_SIGNERS: Final = 5
"""How many sign a list that cannot wait a day: a stolen key has to be ended before those are found who may be away."""
TRUST_LASTS: Final = timedelta(days=366)
KEY_LASTS: Final = timedelta(days=2 * 366)
MOST_KEYS: Final = 512
MOST_REGIONS: Final = 34
ANYWHERE: Final = "country"

_PARTY = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._/:-]{0,126}[A-Za-z0-9])?", re.ASCII)
# The 34 provinces of GB/T 2260, and those of invented countries. A county's code would be one of thousands.
_REGION = re.compile(r"country|(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12]|9[0-9])0000", re.ASCII)
_FIELDS = {"party", "key", "regions", "kinds", "starts", "ends", "ended"}
_HOUR = timedelta(hours=1)
_MOST_KEY = 1024


class KeyEnd(StrEnum):
    """Why a key's time was cut short."""

    SUPERSEDED = "superseded"
    COMPROMISE = "key-compromise"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedKey:
    """One key and its limits: it signs for starts <= t < ends, certificates of these kinds, for these regions.

    `key` is a SubjectPublicKeyInfo. What it signed counts after `ends` where the log had it before; the rest does not.
    `ended` tells why it ends before its time, None where it does not. Starts and ends are whole hours, as certificates'
    are; of a stolen key it is the hour before the theft. Issuers of other systems are named by recognitions alone.
    """

    party: str
    key: bytes = field(repr=False)
    regions: tuple[str, ...]
    kinds: tuple[CertificateKind, ...]
    starts: datetime
    ends: datetime
    ended: KeyEnd | None

    def __post_init__(self) -> None:
        if not _PARTY.fullmatch(self.party) or is_long_number(self.party):
            raise PublicationRefused("FORM", "a trusted key belongs to an institution by its name")
        if not is_key(self.key, rsa=False, ed25519=True):
            raise PublicationRefused("FORM", "a trusted key is of P-256 or Ed25519")
        if (
            len(self.regions) > MOST_REGIONS
            or not self.regions
            or not self.kinds
            or not all(map(_REGION.fullmatch, self.regions))
        ):
            raise PublicationRefused("FORM", "a trusted key has regions, country or provinces, and kinds")
        if len(set(self.regions)) != len(self.regions) or len(set(self.kinds)) != len(self.kinds):
            raise PublicationRefused("FORM", "a trusted key names nothing twice")
        if any(at.minute or at.second or at.microsecond for at in (self.starts, self.ends)):
            raise PublicationRefused("TIMES", "a trusted key starts and ends at whole hours")
        if not self.starts < self.ends <= self.starts + KEY_LASTS:
            raise PublicationRefused("OVERLONG", f"a trusted key ends within {KEY_LASTS.days} days of its start")

    @classmethod
    def of(cls, value: object) -> TrustedKey:
        """Read one key of a list; PublicationRefused if it is anything else."""
        if not isinstance(value, Mapping) or set(value) != _FIELDS:
            raise PublicationRefused("FORM", f"a trusted key has exactly the fields {sorted(_FIELDS)}")
        regions, kinds, ended = value["regions"], value["kinds"], value["ended"]
        texts = [*(value[name] for name in ("party", "key", "starts", "ends")), *([] if ended is None else [ended])]
        if not all(isinstance(one, str) for one in texts) or not _words(regions) or not _words(kinds):
            raise PublicationRefused("FORM", "a trusted key is written in words and lists of words")
        try:
            return cls(
                party=value["party"],
                key=_octets(value["key"]),
                regions=tuple(regions),
                kinds=tuple(CertificateKind(one) for one in kinds),
                starts=parse_instant(value["starts"]),
                ends=parse_instant(value["ends"]),
                ended=None if ended is None else KeyEnd(ended),
            )
        except Invalid as error:
            raise error if isinstance(error, PublicationRefused) else PublicationRefused("FORM", error.text) from None
        except ValueError:
            raise PublicationRefused("FORM", "a kind or an end is named that is not in the closed list") from None

    def covers(self, region: str) -> bool:
        """Tell whether the key counts where a declaration of this region does: a province's in its counties, too."""
        return ANYWHERE in self.regions or any(region.startswith(one[:2]) for one in self.regions)

    def signs(self, at: datetime) -> bool:
        """Tell whether it may sign at this instant."""
        return self.starts <= at < self.ends


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustList:
    """Every key that counts under one version, by the SHA-256 of the key, for starts <= t < ends.

    `digest` names this version and `previous` the one before, None for the first.
    """

    version: int
    digest: str
    previous: str | None
    starts: datetime
    ends: datetime
    keys: Mapping[bytes, TrustedKey]

    @classmethod
    def of(cls, document: Document) -> TrustList:
        """Read a trust list's document; PublicationRefused if it says anything else."""
        previous, keys = document.body.get("previous"), document.body.get("keys")
        if document.kind is not PublicationKind.TRUST_LIST or set(document.body) != {"previous", "keys"}:
            raise PublicationRefused("FORM", "a trust list has exactly the fields previous and keys")
        if document.name != TRUST_NAME or (previous is None) != (document.version == 1):
            raise PublicationRefused("FORM", f"trust lists are named {TRUST_NAME}, and name the version before")
        if previous is not None and (not isinstance(previous, str) or len(_octets(previous)) != 32):
            raise PublicationRefused("FORM", "the version before is named by its SHA-256 in base64")
        if not isinstance(keys, list) or not 1 <= len(keys) <= MOST_KEYS:
            raise PublicationRefused("FORM", f"a trust list has one to {MOST_KEYS} keys")
        found = {sha256(one.key).digest(): one for one in map(TrustedKey.of, keys)}
        if len(found) != len(keys):
            raise PublicationRefused("FORM", "a trust list names a key once")
        return cls(
            version=document.version,
            digest=document.digest,
            previous=previous,
            starts=document.starts,
            ends=document.ends,
            keys=MappingProxyType(found),
        )

    def follows(self, other: TrustList) -> bool:
        """Tell whether this is the next version after another."""
        return self.version == other.version + 1 and self.previous == other.digest


def chained(lists: Iterable[Published]) -> tuple[TrustList, ...]:
    """Return the versions that follow each other, oldest first: each names the digest of the one before.

    Of two with one number the one that the log had first counts, and the other is left out. The oldest that is given
    is believed for its signers; whoever kept an earlier one compares it with `follows`.
    """
    found: list[TrustList] = []
    for one in sorted(lists, key=lambda one: (one.document.version, one.logged_at, one.document.digest)):
        listed = TrustList.of(one.document)
        if not found or listed.follows(found[-1]):
            found.append(listed)
    return tuple(found)


def list_in_force(chain: Iterable[TrustList], at: datetime) -> TrustList | None:
    """Return the list that counts at an instant: the newest that has started, and none where that one has ended."""
    started = [one for one in chain if one.starts <= at]
    return started[-1] if started and at < started[-1].ends else None


def still_told(chain: Sequence[TrustList], at: datetime, most: int) -> Sequence[TrustList]:
    """Return the newest versions, `most` of them, and every one from that on which counts at an instant."""
    started = [place for place, one in enumerate(chain) if one.starts <= at]
    return chain[min([max(len(chain) - most, 0), *started[-1:]]) :]


def is_governed(chain: Sequence[TrustList], at: datetime) -> bool:
    """Tell whether a trust list says whose keys count: from when the first version starts, and for good."""
    return not (chain and chain[0].version == 1 and at < chain[0].starts)


def _words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _octets(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not 0 < len(raw) <= _MOST_KEY or base64.b64encode(raw).decode() != text:
        raise PublicationRefused("FORM", "a key is base64 in its one spelling")
    return raw

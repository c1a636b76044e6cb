"""Which codes of other issuers are void, by the lists that their systems publish. Pure.

A card revocation list of SMART Health Cards (spec 1.4, section Revocation) names cards of one key by their `rid`, some
of them only if they were issued before an instant. A batch of the EU's gateway (dgc-gateway, RevocationBatchDto) names
HC1 by the first 128 bits of a SHA-256: of the UVCI, of country and UVCI, or of the signature, of which for ES256 the
first half is taken, which nobody can write anew without the key. Such lists are as good as where they come from; a list
in a node's trust file is signed by the key itself.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from salus.codec.certificates import MARK_OCTETS, VoidMarks, mark_of, seconds
from salus.codec.errors import CodecError, Fault
from salus.codec.foreign.cose import Algorithm, AnyKey
from salus.codec.foreign.hcert import Hcert
from salus.codec.foreign.smart import HealthCard
from salus.codec.foreign.verifying import Trusted

MOST_ENTRIES = 1_000_000
_SLOW_CLOCK = timedelta(hours=1)
_RID = re.compile(r"([A-Za-z0-9_-]{1,24})(?:\.([0-9]{1,10}))?")
_HASH = re.compile(r"[A-Za-z0-9+/]{22}==")
_BATCH = {"country", "expires", "kid", "hashType", "entries"}
_UNKNOWN = "UNKNOWN_KID"
_HASH_TYPES = {"UCI", "COUNTRYCODEUCI", "SIGNATURE"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """Void cards by key and `rid`, with the instant before which they were issued, and void HC1 by key and hash.

    `signed` are the lists of a trust file, by SHA-256 of their key.
    """

    cards: Mapping[tuple[str, str], int | None] = field(default_factory=dict)
    hcerts: frozenset[tuple[str, str, bytes]] = frozenset()
    signed: Mapping[bytes, VoidMarks] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, lists: Sequence[Any], signed: Mapping[bytes, VoidMarks]) -> Revoked:
        """Read lists, given as parsed JSON; CodecError for what is neither of the two kinds."""
        cards: dict[tuple[str, str], int | None] = {}
        hcerts: set[tuple[str, str, bytes]] = set()
        for one in lists:
            if isinstance(one, Mapping) and one.get("method") == "rid":
                _cards(one, cards)
            else:
                for batch in one if isinstance(one, list) else [one]:
                    hcerts.update(_batch(batch))
        return cls(cards=cards, hcerts=frozenset(hcerts), signed=signed)

    def require_hcert(self, found: Hcert, told: Trusted, at: datetime) -> None:
        """Raise CodecError if a believed HC1 is void, or if its key's own list is out of date."""
        uvci = dict(told.event.detail)["ci"]
        self._require_unmarked(told.signer.key, uvci, at)
        kid = base64.b64encode(told.signer.kid).decode()
        signature = found.signed.signature
        signed = signature[: len(signature) // 2] if found.signed.algorithm is Algorithm.ES256 else signature
        hashes = {
            "UCI": mark_of(uvci),
            "COUNTRYCODEUCI": mark_of(found.issuer + uvci),
            "SIGNATURE": sha256(signed).digest()[:MARK_OCTETS],
        }
        if any((key, kind, one) in self.hcerts for kind, one in hashes.items() for key in (kid, _UNKNOWN)):
            raise CodecError("this certificate is on a list of void ones", Fault.VOID)

    def require_card(self, card: HealthCard, key: AnyKey, at: datetime) -> None:
        """Raise CodecError if a believed card is void, or if its key's own list is out of date."""
        self._require_unmarked(key, card.rid, at)
        named = (card.kid, card.rid)
        if named not in self.cards:
            return
        before = self.cards[named]
        if before is None or seconds(card.starts) < before:
            raise CodecError("this card is on its issuer's list of void ones", Fault.VOID)

    def _require_unmarked(self, key: AnyKey, name: str, at: datetime) -> None:
        spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        listed = self.signed.get(sha256(spki).digest())
        if listed is None:
            return
        if not listed.issued - _SLOW_CLOCK <= at < listed.expires:
            raise CodecError("the list of void codes of this key is out of date", Fault.OUT_OF_DATE)
        if mark_of(name) in listed.marks:
            raise CodecError("this code is on its issuer's list of void ones", Fault.VOID)


def _cards(value: Mapping[str, Any], known: dict[tuple[str, str], int | None]) -> None:
    """Add a list's cards; of two instants for one name the later counts, and of an instant and none, none."""
    kid, rids = value.get("kid"), value.get("rids")
    if not isinstance(kid, str) or not isinstance(rids, list) or len(rids) > MOST_ENTRIES:
        raise CodecError("a list of revoked cards has a key and their names", Fault.STRUCTURE)
    for one in rids:
        found = _RID.fullmatch(one) if isinstance(one, str) else None
        if found is None:
            raise CodecError("a revoked card has a name of at most 24 letters, and an instant at most", Fault.STRUCTURE)
        named, before = (kid, found[1]), int(found[2]) if found[2] else None
        other = known.get(named, before)
        known[named] = None if other is None or before is None else max(other, before)


def _batch(value: Any) -> Iterable[tuple[str, str, bytes]]:
    entries = value.get("entries") if isinstance(value, Mapping) else None
    if not isinstance(entries, list) or not set(value) >= _BATCH or len(entries) > MOST_ENTRIES:
        raise CodecError("this is neither a list of revoked cards nor a batch of revoked HC1", Fault.STRUCTURE)
    kid, kind = value["kid"], value["hashType"]
    hashes = [one.get("hash") if isinstance(one, Mapping) else None for one in entries]
    if not isinstance(kid, str) or kind not in _HASH_TYPES:
        raise CodecError("a batch of revoked HC1 has a key and a type of hash", Fault.STRUCTURE)
    if not all(isinstance(one, str) and _HASH.fullmatch(one) for one in hashes):
        raise CodecError("an entry of a batch is the first 128 bits of a hash, in base64", Fault.STRUCTURE)
    return [(kid, kind, base64.b64decode(str(one))) for one in hashes]

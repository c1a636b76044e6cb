"""The end of a party's key: from when on nothing that it signs counts any more. Limits are constants. Pure.

Its holder ends it alone, with the key itself. Somebody else's key takes signers, as many as a trust list in haste, whom
the log has named for a month, so that no party silences another. What the log had before stays good, and an ended key
never comes back.
"""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from salus.kernel import canonical, spelt
from salus.rules.errors import PublicationRefused
from salus.rules.publishing.model import ORGANISATIONS, PartyKey, is_digest
from salus.rules.publishing.signing import signed_by
from salus.rules.publishing.vetoing import OMBUDSMAN

REASONS: Final = ("lost", "compromised", "rotated")
END_SIGNERS: Final = 5
SIGNER_NOTICE: Final = timedelta(days=30)
"""How long a signer's key has stood in the public log before it ends another's: a node's operator names keys alone."""
OMBUDSMAN_NOTICE: Final = timedelta(hours=72)
"""How long an ombudsman whose key others end still stops what they publish: as long as rules have notice."""
_ISSUER = "issuer"
_SIGNER = "signer"
_FIELDS = {"party", "key", "reason", "signatures"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyKeyEnd:
    """An end as the log has it: of which key, as whose, why, since when, and who signed it.

    What the log had by `logged_at`, in witness time, is good under every duty. Of an ombudsman whom the log had named
    by then that is so until `counts_from`. `own` tells that the key ended itself.
    """

    party: str
    key: bytes
    reason: str
    signers: tuple[str, ...]
    own: bool
    logged_at: datetime
    counts_from: datetime


class _Known:
    """The keys of a log as ends are read with them, and when each of those that ended did so first."""

    def __init__(self, keys: Iterable[PartyKey]) -> None:
        self.signers = defaultdict[str, list[PartyKey]](list)
        self.watching: dict[bytes, datetime] = {}
        self.over: dict[bytes, datetime] = {}
        for one in keys:
            if one.duty == _SIGNER:
                self.signers[one.party].append(one)
            elif one.duty == OMBUDSMAN:
                self.watching[one.key] = min(one.logged_at, self.watching.get(one.key, one.logged_at))

    def signed(self, party: str, message: bytes, signature: object, at: datetime) -> list[PartyKey]:
        """Return the keys of a signer that stood and made a signature."""
        stood = (one for one in self.signers.get(party, ()) if one.stands(at) and at <= self.over.get(one.key, at))
        return [one for one in stood if signed_by(one.key, message, signature)]

    def watches(self, key: bytes, at: datetime) -> bool:
        """Tell whether the log named a key as an ombudsman's by an instant."""
        since = self.watching.get(key)
        return since is not None and since <= at


def key_end_message(party: str, key: str, reason: str) -> bytes:
    """Return the bytes that whoever ends a key signs (Ed25519); `key` is in base64."""
    return canonical({"party-key-end": {"key": key, "party": party, "reason": reason}})


def read_key_end(leaf: Mapping[str, Any], keys: Iterable[PartyKey], logged_at: datetime) -> PartyKeyEnd:
    """Return the end that an entry of the log holds, or raise PublicationRefused.

    `keys` are those of the log, with their own ends as far as they are known. FORM: it has other fields. SIGNATURE: it
    is neither signed with the key that it ends, alone, nor is each signature of a signer's key that stood then.
    SHORT-QUORUM: the signers whom the log had for 30 days are fewer than five, or of fewer than three organisations.
    """
    return _read(leaf, _Known(keys), logged_at)


def read_key_ends(
    leaves: Iterable[tuple[Mapping[str, Any], datetime]], keys: Iterable[PartyKey]
) -> tuple[PartyKeyEnd, ...]:
    """Return the ends among entries, each with when the log had it, oldest first; what is no end counts for nothing.

    A signer whose own key had ended before signs no end. Every key and every end is looked at once.
    """
    known, found = _Known(keys), list[PartyKeyEnd]()
    for body, at in sorted(leaves, key=lambda one: (one[1], str(one[0].get("key")))):
        try:
            one = _read(body, known, at)
        except PublicationRefused:
            continue
        known.over.setdefault(one.key, at)
        found.append(one)
    return tuple(found)


def ended(keys: Iterable[PartyKey], ends: Iterable[PartyKeyEnd]) -> tuple[PartyKey, ...]:
    """Return keys, each with when it ended. It ended under every name that it goes by, also one given to it later.

    An ombudsman's goes on for as long as its end says, under that duty alone, and only if the log had named it before:
    or a name given afterwards would bring it back. What issuers' keys have is no key but its digest, and a trust list
    ends them.
    """
    first: dict[bytes, tuple[datetime, datetime]] = {}
    for one in ends:
        logged, counts = first.get(one.key, (one.logged_at, one.counts_from))
        first[one.key] = min(one.logged_at, logged), min(one.counts_from, counts)
    return tuple(replace(one, ended_at=_over(one, first)) for one in keys) if first else tuple(keys)


def _over(key: PartyKey, first: Mapping[bytes, tuple[datetime, datetime]]) -> datetime | None:
    """Return when a key ended, of the first instants at which the log had its end and at which one counted."""
    if key.duty == _ISSUER or key.key not in first:
        return None
    logged, counts = first[key.key]
    return counts if key.duty == OMBUDSMAN and key.logged_at <= logged else logged


def _read(leaf: Mapping[str, Any], known: _Known, logged_at: datetime) -> PartyKeyEnd:
    if set(leaf) != _FIELDS or not isinstance(leaf["signatures"], Mapping) or leaf["reason"] not in REASONS:
        raise PublicationRefused("FORM", f"the end of a key has exactly the fields {sorted(_FIELDS)}")
    if not is_digest(leaf["key"]) or not isinstance(leaf["party"], str):
        raise PublicationRefused("FORM", "the end of a key names its party, and 32 octets in base64")
    raw, signatures = base64.b64decode(leaf["key"]), leaf["signatures"]
    message = key_end_message(leaf["party"], leaf["key"], leaf["reason"])
    own = set(signatures) == {leaf["party"]} and signed_by(raw, message, signatures[leaf["party"]])
    if not own:
        _check_quorum(message, signatures, known, logged_at)
    held = not own and known.watches(raw, logged_at)
    return PartyKeyEnd(
        party=leaf["party"],
        key=raw,
        reason=leaf["reason"],
        signers=tuple(sorted(signatures)),
        own=own,
        logged_at=logged_at,
        counts_from=logged_at + OMBUDSMAN_NOTICE if held else logged_at,
    )


def _check_quorum(message: bytes, signatures: Mapping[str, Any], known: _Known, logged_at: datetime) -> None:
    """Require signatures of signers alone, whose keys stood, and enough of those whom the log had for a month."""
    found = []
    for party, signature in signatures.items():
        good = known.signed(party, message, signature, logged_at)
        if not good:
            text = f"the signature of {party[:40]} is neither of the key that ends nor of a signer's that stands"
            raise PublicationRefused("SIGNATURE", text)
        found += [one for one in good if one.logged_at + SIGNER_NOTICE <= logged_at][:1]
    bodies = {spelt(one.organisation) for one in found}
    if len({one.key for one in found}) < END_SIGNERS or len(bodies) < ORGANISATIONS:
        days = f"whom the log has named for {SIGNER_NOTICE.days} days"
        text = f"{END_SIGNERS} signers of {ORGANISATIONS} organisations, {days}, end somebody else's key"
        raise PublicationRefused("SHORT-QUORUM", text)

"""The end of a party's key: from when on nothing that it signs counts any more. Limits are constants. Pure.

Its holder ends it alone, with the key itself. Somebody else's key takes signers, as many as a trust list in haste, so
that no party silences another. What the log had before stays good, and an ended key never comes back.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
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
OMBUDSMAN_NOTICE: Final = timedelta(hours=72)
"""How long an ombudsman whose key others end still stops what they publish: as long as rules have notice."""
_SIGNER = "signer"
_FIELDS = {"party", "key", "reason", "signatures"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyKeyEnd:
    """An end as the log has it: of which key, as whose, why, since when, and who signed it.

    What the log had by `counts_from`, in witness time, is good; that is when the log had the end, or later for an
    ombudsman's. `own` tells that the key ended itself.
    """

    party: str
    key: bytes
    reason: str
    signers: tuple[str, ...]
    own: bool
    logged_at: datetime
    counts_from: datetime


def key_end_message(party: str, key: str, reason: str) -> bytes:
    """Return the bytes that whoever ends a key signs (Ed25519); `key` is in base64."""
    return canonical({"party-key-end": {"key": key, "party": party, "reason": reason}})


def read_key_end(leaf: Mapping[str, Any], keys: Iterable[PartyKey], logged_at: datetime) -> PartyKeyEnd:
    """Return the end that an entry of the log holds, or raise PublicationRefused.

    `keys` are those of the log, with their own ends as far as they are known. FORM: it has other fields. SIGNATURE: it
    is neither signed with the key that it ends, alone, nor is each signature of a signer's key that stood then.
    SHORT-QUORUM: the signers are fewer than five, or of fewer than three organisations.
    """
    if set(leaf) != _FIELDS or not isinstance(leaf["signatures"], Mapping) or leaf["reason"] not in REASONS:
        raise PublicationRefused("FORM", f"the end of a key has exactly the fields {sorted(_FIELDS)}")
    if not is_digest(leaf["key"]) or not isinstance(leaf["party"], str):
        raise PublicationRefused("FORM", "the end of a key names its party, and 32 octets in base64")
    raw, signatures, known = base64.b64decode(leaf["key"]), leaf["signatures"], list(keys)
    message = key_end_message(leaf["party"], leaf["key"], leaf["reason"])
    own = set(signatures) == {leaf["party"]} and signed_by(raw, message, signatures[leaf["party"]])
    if not own:
        _check_quorum(message, signatures, known, logged_at)
    held = not own and any((one.key, one.duty) == (raw, OMBUDSMAN) for one in known)
    return PartyKeyEnd(
        party=leaf["party"],
        key=raw,
        reason=leaf["reason"],
        signers=tuple(sorted(signatures)),
        own=own,
        logged_at=logged_at,
        counts_from=logged_at + OMBUDSMAN_NOTICE if held else logged_at,
    )


def read_key_ends(
    leaves: Iterable[tuple[Mapping[str, Any], datetime]], keys: Iterable[PartyKey]
) -> tuple[PartyKeyEnd, ...]:
    """Return the ends among entries, each with when the log had it, oldest first; what is no end counts for nothing.

    A signer whose own key had ended before signs no end.
    """
    known, found = tuple(keys), list[PartyKeyEnd]()
    for body, at in sorted(leaves, key=lambda one: (one[1], str(one[0].get("key")))):
        try:
            found.append(read_key_end(body, ended(known, found), at))
        except PublicationRefused:
            continue
    return tuple(found)


def ended(keys: Iterable[PartyKey], ends: Iterable[PartyKeyEnd]) -> tuple[PartyKey, ...]:
    """Return keys, each with when it ended. It ended under every name that it goes by, also one given to it later.

    What issuers' keys have is no key but its digest, and a trust list ends them.
    """
    first: dict[bytes, datetime] = {}
    for one in ends:
        first[one.key] = min(one.counts_from, first.get(one.key, one.counts_from))
    if not first:
        return tuple(keys)
    return tuple(replace(one, ended_at=None if one.duty == "issuer" else first.get(one.key)) for one in keys)


def _check_quorum(message: bytes, signatures: Mapping[str, Any], keys: Sequence[PartyKey], logged_at: datetime) -> None:
    found = []
    for party, signature in signatures.items():
        of_party = [one for one in keys if (one.party, one.duty) == (party, _SIGNER) and one.stands(logged_at)]
        good = [one for one in of_party if signed_by(one.key, message, signature)]
        if not good:
            text = f"the signature of {party[:40]} is neither of the key that ends nor of a signer's that stands"
            raise PublicationRefused("SIGNATURE", text)
        found.append(good[0])
    bodies = {spelt(one.organisation) for one in found}
    if len({one.key for one in found}) < END_SIGNERS or len(bodies) < ORGANISATIONS:
        text = f"{END_SIGNERS} signers of {ORGANISATIONS} organisations end somebody else's key"
        raise PublicationRefused("SHORT-QUORUM", text)

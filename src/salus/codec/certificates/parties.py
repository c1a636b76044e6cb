"""What a trust file tells of parties: keys, the ends of keys, and vetoes, each a leaf of the log with its proof."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from salus.codec.certificates.logged import decode64, proved_leaf
from salus.codec.errors import CodecError, Fault
from salus.proof import Trust
from salus.rules import PartyKey, PartyKeyEnd, Veto, read_veto

_KEY_FIELDS = {"party", "organisation", "duty", "key"}


def told_key(item: Any, trust: Trust) -> PartyKey:
    """Return a key that a file proves."""
    body, logged_at = proved_leaf(item, "party-key", trust)
    if set(body) != _KEY_FIELDS:
        raise CodecError("a key of the log has its fields", Fault.STRUCTURE)
    return PartyKey(
        party=str(body["party"]),
        organisation=str(body["organisation"]),
        duty=str(body["duty"]),
        key=decode64(body["key"]),
        logged_at=logged_at,
    )


def told_end(item: Any, trust: Trust) -> tuple[Mapping[str, Any], datetime]:
    """Return the leaf of a key's end that a file proves, and by when the log had it."""
    return proved_leaf(item, "party-key-end", trust)


def deciding(ends: Iterable[PartyKeyEnd], keys: Iterable[PartyKey], trust: Trust) -> tuple[PartyKeyEnd, ...]:
    """Return the ends of these keys and of the log's witnesses: no other key decides anything at a door."""
    named = {one.key for one in keys} | {one.public_key for one in trust.witnesses}
    return tuple(one for one in ends if one.key in named)


def ends_no_later(found: Iterable[PartyKeyEnd], kept: Iterable[PartyKeyEnd]) -> bool:
    """Tell whether each key that had ended has ended among the newer ends as well, and no later.

    It may have ended sooner: a head's time is that of its earliest quorum, and a witness's line may come late.
    """
    ends: dict[bytes, list[PartyKeyEnd]] = {}
    for end in found:
        ends.setdefault(end.key, []).append(end)
    return all(
        any(end.logged_at <= one.logged_at and end.counts_from <= one.counts_from for end in ends.get(one.key, ()))
        for one in kept
    )


def told_veto(item: Any, keys: Sequence[PartyKey], trust: Trust) -> Veto:
    """Return a veto that a file proves."""
    body, logged_at = proved_leaf(item, "veto", trust)
    return read_veto(body, keys, logged_at)

"""What a trust file tells of parties: keys, the ends of keys, and vetoes, each a leaf of the log with its proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from salus.codec.certificates.logged import decode64, proved_leaf
from salus.codec.errors import CodecError, Fault
from salus.proof import Trust
from salus.rules import PartyKey, Veto, read_veto

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


def told_veto(item: Any, keys: Sequence[PartyKey], trust: Trust) -> Veto:
    """Return a veto that a file proves."""
    body, logged_at = proved_leaf(item, "veto", trust)
    return read_veto(body, keys, logged_at)

"""Read leaves that somebody hands over, and tell whose keys signed them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from salus.healthcode.slips.errors import SlipRefused
from salus.kernel import spelt
from salus.ledger import Leaf, LeafRefused, parse_leaf
from salus.rules import INVESTIGATOR, PartyKey, attestation_message, end_message, signed_by

ENDING: Final = (INVESTIGATOR, "laboratory")
"""Whose key may say that a case is none any more."""


def leaf_of(kind: str, body: object) -> Leaf:
    """Read one leaf that somebody hands over, with exactly its fields. Raises SlipRefused (FILE)."""
    if not isinstance(body, dict):
        raise SlipRefused("FILE", f"a leaf of kind {kind} is an object")
    try:
        return parse_leaf(Leaf(kind=kind, body=body).encoded)
    except (LeafRefused, ValueError, TypeError):
        raise SlipRefused("FILE", f"a leaf of kind {kind} has exactly its fields") from None


def signers_of(leaf: Leaf, keys: Iterable[PartyKey]) -> list[PartyKey]:
    """Return the logged keys that signed an exposure, or the end of a case."""
    body: Mapping[str, Any] = leaf.body
    if leaf.kind == "exposure":
        message = attestation_message(body["commitment"], body["index"], body["number"])
        signed: Mapping[str, Any] = body["signatures"]
        duties: Sequence[str] = (INVESTIGATOR,)
    else:
        message, signed, duties = end_message(body["index"], body["party"]), {body["party"]: body["signature"]}, ENDING
    return [
        one
        for one in keys
        if one.duty in duties and one.party in signed and signed_by(one.key, message, str(signed[one.party]))
    ]


def organisations_of(leaf: Leaf, keys: Iterable[PartyKey]) -> set[str]:
    """Return the organisations whose logged keys signed an exposure, or the end of a case."""
    return {spelt(one.organisation) for one in signers_of(leaf, keys)}

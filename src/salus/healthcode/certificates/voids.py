"""Why certificates become void: a closed list, what the public log is told of each, and what of a month. Pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from salus.kernel import canonical
from salus.ledger import Leaf

SMALLEST_TOLD: Final = 10
TOGETHER: Final = "together"


class VoidReason(StrEnum):
    """Every reason for which one certificate becomes void. That its key was stolen is none of them: a quorum takes the
    key out of the trust list, and nothing is said of any one certificate."""

    HOLDER = "holder"
    SUPERSEDED = "superseded"
    NOT_ONES_OWN = "not-ones-own"


GROUNDS: Final = MappingProxyType(
    {"asked": VoidReason.HOLDER, "corrected": VoidReason.SUPERSEDED, "parted": VoidReason.NOT_ONES_OWN}
)
"""The reason for each ground that rows have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Void:
    """One void certificate by its place, with what blinds its leaf.

    The reason stands inside the commitment: whoever kept a picture of a certificate sees in the public list that it is
    void, and must not learn from the log that its holder's record was corrected.
    """

    list_number: int
    index: int
    reason: VoidReason
    blinding: bytes = field(repr=False)

    @property
    def commitment(self) -> bytes:
        """SHA-256 of the opening in canonical JSON."""
        told = {"list": self.list_number, "index": self.index, "reason": str(self.reason)}
        return sha256(canonical({"void": {**told, "blinding": _encode(self.blinding)}})).digest()

    @property
    def leaf(self) -> Leaf:
        """What the public log holds of it."""
        return void_leaf(self.commitment)


def void_leaf(commitment: bytes) -> Leaf:
    """Say in the public log that one certificate is void, and nothing else about it."""
    return Leaf(kind="void", body={"commitment": _encode(commitment)})


def voids_leaf(month: date, reason: str, count: int) -> Leaf:
    """Say in the public log how many certificates became void in a month for a reason."""
    return Leaf(kind="voids", body={"month": f"{month:%Y-%m}", "reason": reason, "count": count})


def told_counts(counts: Mapping[VoidReason, int]) -> dict[str, int]:
    """Return what is told of a month: counts by reason, of which small ones stand together.

    No count below ten is told beside another; the total, which the leaves show anyhow, gives no hidden one away. Where
    fewer than two reasons have ten, all stand together: one reason alone would be that of each certificate.
    """
    rest = sorted((count, str(reason)) for reason, count in counts.items() if count)
    if sum(count >= SMALLEST_TOLD for count, _ in rest) < 2:
        return {TOGETHER: sum(counts.values())} if rest else {}
    together = 0
    while rest and (rest[0][0] < SMALLEST_TOLD or 0 < together < SMALLEST_TOLD):
        together += rest.pop(0)[0]
    return {reason: count for count, reason in rest} | ({TOGETHER: together} if together else {})


def _encode(octets: bytes) -> str:
    return base64.b64encode(octets).decode()

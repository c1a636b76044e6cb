"""The short form of a slip, which fits a code on paper: what investigators signed and its opening, no proofs. Pure.

Whoever is shown it learns what a slip says; what it asks of its bearer takes the log's proofs as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from salus.kernel import canonical
from salus.rules.errors import NotProved
from salus.rules.recomputing.attesting import LEAF_FIELDS
from salus.rules.recomputing.model import canonical_file, commitment_of, opened
from salus.rules.recomputing.proving import parts

MOST_PAPER_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipPaper:
    """What stands on a slip of paper: the leaf that the log has of it, and the opening that its bearer alone has."""

    leaf: Mapping[str, Any]
    opening: Mapping[str, Any] = field(repr=False)

    @property
    def body(self) -> Mapping[str, Any]:
        """The fields of the opening."""
        told: Mapping[str, Any] = self.opening["exposure"]
        return told

    @property
    def text(self) -> str:
        """The text of the code on paper."""
        return canonical({"slip": {"leaf": dict(self.leaf), "opening": dict(self.opening)}}).decode()


def read_slip_paper(text: str) -> SlipPaper:
    """Read the short form of a slip. NotProved if it is none, or if its opening does not open its leaf."""
    raw = text.strip().encode("utf-8", "replace")
    if len(raw) > MOST_PAPER_BYTES:
        raise NotProved("FILE", "the code of a slip is shorter")
    (slip,) = parts(canonical_file(raw), ("slip",))
    leaf, opening = parts(slip, ("leaf", "opening"))
    if not isinstance(leaf, dict) or set(leaf) != LEAF_FIELDS or not isinstance(leaf["signatures"], dict):
        raise NotProved("FILE", "the code of a slip holds the leaf that the log has")
    body = opened(opening, "exposure")
    if commitment_of(opening) != leaf["commitment"]:
        raise NotProved("COMMITMENT", "the slip does not open what the log shows")
    if body["index"] != leaf["index"]:
        raise NotProved("COMMITMENT", "the slip names another case than its leaf")
    return SlipPaper(leaf=leaf, opening=opening)

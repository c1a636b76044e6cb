"""What can be wrong with a proof, a note or a tile. Nothing here is secret; the texts name sizes and positions only."""

from __future__ import annotations

from salus.kernel import Invalid


class ProofError(Invalid):
    """The proof, the note or the tile does not show what it claims; treat the claim as unproved."""

    code = "SALUS-P001"


class NoteError(ProofError):
    """The note is malformed, or no key that the caller trusts has signed it."""

    code = "SALUS-P002"


class TileError(ProofError):
    """The tile, the entry bundle or its path is malformed."""

    code = "SALUS-P003"


class NoQuorum(NoteError):
    """Too few of the witnesses that the caller trusts have cosigned the checkpoint."""

    code = "SALUS-P004"


class TrustError(ProofError):
    """The keys that were named cannot be trusted together: too few, or two of one name, key or organisation."""

    code = "SALUS-P005"

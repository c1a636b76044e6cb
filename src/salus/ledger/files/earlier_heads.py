"""Copy the heads that a log signed before its newest one, each held against the copy's own tree first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from salus.ledger.errors import NotAsSigned
from salus.ledger.files.authentic import Tiles, open_head
from salus.ledger.files.sources import Absent, Source, Unreadable
from salus.ledger.sequencing.earlier import heads_path
from salus.proof import Checkpoint, Equivocation, Note, ProofError, Trust, VerifierKey, contradiction
from salus.proof.note import MOST_NOTE_BYTES
from salus.proof.tiles import TILE_WIDTH, join_entries, split_entries

MOST_HEADS_BYTES = TILE_WIDTH * (2 + MOST_NOTE_BYTES)


class Contradicted(Exception):
    """A head that the log published contradicts its newest one; `proof` shows it."""

    def __init__(self, proof: Equivocation) -> None:
        super().__init__()
        self.proof = proof


def heads_to_copy(
    tiles: Tiles, key: VerifierKey, own: Source, source: Source, trust: Trust | None = None
) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of each file of heads that the copy has not whole; a log without such files has none.

    Raises NotAsSigned for a head that the log did not sign, for a line under one of a witness of `trust` that the
    witness never made, for heads out of order, and where the log tells of fewer than the copy has; Contradicted for a
    head of another past. Heads beyond the newest one wait for the next run.
    """
    last: Checkpoint | None = None
    for number in range(1 << 40):
        path = heads_path(number)
        mine = _notes(own, path) or []
        theirs = mine if len(mine) >= TILE_WIDTH else _notes(source, path)
        if theirs is None:
            return
        heads = [open_head(note.decode("utf-8", "replace"), key) for note in theirs]
        told = [one for one in heads if one.size <= tiles.head.size]
        if len(told) < len(mine):
            raise NotAsSigned("LOG-HEADS", path, "the log tells of fewer heads than the copy has")
        if theirs is not mine:
            _judge([*([last] if last else []), *told], tiles, path)
            _lines(told, trust, path)
            if told:
                yield path, join_entries(note for note, _ in zip(theirs, told, strict=False))
        if len(told) < TILE_WIDTH:
            return
        last = told[-1]


def _judge(heads: Sequence[Checkpoint], tiles: Tiles, path: str) -> None:
    if any(one.size >= following.size for one, following in pairwise(heads)):
        raise NotAsSigned("LOG-HEADS", path, "the heads do not come in the order of their sizes")
    for one in heads:
        proof = contradiction(one, tiles.head, tiles.reader())
        if proof:
            raise Contradicted(proof)


def _lines(heads: Sequence[Checkpoint], trust: Trust | None, path: str) -> None:
    """Refuse a line that claims to be a witness's and is not: it would date the head, and others read the copy."""
    if trust is None:
        return
    for one in heads:
        try:
            trust.times(Note.parse(one.note))
        except ProofError as wrong:
            text = f"under the head of {one.size} entries: {wrong.text}"
            raise NotAsSigned("LOG-COSIGNATURE", path, text) from None


def _notes(source: Source, path: str) -> list[bytes] | None:
    try:
        return split_entries(source.fetch(path, MOST_HEADS_BYTES))
    except Absent:
        return None
    except (Unreadable, ProofError):
        raise NotAsSigned("LOG-UNREADABLE", path, "the file of heads cannot be read, or is cut short") from None

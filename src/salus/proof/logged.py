"""The proof that an entry stands in a log, as one text that needs no node and no network (C2SP tlog-proof v1)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from salus.proof.errors import NoteError, ProofError
from salus.proof.note import MOST_NOTE_BYTES, decode, encode
from salus.proof.tree import HASH_BYTES, MOST_LEAVES, leaf_hash, verify_inclusion
from salus.proof.trust import Cosigned, Trust

PROOF_HEADER = "c2sp.org/tlog-proof@v1"
MOST_HASHES = 63
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafProof:
    """A place in a log, the hashes from there to the root, and the checkpoint with its signatures.

    Nothing in it is believed before `check`. `extra` are bytes beside the proof that nothing vouches for.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    extra: bytes = b""

    def __post_init__(self) -> None:
        if not 0 <= self.index < MOST_LEAVES:
            raise ProofError("an entry's place is 0 or more, and below 2^63")
        if len(self.hashes) > MOST_HASHES or any(len(one) != HASH_BYTES for one in self.hashes):
            raise ProofError(f"a proof has at most {MOST_HASHES} hashes of {HASH_BYTES} bytes")

    @classmethod
    def parse(cls, text: str) -> LeafProof:
        """Read what `str` writes, character by character; ProofError for anything else."""
        if len(text) > 2 * MOST_NOTE_BYTES:
            raise NoteError("the proof is larger than any proof can be")
        head, gap, checkpoint = text.partition("\n\n")
        header, *lines = head.split("\n")
        if not gap or header != PROOF_HEADER or not checkpoint:
            raise ProofError(f"a proof begins with {PROOF_HEADER}, and a checkpoint follows after an empty line")
        extra = b""
        if lines and lines[0].startswith("extra "):
            extra = decode(lines.pop(0).removeprefix("extra "), "the extra line")
        index = _INDEX.fullmatch(lines[0]) if lines else None
        if not index:
            raise ProofError("a proof says `index` and a decimal number")
        hashes = tuple(decode(line, "a hash of the proof") for line in lines[1:])
        return cls(index=int(index[1]), hashes=hashes, checkpoint=checkpoint, extra=extra)

    def __str__(self) -> str:
        extra = [f"extra {encode(self.extra)}"] if self.extra else []
        lines = [PROOF_HEADER, *extra, f"index {self.index}", *map(encode, self.hashes), "", self.checkpoint]
        return "\n".join(lines)

    def check(self, entry: bytes, trust: Trust) -> Cosigned:
        """Return the cosigned checkpoint under which this entry stands at this place.

        Raises NoQuorum where too few witnesses have signed yet, and ProofError where the entry is not proved.
        """
        cosigned = trust.open(self.checkpoint)
        head = cosigned.checkpoint
        verify_inclusion(leaf_hash(entry), self.index, head.size, self.hashes, head.root)
        return cosigned

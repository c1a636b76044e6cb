"""The proof that a log told two stories: two heads, both signed, of which neither is the beginning of the other.

It convinces anybody who has the keys, offline: whoever signed both heads broke the one promise of a log.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from salus.proof.cosignature import WitnessKey
from salus.proof.errors import NoteError, ProofError
from salus.proof.note import Checkpoint, Note, VerifierKey, decode, encode, open_checkpoint
from salus.proof.tree import Reader, frontier_at, prove_consistency, verify_consistency

_WORD = "EQUIVOCATION"


@dataclass(frozen=True, slots=True, kw_only=True)
class Equivocation:
    """Two heads of one log that contradict each other; `first` is not the longer one.

    Where `second` is longer, `beginning` is the root that its own first entries have, as many as `first` counts, and
    `path` proves that (RFC 6962, section 2.1.2). It is another root than the one that `first` says.
    """

    first: str
    second: str
    beginning: bytes = b""
    path: tuple[bytes, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Equivocation:
        """Read what `str` writes; ProofError for anything else."""
        try:
            told = json.loads(text)[_WORD]
            first, second, path = told["first"], told["second"], told["path"]
            if set(told) != {"first", "second", "beginning", "path"} or not isinstance(first + second, str):
                raise ProofError("a proof of two stories has exactly its fields")
            beginning = decode(told["beginning"], "the beginning") if told["beginning"] else b""
            hashes = tuple(decode(one, "a hash of the path") for one in path)
        except (ValueError, TypeError, KeyError, RecursionError):
            raise ProofError("this is no proof that a log told two stories") from None
        return cls(first=first, second=second, beginning=beginning, path=hashes)

    def __str__(self) -> str:
        return json.dumps({_WORD: self.as_json()}, ensure_ascii=False, indent=1)

    def as_json(self) -> dict[str, object]:
        """The proof as plain values."""
        return {
            "first": self.first,
            "second": self.second,
            "beginning": encode(self.beginning) if self.beginning else "",
            "path": [encode(one) for one in self.path],
        }

    def check(self, log: VerifierKey, witnesses: Iterable[WitnessKey] = ()) -> dict[str, tuple[datetime, datetime]]:
        """Return which of the witnesses cosigned both heads and when, by name; the log itself signed both.

        Raises ProofError unless the log signed both heads and they contradict each other.
        """
        first, second = open_checkpoint(self.first, [log]), open_checkpoint(self.second, [log])
        if first.size == second.size:
            if first.root == second.root:
                raise ProofError("both heads are of one size and have one root: they do not contradict each other")
        else:
            verify_consistency(first.size, second.size, self.beginning, second.root, self.path)
            if self.beginning == first.root:
                raise ProofError("the longer log begins with the shorter one: they do not contradict each other")
        both = ((one, _time(self.first, one), _time(self.second, one)) for one in witnesses)
        return {one.name: (earlier, later) for one, earlier, later in both if earlier and later}


def contradiction(one: Checkpoint, other: Checkpoint, reader: Reader) -> Equivocation | None:
    """Prove that two heads of one log contradict each other, or return None where the longer begins with the shorter.

    `reader` reads the tree of the longer head, which the caller has found to have its root. Two heads of one size need
    none. An empty log is the beginning of every log.
    """
    first, second = sorted((one, other), key=lambda head: head.size)
    if first.size == second.size:
        return None if first.root == second.root else Equivocation(first=first.note, second=second.note)
    beginning = frontier_at(reader, first.size).root()
    if beginning == first.root or first.size == 0:
        return None
    path = tuple(prove_consistency(reader, first.size, second.size))
    return Equivocation(first=first.note, second=second.note, beginning=beginning, path=path)


def _time(note: str, witness: WitnessKey) -> datetime | None:
    """When a witness cosigned a head, if it did; a forged line is none."""
    read = Note.parse(note)
    for line in read.signatures:
        if witness.signed(line):
            try:
                return witness.time_of(read.text, line)
            except NoteError:
                return None
    return None

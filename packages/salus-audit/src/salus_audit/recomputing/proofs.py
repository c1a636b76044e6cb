"""Proofs that need no node (C2SP tlog-proof): an entry, its path to a root, and the root as witnesses cosigned it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from salus_audit.notes import Head, Times, Unsigned, quorum_of, quorum_times, read_head
from salus_audit.recomputing.openings import Unproved
from salus_audit.signing import NamedKey
from salus_audit.spelling import Misspelt, jcs, octets
from salus_audit.trees import leaf_hash, proved_root

_PROOF = re.compile(
    r"c2sp\.org/tlog-proof@v1\nindex (0|[1-9][0-9]{0,18})((?:\n[A-Za-z0-9+/]{43}=){0,63})\n\n", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Proved:
    """A leaf that is proved: its place, the size of the head it is proved under, and the times of that head."""

    index: int
    size: int
    times: Times


@dataclass(slots=True)
class Prover:
    """Whom proofs are believed from. It remembers what it proved, so that it can be held against the log itself."""

    log: NamedKey
    witnesses: Sequence[NamedKey]
    leaves: list[tuple[int, bytes]] = field(default_factory=list)
    heads: dict[int, bytes] = field(default_factory=dict)
    _known: dict[str, tuple[Head, Times]] = field(default_factory=dict)

    def prove(self, kind: str, leaf: Any, proof: Any) -> Proved:
        """Prove that a leaf stands in the log; Unproved otherwise, and for a proof that holds anything else."""
        match = _PROOF.match(proof) if isinstance(proof, str) else None
        if not match or not isinstance(leaf, dict):
            raise Unproved("NO-PROOF", "NO-PROOF", f"a leaf of kind {kind} comes without a proof")
        try:
            path = [octets(line, 32) for line in match[2].split()]
            head, times = self._head(proof[match.end() :])
        except (Misspelt, Unsigned) as reason:
            raise Unproved("NO-PROOF", "NO-PROOF", f"a leaf of kind {kind}: {reason}") from None
        entry, index = jcs({kind: leaf}), int(match[1])
        if proved_root(leaf_hash(entry), index, head.size, path) != head.root:
            raise Unproved("NO-PROOF", "NO-PROOF", f"the path of a leaf of kind {kind} leads to another root")
        self.leaves.append((index, entry))
        return Proved(index, head.size, times)

    def _head(self, note: str) -> tuple[Head, Times]:
        """Open a head, which a quorum cosigned and nobody else signed."""
        if note not in self._known:
            head = read_head(note.encode(), self.log)
            times = quorum_times(head, self.witnesses)
            if times is None:
                needed = quorum_of(len({one.body for one in self.witnesses}))
                raise Unsigned(f"fewer than {needed} witnesses cosigned its head")
            if len(head.lines) != 1 + len(times.by_witness):
                raise Unsigned("somebody else signed its head, too")
            self.heads[head.size] = head.root
            self._known[note] = (head, times)
        return self._known[note]

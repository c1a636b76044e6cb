"""What a resident's own software does with the public files of the log: find a leaf, prove it, write a file anew."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from salus.kernel import canonical
from salus.proof import LeafProof, Note, leaf_hash, prove_inclusion, root
from salus.proof.tiles import CHECKPOINT_PATH, bundles_of, split_entries
from salus.rules import Document, word_of


class PublicLog:
    """The files of a log as they lie there now. Reads nothing else."""

    def __init__(self, folder: Path) -> None:
        self.note = (folder / CHECKPOINT_PATH).read_text("utf-8")
        self.size = _size(self.note)
        self.entries: list[bytes] = []
        for bundle in bundles_of(self.size):
            self.entries += split_entries((folder / bundle.path).read_bytes())
        self._hashes = [leaf_hash(one) for one in self.entries]

    def leaves(self, kind: str) -> list[dict[str, Any]]:
        """Return the bodies of the leaves of a kind, in order."""
        found = (json.loads(one) for one in self.entries)
        return [one[kind] for one in found if kind in one]

    def holds(self, kind: str, leaf: dict[str, Any]) -> bool:
        """Tell whether a leaf stands in the log."""
        return canonical({kind: leaf}) in self.entries

    def proof(self, kind: str, leaf: dict[str, Any]) -> str:
        """Prove a leaf under the newest head."""
        index = self.entries.index(canonical({kind: leaf}))
        hashes = prove_inclusion(self._hash, index, self.size)
        return str(LeafProof(index=index, hashes=tuple(hashes), checkpoint=self.note))

    def _hash(self, level: int, index: int) -> bytes:
        return root(self._hashes[index << level : (index + 1) << level])


def case_in(file: bytes) -> tuple[str, str]:
    """Read number and word of a case from the file of its holder's notice."""
    told = json.loads(file)
    opening = told["openings"][told["decision"]["commitment"]]["decision"]
    return told["decision"]["tag"], word_of(opening["blind"])


def changed(file: bytes, **parts: Any) -> bytes:
    """Write a measure's file again with some parts replaced."""
    return canonical({**json.loads(file), **parts})


def decision_of(file: bytes) -> dict[str, Any]:
    """Return the decision's leaf that a file is about."""
    found: dict[str, Any] = json.loads(file)["decision"]
    return found


def renewed(file: bytes, log: PublicLog) -> bytes:
    """Prove a file's decision under the newest head."""
    return changed(file, proof=log.proof("decision", decision_of(file)))


def over(file: bytes, opening: dict[str, Any], leaf: dict[str, Any], proof: str) -> bytes:
    """Put another decision into a file in the place of its own."""
    openings = json.loads(file)["openings"]
    del openings[decision_of(file)["commitment"]]
    openings[leaf["commitment"]] = opening
    return changed(file, openings=openings, decision=leaf, at=opening["decision"]["at"], proof=proof)


def with_evidence(
    file: bytes, log: PublicLog, *given: Any, keys: Sequence[dict[str, Any]] = (), early: PublicLog | None = None
) -> bytes:
    """Add evidence that the holder has in hand to a file, each with its own proof, and renew the decision's proof.

    `keys` are those of parties that the file does not know yet, proved under an early head.
    """
    told = json.loads(file)
    if early is not None:
        told["rules"]["keys"] += [{"leaf": one, "proof": early.proof("party-key", one)} for one in keys]
    for one in given:
        told["evidence"].append({"kind": one.kind, "leaf": one.leaf, "proof": log.proof(one.kind, one.leaf)})
        told["openings"][one.commitment] = one.opening
    told["proof"] = log.proof("decision", told["decision"])
    return canonical(told)


def written(
    logs: tuple[PublicLog, PublicLog],
    published: Mapping[str, tuple[Document, dict[str, Any], PublicLog]],
    keys: Sequence[dict[str, Any]],
    evidence: Sequence[Any],
    opening: dict[str, Any],
    leaf: dict[str, Any],
) -> bytes:
    """Write a whole file from the public log, as it was when documents, evidence and the decision had come in."""
    then, newest = logs
    under: dict[str, Any] = {
        name: {"document": document.as_json(), "leaf": told, "proof": log.proof("publication", told)}
        for name, (document, told, log) in published.items()
    }
    first = min((log for _, _, log in published.values()), key=lambda log: log.size)
    under["keys"] = [{"leaf": one, "proof": first.proof("party-key", one)} for one in keys]
    items = [{"kind": one.kind, "leaf": one.leaf, "proof": then.proof(one.kind, one.leaf)} for one in evidence]
    return canonical(
        {
            "evidence": items,
            "openings": {one.commitment: one.opening for one in evidence} | {leaf["commitment"]: opening},
            "rules": under,
            "at": opening["decision"]["at"],
            "decision": leaf,
            "proof": newest.proof("decision", leaf),
        }
    )


def _size(note: str) -> int:
    return int(Note.parse(note).text.split("\n")[1])


__all__ = ["PublicLog", "changed", "decision_of", "over", "renewed", "with_evidence", "written"]

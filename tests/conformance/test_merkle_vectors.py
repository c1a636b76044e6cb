"""The public Merkle vectors of transparency-dev/merkle: inclusion, consistency, and both for subtrees."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from salus.proof import ProofError, verify_consistency, verify_inclusion
from salus.proof.tree import verify_subtree
from support import corpus

COUNTS = {"inclusion": 98, "consistency": 98, "subtreeinclusion": 204, "subtreeconsistency": 118}
Case = dict[str, Any]


@cache
def vectors() -> list[tuple[str, Case]]:
    with gzip.open(corpus("merkle") / "vectors.ndjson.gz", "rt", encoding="utf-8") as lines:
        return [(vector["id"], vector["json"]) for vector in map(json.loads, lines)]


def raw(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def hashes(case: Case) -> list[bytes]:
    return [raw(text) for text in case["proof"] or []]


def check_inclusion(case: Case) -> None:
    verify_inclusion(raw(case["leafHash"]), case["leafIdx"], case["treeSize"], hashes(case), raw(case["root"]))


def check_consistency(case: Case) -> None:
    verify_consistency(case["size1"], case["size2"], raw(case["root1"]), raw(case["root2"]), hashes(case))


def check_subtree_inclusion(case: Case) -> None:
    """A leaf in a subtree that begins at `start` is the leaf `start` places earlier in a tree of its own."""
    start, end = case["start"], case["end"]
    if not is_subtree(start, end):
        raise ProofError("no subtree")
    verify_inclusion(raw(case["leafHash"]), case["leafIdx"] - start, end - start, hashes(case), raw(case["root"]))


def is_subtree(start: int, end: int) -> bool:
    span = end - start
    return span > 0 and start % (1 << (span - 1).bit_length()) == 0


def check_subtree_consistency(case: Case) -> None:
    verify_subtree(
        case["start"],
        case["end"],
        case["size"],
        hashes(case),
        subtree_root=raw(case["root1"]),
        tree_root=raw(case["root2"]),
    )


CHECKS: dict[str, Callable[[Case], None]] = {
    "inclusion": check_inclusion,
    "consistency": check_consistency,
    "subtreeinclusion": check_subtree_inclusion,
    "subtreeconsistency": check_subtree_consistency,
}


@pytest.mark.parametrize("kind", COUNTS)
def test_every_public_vector_is_judged_as_its_authors_judge_it(kind: str) -> None:
    cases = [(name, case) for name, case in vectors() if name.split("/")[0] == kind]

    wrong = [name for name, case in cases if accepts(CHECKS[kind], case) == case["wantErr"]]

    assert wrong == []
    assert len(cases) == COUNTS[kind]


def test_no_vector_is_left_over() -> None:
    assert len(vectors()) == sum(COUNTS.values())


def accepts(check: Callable[[Case], None], case: Case) -> bool:
    try:
        check(case)
    except ProofError:
        return False
    return True

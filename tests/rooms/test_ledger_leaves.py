"""The closed kinds of leaves: what may stand in the public log, and what may not."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salus.kernel import canonical
from salus.ledger import KINDS, LATER, Leaf, LeafRefused, anchor_leaf, node_leaf, parse_leaf

ROOT = base64.b64encode(bytes(32)).decode()
SIGNATURE = base64.b64encode(bytes(64)).decode()
GOOD: dict[str, dict[str, object]] = {
    "node": {"kind": "demo", "name": "salus.example/log"},
    "anchor": {"custodian": "salus.example/register", "size": 7, "root": ROOT},
    "party-key": {"party": "L1", "organisation": "Group", "duty": "laboratory", "key": ROOT},
    "party-key-end": {"party": "L1", "key": ROOT, "reason": "rotated", "signatures": {"L1": SIGNATURE}},
    "publication": {
        "kind": "assignment-rules",
        "name": "respiratory",
        "version": 1,
        "digest": ROOT,
        "starts": "2031-03-01T08:00:00Z",
        "ends": "2031-03-29T08:00:00Z",
        "signatures": {"Court": SIGNATURE, "Press": SIGNATURE},
    },
    "veto": {"digest": ROOT, "party": "Ombudsman", "signature": SIGNATURE},
    "specimen": {"party": "S1", "commitment": ROOT, "signature": SIGNATURE},
    "result": {"party": "L1", "commitment": ROOT, "signature": SIGNATURE},
    "decision": {"rules": ROOT, "commitment": ROOT, "tag": ROOT, "word": ROOT},
    "exposure": {
        "index": ROOT,
        "number": 15,
        "commitment": ROOT,
        "signatures": {"I1": SIGNATURE, "I2": SIGNATURE},
        "word": SIGNATURE,
    },
    "exposure-end": {"index": ROOT, "party": "L1", "signature": SIGNATURE},
    "appeal-opened": {"appeal": ROOT, "deadline": "2031-03-03T08:00:00Z"},
    "appeal-closed": {"appeal": ROOT, "outcome": "ended", "organisation": "Board"},
    "order": {
        "order": ROOT,
        "organisations": ["Commission", "Board"],
        "starts": "2031-03-01T08:00:00Z",
        "ends": "2031-03-08T08:00:00Z",
    },
    "void": {"commitment": ROOT},
    "certificates": {"key": ROOT, "digest": ROOT},
    "voids": {"month": "2031-03", "reason": "superseded", "count": 12},
    "refusals": {"day": "2031-03-01", "action": "set-by-import", "count": 3},
    "disclosure": {"disclosure": ROOT, "signatures": {"signer-1": SIGNATURE}, "notice": "2031-05-01T08:00:00Z"},
    "shred": {"kind": "emergency", "commitment": ROOT, "due": "2031-05-01T08:00:00Z", "done": "2031-04-30T08:00:00Z"},
    "break-glass": {"day": "2031-03-01", "organisation": "HOSPITALS-1", "opened": 3, "unreviewed": 0},
    "grace": {
        "places": 3,
        "digest": ROOT,
        "starts": "2031-03-01T08:00:00Z",
        "ends": "2031-03-31T08:00:00Z",
    },
    "unwraps": {"custodian": "node-1", "day": "2031-03-01", "entries": 4, "unwraps": 0, "declared": 7},
}


def test_every_kind_stands_in_this_file() -> None:
    assert set(GOOD) == set(KINDS)


@pytest.mark.parametrize("kind", GOOD)
def test_a_leaf_is_canonical_json_with_its_kind_as_the_only_key(kind: str) -> None:
    leaf = Leaf(kind=kind, body=GOOD[kind])

    assert json.loads(leaf.encoded) == {kind: GOOD[kind]}
    assert leaf.encoded == canonical({kind: GOOD[kind]})
    assert parse_leaf(leaf.encoded) == leaf


def test_the_shorthands_make_the_same_leaves() -> None:
    assert node_leaf("demo", "salus.example/log").body == GOOD["node"]
    assert anchor_leaf("salus.example/register", 7, bytes(32)).body == GOOD["anchor"]


NONE_OF_A_DAY = {"places", "entries", "unwraps", "declared", "opened", "unreviewed"}
"""Counts that may be 0."""


@pytest.mark.parametrize("kind", GOOD)
@pytest.mark.parametrize("value", [None, 1.5, True, [], {}, "", "a b", "\u4f60", "x" * 200, -1, 0, 2**53])
def test_every_field_refuses_what_is_not_of_its_type(kind: str, value: object) -> None:
    for field in GOOD[kind]:
        if field in NONE_OF_A_DAY and type(value) is int and value == 0:
            continue
        with pytest.raises(LeafRefused):
            Leaf(kind=kind, body={**GOOD[kind], field: value})


@pytest.mark.parametrize("kind", GOOD)
def test_unknown_and_missing_fields_are_refused(kind: str) -> None:
    body = GOOD[kind]
    for other in ({**body, "note": "x"}, dict(list(body.items())[1:]), {}):
        with pytest.raises(LeafRefused, match="exactly the fields"):
            Leaf(kind=kind, body=other)


def test_a_field_that_came_later_may_be_absent_from_what_a_log_has() -> None:
    old = {name: value for name, value in GOOD["decision"].items() if name != "word"}

    assert {"decision": {"word"}} == LATER
    assert parse_leaf(Leaf(kind="decision", body=old).encoded).body == old


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("person", {"name": "anybody"}),
        ("", {}),
        ("node", {"kind": "hospital", "name": "a"}),
        ("node", {"kind": "demo", "name": "900000200001010017"}),
        ("node", {"kind": "demo", "name": "call-13800000000"}),
        ("anchor", {"custodian": "a", "size": 1, "root": base64.b64encode(bytes(31)).decode()}),
        ("anchor", {"custodian": "a", "size": 1, "root": ROOT[:-2] + "B="}),
        ("anchor", {"custodian": "a", "size": 1, "root": ROOT + "\n"}),
        ("anchor", {"custodian": "a\n", "size": 1, "root": ROOT}),
        ("party-key", {**GOOD["party-key"], "duty": "police"}),
        ("party-key-end", {**GOOD["party-key-end"], "reason": "disobedient"}),
        ("party-key-end", {**GOOD["party-key-end"], "signatures": {}}),
        ("publication", {**GOOD["publication"], "kind": "list-of-persons"}),
        ("publication", {**GOOD["publication"], "signatures": {"900000200001010017": SIGNATURE}}),
        ("publication", {**GOOD["publication"], "signatures": {f"P{n}": SIGNATURE for n in range(10)}}),
        ("publication", {**GOOD["publication"], "starts": "2031-03-01T08:00:00+00:00"}),
        ("publication", {**GOOD["publication"], "starts": "2031-03-01T08:00:00.5Z"}),
        ("publication", {**GOOD["publication"], "ends": "2031-02-29T08:00:00Z"}),
        ("specimen", {**GOOD["specimen"], "signature": ROOT}),
        ("order", {**GOOD["order"], "organisations": ["Commission"]}),
        ("order", {**GOOD["order"], "organisations": ["Commission", "Commission"]}),
        ("order", {**GOOD["order"], "organisations": [["Commission"], ["Board"]]}),
        ("appeal-closed", {**GOOD["appeal-closed"], "outcome": "late"}),
        ("refusals", {**GOOD["refusals"], "day": "2031-3-1"}),
        ("unwraps", {**GOOD["unwraps"], "unwraps": -1}),
        ("unwraps", {**GOOD["unwraps"], "entries": True}),
        ("unwraps", {**GOOD["unwraps"], "declared": False}),
        ("void", {**GOOD["void"], "reason": "superseded"}),
        ("void", {**GOOD["void"], "list": 1, "index": 7}),
        ("voids", {**GOOD["voids"], "reason": "ordered"}),
        ("voids", {**GOOD["voids"], "month": "2031-13"}),
        ("voids", {**GOOD["voids"], "month": "2031-03-01"}),
    ],
)
def test_no_other_kind_value_or_spelling_passes(kind: str, body: dict[str, object]) -> None:
    with pytest.raises(LeafRefused):
        Leaf(kind=kind, body=body)


@pytest.mark.parametrize(
    "entry",
    [
        b"",
        b"null",
        b"{}",
        b"[]",
        b"\xff",
        b"[" * 1024,
        b'{"node":[]}',
        b'{"node":{"kind":"demo","name":"a"},"x":{}}',
        b'{"node": {"kind":"demo","name":"a"}}',
        b'{"node":{"name":"a","kind":"demo"}}',
        b'{"node":{"kind":"demo","name":"a","name":"a"}}',
        b'{"node":{"kind":"demo","name":"\\u0061"}}',
        b'{"node":{"kind":"demo","name":"\\ud800"}}',
        b'{"node":{"kind":"demo","name":"a"}}\n',
        b'{"anchor":{"custodian":"a","root":"' + ROOT.encode() + b'","size":1.0}}',
        b'{"anchor":{"custodian":"a","root":"' + ROOT.encode() + b'","size":NaN}}',
        b'{"node":{"kind":"demo","name":"' + b"a" * 2000 + b'"}}',
    ],
)
def test_an_entry_in_any_other_spelling_is_refused(entry: bytes) -> None:
    with pytest.raises(LeafRefused):
        parse_leaf(entry)


@given(entry=st.binary(max_size=1100) | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_no_other_bytes_are_ever_taken_for_a_leaf(entry: bytes | str) -> None:
    with pytest.raises(LeafRefused):
        parse_leaf(entry if isinstance(entry, bytes) else entry.encode())


def test_a_leaf_cannot_be_changed_after_it_was_judged() -> None:
    body = {"kind": "demo", "name": "a"}
    leaf = Leaf(kind="node", body=body)
    body["kind"] = "anything"

    assert leaf.body["kind"] == "demo"
    with pytest.raises(TypeError):
        leaf.body["kind"] = "anything"  # type: ignore[index]

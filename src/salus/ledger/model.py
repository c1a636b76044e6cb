"""The closed kinds of leaves and their bytes. Fields are typed and none is free text: a leaf holds no personal data."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from uuid import UUID

from salus.kernel import canonical
from salus.ledger.errors import LeafRefused
from salus.proof import Cosigned, LeafProof, WitnessKey

BATCH_EVERY = timedelta(hours=1)
MOST_LEAF_BYTES = 1024

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._/:-]{0,126}[A-Za-z0-9])?", re.ASCII)
_LONG_NUMBER = re.compile(r"[0-9]{11}", re.ASCII)
_HASH_BYTES = 32

Check = Callable[[object], bool]


def _name(value: object) -> bool:
    """An institutional name; runs of 11 digits or more could be a telephone or a personal number."""
    return isinstance(value, str) and bool(_NAME.fullmatch(value)) and not _LONG_NUMBER.search(value)


def _count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value < 2**53


def _hash(value: object) -> bool:
    """32 bytes in base64 (RFC 4648 section 4), in the one canonical spelling."""
    if not isinstance(value, str):
        return False
    try:
        raw = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(raw) == _HASH_BYTES and base64.b64encode(raw).decode() == value


def _one_of(*allowed: str) -> Check:
    return lambda value: value in allowed if isinstance(value, str) else False


KINDS: Mapping[str, Mapping[str, Check]] = MappingProxyType(
    {
        # The first leaf of every log and of none but the first: what this node is, for good.
        "node": {"kind": _one_of("demo", "production"), "name": _name},
        # The root of a custodian's private tree: its register of reads as far as `size`.
        "anchor": {"custodian": _name, "size": _count, "root": _hash},
    }
)
"""Every kind of leaf with a check for each of its fields; all fields are required and there are no others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One entry of the public log. Building one that the table of kinds does not allow raises LeafRefused.

    `encoded` are the entry's bytes: canonical JSON (RFC 8785) of an object with the kind as its only key.
    """

    kind: str
    body: Mapping[str, object]
    encoded: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        checks = KINDS.get(self.kind)
        if checks is None:
            raise LeafRefused("the log has no such kind of leaf; see the table of kinds", where="kind")
        if set(self.body) != set(checks):
            raise LeafRefused(f"a leaf of kind {self.kind} has exactly the fields {sorted(checks)}", where=self.kind)
        wrong = sorted(field for field, check in checks.items() if not check(self.body[field]))
        if wrong:
            raise LeafRefused(f"not allowed in a leaf of kind {self.kind}: {wrong}", where=f"{self.kind}.{wrong[0]}")
        object.__setattr__(self, "body", MappingProxyType(dict(self.body)))
        object.__setattr__(self, "encoded", canonical({self.kind: dict(self.body)}))
        if len(self.encoded) > MOST_LEAF_BYTES:
            raise LeafRefused(f"a leaf has at most {MOST_LEAF_BYTES} bytes", where=self.kind)


def node_leaf(kind: str, name: str) -> Leaf:
    """Say what this node is, `demo` or `production`, and how it is called."""
    return Leaf(kind="node", body={"kind": kind, "name": name})


def anchor_leaf(custodian: str, size: int, root: bytes) -> Leaf:
    """Say that the custodian's private tree had this root at this size."""
    return Leaf(kind="anchor", body={"custodian": custodian, "size": size, "root": base64.b64encode(root).decode()})


def parse_leaf(entry: bytes) -> Leaf:
    """Read an entry; LeafRefused unless it is, byte for byte, what a leaf of a closed kind encodes to."""
    if len(entry) > MOST_LEAF_BYTES:
        raise LeafRefused(f"a leaf has at most {MOST_LEAF_BYTES} bytes, not {len(entry)}")
    try:
        value = json.loads(entry)
    except (ValueError, RecursionError):
        raise LeafRefused("the entry is not JSON") from None
    if not isinstance(value, dict) or len(value) != 1:
        raise LeafRefused("the entry is not an object with one key")
    ((kind, body),) = value.items()
    if not isinstance(body, dict):
        raise LeafRefused("a leaf's body is an object", where=kind if kind in KINDS else None)
    leaf = Leaf(kind=kind, body=body)
    if leaf.encoded != entry:
        raise LeafRefused("the entry is not in its canonical spelling (RFC 8785)", where=kind)
    return leaf


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A leaf that was handed over and has no place yet. It says nothing about the log until it has one."""

    id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The proof that a leaf stands in a log that a quorum of witnesses has seen. It needs no node to be checked."""

    index: int
    entry: bytes
    proof: LeafProof
    cosigned: Cosigned


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """A witness that is asked: its key, and the address (http or https, no slash at its end) at which it answers."""

    key: WitnessKey
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyKey:
    """A key that the log says belongs to a party of an organisation, for one duty; `index` is the leaf's place."""

    index: int
    party: str
    organisation: str
    duty: str
    key: bytes

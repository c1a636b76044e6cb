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

from salus.kernel import Invalid, canonical, format_instant, parse_instant
from salus.ledger.errors import LeafRefused
from salus.proof import Cosigned, LeafProof, WitnessKey

BATCH_EVERY = timedelta(hours=1)
MOST_LEAF_BYTES = 1024
MOST_DOCUMENT_BYTES = 262_144

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._/:-]{0,126}[A-Za-z0-9])?", re.ASCII)
_LONG_NUMBER = re.compile(r"[0-9]{11}", re.ASCII)
_SECOND = re.compile(r"[0-9-]{10}T[0-9:]{8}Z", re.ASCII)
_HASH_BYTES = 32

Check = Callable[[object], bool]


def _name(value: object) -> bool:
    """An institutional name; runs of 11 digits or more could be a telephone or a personal number."""
    return isinstance(value, str) and bool(_NAME.fullmatch(value)) and not _LONG_NUMBER.search(value)


def _count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value < 2**53


def _count0(value: object) -> bool:
    return _count(value) or (value == 0 and type(value) is int)


def _hash(value: object) -> bool:
    """32 bytes in base64 (RFC 4648 section 4), in the one canonical spelling."""
    return _base64(value, _HASH_BYTES)


def _base64(value: object, length: int) -> bool:
    if not isinstance(value, str):
        return False
    try:
        raw = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(raw) == length and base64.b64encode(raw).decode() == value


def _signature(value: object) -> bool:
    """64 bytes of an Ed25519 signature in base64, in the one canonical spelling."""
    return _base64(value, 64)


def _instant(value: object) -> bool:
    """RFC 3339 in UTC, whole seconds, in the one spelling that kernel writes."""
    try:
        return (
            isinstance(value, str) and bool(_SECOND.fullmatch(value)) and format_instant(parse_instant(value)) == value
        )
    except Invalid:
        return False


def _day(value: object) -> bool:
    return isinstance(value, str) and _instant(f"{value}T00:00:00Z")


def _month(value: object) -> bool:
    return isinstance(value, str) and _day(f"{value}-01")


def _names(value: object) -> bool:
    """Two to nine different institutional names."""
    return isinstance(value, list | tuple) and all(map(_name, value)) and 2 <= len(set(value)) == len(value) <= 9


def _signatures(value: object) -> bool:
    """One to nine signatures by the names of those who signed."""
    return (
        isinstance(value, Mapping)
        and 1 <= len(value) <= 9
        and all(_name(name) and _signature(signature) for name, signature in value.items())
    )


def _one_of(*allowed: str) -> Check:
    return lambda value: value in allowed if isinstance(value, str) else False


KINDS: Mapping[str, Mapping[str, Check]] = MappingProxyType(
    {
        # The first leaf of every log and of none but the first: what this node is, for good.
        "node": {"kind": _one_of("demo", "production"), "name": _name},
        # The root of a custodian's private tree: its register of reads as far as `size`.
        "anchor": {"custodian": _name, "size": _count, "root": _hash},
        # A party's public key, and what it may sign. Whoever signs evidence, rules or heads is known from these alone.
        "party-key": {
            "party": _name,
            "organisation": _name,
            "duty": _one_of("sampling-site", "laboratory", "issuer", "signer", "witness", "ombudsman", "investigator"),
            "key": _hash,
        },
        # A key signs nothing any more, from when the log had this. Its holder says so, or a quorum of signers does.
        "party-key-end": {
            "party": _name,
            "key": _hash,
            "reason": _one_of("lost", "compromised", "rotated"),
            "signatures": _signatures,
        },
        # A document in force for a time, by its SHA-256, with the names and signatures of those who stand for it.
        "publication": {
            "kind": _one_of(
                "assignment-rules",
                "emergency",
                "declaration",
                "acceptance-rules",
                "recognition",
                "trust-list",
                "admission",
            ),
            "name": _name,
            "version": _count,
            "digest": _hash,
            "starts": _instant,
            "ends": _instant,
            "signatures": _signatures,
        },
        # An ombudsman stops a publication, named by its document's SHA-256, before it counts.
        "veto": {"digest": _hash, "party": _name, "signature": _signature},
        # Evidence in two steps by two parties; every result is logged alike. Commitments are blinded.
        "specimen": {"party": _name, "commitment": _hash, "signature": _signature},
        "result": {"party": _name, "commitment": _hash, "signature": _signature},
        # What rules make of evidence. The tag shows a second use of the same evidence, and nothing else. `word` is the
        # key of a word that its holder has: whoever is not given that makes no slips of it.
        "decision": {"rules": _hash, "commitment": _hash, "tag": _hash, "word": _hash},
        # Investigators attest that somebody, whom nothing here names, was exposed to a case; `index` is the tag of the
        # case's decision, `number` which of the case's attestations this is, `word` the signature that takes the case's
        # word. A case that is none any more ends them.
        "exposure": {
            "index": _hash,
            "number": _count,
            "commitment": _hash,
            "signatures": _signatures,
            "word": _signature,
        },
        "exposure-end": {"index": _hash, "party": _name, "signature": _signature},
        "appeal-opened": {"appeal": _hash, "deadline": _instant},
        "appeal-closed": {"appeal": _hash, "outcome": _one_of("stands", "ended"), "organisation": _name},
        # An order of the command room, about supplies, and the organisations that signed it.
        "order": {"order": _hash, "organisations": _names, "starts": _instant, "ends": _instant},
        # One certificate is void. The commitment is to its place in the public list, the reason and a blinding.
        "void": {"commitment": _hash},
        # How many certificates became void in a month, by reason; small counts stand together.
        "voids": {
            "month": _month,
            "reason": _one_of("holder", "superseded", "not-ones-own", "together"),
            "count": _count,
        },
        # The certificates that a key signed since the last such leaf: SHA-256 over their short digests, in order.
        "certificates": {"key": _hash, "digest": _hash},
        # A key was destroyed: a chart's, or an emergency's, under which all that is kept for it alone was sealed.
        "shred": {"kind": _one_of("chart", "emergency"), "commitment": _hash, "due": _instant, "done": _instant},
        # What a court ordered to be shown to it, of one resident: who signed, and by when the resident is told.
        "disclosure": {"disclosure": _hash, "signatures": _signatures, "notice": _instant},
        # Which places of care, by the digest of their list, stay open without an admission after an upgrade. Said once.
        "grace": {"places": _count0, "digest": _hash, "starts": _instant, "ends": _instant},
        # How many attempts to write a measure were refused on a day.
        "refusals": {"day": _day, "action": _name, "count": _count},
        # How many records an organisation's staff opened in emergencies on a day, and for how many of its openings the
        # time for review ran out on it.
        "break-glass": {"day": _day, "organisation": _name, "opened": _count0, "unreviewed": _count0},
        # Of a day: entries of a register of reads, unwraps that the keys counted, unwraps that the entries declare.
        "unwraps": {"custodian": _name, "day": _day, "entries": _count0, "unwraps": _count0, "declared": _count0},
    }
)
"""Every kind of leaf with a check for each of its fields; there are no others, and all but LATER are required."""
LATER: Mapping[str, frozenset[str]] = MappingProxyType({"decision": frozenset({"word"})})
"""Fields that a leaf of an earlier release has not; what is in a log is read for ever."""


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
        if not set(checks) - LATER.get(self.kind, frozenset()) <= set(self.body) <= set(checks):
            raise LeafRefused(f"a leaf of kind {self.kind} has exactly the fields {sorted(checks)}", where=self.kind)
        wrong = sorted(field for field, value in self.body.items() if not checks[field](value))
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


def document_digest(leaf: Leaf) -> bytes | None:
    """Return the SHA-256 of the public document that a leaf names, if it names one."""
    return base64.b64decode(str(leaf.body["digest"])) if leaf.kind == "publication" else None


def document_path(digest: bytes) -> str:
    """Return where the document with this SHA-256 lies below the log's prefix."""
    return f"published/{digest.hex()}.json"


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
    """A witness that is asked: its key, and where it answers, an http or https address without a slash at its end."""

    key: WitnessKey
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyKey:
    """A key that the log says belongs to a party of an organisation, for one duty; `index` is the leaf's place."""

    index: int
    party: str
    organisation: str
    duty: str
    key: bytes

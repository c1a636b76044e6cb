"""Parties with keys of their own, a log on paper with three witnesses, and whole files of measures, for many tests."""

from __future__ import annotations

import base64
import copy
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from salus.cli.actors import (
    LABORATORY,
    SIGNER,
    SITE,
    Party,
    Signed,
    commit_specimen,
    emergency_document,
    new_subject,
    rules_document,
    sign_result,
    signatures_of,
)
from salus.kernel import canonical, format_instant, parse_instant
from salus.proof import (
    LeafProof,
    Note,
    Trust,
    VerifierKey,
    WitnessKey,
    cosign,
    leaf_hash,
    node_hash,
    sign_checkpoint,
)
from salus.rules import (
    Document,
    Emergency,
    Evidence,
    EvidenceKind,
    Result,
    Rules,
    commitment_of,
    decide,
    reuse_tag,
    shipped_table,
    table_of,
    word_key,
)

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
DECLARED = parse_instant("2031-02-20T08:00:00Z")
"""When the signers of these tests publish; rules and emergency count from three days later."""
ALIVE = DECLARED + 3 * DAY + HOUR
DISEASE = "covid-19"


class Key:
    """A named key that signs, as the log and its witnesses have one."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._private = Ed25519PrivateKey.generate()
        self.public_key = self._private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)


class PaperLog:
    """A log of a few leaves in memory, closed in batches at instants that its three witnesses sign."""

    def __init__(self) -> None:
        self.key = Key("paper.example/log")
        self.witnesses = [Key(f"witness-{one}.example") for one in ("court", "press", "university")]
        self.entries: list[bytes] = []
        self.heads: list[tuple[int, str]] = []

    @property
    def trust(self) -> Trust:
        return Trust.of(VerifierKey.of(self.key), [WitnessKey.of(one) for one in self.witnesses])

    def append(self, kind: str, body: dict[str, Any]) -> bytes:
        """Add a leaf; it is proved once `close` was called."""
        entry = canonical({kind: body})
        self.entries.append(entry)
        return entry

    def close(self, at: datetime) -> None:
        """Sign and cosign a head over everything so far."""
        head = sign_checkpoint(len(self.entries), _root([leaf_hash(one) for one in self.entries]), self.key)
        note = Note.parse(head.note)
        lines = tuple(cosign(note.text, at, one) for one in self.witnesses)
        self.heads.append((len(self.entries), str(Note(text=note.text, signatures=(*note.signatures, *lines)))))

    def proof(self, entry: bytes, *, newest: bool = False) -> str:
        """Prove a leaf under the first head that covers it, or under the newest one."""
        index = self.entries.index(entry)
        covering = [head for head in self.heads if head[0] > index]
        size, note = covering[-1] if newest else covering[0]
        hashes = _path(index, [leaf_hash(one) for one in self.entries[:size]])
        return str(LeafProof(index=index, hashes=tuple(hashes), checkpoint=note))


@dataclass(slots=True)
class World:
    """One site, one laboratory, six signers of four organisations, and the log that they write in."""

    site: Party = field(default_factory=lambda: Party.new("S1", "city-sampling", SITE))
    laboratory: Party = field(default_factory=lambda: Party.new("L1", "green-laboratories", LABORATORY))
    signers: list[Party] = field(
        default_factory=lambda: [
            Party.new(f"signer-{one}", organisation, SIGNER)
            for one, organisation in enumerate(("health", "health", "university", "court", "bar", "university"))
        ]
    )
    log: PaperLog = field(default_factory=PaperLog)
    documents: dict[str, Document] = field(default_factory=dict)
    leaves: dict[str, dict[str, Any]] = field(default_factory=dict)

    def parties(self) -> list[Party]:
        return [self.site, self.laboratory, *self.signers]

    def publish(self, *documents: Document, at: datetime = DECLARED, signers: Iterable[Party] | None = None) -> None:
        """Put documents into the log with the signatures of all signers, or of those that are named."""
        chosen = list(self.signers[:5] if signers is None else signers)
        for one in documents:
            self.documents[str(one.kind)] = one
            self.leaves[str(one.kind)] = one.leaf(signatures_of(one, chosen))
            self.log.append("publication", self.leaves[str(one.kind)])
        self.log.close(at)

    def item(self, kind: str, leaf: dict[str, Any]) -> dict[str, Any]:
        return {"leaf": leaf, "proof": self.log.proof(canonical({kind: leaf}))}

    def published(self, kind: str) -> dict[str, Any]:
        leaf = self.leaves[kind]
        return {"document": self.documents[kind].as_json(), **self.item("publication", leaf)}

    def evidence(self, *given: Signed, at: datetime) -> list[dict[str, Any]]:
        """Log evidence and return it as a file holds it."""
        for one in given:
            self.log.append(one.kind, one.leaf)
        self.log.close(at)
        return [{"kind": one.kind, **self.item(one.kind, one.leaf)} for one in given]


def a_world(disease: str = DISEASE, witnesses: int = 3, parties: Iterable[Party] = ()) -> World:
    """A world in which keys, rules and an emergency were published in time; they count from `ALIVE` on.

    `parties` are others whose keys the log holds too.
    """
    world = World()
    world.log.witnesses = world.log.witnesses[:witnesses]
    for party in (*world.parties(), *parties):
        world.log.append("party-key", party.key_leaf)
    world.log.close(DECLARED - HOUR)
    starts = DECLARED + 3 * DAY
    emergency = emergency_document(disease, starts, starts + 30 * DAY, en="An outbreak.", zh="疫情。")
    world.publish(emergency, rules_document(disease, starts, starts + 90 * DAY))
    return world


@dataclass(slots=True)
class AFile:
    """A good file, and what a test wants to know of it or to change in it. `fresh` renews the decision's proof."""

    world: World
    value: dict[str, Any]
    at: datetime
    specimen: Signed
    result: Signed
    decision: bytes

    @property
    def raw(self) -> bytes:
        return canonical(self.value)

    def changed(self, change: Callable[[dict[str, Any]], Any]) -> bytes:
        """Return the bytes of a copy that `change` was done to."""
        value = copy.deepcopy(self.value)
        change(value)
        return canonical(value)

    def fresh(self, at: datetime) -> bytes:
        """Close another batch at `at`, and prove the decision under it."""
        self.world.log.append("refusals", {"day": format_instant(at)[:10], "action": "read", "count": 1})
        self.world.log.close(at)
        return self.changed(lambda file: file.update(proof=self.world.log.proof(self.decision, newest=True)))

    def later(self, *given: Signed, at: datetime) -> bytes:
        """Log later evidence, add it to the file, and renew the decision's proof."""
        self.value["evidence"] += self.world.evidence(*given, at=at)
        self.value["openings"] |= {one.commitment: one.opening for one in given}
        return self.fresh(at)


def a_file(world: World | None = None, *, taken: datetime = ALIVE, result: Result = Result.POSITIVE) -> AFile:
    """A good file: taken at `taken`, reported five hours later, decided an hour after that."""
    world = world or a_world()
    specimen = commit_specimen(world.site, disease=DISEASE, taken=taken, subject=new_subject())
    found = sign_result(world.laboratory, specimen, result, taken + 5 * HOUR)
    return decided(world, specimen, found, at=taken + 6 * HOUR)


def decided(world: World, specimen: Signed, found: Signed, *, at: datetime, **told: Any) -> AFile:
    """Log evidence and a decision about it, and write the file. `told` changes what the decision's opening says."""
    items = world.evidence(specimen, at=at - 5 * HOUR) + world.evidence(found, at=at - HOUR / 2)
    opening = decision_opening(world, specimen, found, at) | told
    commitment = commitment_of({"decision": opening})
    rules = world.documents["assignment-rules"].digest
    tag = reuse_tag(found.commitment, found.body["blind"])
    leaf = {"rules": rules, "commitment": commitment, "tag": tag, "word": word_key(opening["blind"], tag)}
    entry = world.log.append("decision", leaf)
    world.log.close(at + HOUR / 2)
    keys = [one for one in world.parties() if one.duty != SIGNER] + world.signers[:5]
    value = {
        "evidence": items,
        "openings": {
            specimen.commitment: specimen.opening,
            found.commitment: found.opening,
            commitment: {"decision": opening},
        },
        "rules": {
            "rules": world.published("assignment-rules"),
            "emergency": world.published("emergency"),
            "keys": [world.item("party-key", one.key_leaf) for one in keys],
        },
        "at": opening["at"],
        "decision": leaf,
        "proof": world.log.proof(entry),
    }
    return AFile(world=world, value=value, at=at + HOUR, specimen=specimen, result=found, decision=entry)


def decision_opening(world: World, specimen: Signed, found: Signed, at: datetime) -> dict[str, Any]:
    """What the opening of the decision says, as a node would write it."""
    emergency, rules = world.documents["emergency"], world.documents["assignment-rules"]
    answer = decide([evidence_of(specimen, found)], rules_in(world), at)
    return {
        "at": format_instant(at),
        "blind": base64.b64encode(secrets.token_bytes(32)).decode(),
        "clause": answer.clause or "infectious",
        "emergency": emergency.digest,
        "ends": format_instant(answer.ends or at),
        "evidence": [found.commitment],
        "gives": str(answer.measure),
        "rules": rules.digest,
        "starts": format_instant(answer.starts or at),
        "subject": specimen.body["subject"],
    }


def evidence_of(specimen: Signed, found: Signed) -> Evidence:
    """The same evidence as `decide` takes it."""
    return Evidence(
        name=found.commitment,
        disease=found.body["disease"],
        kind=EvidenceKind(found.body["kind"]),
        result=Result(found.body["result"]),
        taken=parse_instant(specimen.body["taken"]),
        reported=parse_instant(found.body["reported"]),
        replaces=found.body["replaces"],
    )


def rules_in(world: World) -> Rules:
    """The published rules and emergency of a world, taken at their word."""
    emergency, rules = world.documents["emergency"], world.documents["assignment-rules"]
    declared = Emergency(disease=emergency.body["disease"], starts=emergency.starts, ends=emergency.ends)
    table = table_of(dict(rules.body))
    return Rules(table=table, starts=rules.starts, ends=rules.ends, emergency=declared)


def a_rules(disease: str = DISEASE, starts: datetime = ALIVE - 30 * DAY, ends: datetime = ALIVE + 60 * DAY) -> Rules:
    """A shipped table that is alive, under an emergency that is alive as long."""
    emergency = Emergency(disease=disease, starts=starts, ends=ends)
    return Rules(table=table_of(shipped_table(disease)), starts=starts, ends=ends, emergency=emergency)


def _root(hashes: list[bytes]) -> bytes:
    if len(hashes) == 1:
        return hashes[0]
    split = _split(len(hashes))
    return node_hash(_root(hashes[:split]), _root(hashes[split:]))


def _path(index: int, hashes: list[bytes]) -> list[bytes]:
    if len(hashes) == 1:
        return []
    split = _split(len(hashes))
    if index < split:
        return [*_path(index, hashes[:split]), _root(hashes[split:])]
    return [*_path(index - split, hashes[split:]), _root(hashes[:split])]


def _split(count: int) -> int:
    """The largest power of two below `count` (RFC 9162, section 2.1)."""
    return 1 << (count - 1).bit_length() - 1

"""Logs on paper that an auditor reads from files: whole and honest ones, to which tests add what they want found."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from measures import ALIVE, DAY, DECLARED, DISEASE, HOUR, AFile, Key, PaperLog, World, decided
from salus.cli.actors import (
    Party,
    Signed,
    commit_specimen,
    emergency_document,
    new_subject,
    rules_document,
    sign_result,
)
from salus.kernel import format_instant
from salus.proof import VerifierKey, WitnessKey, leaf_hash
from salus.proof.tiles import TileName, grow, join_entries
from salus.rules import Document, Result
from salus_audit import Asked, Audit, Place, audit
from salus_audit.signing import LOG, WITNESS, NamedKey

NODE = {"kind": "demo", "name": "paper-node"}
Found = list[tuple[str, int | None]]


def hash_of(text: str) -> str:
    """32 bytes in base64 that mean nothing."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@dataclass(slots=True)
class Paper:
    """A world whose log is written to a folder, with everything that a node publishes beside it."""

    folder: Path
    world: World
    documents: list[Document] = field(default_factory=list)
    at: datetime = DECLARED

    @property
    def log(self) -> PaperLog:
        return self.world.log

    def add(self, kind: str, **body: Any) -> int:
        """Add a leaf and return its place; it has no head yet."""
        self.log.append(kind, body)
        return len(self.log.entries) - 1

    def close(self, at: datetime) -> None:
        """Close a batch at an instant."""
        self.at = at
        self.log.close(at)

    def publish(self, *documents: Document, at: datetime, signers: Iterable[Party] | None = None) -> int:
        """Publish documents in one batch; return the place of the last one's leaf."""
        self.documents += documents
        self.world.publish(*documents, at=at, signers=signers)
        self.at = at
        return len(self.log.entries) - 1

    def measure(self, taken: datetime, result: Result = Result.POSITIVE) -> AFile:
        """Come to a measure honestly: evidence, a decision, its file."""
        specimen = commit_specimen(self.world.site, disease=DISEASE, taken=taken, subject=new_subject())
        found = sign_result(self.world.laboratory, specimen, result, taken + 5 * HOUR)
        self.at = taken + 6 * HOUR + HOUR / 2
        return decided(self.world, specimen, found, at=taken + 6 * HOUR)

    def evidence(self, taken: datetime, result: Result = Result.NEGATIVE) -> tuple[Signed, Signed]:
        """Log a specimen and its result, upon which nothing is decided."""
        specimen = commit_specimen(self.world.site, disease=DISEASE, taken=taken, subject=new_subject())
        found = sign_result(self.world.laboratory, specimen, result, taken + 5 * HOUR)
        self.world.evidence(specimen, at=taken + HOUR)
        self.world.evidence(found, at=taken + 5 * HOUR)
        self.at = taken + 5 * HOUR
        return specimen, found

    def rules_of(self) -> str:
        """The digest of the rules that count."""
        return self.world.documents["assignment-rules"].digest

    def write(self) -> Path:
        """Write the files of the log."""
        files = files_of(self.log)
        for one in self.documents:
            files[f"published/{hashlib.sha256(one.encoded).hexdigest()}.json"] = one.encoded
        for path, content in files.items():
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).write_bytes(content)
        return self.folder

    def audit(self, *, after: timedelta = HOUR, **more: Any) -> Audit:
        """Write the log and audit it with the right keys, soon after its last head."""
        return audit(self.asked(after=after, **more))

    def asked(self, *, after: timedelta = HOUR, **more: Any) -> Asked:
        """What to ask of an audit of this log."""
        self.write()
        key, *witnesses = keys_of(self.log)
        told: dict[str, Any] = {"key": key, "witnesses": witnesses, "now": int((self.at + after).timestamp())} | more
        return Asked(place=Place.of(str(self.folder)), **told)


def keys_of(log: PaperLog) -> list[NamedKey]:
    """The log's key, then those of its witnesses."""
    mine = NamedKey.read(str(VerifierKey.of(log.key)), LOG)
    return [mine, *(NamedKey.read(str(WitnessKey.of(one)), WITNESS) for one in log.witnesses)]


def files_of(log: PaperLog) -> dict[str, bytes]:
    """Every file of a log, by its path."""
    tiles = grow(0, {}, [leaf_hash(one) for one in log.entries])
    files = {name.path: content for name, content in tiles.items()}
    for name in tiles:
        if name.level == 0:
            bundle = TileName(level=None, index=name.index, width=name.width)
            files[bundle.path] = join_entries(log.entries[name.first : name.first + name.width])
    files["vkey"] = f"{VerifierKey.of(log.key)}\n".encode()
    files["checkpoint"] = log.heads[-1][1].encode()
    firsts = dict(reversed(log.heads))  # a head that was cosigned anew is told with the first lines
    notes = [note.encode() for _, note in sorted(firsts.items())]
    for number in range(0, len(notes), 256):
        files[f"heads/{number // 256:03d}"] = join_entries(notes[number : number + 256])
    return files


def witness_leaf(witness: Key, organisation: str) -> dict[str, Any]:
    """The leaf that says who answers for a witness."""
    key = base64.b64encode(witness.public_key).decode()
    return {"party": witness.name, "organisation": organisation, "duty": "witness", "key": key}


def decision(paper: Paper, **told: str) -> int:
    """Add a decision that rests on nothing, and return its place."""
    body = {"rules": paper.rules_of(), "commitment": hash_of("nothing"), "tag": hash_of(str(len(paper.log.entries)))}
    return paper.add("decision", **(body | told))


def an_honest_paper(folder: Path, since: timedelta = HOUR) -> Paper:
    """A log with parties, an emergency and rules in time, two measures, a negative, an answered appeal, counts."""
    world = World()
    paper = Paper(folder, world)
    world.log.append("node", NODE)
    for witness, organisation in zip(world.log.witnesses, ("court", "press", "university"), strict=True):
        world.log.append("party-key", witness_leaf(witness, organisation))
    for party in world.parties():
        world.log.append("party-key", party.key_leaf)
    paper.close(DECLARED - since)
    starts = DECLARED + 3 * DAY
    paper.publish(
        emergency_document(DISEASE, starts, starts + 30 * DAY, en="An outbreak.", zh="疫情。"),
        rules_document(DISEASE, starts, starts + 90 * DAY),
        at=DECLARED,
    )
    paper.measure(ALIVE)
    paper.evidence(ALIVE + 7 * HOUR)
    paper.measure(ALIVE + 13 * HOUR)
    at = ALIVE + 20 * HOUR
    paper.add("anchor", custodian="H1", size=3, root=hash_of("3"))
    paper.add("appeal-opened", appeal=hash_of("appeal"), deadline=format_instant(at + 2 * DAY))
    paper.add("refusals", day=format_instant(at)[:10], action="set-measure", count=3)
    paper.close(at)
    paper.add("appeal-closed", appeal=hash_of("appeal"), outcome="stands", organisation="review-board")
    paper.add("anchor", custodian="H1", size=9, root=hash_of("9"))
    paper.close(at + 10 * HOUR)
    return paper


def found_in(one: Audit) -> Found:
    """Codes and places of all findings, in their order."""
    return sorted((each.code, each.leaf) for each in one.findings.told)


def told_in(one: Audit) -> str:
    """All findings as text, for a failing test."""
    return json.dumps([each.as_json() for each in one.findings.told], indent=1, ensure_ascii=False)

"""Check a published log from its files alone: signature, entries, tiles, root. Trusts nothing but the key."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from salus.kernel import format_instant, spelt
from salus.ledger.errors import LeafRefused
from salus.ledger.files.sources import Absent, Folder, Source, Unreadable, source_of
from salus.ledger.model import MOST_DOCUMENT_BYTES, Leaf, document_digest, document_path, parse_leaf
from salus.proof import (
    Checkpoint,
    Cosigned,
    Frontier,
    NoQuorum,
    Note,
    ProofError,
    Trust,
    VerifierKey,
    WitnessKey,
    leaf_hash,
    open_checkpoint,
)
from salus.proof.note import MOST_NOTE_BYTES, encode
from salus.proof.tiles import (
    CHECKPOINT_PATH,
    KEY_PATH,
    MOST_ENTRY_BYTES,
    TILE_WIDTH,
    TileName,
    bundles_of,
    parse_tile_path,
    split_entries,
    split_hashes,
    tiles_of,
)
from salus.proof.tree import HASH_BYTES, root

MOST_FINDINGS = 100
_MOST_TILE = TILE_WIDTH * HASH_BYTES
_MOST_BUNDLE = TILE_WIDTH * (2 + MOST_ENTRY_BYTES)
_MOST_KEY = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong. `code` is stable; `where` is the file, with the entry where one is meant."""

    code: str
    where: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was checked and what was found. `key_given` is false where the log's own word for its key was taken.

    `trust` are the witnesses that were asked for, `times` when which of them cosigned the head, and `cosigned` is the
    head with the times of their quorum, where there is one.
    """

    place: str
    key: str | None
    key_given: bool
    checkpoint: Checkpoint | None
    node: Leaf | None
    files: int
    findings: tuple[Finding, ...]
    trust: Trust | None = None
    times: Mapping[str, datetime] = field(default_factory=dict)
    cosigned: Cosigned | None = None

    @property
    def good(self) -> bool:
        """Nothing is wrong, as far as the key can be trusted."""
        return not self.findings

    def as_json(self) -> dict[str, object]:
        """The report as plain values, for `--json`."""
        head = self.checkpoint
        return {
            "place": self.place,
            "good": self.good,
            "key": self.key,
            "key_given": self.key_given,
            "origin": head.origin if head else None,
            "size": head.size if head else None,
            "root": base64.b64encode(head.root).decode() if head else None,
            "node": dict(self.node.body) if self.node else None,
            "files": self.files,
            "cosignatures": self._cosignatures(),
            "findings": [{"code": one.code, "where": one.where, "text": one.text} for one in self.findings],
        }

    def _cosignatures(self) -> dict[str, object] | None:
        if self.trust is None:
            return None
        return {
            "witnesses": len(self.trust.witnesses),
            "quorum": self.trust.quorum,
            "valid": {name: format_instant(at) for name, at in sorted(self.times.items())},
            "at": format_instant(self.cosigned.at) if self.cosigned else None,
            "as_of": format_instant(self.cosigned.as_of) if self.cosigned else None,
        }


def verify_directory(
    place: str | Path,
    vkey: str | VerifierKey | None = None,
    since: str | None = None,
    witnesses: Sequence[WitnessKey] = (),
    seen: Callable[[int, Leaf], None] = lambda index, leaf: None,
    trust: Trust | None = None,
) -> Report:
    """Check the log in a folder or behind an http(s) address against its key.

    `since` is the text of a checkpoint kept from an earlier day: the log must begin with that very log. Of `witnesses`
    more than half must have cosigned the head; or `trust` says all of it. `seen` is told each leaf in its order.

    Without `vkey` the published one is taken and the report says so: that shows a log whole in itself, not whose it is.
    Raises NoLog where there is nothing and ProofError where `vkey` is malformed; what is wrong comes back as findings.
    """
    given = trust.log if trust else VerifierKey.parse(vkey) if isinstance(vkey, str) else vkey
    check = _Check(source=source_of(place), seen=seen)
    key, checkpoint = given, None
    with suppress(_Stop):
        key = check.key(given)
        trust = trust or (Trust.of(key, witnesses) if witnesses else None)
        checkpoint = check.checkpoint(key)
        check.cosignatures(checkpoint, trust)
        check.walk(checkpoint, check.earlier(since, key, checkpoint) if since is not None else None)
        check.operators(trust)
    return Report(
        place=str(place),
        key=str(key) if key else None,
        key_given=given is not None,
        checkpoint=checkpoint,
        node=check.node,
        files=len(check.read),
        findings=tuple(check.findings),
        trust=trust,
        times=check.times,
        cosigned=check.cosigned,
    )


class _Stop(Exception):
    """Nothing further can be checked."""


@dataclass(slots=True, kw_only=True)
class _Check:
    """One run over one log."""

    source: Source
    seen: Callable[[int, Leaf], None]
    findings: list[Finding] = field(default_factory=list)
    read: set[str] = field(default_factory=set)
    node: Leaf | None = None
    witnesses: list[tuple[int, Leaf]] = field(default_factory=list)
    times: Mapping[str, datetime] = field(default_factory=dict)
    cosigned: Cosigned | None = None

    def find(self, code: str, where: str, text: str) -> None:
        self.findings.append(Finding(code=code, where=where, text=text))
        if len(self.findings) >= MOST_FINDINGS:
            raise _Stop

    def fetch(self, path: str, most: int) -> bytes | None:
        """Read a file; where that fails, note it and return None."""
        try:
            content = self.source.fetch(path, most)
        except Absent:
            self.find("LOG-MISSING", path, "the file is missing")
        except Unreadable as reason:
            self.find("LOG-UNREADABLE", path, f"the file cannot be read: {reason}")
        else:
            self.read.add(path)
            return content
        return None

    def text(self, path: str, most: int) -> str:
        content = self.fetch(path, most)
        if content is None:
            raise _Stop
        try:
            return content.decode()
        except UnicodeDecodeError:
            self.find("LOG-CORRUPT", path, "the file is not UTF-8 text")
            raise _Stop from None

    def key(self, given: VerifierKey | None) -> VerifierKey:
        """Choose the key to believe; a published one that misleads is found even where it is not needed."""
        if given:
            try:
                published = self.source.fetch(KEY_PATH, _MOST_KEY)
            except (Absent, Unreadable):
                return given
            if published.strip() != str(given).encode():
                self.find("LOG-KEY", KEY_PATH, "the log publishes another key than the one that was given")
            return given
        try:
            return VerifierKey.parse(self.text(KEY_PATH, _MOST_KEY))
        except ProofError as reason:
            self.find("LOG-KEY", KEY_PATH, f"the published key is malformed: {reason.text}")
            raise _Stop from None

    def checkpoint(self, key: VerifierKey) -> Checkpoint:
        text = self.text(CHECKPOINT_PATH, MOST_NOTE_BYTES)
        try:
            return open_checkpoint(text, [key])
        except ProofError as reason:
            self.find("LOG-SIGNATURE", CHECKPOINT_PATH, reason.text)
            raise _Stop from None

    def cosignatures(self, checkpoint: Checkpoint, trust: Trust | None) -> None:
        """See which witnesses cosigned the head; a forged line, or too few, is a finding."""
        if trust is None:
            return
        try:
            self.times = trust.times(Note.parse(checkpoint.note))
            self.cosigned = trust.open(checkpoint.note)
        except NoQuorum as few:
            self.find("LOG-QUORUM", CHECKPOINT_PATH, few.text)
        except ProofError as reason:
            self.find("LOG-COSIGNATURE", CHECKPOINT_PATH, reason.text)

    def earlier(self, text: str, key: VerifierKey, checkpoint: Checkpoint) -> Checkpoint | None:
        """Open a checkpoint that somebody kept; one that is longer than the log shows that the log lost entries."""
        try:
            kept = open_checkpoint(text, [key])
        except ProofError as reason:
            self.find("LOG-KEPT", "the kept checkpoint", reason.text)
            return None
        if kept.size > checkpoint.size:
            self.find("LOG-SHRUNK", CHECKPOINT_PATH, f"the log had {kept.size} entries once; now {checkpoint.size}")
            return None
        return kept

    def walk(self, checkpoint: Checkpoint, kept: Checkpoint | None) -> None:
        """Recompute the tree from all entries, and hold each tile against it."""
        tree, roots = Frontier(), list[bytes]()
        for bundle in bundles_of(checkpoint.size):
            hashes = self.bundle(bundle)
            for one in hashes:
                tree.append(one)
                if kept and tree.size == kept.size and tree.root() != kept.root:
                    self.find("LOG-FORK", bundle.path, "the log does not begin with the log of the kept checkpoint")
            if bundle.width == TILE_WIDTH:
                roots.append(root(hashes))
        if tree.root() != checkpoint.root:
            self.find("LOG-ROOT", CHECKPOINT_PATH, "the entries lead to another root than the one that was signed")
        self.upper(checkpoint.size, roots)
        if isinstance(self.source, Folder):
            self.leftovers(self.source.folder, checkpoint.size)

    def bundle(self, bundle: TileName) -> list[bytes]:
        """Return the leaf hashes of a bundle, once held against its tile; of the tile alone if the bundle is lost."""
        lowest = TileName(level=0, index=bundle.index, width=bundle.width)
        tile = self.tile(lowest)
        entries = self.entries(bundle)
        if entries is None:
            if tile is None:
                self.find("LOG-ROOT", bundle.path, "neither entries nor tile: the root cannot be recomputed")
                raise _Stop
            return tile
        hashes = [leaf_hash(entry) for entry in entries]
        for offset, (mine, theirs) in enumerate(zip(hashes, tile or hashes, strict=True)):
            if mine != theirs:
                where = f"{lowest.path} entry {bundle.first + offset}"
                self.find("LOG-TILE", where, f"the tile has another hash than the entry in {bundle.path}")
        self.leaves(bundle, entries)
        return hashes

    def tile(self, name: TileName) -> list[bytes] | None:
        content = self.fetch(name.path, _MOST_TILE)
        if content is None:
            return None
        width = name.width * HASH_BYTES
        if len(content) != width:
            self.find("LOG-TRUNCATED", name.path, f"the tile has {len(content)} bytes instead of {width}")
            return None
        return split_hashes(content)

    def entries(self, name: TileName) -> list[bytes] | None:
        content = self.fetch(name.path, _MOST_BUNDLE)
        if content is None:
            return None
        try:
            entries = split_entries(content)
        except ProofError as reason:
            self.find("LOG-TRUNCATED", name.path, reason.text)
            return None
        if len(entries) != name.width:
            self.find("LOG-TRUNCATED", name.path, f"the bundle has {len(entries)} entries instead of {name.width}")
            return None
        return entries

    def leaves(self, bundle: TileName, entries: list[bytes]) -> None:
        """Judge each entry by the table of kinds; the first, and only the first, says what the node is."""
        for index, entry in enumerate(entries, start=bundle.first):
            where = f"{bundle.path} entry {index}"
            try:
                leaf = parse_leaf(entry)
            except LeafRefused as refusal:
                self.find("LOG-LEAF", where, refusal.text)
                continue
            if (leaf.kind == "node") != (index == 0):
                self.find("LOG-LEAF", where, "the first leaf, and no other, says what the node is")
            if index == 0:
                self.node = leaf
            if leaf.kind == "party-key" and leaf.body["duty"] == "witness":
                self.witnesses.append((index, leaf))
            self.seen(index, leaf)
            self.document(leaf, where)

    def document(self, leaf: Leaf, where: str) -> None:
        """Hold the public document that a leaf names against the digest in the leaf."""
        digest = document_digest(leaf)
        path = document_path(digest) if digest else ""
        if not digest or path in self.read:
            return
        content = self.fetch(path, MOST_DOCUMENT_BYTES)
        if content is not None and sha256(content).digest() != digest:
            self.find("LOG-DOCUMENT", path, f"the document is not the one that {where} names")

    def operators(self, trust: Trust | None) -> None:
        """Hold whose each named witness is against what the log says: two keys of one operator are one witness."""
        if trust is None:
            return
        operator = {spelt(trust.log.name), spelt(self.node.body["name"] if self.node else "")}
        taken: dict[str, str] = {}
        for witness in trust.witnesses:
            said = [(at, leaf) for at, leaf in self.witnesses if leaf.body["key"] == encode(witness.public_key)]
            for index, leaf in said:
                organisation = spelt(leaf.body["organisation"])
                where = f"entry {index}"
                if organisation in operator:
                    self.find("WITNESS-OPERATOR", where, f"{witness.name} belongs to whoever keeps the log")
                elif taken.setdefault(organisation, witness.name) != witness.name:
                    both = f"{taken[organisation]} and {witness.name}"
                    self.find("WITNESS-OPERATOR", where, f"{both} belong to one organisation and are one witness")
                elif witness.organisation != witness.name and spelt(witness.organisation) != organisation:
                    text = f"{witness.name} is another organisation's than the one that you named"
                    self.find("WITNESS-OPERATOR", where, text)

    def upper(self, size: int, roots: list[bytes]) -> None:
        """Hold the tiles above the lowest level against the roots of the full tiles below."""
        above: list[bytes] = []
        level = 1
        for name in tiles_of(size):
            if name.level == 0:
                continue
            if name.level != level:
                level, roots, above = level + 1, above, []
            expected = roots[name.first : name.first + name.width]
            tile = self.tile(name)
            if tile is not None and tile != expected:
                self.find("LOG-TILE", name.path, "the tile has other hashes than the tiles below it lead to")
            if name.width == TILE_WIDTH:
                above.append(root(expected))

    def leftovers(self, folder: Path, size: int) -> None:
        """Hold partial tiles of earlier heads against the wider ones; only a folder can be listed."""
        needed = {name.path for name in (*tiles_of(size), *bundles_of(size))}
        for path in _files_below(folder, "tile"):
            if path in needed:
                continue
            try:
                name = parse_tile_path(path)
            except ProofError:
                self.find("LOG-STRAY", path, "no log has a file of this name")
                continue
            self.narrow(name, size)

    def narrow(self, name: TileName, size: int) -> None:
        width = min((size >> 8 * (name.level or 0)) - name.first, TILE_WIDTH)
        if width < name.width:
            return
        contents = self.entries if name.level is None else self.tile
        earlier = contents(name)
        told = len(self.findings)
        wider = contents(TileName(level=name.level, index=name.index, width=width))
        del self.findings[told:]  # what is wrong with the wider file was found on the walk
        if earlier is not None and wider is not None and earlier != wider[: name.width]:
            self.find("LOG-TILE", name.path, "an earlier partial file differs from the wider one")


def _files_below(folder: Path, part: str) -> Iterator[str]:
    for path in sorted((folder / part).rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix()

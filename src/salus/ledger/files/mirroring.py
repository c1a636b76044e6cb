"""Copy a published log into a folder that any web server can serve, bit by bit as it grows, and believe nothing.

No file is written that does not lead to the signed root; a head that contradicts the copy, or is older, is never taken.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from salus.ledger.errors import LeafRefused, MirrorHeld, NotAsSigned
from salus.ledger.files.authentic import Tiles, open_head, read_file, read_head, read_key
from salus.ledger.files.earlier_heads import Contradicted, heads_to_copy
from salus.ledger.files.placing import Shelf
from salus.ledger.files.sources import Folder, Source, source_of
from salus.ledger.files.verifying import Finding
from salus.ledger.model import MOST_DOCUMENT_BYTES, document_digest, document_path, parse_leaf
from salus.proof import Checkpoint, Equivocation, NoQuorum, ProofError, Trust, VerifierKey, contradiction
from salus.proof.tiles import CHECKPOINT_PATH, KEY_PATH, TILE_HEIGHT, TILE_WIDTH, TileName, join_entries

LOCK = ".mirror"
EVIDENCE = "equivocation.json"
TAKEN = "taken"
"""Where each head that a run took lies as it came, by its size: what the log says of its heads later changes none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirrored:
    """What one run did: the head of the copy before and after, how many files it wrote, and what was wrong.

    With a finding the copy's head stays as it was. `equivocation` is the proof where the log told two stories; it lies
    in the folder, too.
    """

    place: str
    key: str
    before: Checkpoint | None
    head: Checkpoint | None
    files: int
    findings: tuple[Finding, ...]
    equivocation: Equivocation | None = None

    @property
    def good(self) -> bool:
        """The copy is as long as the log, and everything in it was checked."""
        return not self.findings

    def as_json(self) -> dict[str, object]:
        """The result as plain values, for `--json`."""
        return {
            "place": self.place,
            "good": self.good,
            "key": self.key,
            "before": self.before.size if self.before else 0,
            "size": self.head.size if self.head else 0,
            "files": self.files,
            "findings": [{"code": one.code, "where": one.where, "text": one.text} for one in self.findings],
            "equivocation": self.equivocation.as_json() if self.equivocation else None,
        }


def mirror(place: str, folder: Path, trust: VerifierKey | Trust | None = None, *, anew: bool = False) -> Mirrored:
    """Bring the copy in `folder` up to the log at `place`, a folder or an http(s) address, and say what was wrong.

    With a `Trust` a head counts only once its quorum of witnesses has cosigned it, and no earlier head is copied under
    which a line claims to be a witness's and is not. Without any key the one that the log publishes is taken at the
    first run and kept from then on. A run that was killed is taken up where it stopped; files
    that are there are checked and not fetched again. `anew` goes over the whole copy and repairs it.
    Raises NoLog where `place` is none, MirrorHeld where another run holds the folder, and NotAsSigned where the
    copy's own head or key is damaged.
    """
    source = source_of(place)
    folder.mkdir(parents=True, exist_ok=True)
    with _held(folder), closing(Shelf(folder)) as shelf:
        return _Copying(place, source, shelf, folder, trust).run(anew=anew)


class _Copying:
    """One run over a folder that is held."""

    def __init__(
        self, place: str, source: Source, shelf: Shelf, folder: Path, trust: VerifierKey | Trust | None
    ) -> None:
        self._place = place
        self._source = source
        self._own = Folder(folder)
        self._shelf = shelf
        self._folder = folder
        self._trust = trust if isinstance(trust, Trust) else None
        self._key = self._believed(trust.log if isinstance(trust, Trust) else trust)
        text = self._shelf.read(CHECKPOINT_PATH)
        self._before = open_head(text.decode("utf-8", "replace"), self._key) if text else None
        self._files = 0

    def run(self, *, anew: bool) -> Mirrored:
        head = self._before
        try:
            found = self._newest()
            self._not_older(found)
            tiles = Tiles(found, self._own, self._source)
            proof = contradiction(self._before, found, tiles.reader()) if self._before else None
            if proof:
                return self._two_stories(proof)
            self._copy(found, tiles, 0 if anew or not self._before else self._before.size)
            head = found
        except NotAsSigned as wrong:
            return self._ended(head, Finding(code=wrong.found, where=wrong.path, text=wrong.what))
        except Contradicted as lie:
            return self._two_stories(lie.proof)
        except _Older as older:
            if older.proof:
                return self._two_stories(older.proof)
            text = f"the copy has {older.had} entries and the log shows {older.has}: the copy stays as it is"
            return self._ended(head, Finding(code="LOG-SHRUNK", where=CHECKPOINT_PATH, text=text))
        return self._ended(head)

    def _believed(self, given: VerifierKey | None) -> VerifierKey:
        """The key of this copy, for good: a copy of one log never becomes another's."""
        kept = self._shelf.read(KEY_PATH)
        key = read_key(self._own if kept else self._source, None if kept else given)
        if given and given != key:
            raise NotAsSigned("LOG-KEY", KEY_PATH, "this folder holds a copy of a log with another key")
        return key

    def _newest(self) -> Checkpoint:
        found = read_head(self._source, self._key)
        if self._trust:
            try:
                self._trust.open(found.note)
            except NoQuorum as few:
                raise NotAsSigned("LOG-QUORUM", CHECKPOINT_PATH, few.text) from None
            except ProofError as wrong:
                raise NotAsSigned("LOG-COSIGNATURE", CHECKPOINT_PATH, wrong.text) from None
        return found

    def _not_older(self, found: Checkpoint) -> None:
        """A head that is shorter than the copy is an old one, or the proof of two stories; it is never taken."""
        if self._before and found.size < self._before.size:
            proof = contradiction(found, self._before, Tiles(self._before, self._own, self._source).reader())
            raise _Older(self._before.size, found.size, proof)

    def _copy(self, head: Checkpoint, tiles: Tiles, since: int) -> None:
        """Write what is new below the head, each file checked first, and the head when all of it is durable."""
        for name in _lacking(head.size, since):
            self._put(name.path, tiles.tile(name))
            if name.level == 0:
                bundle = TileName(level=None, index=name.index, width=name.width)
                entries = tiles.entries(bundle)
                self._put(bundle.path, join_entries(entries))
                for entry in entries:
                    self._document(entry)
        grown = head.size > since
        for path, content in heads_to_copy(tiles, self._key, self._own, self._source, self._trust) if grown else ():
            self._put(path, content)
        self._put(KEY_PATH, f"{self._key}\n".encode())
        self._shelf.settle()
        if self._shelf.read(f"{TAKEN}/{head.size}") is None:
            self._put(f"{TAKEN}/{head.size}", head.note.encode())
        self._put(CHECKPOINT_PATH, head.note.encode())
        self._shelf.settle()

    def _document(self, entry: bytes) -> None:
        """Copy the public document that an entry names. What an entry may say is for `verify` to judge."""
        try:
            digest = document_digest(parse_leaf(entry))
        except LeafRefused:
            return
        path = document_path(digest) if digest else ""
        if not digest or sha256(self._shelf.read(path) or b"").digest() == digest:
            return
        content = read_file(self._source, path, MOST_DOCUMENT_BYTES)
        if sha256(content).digest() != digest:
            raise NotAsSigned("LOG-DOCUMENT", path, "the document is not the one that its entry names")
        self._put(path, content)

    def _put(self, path: str, content: bytes) -> None:
        if self._shelf.read(path) != content:
            self._files += 1
        self._shelf.put(path, content)

    def _two_stories(self, proof: Equivocation) -> Mirrored:
        self._put(EVIDENCE, str(proof).encode())
        self._shelf.settle()
        text = f"the log signed two heads that contradict each other; the proof is {EVIDENCE}"
        return self._ended(self._before, Finding(code="EQUIVOCATION", where=CHECKPOINT_PATH, text=text), proof)

    def _ended(self, head: Checkpoint | None, *found: Finding | Equivocation) -> Mirrored:
        return Mirrored(
            place=self._place,
            key=str(self._key),
            before=self._before,
            head=head,
            files=self._files,
            findings=tuple(one for one in found if isinstance(one, Finding)),
            equivocation=next((one for one in found if isinstance(one, Equivocation)), None),
        )


class _Older(Exception):
    """The log shows fewer entries than the copy has."""

    def __init__(self, had: int, has: int, proof: Equivocation | None) -> None:
        super().__init__()
        self.had, self.has, self.proof = had, has, proof


def _lacking(size: int, since: int) -> Iterator[TileName]:
    """Name the tiles that a log of `size` leaves has and one of `since` leaves had not, or had narrower."""
    level, width = 0, size
    while width:
        full, rest = divmod(width, TILE_WIDTH)
        for index in range(since >> TILE_HEIGHT * (level + 1), full):
            yield TileName(level=level, index=index)
        if rest:
            yield TileName(level=level, index=full, width=rest)
        level, width = level + 1, full


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Let one run at a time write a folder. The lock goes with the process, however it ends."""
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise MirrorHeld(f"another run writes the copy in {folder}; wait for it") from None
    finally:
        os.close(lock)

"""The one that gives leaves their places, signs heads and publishes them.

A batch becomes log in one transaction: leaves, tiles and signed head stand together or not at all. Files follow
after the commit, the checkpoint last, so that at any instant, and after any crash, the published log is whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from random import Random

from salus.kernel import Clock
from salus.ledger import store as tables
from salus.ledger.errors import LogUnsafe, NotPublished
from salus.ledger.files.placing import Shelf
from salus.ledger.model import BATCH_EVERY, document_digest, document_path, parse_leaf
from salus.ledger.sequencing.earlier import heads_between, heads_path
from salus.ledger.sequencing.growth import Head, Waiting, extend, judge, resume
from salus.proof import Checkpoint, ProofError, Signer, VerifierKey, leaf_hash, open_checkpoint
from salus.proof.tiles import CHECKPOINT_PATH, KEY_PATH, TILE_WIDTH, TileName, edge_of, join_entries
from salus.storage import Duty, Store, Transaction

BATCH_MOST = 100_000

Placed = tuple[str, bytes]


class Sequencer:
    """Closes batches. Any number may run, in any number of processes: they take turns.

    `clock` dates the heads, `rng` shuffles each batch (`random.SystemRandom()` on a live node), `files` is the
    folder that is served as /log. Every method raises LogUnsafe, and signs and publishes nothing, where stored,
    signed and published state contradict each other.
    """

    def __init__(self, store: Store, signer: Signer, files: Path, clock: Clock, rng: Random) -> None:
        self._store = store
        self._signer = signer
        self._key = VerifierKey.of(signer)
        self._files = files
        self._clock = clock
        self._rng = rng

    @property
    def key(self) -> VerifierKey:
        """The key to verify this log with, published as `vkey`."""
        return self._key

    def close_batch(self, witness: Callable[[], object] | None = None) -> Checkpoint | None:
        """Publish what a crash left undone, turn all waiting leaves into log, publish; None if none waited.

        `witness` is called between the last signature and the publication: the moment to gather cosignatures. The
        head is durable by then, so that nobody cosigns what this log could forget. Raises NotBegun while the log is
        empty and nobody has said what kind of node this is.
        """
        self.publish()
        newest = None
        while (checkpoint := self.sequence()) is not None:
            newest = checkpoint
            if not self._full():
                break
        if witness:
            witness()
        self.publish()
        return newest

    def due(self) -> bool:
        """Tell whether the last head was signed BATCH_EVERY ago or longer, or there is none yet."""
        with self._store.transaction(Duty.LEDGER) as tx:
            found = tables.head(tx)
        return found is None or self._clock.now() >= found[1] + BATCH_EVERY

    def close_batch_if_due(self) -> Checkpoint | None:
        """Close a batch if the last head was signed BATCH_EVERY ago or longer."""
        return self.close_batch() if self.due() else None

    def sequence(self) -> Checkpoint | None:
        """Turn up to BATCH_MOST waiting leaves into log, in one transaction; None if none waited. Publishes nothing."""
        with self._store.transaction(Duty.LEDGER) as tx:
            tables.lock(tx, tables.SEQUENCING)
            head = self._head(tx)
            leaves = self._claim(tx, head)
            if not leaves:
                return None
            growth = extend(head, [entry for _, entry in leaves], self._signer)
            tables.add_leaves(tx, head.size, leaves)
            tables.add_tiles(tx, growth.checkpoint.size, growth.tiles)
            tables.add_checkpoint(tx, growth.checkpoint, self._clock.now())
        return growth.checkpoint

    def publish(self, *, anew: bool = False) -> int:
        """Bring the files up to the newest signed head, the checkpoint last; return how many were put in place.

        It goes on where a crash stopped it. `anew` goes over every file from the first leaf on and repairs it.
        Raises NotPublished where a file cannot be written; the log itself is safe then.
        """
        with self._store.transaction(Duty.LEDGER) as tx:
            tables.lock(tx, tables.PUBLISHING)
            published = self._published(tx)
            plan = self.plan(tx, 0 if anew or published is None else published.size, published)
            try:
                return sum(1 for _ in self.place(plan))
            except OSError as reason:
                raise NotPublished(f"the log's files could not be written: {reason.strerror}; they wait") from reason

    def plan(self, tx: Transaction, since: int, published: Checkpoint | None = None) -> Iterator[Placed]:
        """Yield path and content of each file that a log of `since` leaves has not published yet, in their order.

        The last is the newest head with the witnesses' lines, those left out that no witness signed: one of them
        would spoil the whole note. A `published` head comes again where it gained some.
        """
        newest = None
        for checkpoint in tables.checkpoints_after(tx, since):
            if newest is None:
                yield KEY_PATH, f"{self._key}\n".encode()
            yield from _tiles_and_bundles(tx, newest.size if newest else since, checkpoint.size)
            newest = checkpoint
        newest = newest or (tables.checkpoint_at(tx, published.size) if published else None)
        if newest:
            kept = tables.cosignatures(tx, newest.size, newest=True)
            note = newest.note + "".join(one.line for one in kept if one.true_under(newest))
            changed = published is None or note != published.note
            if changed or since < newest.size:
                told = Shelf(self._files).read(heads_path(0)) is not None
                yield from heads_between(tx, since if told else 0, newest.size)
            if changed:
                yield CHECKPOINT_PATH, note.encode()

    def place(self, plan: Iterator[Placed]) -> Iterator[str]:
        """Put files in their places and yield their paths; the checkpoint only when the rest is durable."""
        with closing(Shelf(self._files)) as shelf:
            for path, content in plan:
                if path == CHECKPOINT_PATH:
                    shelf.settle()
                shelf.put(path, content)
                if path == CHECKPOINT_PATH:
                    shelf.settle()
                yield path
            shelf.settle()

    def _full(self) -> bool:
        with self._store.transaction(Duty.LEDGER) as tx:
            return tables.waiting(tx, BATCH_MOST) == BATCH_MOST

    def _claim(self, tx: Transaction, head: Head) -> tuple[Waiting, ...]:
        """Take the waiting leaves in random order; what may not stand in the log is set aside instead."""
        claimed = tables.claim(tx, BATCH_MOST)
        self._rng.shuffle(claimed)
        taken = tables.known(tx, [pending_id for pending_id, _ in claimed])
        judged = judge(claimed, taken, empty=head.size == 0)
        if judged.refused:
            tables.park(tx, judged.refused, self._clock.now())
        return judged.leaves

    def _head(self, tx: Transaction) -> Head:
        """Read the state to extend, and hold it against the last signed and the published head."""
        self._published(tx)
        found, size = tables.head(tx), tables.length(tx)
        if (found[0].size if found else 0) != size:
            raise LogUnsafe(f"the log has {size} leaves, but its last checkpoint says otherwise")
        if not found:
            return Head()
        edge = {name: tables.tile(tx, name) for name in edge_of(size)}
        return resume(found[0], self._key, edge, tables.entries(tx, size - size % TILE_WIDTH, size))

    def _published(self, tx: Transaction) -> Checkpoint | None:
        """Read the published head; LogUnsafe unless it is one that this database remembers having signed.

        Otherwise the database is older than the log that the world has seen, and going on would fork it.
        """
        try:
            raw = Shelf(self._files).read(CHECKPOINT_PATH)
        except OSError as reason:
            raise NotPublished(f"the published checkpoint cannot be read: {reason.strerror}") from reason
        if raw is None:
            return None
        try:
            published = open_checkpoint(raw.decode(), [self._key])
        except (ProofError, UnicodeDecodeError):
            raise LogUnsafe("the published checkpoint is damaged or was signed by another key") from None
        signed = tables.checkpoint_at(tx, published.size)
        if signed is None or signed.root != published.root or not published.note.startswith(signed.note):
            raise LogUnsafe(
                f"the published checkpoint of size {published.size} is unknown to the database: is it an old copy?"
            )
        return published


def _tiles_and_bundles(tx: Transaction, since: int, size: int) -> Iterator[Placed]:
    for name, content in tables.tiles_between(tx, since, size):
        yield name.path, content
        if name.level == 0:
            entries = tables.entries(tx, name.first, name.first + name.width)
            if b"".join(map(leaf_hash, entries)) != content:
                raise LogUnsafe(f"the leaves from {name.first} on are not those that were signed")
            yield TileName(level=None, index=name.index, width=name.width).path, join_entries(entries)
            yield from _documents(tx, entries)


def _documents(tx: Transaction, entries: Sequence[bytes]) -> Iterator[Placed]:
    """Yield the public documents that these entries name."""
    for entry in entries:
        digest = document_digest(parse_leaf(entry)) if entry.startswith(b'{"publication":') else None
        content = tables.document(tx, digest) if digest else None
        if digest and content:
            yield document_path(digest), content

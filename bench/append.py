"""Speed of the public log: leaves handed over, closed into batches, published with fsync, cosigned; against bare files.

    .venv/bin/python bench/append.py [--leaves 10000] [--batches 5] [--cosigned 40]

Three things are told apart. The whole way: leaves wait in PostgreSQL, are judged again, hashed, signed, committed and
published. The log alone: the same hashes, head and files with fsync, of leaves that are at hand, without a database.
The floor: the very bytes of the published files, one file each, with fsync and without any of our code; interleaved
batch by batch in the same run. CPU is this process's; PostgreSQL's own is not in it.

Then five `salus witness` processes: how long from the close of a batch until three of five have cosigned its head.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from salus.app import SCHEMAS
from salus.cli.witnesses import start
from salus.kernel import SystemClock, start_demo_clock
from salus.keys import Ed25519Signer
from salus.ledger import (
    Gathering,
    Leaf,
    Sequencer,
    Witness,
    anchor_leaf,
    append,
    begin,
    cosigned,
    node_leaf,
    verify_directory,
)
from salus.ledger.files.placing import Shelf
from salus.ledger.sequencing.growth import Head, extend
from salus.proof import Trust
from salus.proof.tiles import CHECKPOINT_PATH, TILE_WIDTH, TileName, edge_of, join_entries
from salus.storage import Duty, Settings, Store, open_store

WITNESSES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """What one step of one batch took."""

    wall: float
    cpu: float


def timed(action: Callable[[], object]) -> Took:
    wall, cpu = time.perf_counter(), time.process_time()
    action()
    return Took(wall=time.perf_counter() - wall, cpu=time.process_time() - cpu)


def hand_over(store: Store, leaves: list[Leaf]) -> None:
    with store.transaction(Duty.RELAY) as tx:
        for leaf in leaves:
            append(tx, leaf)


def written_since(folder: Path, known: set[Path]) -> list[bytes]:
    """Return the contents of the files that are new."""
    fresh = [path for path in folder.rglob("*") if path.is_file() and (path not in known or path.name == "checkpoint")]
    known.update(fresh)
    return [path.read_bytes() for path in fresh]


def write_bare(folder: Path, contents: list[bytes]) -> None:
    """Write each content to a file of its own and force it to disk: the least that publishing can cost."""
    for number, content in enumerate(contents):
        descriptor = os.open(folder / str(number), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.write(descriptor, content)
        os.fsync(descriptor)
        os.close(descriptor)


class Alone:
    """A log that is files alone: it hashes, signs, and writes tiles and bundles with fsync, the checkpoint last."""

    def __init__(self, folder: Path, signer: Ed25519Signer) -> None:
        self._folder, self._signer = folder, signer
        self._head = Head()
        self._last: list[bytes] = []

    def append(self, entries: list[bytes]) -> None:
        head = self._head
        growth = extend(head, entries, self._signer)
        shelf, first = Shelf(self._folder), head.size - head.size % TILE_WIDTH
        known = [*self._last, *entries]
        for name, content in growth.tiles.items():
            shelf.put(name.path, content)
            if name.level == 0:
                start = name.first - first
                bundle = TileName(level=None, index=name.index, width=name.width)
                shelf.put(bundle.path, join_entries(known[start : start + name.width]))
        shelf.settle()
        shelf.put(CHECKPOINT_PATH, growth.checkpoint.note.encode())
        shelf.settle()
        size, tiles = growth.checkpoint.size, {**head.edge, **growth.tiles}
        self._last = known[size - size % TILE_WIDTH - first :]
        self._head = Head(checkpoint=growth.checkpoint, edge={name: tiles[name] for name in edge_of(size)})


def line(what: str, count: int, took: list[Took]) -> float:
    rates = sorted(count / one.wall for one in took)
    median = statistics.median(rates)
    cpu = statistics.median(one.cpu for one in took) / count * 1e6
    print(f"{what:<34}{median:>12,.0f}/s   {rates[0]:>10,.0f} to {rates[-1]:>10,.0f}   {cpu:>7.1f} us CPU each")
    return median


def measure(store: Store, folder: Path, per_batch: int, batches: int) -> None:
    signer = Ed25519Signer("bench.example/log", Ed25519PrivateKey.generate())
    sequencer = Sequencer(store, signer, folder / "log", SystemClock(), Random(1))
    begin(store, node_leaf("demo", "bench"))
    sequencer.close_batch()
    (folder / "bare").mkdir()
    rng, known = Random(2), set[Path]()
    written_since(folder / "log", known)
    handing, sequencing, publishing, alone, floor = (list[Took]() for _ in range(5))
    files = Alone(folder / "alone", signer)
    (folder / "alone").mkdir()
    for _ in range(batches):
        leaves = [anchor_leaf("register", size, rng.randbytes(32)) for size in range(1, per_batch + 1)]
        handing.append(timed(partial(hand_over, store, leaves)))
        sequencing.append(timed(sequencer.sequence))
        publishing.append(timed(sequencer.publish))
        alone.append(timed(partial(files.append, [leaf.encoded for leaf in leaves])))
        contents = written_since(folder / "log", known)
        floor.append(timed(partial(write_bare, folder / "bare", contents)))
    closing = [Took(wall=a.wall + b.wall, cpu=a.cpu + b.cpu) for a, b in zip(sequencing, publishing, strict=True)]
    print(f"{batches} batches of {per_batch:,} leaves; median, least to most of the batches\n")
    line("hand over, one transaction", per_batch, handing)
    line("sequence: judge, hash, sign, commit", per_batch, sequencing)
    line("publish: files with fsync", per_batch, publishing)
    whole = line("sequence and publish", per_batch, closing)
    only = line("the log alone, files with fsync", per_batch, alone)
    bare = line("floor: the same bytes, bare files", per_batch, floor)
    print(f"\nof the floor: the whole way {whole / bare:.2f}, the log alone {only / bare:.2f}", end="")
    print(f"; wanted 100,000/s of the log in batches of 10,000: {only:,.0f}/s alone, {whole:,.0f}/s the whole way")
    check = timed(lambda: verify_directory(folder / "log", sequencer.key))
    print(f"verify from files: {(1 + per_batch * batches) / check.wall:,.0f} leaves/s")


def cosign(store: Store, folder: Path, batches: int) -> None:
    """Close batches of ten leaves and let five witnesses cosign each; print how long it took until three had."""
    clock = folder / "clock.json"
    start_demo_clock(clock, datetime(2031, 3, 1, tzinfo=UTC))
    signer = Ed25519Signer("bench.example/cosigned", Ed25519PrivateKey.generate())
    with store.connect(Duty.MIGRATION) as owner:
        owner.execute("truncate ledger.pending, ledger.leaf, ledger.tile, ledger.checkpoint, ledger.cosignature")
    begin(store, node_leaf("demo", "bench"))
    sequencer = Sequencer(store, signer, folder / "cosigned", SystemClock(), Random(1))
    with contextlib.ExitStack() as running:
        started = []
        for number in range(WITNESSES):
            started.append(start(folder / f"w{number}", f"body-{number}", sequencer.key, clock))
            running.callback(started[-1].stop)
        trust = Trust.of(sequencer.key, [one.key for one in started])
        asked = [Witness(key=one.key, url=one.url) for one in started]
        gathering = Gathering(store, asked, SystemClock())
        running.callback(gathering.close)
        took = sorted(quorum_seconds(store, sequencer, gathering, trust) for _ in range(batches))
    p99 = took[min(int(len(took) * 0.99), len(took) - 1)]
    print(f"\n{batches} batches, {WITNESSES} witnesses in processes of their own, {trust.quorum} must cosign:")
    print(f"from the close until a quorum had: median {statistics.median(took):.3f} s, p99 {p99:.3f} s (wanted 1 s)")


def quorum_seconds(store: Store, sequencer: Sequencer, gathering: Gathering, trust: Trust) -> float:
    hand_over(store, [anchor_leaf("register", size, bytes(32)) for size in range(1, 11)])
    began = time.perf_counter()
    head = sequencer.sequence()
    gathering.gather()
    found = cosigned(store, trust)
    took = time.perf_counter() - began
    if head is None or found is None or found.checkpoint.root != head.root:
        return float("inf")
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leaves", type=int, default=10_000, help="leaves in a batch")
    parser.add_argument("--batches", type=int, default=5)
    parser.add_argument("--cosigned", type=int, default=40, help="batches that five witnesses cosign")
    chosen = parser.parse_args()
    machine = f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}"
    print(f"{machine}, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="salus-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        settings = Settings(data=folder / "data", postgres=os.environ.get("SALUS_POSTGRES", "wheel"))
        with open_store(settings) as store:
            store.migrate(SCHEMAS)
            measure(store, folder, chosen.leaves, chosen.batches)
            cosign(store, folder, chosen.cosigned)


if __name__ == "__main__":
    main()

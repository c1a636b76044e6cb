"""Speed of the public log: leaves handed over, closed into batches and published with fsync, against bare file writes.

    .venv/bin/python bench/append.py [--leaves 20000] [--batches 5]

The floor writes the very bytes of the published files, one file each, with fsync and without any of our code, in the
same run and interleaved batch by batch. CPU is this process's and its children's; PostgreSQL's own is not in it.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from salus.app import SCHEMAS
from salus.kernel import SystemClock
from salus.keys import Ed25519Signer
from salus.ledger import Leaf, Sequencer, anchor_leaf, append, begin, node_leaf, verify_directory
from salus.storage import Duty, Settings, Store, open_store


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
    handing, sequencing, publishing, floor = list[Took](), list[Took](), list[Took](), list[Took]()
    for _ in range(batches):
        leaves = [anchor_leaf("register", size, rng.randbytes(32)) for size in range(1, per_batch + 1)]
        handing.append(timed(partial(hand_over, store, leaves)))
        sequencing.append(timed(sequencer.sequence))
        publishing.append(timed(sequencer.publish))
        contents = written_since(folder / "log", known)
        floor.append(timed(partial(write_bare, folder / "bare", contents)))
    closing = [Took(wall=a.wall + b.wall, cpu=a.cpu + b.cpu) for a, b in zip(sequencing, publishing, strict=True)]
    print(f"{batches} batches of {per_batch:,} leaves; median, least to most of the batches\n")
    line("hand over, one transaction", per_batch, handing)
    line("sequence: judge, hash, sign, commit", per_batch, sequencing)
    line("publish: files with fsync", per_batch, publishing)
    whole = line("sequence and publish", per_batch, closing)
    bare = line("floor: the same bytes, bare files", per_batch, floor)
    print(f"\nsequence and publish run at {whole / bare:.2f} of the floor")
    check = timed(lambda: verify_directory(folder / "log", sequencer.key))
    print(f"verify from files: {(1 + per_batch * batches) / check.wall:,.0f} leaves/s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leaves", type=int, default=20_000, help="leaves in a batch")
    parser.add_argument("--batches", type=int, default=5)
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


if __name__ == "__main__":
    main()

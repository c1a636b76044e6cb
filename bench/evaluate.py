"""Evaluate a population: everybody's evidence through `decide`, each restriction a leaf of a real log, with fsync.

    .venv/bin/python bench/evaluate.py [--residents 1000000] [--workers 2]

Two processes decide and write leaves, each with its opening, blind, commitment and tag; this process hands them to the
log's database and closes and publishes batches, as a node does. Half of the residents have one result, a quarter two,
a quarter none; one result in twenty is positive. Nobody's evidence is read from a store, so that is not in the figure;
nor are proofs and notices. The floor decides nothing: it makes the same evidence and looks once at each result. The log
stands beside the bare writing of its very files.
"""

from __future__ import annotations

import argparse
import base64
import multiprocessing
import os
import platform
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

sys.path.insert(0, str(Path(__file__).resolve().parent))

from append import write_bare, written_since
from salus.app import SCHEMAS
from salus.kernel import SystemClock, format_instant
from salus.keys import Ed25519Signer
from salus.ledger import Leaf, Sequencer, append, begin, node_leaf, verify_directory
from salus.rules import (
    Emergency,
    Evidence,
    EvidenceKind,
    Measure,
    Result,
    Rules,
    commitment_of,
    decide,
    reuse_tag,
    shipped_table,
    table_of,
)
from salus.storage import Duty, Settings, Store, open_store

AT = datetime(2031, 3, 1, 8, tzinfo=UTC)
DISEASE = "covid-19"
DIGEST = base64.b64encode(bytes(32)).decode()
CHUNK = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What one process made of its share of the residents."""

    bodies: list[dict[str, str]]
    residents: int
    cpu: float


def rules() -> Rules:
    starts, ends = AT - timedelta(days=20), AT + timedelta(days=20)
    emergency = Emergency(disease=DISEASE, starts=starts, ends=ends)
    return Rules(table=table_of(shipped_table(DISEASE)), starts=starts, ends=ends, emergency=emergency)


def evidence(rng: Random) -> list[Evidence]:
    """Make the evidence of one resident."""
    found = []
    for _ in range(rng.choice((0, 1, 1, 2))):
        taken = AT - timedelta(minutes=rng.randrange(6 * 24 * 60))
        positive = rng.random() < 0.05
        found.append(
            Evidence(
                name=base64.b64encode(rng.randbytes(32)).decode(),
                disease=DISEASE,
                kind=EvidenceKind.NUCLEIC_ACID,
                result=Result.POSITIVE if positive else Result.NEGATIVE,
                taken=taken,
                reported=min(AT, taken + timedelta(hours=8)),
            )
        )
    return found


def body(given: list[Evidence], table: Rules, rng: Random) -> dict[str, str] | None:
    """Return what the leaf of a restriction says, as a node writes it; None where the rules ask for nothing."""
    found = decide(given, table, AT)
    if found.measure is Measure.NONE or found.starts is None or found.ends is None:
        return None
    blind, result = base64.b64encode(rng.randbytes(32)).decode(), found.evidence[0]
    opening = {
        "decision": {
            "at": format_instant(AT),
            "blind": base64.b64encode(os.urandom(32)).decode(),
            "clause": found.clause,
            "emergency": DIGEST,
            "ends": format_instant(found.ends),
            "evidence": [result],
            "gives": str(found.measure),
            "rules": DIGEST,
            "starts": format_instant(found.starts),
            "subject": DIGEST,
        }
    }
    return {"rules": DIGEST, "commitment": commitment_of(opening), "tag": reuse_tag(result, blind)}


def evaluate(share: tuple[int, int]) -> Done:
    """Evaluate some residents, named by a seed."""
    seed, residents = share
    rng, table, began = Random(seed), rules(), time.process_time()
    found = [one for _ in range(residents) if (one := body(evidence(rng), table, rng))]
    return Done(bodies=found, residents=residents, cpu=time.process_time() - began)


def look(share: tuple[int, int]) -> float:
    """The floor: make the same evidence, and look once at each result."""
    seed, residents = share
    rng, began, found = Random(seed), time.process_time(), 0
    for _ in range(residents):
        found += any(one.result is Result.POSITIVE for one in evidence(rng))
    return time.process_time() - began


def hand_over(store: Store, bodies: list[dict[str, str]]) -> None:
    with store.transaction(Duty.RELAY) as tx:
        for one in bodies:
            append(tx, Leaf(kind="decision", body=one))


def measure(store: Store, folder: Path, residents: int, workers: int) -> None:
    key = Ed25519Signer("bench.example/log", Ed25519PrivateKey.generate())
    sequencer = Sequencer(store, key, folder / "log", SystemClock(), Random(1))
    begin(store, node_leaf("demo", "bench"))
    sequencer.close_batch()
    known = set[Path]()
    written_since(folder / "log", known)
    shares = [(seed, min(CHUNK, residents - start)) for seed, start in enumerate(range(0, residents, CHUNK))]
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        pool.map(look, [(0, 10)] * workers)  # so that starting is not in the figure
        began, mine, theirs, restricted = time.perf_counter(), time.process_time(), 0.0, 0
        for done in pool.imap_unordered(evaluate, shares):
            hand_over(store, done.bodies)
            theirs, restricted = theirs + done.cpu, restricted + len(done.bodies)
        decided = time.perf_counter()
        sequencer.close_batch()
        ended, mine = time.perf_counter(), time.process_time() - mine
        floor = sum(pool.imap_unordered(look, shares))
    contents = written_since(folder / "log", known)
    (folder / "bare").mkdir()
    wrote = time.perf_counter()
    write_bare(folder / "bare", contents)
    wrote = time.perf_counter() - wrote
    verify_directory(folder / "log", sequencer.key)
    print(f"{residents:,} residents, {restricted:,} restricted, each a leaf; the log was verified from its files\n")
    print(f"wall, from the first to the last    {ended - began:>8.1f} s; closing the log {ended - decided:.1f} s of it")
    print(f"CPU of the {workers} that decide           {theirs:>8.1f} s; {1e6 * theirs / residents:.1f} us each")
    print(f"CPU of handing over and closing     {mine:>8.1f} s; PostgreSQL's own is not in it")
    print(f"floor: the same evidence, looked at {floor:>8.1f} s CPU; deciding takes {theirs / floor:.2f} of it")
    print(f"floor: the log's bytes, bare files  {wrote:>8.2f} s wall, with fsync")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--residents", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=2)
    chosen = parser.parse_args()
    machine = f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}"
    print(f"{machine}, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="salus-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        settings = Settings(data=folder / "data", postgres=os.environ.get("SALUS_POSTGRES", "wheel"))
        with open_store(settings) as store:
            store.migrate(SCHEMAS)
            measure(store, folder, chosen.residents, chosen.workers)


if __name__ == "__main__":
    main()

"""Cost of a proof at 10^12 entries: its size as text and in few bytes, and its check, cold, against bare signatures.

    .venv/bin/python bench/proof.py [--size 1000000000000] [--witnesses 3] [--rounds 300]

Of the log only the tiles on the path exist; the rest is drawn from its place. The floor checks the same number of
Ed25519 signatures over the same messages and does nothing else, interleaved round by round in the same run. Cold means
that nothing was remembered of an earlier check: the proof is read from its bytes and every signature is verified.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from deep_logs import DeepLog
from salus.proof import LeafProof, Note, pack, unpack
from salus.proof.trust import _opened
from witness_keys import LOG, WITNESSES, cosigned, trust_in

NOON = datetime(2031, 3, 1, 12, tzinfo=UTC)
ENTRY = b'{"decision":{"commitment":"' + b"A" * 43 + b'=","rules":"' + b"A" * 43 + b'=","tag":"' + b"A" * 43 + b'="}}'


def bare(proof: LeafProof) -> Callable[[], None]:
    """Check the signatures of a proof's checkpoint and nothing else."""
    note = Note.parse(proof.checkpoint)
    keys = {one.name: one.public_key for one in (LOG, *WITNESSES)}
    asked = []
    for line in note.signatures:
        message = note.text
        if len(line.value) > 64:
            message = f"cosignature/v1\ntime {int.from_bytes(line.value[:8])}\n{note.text}"
        asked.append((keys[line.name], line.value[-64:], message.encode()))

    def check() -> None:
        for key, signature, message in asked:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, message)

    return check


def timed(action: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    action()
    return time.perf_counter() - wall, time.process_time() - cpu


def line(what: str, took: list[tuple[float, float]]) -> float:
    walls, cpus = sorted(wall for wall, _ in took), sorted(cpu for _, cpu in took)
    p99 = walls[int(len(walls) * 0.99)]
    print(f"{what:<38}{walls[len(walls) // 2] * 1e3:>8.3f} ms   p99 {p99 * 1e3:>8.3f} ms", end="")
    print(f"   CPU {statistics.median(cpus) * 1e3:>7.3f} ms")
    return statistics.median(cpus)


def measure(size: int, witnesses: int, rounds: int) -> None:
    began = time.perf_counter()
    deep = DeepLog(size, size * 7 // 9, ENTRY)
    made = time.perf_counter() - began
    text = cosigned(size, deep.root, dict.fromkeys(range(witnesses), NOON))
    trust = trust_in(witnesses)
    proof = LeafProof(index=deep.index, hashes=deep.proof, checkpoint=text)
    written, packed = str(proof), pack(proof, trust)
    print(f"{size:,} entries: {len(proof.hashes)} hashes (wanted at most 40), from {deep.tiles} tiles in {made:.3f} s")
    print(f"as text {len(written.encode()):,} B; compact {len(packed):,} B with {witnesses} witnesses", end="")
    print(" (wanted at most 1,700 B with 3)\n")
    floor, checked, compact, warm = [], [], [], []
    signatures = bare(proof)
    for _ in range(rounds):
        floor.append(timed(signatures))
        _opened.cache_clear()
        checked.append(timed(lambda: LeafProof.parse(written).check(ENTRY, trust)))
        _opened.cache_clear()
        compact.append(timed(lambda: unpack(packed, trust).check(ENTRY, trust)))
        warm.append(timed(lambda: proof.check(ENTRY, trust)))
    base = line(f"floor: {1 + witnesses} bare Ed25519 checks", floor)
    cold = line("read and check the text, cold", checked)
    few = line("read and check the compact form, cold", compact)
    line("check again, the head known", warm)
    print(f"\ncold checks take {cold / base:.2f} and {few / base:.2f} times the floor's CPU (wanted at most 1 ms)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=10**12)
    parser.add_argument("--witnesses", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=300)
    chosen = parser.parse_args()
    machine = f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}"
    print(f"{machine}, load {os.getloadavg()[0]:.1f}")
    measure(chosen.size, chosen.witnesses, chosen.rounds)


if __name__ == "__main__":
    main()

"""Audit a synthetic log of many decisions from its files: how long, how much of a processor, against bare signatures.

Each decision comes with a specimen and a result, each signed by one of some sites and laboratories; batches are of an
hour. Wanted: a million decisions within 5 minutes on two cores. `--decisions` says how many; nothing is extrapolated.
The floor is the same number of bare Ed25519 checks in as many processes.
"""

from __future__ import annotations

import argparse
import base64
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
sys.path.insert(0, str(Path(__file__).parent))

from audited import witness_leaf
from measures import DAY, DECLARED, DISEASE, HOUR, Key, World
from salus.cli.actors import Party, emergency_document, rules_document, signatures_of
from salus.kernel import canonical
from salus.proof import VerifierKey, WitnessKey, cosign, leaf_hash, sign_checkpoint
from salus.proof.note import Note
from salus.proof.tiles import TileName, grow, join_entries
from salus.proof.tree import Frontier
from salus_audit import Asked, Place, audit
from salus_audit.signing import LOG, WITNESS, NamedKey

WANTED_SECONDS, WANTED_DECISIONS = 300.0, 1_000_000
PARTIES = 40
BATCH = 4_000
"""How many decisions an hour brings."""
STRETCH = 500


def main() -> None:
    """Write a log, audit it, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--decisions", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        key, witnesses, now, size = write(Path(folder), given.decisions, given.workers)
        print(f"log: {given.decisions:,} decisions, {size:,} entries, written in {time.perf_counter() - began:.0f} s")
        wall, cpu = time.perf_counter(), seconds()
        asked = Asked(place=Place.of(folder), now=now, key=key, witnesses=witnesses, workers=given.workers)
        found = audit(asked)
        wall, cpu = time.perf_counter() - wall, seconds() - cpu
        told = [one.as_json() for one in found.findings.told[:3]]
    if not found.good or (found.log and found.log.total("decision") != given.decisions):
        raise SystemExit(f"an honest log was not found clean: {told}")
    floor_wall, floor_cpu = floor(2 * given.decisions, given.workers)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"audit, {given.workers} processes: {wall:.1f} s, {cpu:.1f} CPU-s, {given.decisions / wall:,.0f} decisions/s")
    print(f"memory of the process that judges, at most: {peak:,.0f} MiB (the log was written by it, too)")
    print(f"floor, {2 * given.decisions:,} bare Ed25519 checks: {floor_wall:.1f} s, {floor_cpu:.1f} CPU-s")
    print(f"ratio to the floor: {wall / floor_wall:.2f} by the wall, {cpu / floor_cpu:.2f} by CPU time")
    if given.decisions >= WANTED_DECISIONS:
        print(f"wanted: {WANTED_SECONDS:.0f} s; {'kept' if wall <= WANTED_SECONDS else 'MISSED'}")
    else:
        print(f"wanted: {WANTED_SECONDS:.0f} s for {WANTED_DECISIONS:,} decisions; not measured at this size")


def seconds() -> float:
    """CPU time of this process and of those that it waited for."""
    mine, theirs = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return mine.ru_utime + mine.ru_stime + theirs.ru_utime + theirs.ru_stime


def write(folder: Path, decisions: int, workers: int) -> tuple[NamedKey, list[NamedKey], int, int]:
    """Write the files of an honest log; return whom to believe, the present, and its size."""
    world = World()
    parties = [Party.new(f"S{one}", f"sampling-{one}", "sampling-site") for one in range(PARTIES)]
    parties += [Party.new(f"L{one}", f"laboratory-{one}", "laboratory") for one in range(PARTIES)]
    starts = DECLARED + 3 * DAY
    documents = [
        emergency_document(DISEASE, starts, starts + 30 * DAY, en="An outbreak.", zh="疫情。"),
        rules_document(DISEASE, starts, starts + 90 * DAY),
    ]
    first = [canonical({"node": {"kind": "production", "name": "bench-node"}})]
    for witness, body in zip(world.log.witnesses, ("court", "press", "university"), strict=True):
        first.append(canonical({"party-key": witness_leaf(witness, body)}))
    first += [canonical({"party-key": one.key_leaf}) for one in (*parties, *world.signers)]
    published = [canonical({"publication": one.leaf(signatures_of(one, world.signers[:5]))}) for one in documents]
    (folder / "published").mkdir()
    for one in documents:
        (folder / "published" / f"{sha256(one.encoded).hexdigest()}.json").write_bytes(one.encoded)
    files = Files(folder, world.log.key, world.log.witnesses)
    files.batch(first, DECLARED.timestamp() - 3600)
    files.batch(published, DECLARED.timestamp())
    at = (starts + HOUR).timestamp()
    rules = documents[1].digest
    before: list[bytes] = []
    for evidence, decided in batches(parties, rules, decisions, workers):
        files.batch([*evidence, *before], at)  # decisions come a batch after what they rest on
        before, at = decided, at + 3600
    files.batch(before, at)
    files.finish()
    keys = [NamedKey.read(str(VerifierKey.of(world.log.key)), LOG)]
    keys += [NamedKey.read(str(WitnessKey.of(one)), WITNESS) for one in world.log.witnesses]
    return keys[0], keys[1:], int(at + 60), files.size


def batches(
    parties: list[Party], rules: str, decisions: int, workers: int
) -> Iterator[tuple[list[bytes], list[bytes]]]:
    """Yield the evidence and the decisions of an hour, signed by several processes."""
    secrets = [(one.name, one.duty, one.private.private_bytes_raw()) for one in parties]
    with ProcessPoolExecutor(workers) as pool:
        for begin in range(0, decisions, BATCH):
            end = min(begin + BATCH, decisions)
            parts = [(secrets, rules, one, min(one + STRETCH, end)) for one in range(begin, end, STRETCH)]
            evidence: list[bytes] = []
            decided: list[bytes] = []
            for some, more in pool.map(made, parts):
                evidence += some
                decided += more
            yield evidence, decided


def made(part: tuple[list[tuple[str, str, bytes]], str, int, int]) -> tuple[list[bytes], list[bytes]]:
    """Make the leaves of some decisions."""
    secrets, rules, begin, end = part
    keys = [(name, duty, Ed25519PrivateKey.from_private_bytes(raw)) for name, duty, raw in secrets]
    evidence, decided = [], []
    for number in range(begin, end):
        for kind, (name, _, key) in (
            ("specimen", keys[number % PARTIES]),
            ("result", keys[PARTIES + number % PARTIES]),
        ):
            commitment = hashed(f"{kind} {number}")
            message = canonical({kind: {"commitment": commitment, "party": name}})
            signature = base64.b64encode(key.sign(message)).decode()
            evidence.append(message[:-2] + b',"signature":"' + signature.encode() + b'"}}')
        body = {"commitment": hashed(f"decision {number}"), "rules": rules, "tag": hashed(f"tag {number}")}
        decided.append(canonical({"decision": body}))
    return evidence, decided


def hashed(text: str) -> str:
    """32 bytes that mean nothing, in base64."""
    return base64.b64encode(sha256(text.encode()).digest()).decode()


class Files:
    """A log's files, written batch by batch, without a database."""

    def __init__(self, folder: Path, key: Key, witnesses: list[Key]) -> None:
        self.size = 0
        self._folder, self._key, self._witnesses = folder, key, witnesses
        self._frontier = Frontier()
        self._edge: dict[int, bytes] = {}
        self._rest: list[bytes] = []
        self._notes: list[bytes] = []

    def batch(self, entries: list[bytes], at: float) -> None:
        """Add entries and a head that all witnesses cosigned at an instant."""
        hashes = [leaf_hash(one) for one in entries]
        for one in hashes:
            self._frontier.append(one)
        tiles = grow(self.size, self._edge, hashes)
        start = self.size - len(self._rest)
        waiting = self._rest + entries
        self.size += len(entries)
        for name, content in tiles.items():
            if name.width == 256 or name.level is None:
                self._put(name.path, content)
            if name.level == 0 and name.width == 256:
                bundle = TileName(level=None, index=name.index)
                self._put(bundle.path, join_entries(waiting[name.first - start : name.first - start + 256]))
        self._rest = waiting[len(waiting) - self.size % 256 :] if self.size % 256 else []
        for level in [one for one in self._edge if not (self.size >> 8 * one) % 256]:
            del self._edge[level]
        for name, content in tiles.items():
            if name.level is not None and (self.size >> 8 * name.level) % 256 == name.width % 256 != 0:
                self._edge[name.level] = content
        self._head(at)

    def _head(self, at: float) -> None:
        head = sign_checkpoint(self.size, self._frontier.root(), self._key)
        note = Note.parse(head.note)
        moment = DECLARED + (HOUR * ((at - DECLARED.timestamp()) / 3600))
        lines = tuple(cosign(note.text, moment, one) for one in self._witnesses)
        self._notes.append(str(Note(text=note.text, signatures=(*note.signatures, *lines))).encode())

    def finish(self) -> None:
        """Write the partial files, the heads and the checkpoint."""
        for level, content in self._edge.items():
            index, width = divmod(self.size >> 8 * level, 256)
            self._put(TileName(level=level, index=index, width=width).path, content)
        if self._rest:
            bundle = TileName(level=None, index=self.size // 256, width=len(self._rest))
            self._put(bundle.path, join_entries(self._rest))
        for number in range(0, len(self._notes), 256):
            self._put(f"heads/{number // 256:03d}", join_entries(self._notes[number : number + 256]))
        self._put("checkpoint", self._notes[-1])
        self._put("vkey", f"{VerifierKey.of(self._key)}\n".encode())

    def _put(self, path: str, content: bytes) -> None:
        (self._folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self._folder / path).write_bytes(content)


def floor(count: int, workers: int) -> tuple[float, float]:
    """Check so many bare signatures in as many processes."""
    wall, cpu = time.perf_counter(), seconds()
    with ProcessPoolExecutor(workers) as pool:
        list(pool.map(bare, [count // workers] * workers))
    return time.perf_counter() - wall, seconds() - cpu


def bare(count: int) -> None:
    """Check one signature over and over."""
    private = Ed25519PrivateKey.generate()
    public = Ed25519PublicKey.from_public_bytes(private.public_key().public_bytes_raw())
    message = b"m" * 110
    signature = private.sign(message)
    for _ in range(count):
        public.verify(signature, message)


if __name__ == "__main__":
    main()

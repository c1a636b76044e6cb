"""Speed of judging certificates at a door: text to verdict, against the bare check of its ECDSA signature.

    .venv/bin/python bench/verify.py [--codes 4000] [--rounds 5]

One core. The floor is `cryptography`'s P-256 verification over the very same octets, in the same run and interleaved
round by round; so is the reading of the text alone. Rates are by CPU time of this process, so that a busy machine
counts less; wall time stands beside them.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from doors import AT, Door
from salus.codec.certificates import Outcome, decode_certificate, verify
from salus.rules import Venue

ES256 = ECDSA(hashes.SHA256())


def timed(action: Callable[[], object]) -> tuple[float, float]:
    """Return wall and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    action()
    return time.perf_counter() - wall, time.process_time() - cpu


def line(what: str, count: int, took: list[tuple[float, float]]) -> float:
    rates = sorted(count / cpu for _, cpu in took)
    median = statistics.median(rates)
    wall = statistics.median(count / one for one, _ in took)
    spread = f"{rates[0]:>9,.0f} to {rates[-1]:>9,.0f}"
    print(f"{what:<34}{median:>10,.0f}/s  {spread}  {1e6 / median:>7.1f} us CPU  {wall:>9,.0f}/s wall")
    return median


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--codes", type=int, default=4_000)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    machine = f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}"
    print(f"{machine}, load {os.getloadavg()[0]:.1f}")
    door = Door()
    trust, key = door.read(), door.issuer.public_key()
    texts = [door.text(index=1000 + number) for number in range(chosen.codes)]
    presented = [decode_certificate(text) for text in texts]
    raw = [
        (encode_dss_signature(int.from_bytes(one.signature[:32]), int.from_bytes(one.signature[32:])), one.signed)
        for one in presented
    ]

    def whole() -> None:
        for text in texts:
            assert verify(text, trust, AT, Venue.CARE_HOME).outcome is Outcome.GOOD

    def reading() -> None:
        for text in texts:
            decode_certificate(text)

    def bare() -> None:
        for signature, octets in raw:
            key.verify(signature, octets, ES256)

    rounds = [(timed(whole), timed(reading), timed(bare)) for _ in range(chosen.rounds)]
    print(f"{chosen.rounds} rounds of {chosen.codes:,} codes; median, least to most of the rounds\n")
    rate = line("text to verdict", chosen.codes, [one for one, _, _ in rounds])
    line("reading the text alone", chosen.codes, [one for _, one, _ in rounds])
    floor = line("floor: the bare signature check", chosen.codes, [one for _, _, one in rounds])
    print(f"\ntext to verdict runs at {rate / floor:.2f} of the floor")


if __name__ == "__main__":
    main()

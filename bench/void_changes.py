"""Size and speed of a day's change of void lists, against whole lists, zlib and the entropy of the places.

    .venv/bin/python bench/void_changes.py [--lists 10] [--share 100] [--new 5000] [--rounds 5]

Lists of 2**20 places, one in `--share` void, `--new` more a day later. Peers of the same run: the lists whole, as Token
Status List packs them, and the new bits alone packed by the same zlib. The floor is the entropy of as many places.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from changing import ISSUER, change
from doors import AT, PARTY
from salus.codec import key_id, signer
from salus.codec.certificates import (
    LIST_SIZE,
    TRUST_LASTS,
    read_change,
    read_status_list,
    subject_of,
    write_status_list,
)
from salus.codec.certificates.status import pack_bits

Found = TypeVar("Found")
Places = list[tuple[int, int]]


def timed(what: str, rounds: int, action: Callable[[], Found]) -> Found:
    """Say how many milliseconds of wall and CPU it took, in the median, and return what came out."""
    found, took = action(), []
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        action()
        took.append((time.process_time() - cpu, time.perf_counter() - wall))
    cpu, wall = (1000 * statistics.median(column) for column in zip(*took, strict=True))
    print(f"{what:<44}{cpu:>9,.1f} ms CPU {wall:>9,.1f} ms wall")
    return found


def drawn(lists: int, share: int, new: int) -> tuple[Places, Places]:
    """Void places of the day before, and of the day."""
    drawn_ = random.Random(6).sample(range(lists * LIST_SIZE), lists * LIST_SIZE // share + new)
    after = [(place // LIST_SIZE + 1, place % LIST_SIZE) for place in drawn_]
    return after[:-new], after


def of_list(places: Places, number: int) -> list[int]:
    return [index for of, index in places if of == number]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, usual in (("lists", 10), ("share", 100), ("new", 5000), ("rounds", 5)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    chosen = parser.parse_args()
    machine = f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}"
    print(f"{machine}, load {os.getloadavg()[0]:.1f}")
    before, after = drawn(chosen.lists, chosen.share, chosen.new)
    kid, sign, keys = key_id(ISSUER.public_key()), signer(ISSUER), {key_id(ISSUER.public_key()): ISSUER.public_key()}
    numbers = range(1, chosen.lists + 1)

    def whole(places: Places) -> list[bytes]:
        return [
            write_status_list(
                subject_of(PARTY, one), of_list(places, one), kid, sign, issued=AT, expires=AT + TRUST_LASTS
            )
            for one in numbers
        ]

    first = {(PARTY, one): read_status_list(token, keys) for one, token in zip(numbers, whole(before), strict=True)}
    tokens = timed("write the lists whole", chosen.rounds, lambda: whole(after))
    timed("read the lists whole", chosen.rounds, lambda: [read_status_list(one, keys) for one in tokens])
    token = timed("write the change", chosen.rounds, lambda: change(before, after, lists=chosen.lists))
    timed("read the change and apply it", chosen.rounds, lambda: read_change(token, keys).applied(first))
    new = after[len(before) :]
    zlib = sum(len(pack_bits(of_list(new, one))) for one in numbers)
    share = len(new) / (chosen.lists * LIST_SIZE - len(before))
    entropy = len(new) / share * (-share * math.log2(share) - (1 - share) * math.log2(1 - share)) / 8
    size = sum(map(len, tokens))
    for what, octets in (
        ("lists, whole and signed", size),
        ("new bits by zlib", zlib),
        ("the change, signed", len(token)),
    ):
        print(f"{what:<44}{octets:>9,} octets, {octets / entropy:>6.2f} of the entropy of the new places")
    print(f"{'entropy of the new places':<44}{entropy:>9,.0f} octets")


if __name__ == "__main__":
    main()

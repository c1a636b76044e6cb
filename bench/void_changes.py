"""Size and speed of a day's change of void lists, against whole lists, zlib and the entropy of the places.

    .venv/bin/python bench/void_changes.py [--lists 10] [--share 100] [--new 5000] [--rounds 5] [--without-node]

Lists of 2**20 places, one in `--share` void, `--new` more a day later. Peers of the same run: the lists whole, as Token
Status List packs them, and the new bits alone packed by the same zlib. The floor is the entropy of as many places.

Then a node has these voids, an eighth of the new ones on each of eight days, and is asked in a loop: the CPU time of a
request in the node and in PostgreSQL where a certificate is voided before each eight of them, where none is, where all
eight changes are made anew each time, and of the smallest statement, which is the floor.
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
from datetime import UTC, datetime, timedelta
from datetime import time as time_
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from changing import ISSUER, change
from doors import AT, PARTY
from instruments.measure import cpu
from nodes import a_node
from salus.app import Node
from salus.app.doors import void_change
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
from salus.healthcode import certificates
from salus.storage import Duty

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
    parser.add_argument("--without-node", action="store_true")
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
    tell_sizes(size, zlib, len(token), entropy)
    if not chosen.without_node:
        ask_a_node(before, new, chosen.rounds)


def tell_sizes(size: int, zlib: int, change_: int, entropy: float) -> None:
    for what, octets in (
        ("lists, whole and signed", size),
        ("new bits by zlib", zlib),
        ("the change, signed", change_),
    ):
        print(f"{what:<44}{octets:>9,} octets, {octets / entropy:>6.2f} of the entropy of the new places")
    print(f"{'entropy of the new places':<44}{entropy:>9,.0f} octets")


def ask_a_node(before: Places, new: Places, rounds: int) -> None:
    """Ask a node with these voids for the changes of eight days, and say what a request costs."""
    with TemporaryDirectory() as folder, a_node(Path(folder), "H1") as node:
        today = node.clock.now().astimezone(UTC).date()
        days = [today - age * timedelta(days=1) for age in range(8)]
        began = datetime.combine(today, time_(), UTC)
        fill(node, [(*place, began - timedelta(days=30)) for place in before])
        fill(node, [(*place, began - place_ % 8 * timedelta(days=1)) for place_, place in enumerate(new)])
        taken = set(before) | set(new)
        unused = (place for index in range(LIST_SIZE) if (place := (1, index)) not in taken)

        def void() -> None:
            fill(node, [(*next(unused), node.clock.now())])

        def all_days() -> None:
            for day in days:
                assert void_change(node, day)

        def anew() -> None:
            with node.store.transaction(Duty.CARE) as tx:
                for day in days:
                    assert certificates.void_change(tx, node.custodian, node.name, day, node.clock.now())

        def ping() -> None:
            for _ in days:
                node.ping()

        all_days()
        floor = asked(node, "floor: the smallest statement", rounds, ping)
        for what, first, action in (
            ("asked where one was voided before each eight", void, all_days),
            ("asked where none was voided", None, all_days),
            ("all eight made anew for each eight", None, anew),
        ):
            cost = asked(node, what, rounds, action, first)
            print(f"{'':<46}{cost / floor:>9,.0f} times the floor")


def asked(
    node: Node, what: str, rounds: int, action: Callable[[], object], first: Callable[[], None] | None = None
) -> float:
    """Say how much CPU one of eight requests took in the node and in PostgreSQL; return both in milliseconds."""
    postmaster = node.store.cluster.postmaster() if node.store.cluster else None
    assert postmaster is not None
    repeated = rounds if what.startswith("all eight") else 20 * rounds
    before, wall = cpu(os.getpid(), postmaster), time.perf_counter()
    for _ in range(repeated):
        if first:
            first()
        action()
    took, wall = cpu(os.getpid(), postmaster) - before, time.perf_counter() - wall
    each = 1000 / (8 * repeated)
    server, database = each * took.server, each * took.database
    print(f"{what:<46}{server:>9,.2f} ms CPU, {database:,.2f} ms of PostgreSQL, {each * wall:,.2f} ms wall")
    return server + database


def fill(node: Node, rows: list[tuple[int, int, datetime]]) -> None:
    with node.store.transaction(Duty.MIGRATION) as tx:
        tx.run(
            "insert into healthcode.voided select number, index, 'asked', at"
            " from unnest(%s::int[], %s::int[], %s::timestamptz[]) as x (number, index, at)",
            tuple(map(list, zip(*rows, strict=True))),
        )


if __name__ == "__main__":
    main()

"""What a node asks of its log each minute to know that no grace was put off, against reading all that could show it.

    .venv/bin/python bench/forward.py [--custodians 20] [--years 10] [--rounds 5]

The peer of the same run is what was done before: each leaf that could show an upgrade parsed, and each head read.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from salus import ledger
from salus.app.grace import SINCE, Forward
from salus.app.schemas import SCHEMAS
from salus.storage import Duty, Settings, Store, open_store

LEAVES = """
insert into ledger.leaf select n, gen_random_uuid(), convert_to(format(
    '{"unwraps":{"custodian":"H%%s","day":"%%s","declared":1,"entries":1,"unwraps":1}}',
    n %% %(each)s, date '2027-01-01' + (n / %(each)s)::int), 'UTF8') from generate_series(0, %(last)s) n
"""
HEADS = """
insert into ledger.checkpoint select n, decode(repeat('00', 32), 'hex'), 'x', now()
    from generate_series(1, %s) n
"""
standing = import_module("salus.app.grace.standing")


def timed(what: str, rounds: int, action: Callable[[], object]) -> float:
    """Say how many milliseconds of wall and of this process's CPU it took, in the median; return the wall's."""
    took = []
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        action()
        took.append((time.process_time() - cpu, time.perf_counter() - wall))
    cpu, waited = (1000.0 * statistics.median(column) for column in zip(*took, strict=True))
    print(f"{what:<44}{cpu:>9,.1f} ms CPU {waited:>9,.1f} ms wall")
    return float(waited)


def before(store: Store) -> None:
    """Read all of it, as was done each minute."""
    for kind in (*SINCE, "publication"):
        ledger.leaves(store, kind)
    ledger.checkpoints(store)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, usual in (("custodians", 20), ("years", 10), ("rounds", 5)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    chosen = parser.parse_args()
    machine = f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}"
    print(f"{machine}, load {os.getloadavg()[0]:.1f}")
    days = 365 * chosen.years
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        with open_store(Settings(data=Path(folder) / "data")) as store:
            store.migrate(SCHEMAS)
            with store.connect(Duty.MIGRATION) as owner:
                owner.execute(LEAVES.encode(), {"each": chosen.custodians, "last": days * chosen.custodians - 1})
                owner.execute(HEADS.encode(), (24 * days,))
                owner.execute("analyze ledger.leaf, ledger.checkpoint")
            print(f"{days * chosen.custodians:,} counts of unwraps, {24 * days:,} heads")
            remembered, last = Forward(), days * chosen.custodians - 1
            peer = timed("all of it read, as before", chosen.rounds, lambda: before(store))
            first = timed("first asked", chosen.rounds, lambda: standing._late(store, last, Forward()))
            standing._late(store, last, remembered)
            again = timed("asked again", chosen.rounds, lambda: standing._late(store, last, remembered))
            floor = timed("floor: one transaction", chosen.rounds, lambda: ledger.latest(store))
            print(f"first asked {peer / first:,.0f} times as fast as before, {first / floor:.1f} times the floor")
            print(f"asked again {peer / again:,.0f} times as fast as before, {again / floor:.1f} times the floor")


if __name__ == "__main__":
    main()

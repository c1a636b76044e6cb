"""What one read costs in the register: `python bench/register.py [ROUNDS]`.

CPU-microseconds for each entry, this process and its PostgreSQL backend apart, at several group sizes: register and
commit, and chain. The floor is a bare insert and commit of as many rows of two numbers, in the same run and in turn.
The sizes take turns; the median round is told with the fastest and the slowest.
"""

from __future__ import annotations

import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from salus.access import Read, chain, register
from salus.app import SCHEMAS
from salus.kernel import Purpose, Role
from salus.storage import Duty, Settings, Store, open_store

GROUPS = (1, 8, 64)
ENTRIES = 2_048
AT = datetime(2031, 3, 1, 8, tzinfo=UTC)
Sample = tuple[float, float, float]


def main() -> None:
    """Print one line for each step and group size."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory(prefix="salus-bench-") as folder:
        Path(folder).chmod(0o711)
        with open_store(Settings(data=Path(folder) / "data", postgres="wheel")) as store:
            store.migrate(SCHEMAS)
            _floor_table(store)
            samples = _measure(store, rounds)
    print(f"{os.cpu_count()} cores, {ENTRIES} entries a round, {rounds} rounds, load {os.getloadavg()[0]:.1f}")
    print(f"{'step':10}{'group':>6}{'client CPU-us':>15}{'server CPU-us':>15}{'sum (min-max)':>24}{'wall us':>10}")
    for (step, group), found in samples.items():
        sums = [client + server for client, server, _ in found]
        client, server, wall = (statistics.median(column) for column in zip(*found, strict=True))
        spread = f"{statistics.median(sums):.1f} ({min(sums):.1f}-{max(sums):.1f})"
        print(f"{step:10}{group:>6}{client:>15.1f}{server:>15.1f}{spread:>24}{wall:>10.1f}")


def _measure(store: Store, rounds: int) -> dict[tuple[str, int], list[Sample]]:
    samples: dict[tuple[str, int], list[Sample]] = {}
    for number in range(rounds + 1):
        for group in GROUPS:
            reads = [_read(serial) for serial in range(group)]
            batches = ENTRIES // group
            steps: list[tuple[str, Callable[[], None]]] = [
                ("floor", partial(_each, store, batches, partial(_bare, store, reads))),
                ("register", partial(_each, store, batches, partial(_register, store, reads))),
                ("chain", lambda: _chain(store)),
            ]
            for step, work in steps:
                sample = _cost(store, Duty.RELAY if step == "chain" else Duty.CARE, work)
                if number:  # the first round warms up
                    samples.setdefault((step, group), []).append(sample)
    return samples


def _cost(store: Store, duty: Duty, work: Callable[[], None]) -> Sample:
    """Return microseconds for each entry: this process's CPU, its backend's CPU, wall."""
    with store.transaction(duty) as tx:
        row = tx.row("select pg_backend_pid()")
    backend = int(row[0]) if row else 0
    server, client, wall = _backend_cpu(backend), _own_cpu(), time.perf_counter()
    work()
    spent = (_own_cpu() - client, _backend_cpu(backend) - server, time.perf_counter() - wall)
    return tuple(seconds * 1e6 / ENTRIES for seconds in spent)  # type: ignore[return-value]


def _own_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _backend_cpu(backend: int) -> float:
    return int(Path(f"/proc/{backend}/schedstat").read_text("ascii").split()[0]) / 1e9


def _each(store: Store, batches: int, work: Callable[[], None]) -> None:
    for _ in range(batches):
        work()


def _register(store: Store, reads: Sequence[Read]) -> None:
    with store.transaction(Duty.CARE) as tx:
        register(tx, reads)


def _chain(store: Store) -> None:
    while chain(store):
        pass


def _floor_table(store: Store) -> None:
    with store.connect(Duty.MIGRATION, "salus") as owner:
        owner.execute("create schema bench")
        owner.execute("create table bench.floor (a bigint, b bigint)")
        owner.execute("grant usage on schema bench to salus_care")
        owner.execute("grant insert on bench.floor to salus_care")


def _bare(store: Store, reads: Sequence[Read]) -> None:
    with store.transaction(Duty.CARE) as tx:
        tx.run("insert into bench.floor select n, n from generate_series(1, %s) n", (len(reads),))


def _read(serial: int) -> Read:
    return Read(
        reader_role=Role.CLINICIAN,
        reader=f"0b0f6f0e-8a52-4a4e-9d3c-{serial:012d}",
        facility="H1",
        resident_key=2**52 + serial * 7_919,
        chart_keys=(2**52 + serial,),
        what="Observation",
        count=1,
        action="read",
        purpose=Purpose.TREAT,
        ground="care-relation",
        unwraps=1,
        at=AT,
    )


if __name__ == "__main__":
    main()

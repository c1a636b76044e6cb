"""What counting and judging cost: `python bench/counts.py [COUNTIES] [ROUNDS]`.

Three steps over COUNTIES x 10 series (3,000 by default): ingest a day of figures (all new), judge that day by C2 from a
window of ten days, and compute C2 alone over such windows in memory. CPU-microseconds for each series, this process
and its PostgreSQL backend together. The floors are, in the same run and in turn: a bare COPY of as many rows with these
columns, and a bare mean and deviation of the same numbers by the standard library. The median round is told with the
fastest and the slowest.

A second table counts a day of records: 2,000 visits with three codes each, among 200,000 of other days.
"""

from __future__ import annotations

import os
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from salus.app import SCHEMAS
from salus.kernel import new_id
from salus.records import Wanted, counts
from salus.storage import Duty, Settings, Store, Transaction, open_store
from salus.surveillance import Figure, detect, ingest
from salus.surveillance.detectors.ears import c2

AT, FIRST = datetime(2031, 3, 1, 8, tzinfo=UTC), date(2031, 3, 1)
SERIES = (
    "ili", "sari", "diarrhoea", "rash-fever", "encephalitis", "haemorrhagic-fever", "covid-19", "influenza-positive",
    "sars-cov-2-positive", "cholera",
)  # fmt: skip
VISITS, HISTORY = 2_000, 200_000
Samples = dict[str, list[float]]
Work = Callable[[Transaction], object]


class Sealer:
    """Digests without a key; nothing is sealed here."""

    def digest(self, domain: str, value: bytes) -> bytes:
        return domain.encode() + value

    def seal(self, domain: str, plaintext: bytes, aad: bytes) -> bytes:
        return plaintext


def main() -> None:
    """Print one line for each step."""
    counties = int(sys.argv[1]) if len(sys.argv) > 1 else 3_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with tempfile.TemporaryDirectory(prefix="salus-bench-") as folder:
        Path(folder).chmod(0o711)
        with open_store(Settings(data=Path(folder) / "data", postgres="wheel")) as store:
            store.migrate(SCHEMAS)
            samples = _judging(store, counties, rounds)
            print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {counties} counties x {len(SERIES)} series")
            _told(samples, counties * len(SERIES), "series")
            sys.stdout.flush()
            print(f"\ncount one day of {VISITS:,} visits, {HISTORY:,} rows of other days")
            _told(_counting(store, rounds), VISITS, "visit")


def _told(samples: Samples, each: int, what: str) -> None:
    print(f"{'step':28}{f'CPU-us a {what} (min-max)':>34}{f'{what} a CPU-second':>24}")
    for step, found in samples.items():
        micro = [seconds * 1e6 / each for seconds in found]
        spread = f"{statistics.median(micro):.2f} ({min(micro):.2f}-{max(micro):.2f})"
        print(f"{step:28}{spread:>34}{1e6 / statistics.median(micro):>24,.0f}")


def _judging(store: Store, counties: int, rounds: int) -> Samples:
    dice = random.Random(2031)
    with store.connect(Duty.MIGRATION, "salus") as owner:
        owner.execute("create table surveillance.bare (like surveillance.figure including identity)")
        owner.execute("grant insert on surveillance.bare to salus_surveillance")
        owner.execute(
            "insert into surveillance.figure (source, series, county, day, at, count, denominator, reporting)"
            " select 'hospitals', s, '9' || lpad(c::text, 5, '0'), '2031-03-01'::date - d, now(), (random() * 7)::int,"
            " 200, 3 from generate_series(1, 9) d, generate_series(0, %s) c, unnest(%s::text[]) s",
            (counties - 1, list(SERIES[:-1])),
        )
        owner.execute("analyze")
    samples: Samples = {}
    for number in range(rounds):
        day = FIRST + timedelta(days=number)
        figures = [_figure(dice, f"9{county:05}", series, day) for county in range(counties) for series in SERIES]
        windows = [[dice.randrange(12) for _ in range(10)] for _ in figures]
        for step, work in _steps(figures, windows, day).items():
            samples.setdefault(step, []).append(_cost(store, Duty.SURVEILLANCE, work))
    return samples


def _steps(figures: list[Figure], windows: list[list[int]], day: date) -> dict[str, Work]:
    return {
        "floor: bare COPY": lambda tx: _copied(tx, figures),
        "ingest": lambda tx: ingest(tx, figures, AT),
        "detect (10 days of figures)": lambda tx: detect(tx, day, day, AT, new_id),
        "floor: fmean and stdev": lambda _: [_bare(one) for one in windows],
        "C2 alone": lambda _: [c2(one, 1.0) for one in windows],
    }


def _figure(dice: random.Random, county: str, series: str, day: date) -> Figure:
    count = dice.randrange(8) if series != "cholera" else 0
    return Figure(source="hospitals", series=series, county=county, day=day, count=count, denominator=200, reporting=3)


def _copied(tx: Transaction, figures: list[Figure]) -> None:
    columns = ("source", "series", "county", "day", "count", "denominator", "reporting", "at")
    rows = [(f.source, f.series, f.county, f.day, f.count, f.denominator, f.reporting, AT) for f in figures]
    tx.copy("surveillance.bare", columns, rows)


def _bare(window: list[int]) -> float:
    return statistics.fmean(window[:7]) + 3 * statistics.stdev(window[:7])


def _counting(store: Store, rounds: int) -> Samples:
    total = VISITS + HISTORY
    with store.connect(Duty.MIGRATION, "salus") as owner:
        owner.execute(
            f"insert into records.occurrence select n, '2031-03-01'::date + case when n <= {VISITS} then 0 else"
            f" 1 + n % 300 end, 'Condition', n, 'H' || n % 50 from generate_series(1, {total}) n".encode()
        )
        owner.execute(
            "insert into records.token select n, 1, ('records.token1|http://hl7.org/fhir/sid/icd-10' || chr(1) ||"
            f" 'C' || n % 90)::bytea, n, 'Condition' from generate_series(1, {total}) n, generate_series(1, 3)".encode()
        )
        owner.execute(
            "insert into identity.member (chart_key, resident_key)"
            f" select n, n from generate_series(1, {total}) n".encode()
        )
        owner.execute("analyze")
    counties = {f"H{n}": f"9{n:05}" for n in range(50)}
    wanted = [
        Wanted(series=series, codes=tuple((f"s{s}", f"C{n}") for s in range(2) for n in range(40))) for series in SERIES
    ]
    steps: dict[str, Work] = {
        "floor: rows of the day": lambda tx: tx.rows(
            "select chart_key, facility from records.occurrence where day = %s", (FIRST,)
        ),
        "counts": lambda tx: counts(tx, Sealer(), wanted, [FIRST], counties),
    }
    samples: Samples = {}
    for number in range(rounds + 1):
        for step, work in steps.items():
            spent = _cost(store, Duty.CARE, work)
            if number:
                samples.setdefault(step, []).append(spent)
    return samples


def _cost(store: Store, duty: Duty, work: Work) -> float:
    """Return seconds of CPU of one transaction, commit included: this process's and its backend's."""
    with store.transaction(duty) as tx:
        row = tx.row("select pg_backend_pid()")
        backend = int(row[0]) if row else 0
        before = _own() + _backend(backend)
        work(tx)
    time.sleep(0)
    return _own() + _backend(backend) - before


def _own() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _backend(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()

"""Import of FHIR bundles, everything on, beside a bare COPY of the same bytes in the same run.

Usage: python bench/intake.py [RUNS] [WORKERS]. Takes the public Synthea bundles where they are, else synthetic ones.
Each run imports into a fresh node: parsing, validation, places out, references, encryption, search rows, register,
durable transactions. Floor: COPY of each entry's JSON text into one table without an index, one transaction a bundle.
Counted: wall time and CPU of this process, of its workers (none unless WORKERS says so; each takes seconds to start)
and of PostgreSQL.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from instruments.measure import Cpu, cpu
from salus import parties, synth
from salus.app import Node, collect_seldom, import_files, load_settings, open_node
from salus.cli.country import corpora
from salus.parties import FacilityKind
from salus.storage import Duty


def main() -> None:
    """Import a few times and print rates, costs and the ratio to the floor."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    workers = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    collect_seldom()
    with tempfile.TemporaryDirectory(prefix="salus-bench-") as folder:
        Path(folder).chmod(0o711)
        file = bundles(Path(folder))
        with gzip.open(file) as stream:
            lines = [json.loads(line)["entry"] for line in stream]
        found = []
        for number in range(runs):
            with fresh(Path(folder) / str(number)) as node:
                rate, cost, shares = intake(node, file, workers)
                floor_rate, floor_cost = floor(node, lines)
            found.append((rate, cost, floor_rate, floor_cost))
            print(
                f"run {number + 1}: {rate:,.0f} entries/s, {cost:.3f} CPU-ms each ({shares});"
                f" floor, bare COPY: {floor_rate:,.0f}/s, {floor_cost:.3f} CPU-ms"
            )
        middle = [sorted(column)[runs // 2] for column in zip(*found, strict=True)]
        least, most = min(row[0] for row in found), max(row[0] for row in found)
        print(
            f"median: {middle[0]:,.0f} entries/s ({least:,.0f} to {most:,.0f}), {middle[1]:.3f} CPU-ms;"
            f" ratio {middle[0] / middle[2]:.3f} of the floor's rate"
        )


def bundles(folder: Path) -> Path:
    """Return a file of bundles, one a line."""
    public = corpora() / "synthea" / "bundles.public.ndjson.gz"
    if public.exists():
        print("60 public Synthea bundles, 18,460 entries")
        return public
    path = folder / "synthetic.ndjson.gz"
    with gzip.open(path, "wt", encoding="utf-8") as out:
        for delivery in synth.bundles(synth.country(1, 1_000)):
            out.write(json.dumps(delivery.bundle, ensure_ascii=False) + "\n")
    print("synthetic bundles of 1,000 residents")
    return path


def fresh(data: Path) -> Node:
    """Return a new demo node with one facility."""
    node = open_node(load_settings(environment={}, given={"data": data, "postgres": "wheel"}), "demo")
    parties.add_organisation(node.store, organisation_id="Bench", name_en="Bench", name_zh="基准")
    parties.add_facility(
        node.store,
        facility_id="B1",
        name_en="Bench Hospital",
        name_zh="基准医院",
        level=3,
        kind=FacilityKind.HOSPITAL,
        county="900101",
        organisation="Bench",
    )
    return node


def intake(node: Node, file: Path, workers: int) -> tuple[float, float, str]:
    """Import the file; return entries per second, CPU-ms per entry, and whose."""
    before, began = used(node), time.perf_counter()
    done = import_files(node, "B1", [file], workers=workers)
    wall, spent = time.perf_counter() - began, used(node) - before
    assert not done.refused, done.refused[:3]
    server, database = spent.server / done.entries * 1000, spent.database / done.entries * 1000
    return done.entries / wall, server + database, f"Salus {server:.3f}, PostgreSQL {database:.3f}"


def floor(node: Node, lines: list[list[dict[str, object]]]) -> tuple[float, float]:
    """Copy the same entries into a bare table."""
    with node.store.connect(Duty.MIGRATION) as connection:
        connection.execute("create table storage.bench (body text)")
        connection.commit()
        before, began, count = used(node), time.perf_counter(), 0
        for entries in lines:
            with connection.cursor().copy("copy storage.bench (body) from stdin") as copy:
                for entry in entries:
                    copy.write_row((json.dumps(entry["resource"]),))
                    count += 1
            connection.commit()
        wall, spent = time.perf_counter() - began, used(node) - before
    return count / wall, (spent.server + spent.database) / count * 1000


def used(node: Node) -> Cpu:
    """Return the CPU time of this process and PostgreSQL."""
    postmaster = node.store.cluster.postmaster() if node.store.cluster else None
    assert postmaster is not None
    return cpu(os.getpid(), postmaster)


if __name__ == "__main__":
    main()

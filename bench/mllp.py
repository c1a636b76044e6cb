"""Messages of HL7 v2 to committed, everything on, beside servers that do next to nothing, in the same run.

Usage: python bench/mllp.py [SECONDS] [CONNECTIONS[xUNDER_WAY][=one] ...]. Serves a fresh node in its own process and
sends ADT from another over CONNECTIONS lines, each with UNDER_WAY messages under way: a third admits a new patient, a
third updates one, a third discharges one; with `=one` each line updates one patient again and again. Counted: CPU of
server and database. Floors: a server that answers without storing, one that stores each message as one row and commits
what arrives together; and of reading alone our parser, our parser with mapping, a bare split, the package `hl7`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from psycopg.conninfo import make_conninfo

from instruments.measure import cpu
from instruments.mllp_load import message
from salus import parties
from salus.app import load_settings, open_node
from salus.parties import FacilityKind
from salus.records import v2
from salus.storage import Duty, Store
from salus.storage.postgres.cluster import SUPERUSER

HERE = Path(__file__).parent
PORT, MLLP_PORT, FLOOR_PORT = 18_010, 18_011, 18_012
SHAPES = ("1x1", "8x1", "32x1", "1x64", "8x32", "32x16", "8x8=one")
FLOOR_SHAPES = ("32x1", "8x32")


def main() -> None:
    """Serve, send, compare."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 8.0
    with tempfile.TemporaryDirectory(prefix="salus-bench-") as folder:
        Path(folder).chmod(0o711)
        data, file = Path(folder) / "node", Path(folder) / "salus.toml"
        file.write_text(f'[mllp]\nport = {MLLP_PORT}\nsenders = "B1"\n', "utf-8")
        settings = load_settings(file, environment={}, given={"data": data, "postgres": "wheel", "port": PORT})
        with open_node(settings, "demo") as node:
            hospital(node.store)
            command = [
                "-m",
                "salus",
                "serve",
                "--data",
                str(data),
                "--port",
                str(PORT),
                "--demo",
                "--settings",
                str(file),
            ]
            with running(command) as server:
                load(MLLP_PORT, "8x8", 2.0, "w")
                for number, shape in enumerate(sys.argv[2:] or SHAPES):
                    measure(node.store, server, shape, seconds, f"m{number}")
            floors(node.store, seconds)
    reading()


@contextmanager
def running(command: list[str]) -> Iterator[int]:
    """Run a server, from its first line on; give its process."""
    server = subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    server.stdout.readline()
    try:
        yield server.pid
    finally:
        server.terminate()
        server.wait(timeout=20)


def hospital(store: Store) -> None:
    """Register the hospital that sends."""
    parties.add_organisation(store, organisation_id="Bench", name_en="Bench", name_zh="基准")
    kind = FacilityKind.HOSPITAL
    parties.add_facility(
        store,
        facility_id="B1",
        level=3,
        kind=kind,
        name_en="Bench Hospital",
        name_zh="基准医院",
        county="900101",
        organisation="Bench",
    )
    parties.add_system(store, "B1", parties.new_client_key("B1")[1])


def measure(store: Store, server: int, shape: str, seconds: float, seed: str) -> None:
    """Send for a while and print what came of it."""
    kept = stored(store)
    answers = counted(store, server, MLLP_PORT, shape, seconds, seed)
    kept = stored(store) - kept
    assert kept == answers, f"{answers} answers and {kept} messages noted"


def counted(store: Store, server: int, port: int, shape: str, seconds: float, seed: str) -> int:
    """Print rate, CPU and times of one shape; return how many were answered."""
    postmaster = store.cluster.postmaster() if store.cluster else None
    assert postmaster is not None
    used = cpu(server, postmaster)
    told = load(port, shape, seconds, seed)
    used = cpu(server, postmaster) - used
    answers = int(told["answers"])
    cost = (used.server + used.database) / answers * 1000
    print(
        f"{shape:>8}: {answers / told['seconds']:8,.0f}/s, {cost:.3f} CPU-ms each (server"
        f" {used.server / answers * 1000:.3f}, database {used.database / answers * 1000:.3f}; load generator"
        f" {told['own_cpu_s'] / answers * 1000:.3f}, not counted), two such cores could do {2000 / cost:,.0f}/s;"
        f" p50 {told['p50_ms']:.1f} ms, p99 {told['p99_ms']:.1f} ms; {told['codes']}",
        flush=True,
    )
    return answers


def load(port: int, shape: str, seconds: float, seed: str) -> dict[str, Any]:
    """Run the load generator and return what it saw."""
    lines, _, one = shape.partition("=")
    connections, _, under_way = lines.partition("x")
    command = [sys.executable, str(HERE / "instruments" / "mllp_load.py"), str(port), connections, str(seconds), seed,
               under_way or "1", *([one] if one else [])]  # fmt: skip
    told: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return told


def floors(store: Store, seconds: float) -> None:
    """Print what servers do that store nothing, or a row."""
    program, cluster = str(HERE / "instruments" / "mllp_floor.py"), store.cluster
    assert cluster is not None
    address = make_conninfo(
        host=str(cluster.socket_folder), user=SUPERUSER, password=cluster.password, dbname="postgres"
    )
    for name, more in (("answers, stores nothing", ()), ("one row each, commits together", (address,))):
        print(f"floor, {name}:")
        with running([program, str(FLOOR_PORT), *more]) as server:
            for shape in FLOOR_SHAPES:
                counted(store, server, FLOOR_PORT, shape, seconds / 2, "f")


def stored(store: Store) -> int:
    """Return how many messages were taken."""
    with store.transaction(Duty.CARE) as tx:
        found = tx.row("select count(*) from records.message")
    return int(found[0]) if found else 0


def reading() -> None:
    """Print what reading one of these messages costs, in CPU-ms."""
    raw = message("A01", "P1", 1)[1:-2]
    ways: dict[str, Callable[[], object]] = {
        "bare split": lambda: [line.split("|") for line in raw.decode().split("\r")],
        "our parser": lambda: v2.parse(raw),
        "our parser and mapping": lambda: v2.map_message(v2.parse(raw), "B1"),
    }
    try:
        import hl7  # noqa: PLC0415
    except ImportError:
        print("the package hl7 is not installed: no peer")
    else:
        ways["hl7"] = lambda: hl7.parse(raw.decode())
    for name, way in ways.items():
        print(f"floor, reading alone, {name}: {timed(way) * 1000:.4f} CPU-ms")


def timed(way: Callable[[], object]) -> float:
    """Return the CPU seconds of one call, the least mean of five turns."""
    best = float("inf")
    for _ in range(5):
        began = time.process_time()
        for _ in range(1_000):
            way()
        best = min(best, (time.process_time() - began) / 1_000)
    return best


if __name__ == "__main__":
    main()

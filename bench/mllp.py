"""Messages of HL7 v2 to committed, everything on, beside what reading a message costs others, in the same run.

Usage: python bench/mllp.py [SECONDS] [CONNECTIONS]. Serves a fresh node in a process of its own and sends ADT from
another over CONNECTIONS lines, one message under way on each: a third admits a new patient, a third updates one, a
third discharges one. Counted: CPU of server and database. Floors, of reading alone: our parser, our parser with
mapping, a bare split, and the package `hl7`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from instruments.measure import cpu
from instruments.mllp_load import message
from salus import parties
from salus.app import load_settings, open_node
from salus.parties import FacilityKind
from salus.records import v2
from salus.storage import Duty, Store

HERE = Path(__file__).parent
PORT, MLLP_PORT = 18_010, 18_011
ROUNDS = 3


def main() -> None:
    """Serve, send, compare."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 8.0
    connections = int(sys.argv[2]) if len(sys.argv) > 2 else 16
    with tempfile.TemporaryDirectory(prefix="salus-bench-") as folder:
        Path(folder).chmod(0o711)
        data, file = Path(folder) / "node", Path(folder) / "salus.toml"
        file.write_text(f'[mllp]\nport = {MLLP_PORT}\nsenders = "B1"\n', "utf-8")
        settings = load_settings(file, environment={}, given={"data": data, "postgres": "wheel", "port": PORT})
        with open_node(settings, "demo") as node:
            hospital(node.store)
            command = [sys.executable, "-m", "salus", "serve", "--data", str(data), "--port", str(PORT), "--demo",
                       "--settings", str(file)]  # fmt: skip
            server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            assert server.stdout is not None
            server.stdout.readline()
            try:
                measure(node.store, server.pid, connections, seconds)
            finally:
                server.terminate()
                server.wait(timeout=20)
    floors()


def hospital(store: Store) -> None:
    """Register the hospital that sends."""
    parties.add_organisation(store, organisation_id="Bench", name_en="Bench", name_zh="基准")
    kind = FacilityKind.HOSPITAL
    names = {"name_en": "Bench Hospital", "name_zh": "基准医院", "county": "900101", "organisation": "Bench"}
    parties.add_facility(store, facility_id="B1", level=3, kind=kind, **names)
    parties.add_system(store, "B1", parties.new_client_key("B1")[1])


def measure(store: Store, server: int, connections: int, seconds: float) -> None:
    """Send for a few rounds and print each, then the medians."""
    postmaster = store.cluster.postmaster() if store.cluster else None
    assert postmaster is not None
    load(connections, 2.0, "w")
    found = []
    for round_ in range(ROUNDS):
        kept, used = stored(store), cpu(server, postmaster)
        told = load(connections, seconds, str(round_))
        used, kept = cpu(server, postmaster) - used, stored(store) - kept
        answers = int(told["answers"])
        rate, cost = answers / told["seconds"], (used.server + used.database) / answers * 1000
        found.append((rate, cost))
        print(
            f"round {round_ + 1}: {rate:,.0f}/s, {cost:.3f} CPU-ms each (server {used.server / answers * 1000:.3f},"
            f" database {used.database / answers * 1000:.3f}; load generator {told['own_cpu_s'] / answers * 1000:.3f},"
            f" not counted), p50 {told['p50_ms']:.1f} ms, p99 {told['p99_ms']:.1f} ms, answers {told['codes']},"
            f" {kept:,} messages noted"
        )
        assert kept == answers, "an answer without its message, or a message without an answer"
    middle = [sorted(column)[ROUNDS // 2] for column in zip(*found, strict=True)]
    print(
        f"median: {middle[0]:,.0f} ADT/s to committed at {connections} connections, {middle[1]:.3f} CPU-ms;"
        f" two such cores could do {2000 / middle[1]:,.0f}/s (arithmetic, without the load generator)"
    )


def load(connections: int, seconds: float, seed: str) -> dict:  # type: ignore[type-arg]
    """Run the load generator and return what it saw."""
    command = [sys.executable, str(HERE / "instruments" / "mllp_load.py"), str(MLLP_PORT), str(connections),
               str(seconds), seed]  # fmt: skip
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def stored(store: Store) -> int:
    """Return how many messages were taken."""
    with store.transaction(Duty.CARE) as tx:
        found = tx.row("select count(*) from records.message")
    return int(found[0]) if found else 0


def floors() -> None:
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

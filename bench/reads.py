"""Reads by id over HTTP, everything on, beside the bare database in the same run.

Usage: python bench/reads.py [SECONDS] [CLIENTS]. Fills a node with synthetic records, serves it in a process of its
own, and reads with CLIENTS keep-alive connections from another. Floor: the same bodies by primary key, one statement
each, by as many threads, through psycopg alone, no HTTP, no policy, no register. Counted: CPU of server and database.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from instruments.measure import Cpu, cpu
from salus.app import demo_token, load_settings, open_node
from salus.cli.country import register_country, take_in
from salus.kernel import Role
from salus.storage import Duty, Store

HERE = Path(__file__).parent
PORT = 18_000
ROUNDS = 3


def main() -> None:
    """Fill, serve, read, compare."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 8.0
    clients = int(sys.argv[2]) if len(sys.argv) > 2 else 32
    with tempfile.TemporaryDirectory(prefix="salus-bench-") as folder:
        Path(folder).chmod(0o711)
        data = Path(folder) / "node"
        settings = load_settings(environment={}, given={"data": data, "postgres": "wheel", "port": PORT})
        with open_node(settings, "demo") as node:
            take_in(node, register_country(node, 1, 600, 30, lambda _: None), lambda _: None)
            token = demo_token(node, Role.HOSPITAL_SYSTEM, "H1", None, None)
            with node.store.transaction(Duty.CARE) as tx:
                rows = tx.rows(
                    "select r.type, r.id::text from records.resource r join records.chart c using (chart_key)"
                    " where c.facility = 'H1' and c.kind = 'resident' limit 5000"
                )
            random.Random(1).shuffle(rows)
            served = [sys.executable, "-m", "salus", "serve", "--data", str(data), "--port", str(PORT), "--demo"]
            server = subprocess.Popen(served, stdout=subprocess.PIPE, text=True)
            assert server.stdout is not None
            server.stdout.readline()
            try:
                compare(node.store, server.pid, token, rows, clients, seconds)
            finally:
                server.terminate()
                server.wait(timeout=20)


def compare(store: Store, server: int, token: str, rows: list[tuple[str, str]], clients: int, seconds: float) -> None:
    """Alternate HTTP rounds and floor rounds and print each, then the medians and their ratio."""
    postmaster = store.cluster.postmaster() if store.cluster else None
    assert postmaster is not None
    requests = store.settings.data / "requests.txt"
    requests.write_text("\n".join([token, *(f"/fhir/{kind}/{id_}" for kind, id_ in rows)]), "utf-8")
    http(server, postmaster, requests, clients, 2.0)
    found = []
    for round_ in range(ROUNDS):
        before = registered(store)
        told, used = http(server, postmaster, requests, clients, seconds)
        answers = int(told["answers"])
        rows_written = registered(store) - before
        rate, cost = answers / told["seconds"], (used.server + used.database) / answers * 1000
        floor_rate, floor_cost = floor(store, postmaster, rows, clients, seconds / 2)
        found.append((rate, cost, floor_rate, floor_cost))
        print(
            f"round {round_ + 1}: {rate:,.0f}/s, {cost:.3f} CPU-ms each (server {used.server / answers * 1000:.3f},"
            f" database {used.database / answers * 1000:.3f}; load generator {told['own_cpu_s'] / answers * 1000:.3f},"
            f" not counted), p50 {told['p50_ms']:.1f} ms, p99 {told['p99_ms']:.1f} ms, statuses {told['statuses']},"
            f" {rows_written:,} audit rows for {answers:,} answers"
        )
        print(f"    floor, bare database: {floor_rate:,.0f}/s, {floor_cost:.3f} CPU-ms each")
        assert rows_written == answers, "an answer without its audit row, or a row without an answer"
    middle = [sorted(column)[ROUNDS // 2] for column in zip(*found, strict=True)]
    print(
        f"median: {middle[0]:,.0f}/s at {clients} clients, {middle[1]:.3f} CPU-ms; floor {middle[2]:,.0f}/s,"
        f" {middle[3]:.3f} CPU-ms; ratio {middle[0] / middle[2]:.2f} of the floor's rate"
    )


def http(server: int, postmaster: int, requests: Path, clients: int, seconds: float) -> tuple[dict, Cpu]:  # type: ignore[type-arg]
    """Run the load generator and return what it saw and what the node used."""
    before = cpu(server, postmaster)
    command = [
        sys.executable,
        str(HERE / "instruments" / "load.py"),
        "127.0.0.1",
        str(PORT),
        str(clients),
        str(seconds),
        str(requests),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout), cpu(server, postmaster) - before


def registered(store: Store) -> int:
    """Return how many entries the register has."""
    with store.transaction(Duty.CARE) as tx:
        found = tx.row("select count(*) from access.entry where action = 'read'")
    return int(found[0]) if found else 0


def floor(
    store: Store, postmaster: int, rows: list[tuple[str, str]], threads: int, seconds: float
) -> tuple[float, float]:
    """Fetch the same bodies by id with bare psycopg, one prepared statement each, and return rate and CPU-ms."""
    done, ends = [0] * threads, time.perf_counter() + seconds

    def fetch(number: int) -> None:
        with store.connect(Duty.CARE) as connection:
            connection.autocommit = True
            place = number * 997
            while time.perf_counter() < ends:
                connection.execute(
                    "select v.body from records.resource r join records.version v using (resource_key, version)"
                    " where r.id = %s",
                    (rows[place % len(rows)][1],),
                    prepare=True,
                ).fetchone()
                place, done[number] = place + 1, done[number] + 1

    before, own = cpu(0, postmaster), time.process_time()
    began = time.perf_counter()
    workers = [threading.Thread(target=fetch, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    wall = time.perf_counter() - began
    used = (cpu(0, postmaster) - before).database + time.process_time() - own
    return sum(done) / wall, used / sum(done) * 1000


if __name__ == "__main__":
    main()

"""Find and register people at a register of a million, everything on, beside a plain read of one row in the same run.

Usage: python bench/match_online.py [RESIDENTS] [SECONDS] [FOLDER]. A node in FOLDER is kept and measured again the next
time. Fills a node with the people of `synth.records`, one chart each, by COPY (the base population only; its residents
are one a chart), and prints how long that took. Then:

- match in process: `identity.match` by 1 client, each with one record of somebody who is registered, written by another
  sender, in a transaction of its own; the floor is one row by primary key in a transaction of its own;
- match over HTTP: `POST /fhir/Patient/$match` by 1 client and by 16, policy and register on;
- register-and-link over HTTP: `POST /fhir/Patient` singly with 16 clients, and transactions of 50 Patients;
- the floor over HTTP is `/healthz`, which asks the database for nothing but an answer.

Counted: CPU of the serving process and PostgreSQL. In process the clients' own work is the server's, so it counts. The
server is started without the bound on questions a minute, which would end the measurement after a second.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from instruments.load import run
from instruments.measure import cpu
from instruments.registers import charts, patient, readable
from salus import identity, records, synth
from salus.app import Node, Pace, demo_token, load_settings, open_node
from salus.cli.country import register_country
from salus.kernel import Role
from salus.storage import Duty
from salus.web import serve as serving

PORT = 18_010
CLIENTS = 16
WANTED = ("1 client p50 <= 3 ms", "16 clients p99 <= 25 ms", "register-and-link >= 500/s")


def main() -> None:
    """Fill, match, register, compare."""
    if len(sys.argv) > 2 and sys.argv[1] == "--serve":
        serve(Path(sys.argv[2]))
        return
    residents = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 8.0
    with tempfile.TemporaryDirectory(prefix="salus-bench-") as passing:
        folder = Path(sys.argv[3]) if len(sys.argv) > 3 else Path(passing)
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o711)
        data, kept = folder / "node", folder / "people.json"
        settings = load_settings(environment={}, given={"data": data, "postgres": "wheel", "port": PORT})
        with open_node(settings, "demo") as node:
            if not kept.exists():
                register_country(node, 1, 100, 20, lambda _: None)
                kept.write_text(json.dumps(filled(node, residents)), "utf-8")
            asked, more = json.loads(kept.read_text("utf-8"))
            measured(node, data, asked, more, seconds)
    print(f"wanted: {', '.join(WANTED)}")


def measured(node: Node, data: Path, asked: list[dict[str, Any]], fresh: list[dict[str, Any]], seconds: float) -> None:
    """Match and register, in process and at a server of its own."""
    with node.store.transaction(Duty.CARE) as tx:
        found = tx.row("select count(*) from identity.member")
    print(f"{found[0] if found else 0:,} charts")
    matching(node, asked, seconds)
    token = demo_token(node, Role.HOSPITAL_SYSTEM, "H1", None, None)
    server = subprocess.Popen([sys.executable, __file__, "--serve", str(data)], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    server.stdout.readline()
    random.Random(time.time_ns()).shuffle(fresh)  # who was registered the last time is not who comes first
    try:
        asking(node, server.pid, token, asked, seconds)
        registering(node, server.pid, token, iter(fresh), seconds)
    finally:
        server.terminate()
        server.wait(timeout=20)


def serve(data: Path) -> None:
    """Serve a node as `salus serve` does, but for the bound on questions."""
    settings = load_settings(environment={}, given={"data": data, "postgres": "wheel", "port": PORT})
    with open_node(settings, "demo") as node:
        node.pace = Pace(10**9)
        serving.run(node, lambda url: print(url, flush=True))


def filled(node: Node, residents: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Fill a node; return records of people who are in it to ask with, and a mix of known and new ones to register."""
    began = time.perf_counter()
    asked: list[dict[str, Any]] = []
    more: list[synth.Record] = []
    register = synth.records(7, residents + 200_000, counties=300)
    count = 0
    with node.store.connect(Duty.MIGRATION) as connection:
        for rows, again in charts(node.custodian, register, residents):
            for table, columns, values in rows:
                statement = f"copy {table} ({columns}) from stdin".encode()
                with connection.cursor().copy(statement) as copy:
                    for value in values:
                        copy.write_row(value)
            connection.commit()
            count += len(rows[0][2])
            asked += [patient(one) for one in again[: max(0, 5_000 - len(asked))]]
            more += again[: max(0, 20_000 - len(more))]
        for sequence in ("records.physical_key", "identity.resident_key"):
            connection.execute("select setval(%s, %s)", (sequence, count + 1))
        connection.commit()
        connection.autocommit = True
        connection.execute("analyze")
    print(f"{count:,} residents filled in {time.perf_counter() - began:,.0f} s")
    random.Random(1).shuffle(asked)
    people = (one for pair in zip(more, register, strict=False) for one in pair)
    return asked, [patient(one) for one in people if readable(one)]


def matching(node: Node, asked: Sequence[dict[str, Any]], seconds: float) -> None:
    """Match in process, beside the floor."""
    described = [records.described(one) for one in asked]
    linked = [0]

    def match(place: int) -> None:
        with node.store.transaction(Duty.CARE) as tx:
            found = identity.match(tx, node.custodian, node.custodian, described[place % len(described)], node.judge)
        linked[0] += bool(found.found)

    def floor(place: int) -> None:
        with node.store.transaction(Duty.CARE) as tx:
            tx.row("select resident_key from identity.member where chart_key = %s", (1 + place * 7919 % 50_000,))

    told(node, "warm up", match, 1, seconds / 4)
    linked[0] = 0
    of_match = told(node, "match in process, 1 client", match, 1, seconds)
    print(f"    {linked[0] / max(1, of_match[3]):.1%} found somebody")
    of_floor = told(node, "    floor: one row by key, 1 client", floor, 1, seconds / 2)
    print(f"    ratio to the floor: p50 {of_match[0] / of_floor[0]:.1f}, CPU {of_match[2] / of_floor[2]:.1f}")


def asking(node: Node, server: int, token: str, asked: Sequence[dict[str, Any]], seconds: float) -> None:
    """Match over HTTP by 1 client and by 16, each beside `/healthz`."""
    questions = [posted("/fhir/Patient/$match", token, question(one)) for one in asked]
    health = [b"GET /healthz HTTP/1.1\r\nHost: bench\r\n\r\n"]
    run("127.0.0.1", PORT, 1, seconds / 4, questions)
    for clients in (1, CLIENTS):
        of_match = over_http(node, server, f"$match, {clients} clients", questions, clients, seconds)
        of_floor = over_http(node, server, f"    floor: /healthz, {clients} clients", health, clients, seconds / 2)
        print(f"    ratio to the floor: p50 {of_match[0] / of_floor[0]:.1f}, CPU {of_match[1] / of_floor[1]:.1f}")


def over_http(
    node: Node, server: int, what: str, requests: list[bytes], clients: int, seconds: float, people: int = 1
) -> tuple[float, float]:
    """Send requests with clients for a time; print, and return p50 in ms and CPU-ms for each person."""
    before = cpu(server, postmaster(node))
    answers = run("127.0.0.1", PORT, clients, seconds, requests)
    used, done = cpu(server, postmaster(node)) - before, int(str(answers["answers"])) * people
    p50 = float(str(answers["p50_ms"]))
    cost = (used.server + used.database) / done * 1000
    print(
        f"{what}: {done / float(str(answers['seconds'])):,.0f}/s, p50 {p50:.2f} ms, p99 {answers['p99_ms']:.1f} ms,"
        f" statuses {answers['statuses']}, CPU-ms each {cost:.3f} (server {used.server / done * 1000:.3f},"
        f" database {used.database / done * 1000:.3f})"
    )
    return p50, cost


def question(one: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of a match."""
    return {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": one}]}


def told(
    node: Node, what: str, act: Callable[[int], None], clients: int, seconds: float
) -> tuple[float, float, float, int]:
    """Act with clients for a time; print and return p50 and p99 in ms, CPU-ms each, and how often."""
    times: list[list[float]] = [[] for _ in range(clients)]
    ends = time.perf_counter() + seconds

    def client(number: int) -> None:
        place = number * 997
        while (began := time.perf_counter()) < ends:
            act(place)
            place += 1
            times[number].append(time.perf_counter() - began)

    before = cpu(os.getpid(), postmaster(node))
    workers = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    began = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    wall, used = time.perf_counter() - began, cpu(os.getpid(), postmaster(node)) - before
    every = sorted(one for of_client in times for one in of_client)
    p50, p99 = every[len(every) // 2] * 1000, every[len(every) * 99 // 100] * 1000
    cost = (used.server + used.database) / len(every) * 1000
    print(
        f"{what}: {len(every) / wall:,.0f}/s, p50 {p50:.2f} ms, p99 {p99:.2f} ms, CPU-ms each {cost:.3f}"
        f" (process {used.server / len(every) * 1000:.3f}, database {used.database / len(every) * 1000:.3f})"
    )
    return p50, p99, cost, len(every)


def registering(node: Node, server: int, token: str, fresh: Iterator[dict[str, Any]], seconds: float) -> None:
    """Register over HTTP, singly and 50 at a time."""
    singly = [posted("/fhir/Patient", token, one) for one in islice(fresh, int(seconds * 800))]
    together = [posted("/fhir", token, bundle(list(islice(fresh, 50)))) for _ in range(int(seconds * 16))]
    run("127.0.0.1", PORT, CLIENTS, seconds / 2, [posted("/fhir/Patient", token, one) for one in islice(fresh, 2_000)])
    for what, requests, clients, people in (
        ("register and link, 16 clients, one Patient each", singly, CLIENTS, 1),
        ("register and link, 4 clients, transactions of 50 Patients", together, 4, 50),
    ):
        count = linked(node)
        over_http(node, server, what, requests, clients, seconds, people)
        print(f"    {linked(node) - count:,} links asserted")


def linked(node: Node) -> int:
    """Return how many assertions there are."""
    with node.store.transaction(Duty.CARE) as tx:
        return int((tx.row("select count(*) from identity.assertion") or (0,))[0])


def posted(path: str, token: str, body: dict[str, Any]) -> bytes:
    """Return the bytes of a request."""
    content = json.dumps(body, ensure_ascii=False).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/fhir+json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def bundle(people: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return a transaction that registers people."""
    entries = [{"resource": one, "request": {"method": "POST", "url": "Patient"}} for one in people]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def postmaster(node: Node) -> int:
    """Return the process of PostgreSQL that started the others."""
    found = node.store.cluster.postmaster() if node.store.cluster else None
    assert found is not None
    return found


if __name__ == "__main__":
    main()

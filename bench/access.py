"""What the policy costs, and what one whole read costs behind it: `python bench/access.py [READS]`.

First, in this process: a question that was asked before, one that was not, and the floor, one rule of Cedar without a
schema. Then over HTTP, one connection, one request after another: reads by id with everything on, and the floor
/healthz, which asks the database for nothing. Wall times, and the CPU of server and database for each request.
"""

from __future__ import annotations

import http.client
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from functools import partial
from itertools import product
from pathlib import Path

import cedarpy

from instruments.measure import cpu
from salus.access import Action, Kind, Policy, Request
from salus.access.policy.engine import policy_text, schema_text
from salus.app import demo_token, load_settings, open_node
from salus.cli.country import register_country, take_in
from salus.kernel import Purpose, Role
from salus.storage import Duty

PORT = 18_040
QUESTIONS = 4_000
WANTED = "wanted: decision p99 at most 1 ms; a whole read p99 at most 5 ms and 5 CPU-ms"


def main() -> None:
    """Measure both and print them."""
    reads = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {WANTED}")
    decisions()
    with tempfile.TemporaryDirectory(prefix="salus-bench-") as folder:
        Path(folder).chmod(0o711)
        doors(Path(folder) / "node", reads)


def decisions() -> None:
    """Time the policy alone: remembered, cold, and the floor."""
    asked = random.Random(1).sample(questions(), QUESTIONS)
    policy = Policy(policy_text(), schema_text())
    for one in asked:
        policy.permit(one)
    bare = cedarpy.PolicySet.from_str("permit (principal, action, resource);")
    nobody = cedarpy.Entities.from_json_str("[]")
    question = {"principal": 'R::"r"', "action": 'A::"a"', "resource": 'K::"k"', "context": {}}
    told("decision, remembered", (timed(partial(policy.permit, one)) for one in asked))
    told("decision, cold", (timed(partial(policy.evaluate, one)) for one in asked))
    told("floor: one bare rule", (timed(lambda: cedarpy.is_authorized(question, bare, nobody)) for _ in asked))


def questions() -> list[Request]:
    """Return questions of every role, purpose, action and kind, with six facts each in two states."""
    return [
        Request(role=role, purpose=purpose, action=action, kind=kind, own_facility=own, relation_open=related)
        for role, purpose, action, kind, own, related in product(
            Role, Purpose, Action, Kind, (False, True), (False, True)
        )
    ]


def doors(data: Path, reads: int) -> None:
    """Fill and serve a node, and read from it."""
    settings = load_settings(environment={}, given={"data": data, "postgres": "wheel", "port": PORT})
    with open_node(settings, "demo") as node:
        take_in(node, register_country(node, 1, 300, 30, lambda _: None), lambda _: None)
        token = demo_token(node, Role.HOSPITAL_SYSTEM, "H1", None, None)
        with node.store.transaction(Duty.CARE) as tx:
            rows = tx.rows(
                "select r.type, r.id::text from records.resource r join records.chart c using (chart_key)"
                " where c.facility = 'H1' and c.kind = 'resident' limit 2000"
            )
        served = [sys.executable, "-m", "salus", "serve", "--data", str(data), "--port", str(PORT), "--demo"]
        server = subprocess.Popen(served, stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        server.stdout.readline()
        postmaster = node.store.cluster.postmaster() if node.store.cluster else None
        assert postmaster is not None
        try:
            paths = [f"/fhir/{kind}/{id_}" for kind, id_ in rows]
            for name, several in (("a whole read", paths), ("floor: /healthz", ["/healthz"])):
                ask(token, several, 200)
                before = cpu(server.pid, postmaster)
                told(name, ask(token, several, reads))
                after = cpu(server.pid, postmaster)
                each = [
                    (a - b) / reads * 1000
                    for a, b in zip((after.server, after.database), (before.server, before.database), strict=True)
                ]
                print(f"    CPU for each: server {each[0]:.3f} ms, database {each[1]:.3f} ms")
        finally:
            server.terminate()
            server.wait(timeout=20)


def ask(token: str, paths: list[str], count: int) -> list[float]:
    """Ask one request after another over one connection; return how long each took."""
    line = http.client.HTTPConnection("127.0.0.1", PORT)
    found = []
    for number in range(count):
        begun = time.perf_counter()
        line.request("GET", paths[number % len(paths)], headers={"Authorization": f"Bearer {token}"})
        answer = line.getresponse()
        answer.read()
        found.append(time.perf_counter() - begun)
        assert answer.status == 200, answer.status
    line.close()
    return found


def timed(work: Callable[[], object]) -> float:
    """Return how long one call takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def told(name: str, several: Iterable[float]) -> None:
    """Print the median, the 99th hundredth and the longest."""
    found = sorted(several)
    p50, p99 = found[len(found) // 2], found[len(found) * 99 // 100]
    print(
        f"{name:24}{len(found):>7} times  p50 {p50 * 1e3:.4f} ms  p99 {p99 * 1e3:.4f} ms  max {found[-1] * 1e3:.3f} ms"
    )


if __name__ == "__main__":
    main()

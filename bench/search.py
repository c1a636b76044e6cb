"""Patient + code + date over HTTP, everything on, beside two floors of the same run: `/healthz`, and the bare SQL.

Usage: python bench/search.py [RESIDENTS] [OBSERVATIONS] [SECONDS] [CLIENTS] [FOLDER]. A node in FOLDER is kept, filled
up to what is asked, and measured again the next time. Fills a node with made-up Observations by the functions that an
acceptance uses, but without policy and register, in large transactions; serves it in a process of its own; asks for
one patient's results of one code since a day. The bare SQL is the index by chart, code and date with the bodies, one
prepared statement each, through psycopg alone. Counted: CPU of server and database.
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
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import orjson

from instruments.measure import Cpu, cpu
from intake import fresh
from salus.app import Node, accept, demo_token, load_settings, open_node
from salus.identity import check_character
from salus.kernel import Purpose, Role, new_id
from salus.parties import principal
from salus.records import Intent
from salus.records import store as rows
from salus.records.sealing import seal
from salus.records.search.digests import digest
from salus.records.search.indexing import Indexed, put
from salus.storage import Duty, Store

HERE = Path(__file__).parent
PORT, BATCH, CODES = 18_400, 2_000, 40
AT = datetime(2031, 3, 1, tzinfo=UTC)
FLOOR = (
    "select v.body from (select h.resource_key from records.charted h where h.chart_key = %s and h.code = %s"
    " and h.hi > %s limit 51) k join records.resource r using (resource_key)"
    " join records.version v using (resource_key, version)"
)
Chart = tuple[UUID, int]


def main() -> None:
    """Fill, serve, ask, compare."""
    given = [int(one) for one in sys.argv[1:5]]
    residents, observations, seconds, clients = (*given, *(500, 50_000, 8, 16)[len(given) :])
    with tempfile.TemporaryDirectory(prefix="salus-bench-") as passing:
        folder = Path(sys.argv[5]) if len(sys.argv) > 5 else Path(passing)
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o711)
        data = folder / "node"
        with kept(data) if data.exists() else fresh(data) as node:
            charts = known(node) or people(node, residents)
            fill(node, charts, stored(node), observations)
            token = demo_token(node, Role.HOSPITAL_SYSTEM, "B1", None, None)
            served = [sys.executable, "-m", "salus", "serve", "--data", str(data), "--port", str(PORT), "--demo"]
            server = subprocess.Popen(served, stdout=subprocess.PIPE, text=True)
            assert server.stdout is not None
            server.stdout.readline()
            try:
                compare(node, server.pid, token, charts, clients, float(seconds))
            finally:
                server.terminate()
                server.wait(timeout=20)


def kept(data: Path) -> Node:
    """Open a node that was filled before."""
    return open_node(load_settings(environment={}, given={"data": data, "postgres": "wheel"}), "demo")


def known(node: Node) -> list[Chart]:
    """Return the Patients that are there: the id and the chart of each."""
    statement = "select id, chart_key from records.resource where type = 'Patient' order by chart_key"
    with node.store.connect(Duty.MIGRATION, "salus") as connection:
        return [(id_, chart) for id_, chart in connection.execute(statement).fetchall()]


def stored(node: Node) -> int:
    """Return how many Observations are there."""
    with node.store.connect(Duty.MIGRATION, "salus") as connection:
        found = connection.execute("select count(*) from records.resource where type = 'Observation'").fetchone()
    return int(found[0]) if found else 0


def people(node: Node, count: int) -> list[Chart]:
    """Take in Patients; return the id and the chart of each."""
    who = principal(Role.HOSPITAL_SYSTEM, "bench", facility="B1", purpose=Purpose.TREAT)
    found: list[Chart] = []
    for start in range(0, count, 200):
        intents = [
            Intent(verb="create", resource=_patient(n), entry=n - start) for n in range(start, min(start + 200, count))
        ]
        found += [(one.id, one.chart_key) for one in accept(node, who, intents).outcomes]
    return found


def _patient(number: int) -> dict[str, object]:
    born = datetime(1940, 1, 1, tzinfo=UTC) + timedelta(days=number)
    digits = f"900101{born:%Y%m%d}{number % 1000:03}"
    card = {"system": "urn:oid:2.16.156.10011.1.3", "value": digits + check_character(digits)}
    return {"resourceType": "Patient", "identifier": [card]}


def fill(node: Node, charts: list[Chart], there: int, wanted: int) -> None:
    """Write Observations with their bodies and search rows until there are so many, and say what it cost."""
    count = wanted - there
    if count <= 0:
        print(f"{there:,} Observations of {len(charts):,} residents")
        return
    began, before = time.perf_counter(), _used(node)
    for start in range(there, wanted, BATCH):
        _write(node, charts, range(start, min(start + BATCH, wanted)))
    wall, spent = time.perf_counter() - began, _used(node) - before
    with node.store.connect(Duty.MIGRATION, "salus") as connection:
        connection.execute("analyze")
        size = connection.execute("select pg_total_relation_size('records.found')").fetchone()
    print(
        f"filled {count:,} Observations of {len(charts):,} residents: {count / wall:,.0f}/s,"
        f" {(spent.server + spent.database) / count * 1000:.3f} CPU-ms each (body, seal, versions, search rows);"
        f" records.found with its indexes {(size or [0])[0] / wanted:,.0f} bytes each"
    )


def _write(node: Node, charts: list[Chart], numbers: range) -> None:
    with node.store.transaction(Duty.CARE) as tx:
        keys = node.keys.unwrap(sorted({charts[n % len(charts)][1] for n in numbers}))
        entries, versions = [], []
        resources: list[tuple[int, UUID, str, int, int, datetime, datetime | None, datetime | None, int | None]] = []
        for n, key in zip(numbers, rows.keys(tx, len(numbers)), strict=True):
            patient, chart = charts[n % len(charts)]
            one = _observation(n, patient)
            id_ = UUID(str(one["id"]))
            resources.append((key, id_, "Observation", chart, 1, AT, None, None, 0))
            versions.append((key, 1, chart, 1, AT, seal(keys[chart], key, 1, orjson.dumps(one))))
            entries.append(
                Indexed(
                    resource_key=key, id=id_, type="Observation", chart_key=chart, facility="B1", at=AT, resource=one
                )
            )
        rows.insert_resources(tx, resources)
        rows.insert_versions(tx, versions)
        put(tx, node.custodian, entries)


def _observation(number: int, patient: UUID) -> dict[str, object]:
    rng = random.Random(number)
    return {
        "resourceType": "Observation",
        "id": str(new_id()),
        "meta": {"versionId": "1", "lastUpdated": "2031-03-01T00:00:00Z"},
        "status": "final",
        "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category",
                                  "code": "laboratory"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": f"{1000 + rng.randrange(CODES)}-1"}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": (AT - timedelta(minutes=rng.randrange(3_000_000))).isoformat(),
        "valueQuantity": {"value": rng.randrange(1000) / 10, "unit": "mmol/L",
                          "system": "http://unitsofmeasure.org", "code": "mmol/L"},
    }  # fmt: skip


def compare(node: Node, server: int, token: str, charts: list[Chart], clients: int, seconds: float) -> None:
    """Ask over HTTP and print it beside the floors."""
    postmaster = _postmaster(node)
    rng = random.Random(1)
    asked = [
        f"/fhir/Observation?patient={rng.choice(charts)[0]}&code=http://loinc.org%7C{1000 + rng.randrange(CODES)}-1"
        "&date=ge2028-01-01"
        for _ in range(5000)
    ]
    requests = node.settings.data / "requests.txt"
    for name, paths in (("search", asked), ("floor, /healthz", ["/healthz"])):
        requests.write_text("\n".join([token, *paths]), "utf-8")
        _http(server, postmaster, requests, clients, 2.0)
        for one in (1, clients):
            told, used = _http(server, postmaster, requests, one, seconds)
            answers = int(told["answers"])
            each = {name: value / answers * 1000 for name, value in (("s", used.server), ("d", used.database))}
            print(
                f"{name}, {one} clients: {answers / told['seconds']:,.0f}/s,"
                f" {each['s'] + each['d']:.3f} CPU-ms (server {each['s']:.3f}, database {each['d']:.3f}),"
                f" p50 {told['p50_ms']:.2f} ms,"
                f" p99 {told['p99_ms']:.2f} ms, statuses {told['statuses']}"
            )
    rate, cost = floor(node, node.store, charts, clients, seconds / 2)
    print(f"floor, bare SQL, {clients} threads: {rate:,.0f}/s, {cost:.3f} CPU-ms")


def floor(node: Node, store: Store, charts: list[Chart], threads: int, seconds: float) -> tuple[float, float]:
    """Fetch the same bodies with one prepared statement each; return rate and CPU-ms."""
    codes = [digest(node.custodian, "B1", "Observation", f"code\0c{1000 + n}-1") for n in range(CODES)]
    since, done, ends = datetime(2028, 1, 1, tzinfo=UTC), [0] * threads, time.perf_counter() + seconds

    def fetch(number: int) -> None:
        picked = _picked(number, charts, codes)
        with store.connect(Duty.CARE) as connection:
            connection.autocommit = True
            while time.perf_counter() < ends:
                connection.execute(FLOOR, (*next(picked), since), prepare=True).fetchall()
                done[number] += 1

    before, own, began = cpu(0, _postmaster(node)), time.process_time(), time.perf_counter()
    workers = [threading.Thread(target=fetch, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    used = (cpu(0, _postmaster(node)) - before).database + time.process_time() - own
    return sum(done) / (time.perf_counter() - began), used / sum(done) * 1000


def _picked(seed: int, charts: list[Chart], codes: list[int]) -> Iterator[tuple[int, int]]:
    rng = random.Random(seed)
    while True:
        yield rng.choice(charts)[1], rng.choice(codes)


def _http(server: int, postmaster: int, requests: Path, clients: int, seconds: float) -> tuple[dict, Cpu]:  # type: ignore[type-arg]
    before = cpu(server, postmaster)
    load = [sys.executable, str(HERE / "instruments" / "load.py"), "127.0.0.1", str(PORT)]
    done = subprocess.run(
        [*load, str(clients), str(seconds), str(requests)], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout), cpu(server, postmaster) - before


def _used(node: Node) -> Cpu:
    return cpu(os.getpid(), _postmaster(node))


def _postmaster(node: Node) -> int:
    found = node.store.cluster.postmaster() if node.store.cluster else None
    assert found is not None
    return found


if __name__ == "__main__":
    main()

"""`Patient/$everything` of 1,000 resources over HTTP, everything on, beside two floors in the same run.

Usage: python bench/everything.py [RESOURCES] [ASKS]. One client, one question after another. Floors: `/healthz`, which
is HTTP and one trip to the database; and the same bodies by one bare statement, opened with keys at hand, without
HTTP, policy, register or keys service. Printed: p50 and p99 of each, and the CPU of server and database an answer.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles
from typing import Any
from uuid import UUID

import httpx
import orjson

from instruments.measure import cpu
from salus import access, parties, records
from salus.app import Node, accept, demo_token, load_settings, open_node
from salus.kernel import Purpose, Role
from salus.parties import FacilityKind, principal
from salus.records import Intent
from salus.storage import Duty

PORT = 18_001


def main() -> None:
    """Fill one chart, serve it, ask for everything, and compare."""
    resources = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    asks = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    with tempfile.TemporaryDirectory(prefix="salus-bench-") as folder:
        Path(folder).chmod(0o711)
        data = Path(folder) / "node"
        settings = load_settings(environment={}, given={"data": data, "postgres": "wheel", "port": PORT})
        with open_node(settings, "demo") as node:
            patient, chart = fill(node, resources)
            token = demo_token(node, Role.HOSPITAL_SYSTEM, "H1", None, None)
            served = [sys.executable, "-m", "salus", "serve", "--data", str(data), "--port", str(PORT), "--demo"]
            server = subprocess.Popen(served, stdout=subprocess.PIPE, text=True)
            assert server.stdout is not None
            server.stdout.readline()
            try:
                compare(node, server.pid, token, patient, chart, resources, asks)
            finally:
                server.terminate()
                server.wait(timeout=20)


def fill(node: Node, resources: int) -> tuple[UUID, int]:
    """Store a Patient, a Practitioner and Observations as Synthea writes them; return the Patient and its chart."""
    parties.add_organisation(node.store, organisation_id="Group", name_en="Group", name_zh="集团")
    parties.add_facility(
        node.store,
        facility_id="H1",
        name_en="H1",
        name_zh="H1",
        level=3,
        kind=FacilityKind.HOSPITAL,
        county="900101",
        organisation="Group",
    )
    who = principal(Role.HOSPITAL_SYSTEM, "bench", facility="H1", purpose=Purpose.TREAT)
    sent = [{"resourceType": "Patient", "name": [{"text": "张三"}]}, {"resourceType": "Practitioner"}]
    sent += [observation(n) for n in range(resources - 1)]
    urls = ["urn:uuid:p", "urn:uuid:d", *[None] * (resources - 1)]
    parsed = [records.parse(orjson.dumps(one)) for one in sent]
    done = accept(node, who, [Intent(verb="create", resource=r, full_url=u) for r, u in zip(parsed, urls, strict=True)])
    return done.outcomes[0].id, done.outcomes[0].chart_key


def observation(n: int) -> dict[str, Any]:
    """Return a vital sign as Synthea writes it, some 800 bytes."""
    loinc, category = "http://loinc.org", "http://terminology.hl7.org/CodeSystem/observation-category"
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [{"system": category, "code": "vital-signs", "display": "vital-signs"}]}],
        "code": {"coding": [{"system": loinc, "code": "8302-2", "display": "Body Height"}], "text": "Body Height"},
        "subject": {"reference": "urn:uuid:p"},
        "performer": [{"reference": "urn:uuid:d", "display": "Dr. Practitioner of the bench"}],
        "effectiveDateTime": f"2030-{1 + n % 12:02}-{1 + n % 28:02}T08:{n % 60:02}:00+08:00",
        "issued": f"2030-{1 + n % 12:02}-{1 + n % 28:02}T08:{n % 60:02}:00.{n % 1000:03}+08:00",
        "valueQuantity": {
            "value": 150 + n % 40 + 0.25,
            "unit": "cm",
            "system": "http://unitsofmeasure.org",
            "code": "cm",
        },
        "note": [{"text": f"measured standing, without shoes, reading {n} of the day; see the sheet for the others"}],
    }


def compare(node: Node, server: int, token: str, patient: UUID, chart: int, resources: int, asks: int) -> None:
    """Time the answer and both floors in turn, in rounds, and print them."""
    postmaster = node.store.cluster.postmaster() if node.store.cluster else None
    assert postmaster is not None
    client = httpx.Client(base_url=f"http://127.0.0.1:{PORT}", headers={"Authorization": f"Bearer {token}"})
    keys, sight = node.keys.unwrap([chart]), access.Sight(facility="H1", closed={chart: 0})

    def everything() -> int:
        answer = client.get(f"/fhir/Patient/{patient}/$everything")
        assert answer.status_code == 200, answer.text
        return len(answer.content)

    def bare() -> int:
        with node.store.transaction(Duty.CARE) as tx:
            asked = records.parse_everything(str(patient), [], node.custodian)
            found, _ = records.everything(tx, sight, asked)
        return sum(map(len, records.open_page(found, keys, sight)))

    ways: dict[str, Callable[[], int]] = {
        f"$everything of {resources:,}": everything,
        "floor: /healthz": lambda: len(client.get("/healthz").content),
        "floor: bare statement, bodies opened": bare,
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    size, before, looks = everything(), cpu(server, postmaster), registered(node)
    for _ in range(asks):
        times[next(iter(ways))].append(timed(everything))
    used, looked = cpu(server, postmaster) - before, registered(node) - looks
    for name, way in list(ways.items())[1:]:
        way()
        times[name] = [timed(way) for _ in range(asks)]
    for name, found in times.items():
        cut = quantiles(found, n=100)
        print(f"{name}: p50 {cut[49] * 1000:.1f} ms, p99 {cut[98] * 1000:.1f} ms, {asks} in turn")
    print(
        f"an answer: {size:,} bytes, CPU server {used.server / asks * 1000:.1f} ms, database"
        f" {used.database / asks * 1000:.1f} ms; {looked} entries in the register for {asks} answers"
    )
    assert looked == 2 * asks, "one entry for the resident and one for the directory"


def timed(way: Callable[[], int]) -> float:
    """Return the seconds that one call takes."""
    began = time.perf_counter()
    way()
    return time.perf_counter() - began


def registered(node: Node) -> int:
    """Return how many reads the register holds."""
    with node.store.transaction(Duty.CARE) as tx:
        found = tx.row("select count(*) from access.entry where action = %s", (access.Action.READ.value,))
    return int(found[0]) if found else 0


if __name__ == "__main__":
    main()

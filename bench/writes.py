"""Creates that arrive together and transactions of 100, everything on but HTTP, beside bare inserts in the same run.

Usage: python bench/writes.py [SECONDS] [SENDERS]. SENDERS tasks of one system send an Observation each, again and
again, as bytes: parsed, looked through, examined, sealed, found by all parameters, registered, durable. Then
transactions of 100 Observations, one after the other. Floor: the same bytes as one durable row each, one statement and
commit each. Counted: wall time and CPU of this process and of PostgreSQL.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

from intake import fresh, used
from salus import records
from salus.app import Create, Creator, Node, accept, collect_seldom
from salus.kernel import Purpose, Role
from salus.parties import Principal, principal
from salus.storage import Duty

SIZE = 100


def main() -> None:
    """Create, transact, insert bare rows; print each."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 8.0
    senders = int(sys.argv[2]) if len(sys.argv) > 2 else 32
    collect_seldom()
    with tempfile.TemporaryDirectory(prefix="salus-bench-") as folder:
        Path(folder).chmod(0o711)
        with fresh(Path(folder) / "node") as node:
            who = principal(Role.HOSPITAL_SYSTEM, "bench", facility="B1", purpose=Purpose.TREAT, strong=True)
            patient = accept(node, who, [records.of_resource({"resourceType": "Patient"}, "Patient")]).outcomes[0]
            body = json.dumps(observation(f"Patient/{patient.id}")).encode()
            accept(node, who, [read(body)])  # what is made once, such as the shape of a type, is made now
            told("creates", node, lambda: asyncio.run(creating(node, who, body, senders, seconds)))
            told("transactions of 100", node, lambda: transacting(node, who, body, seconds))
            told("floor, bare inserts", node, lambda: inserting(node, body, seconds))


def observation(patient: str) -> dict[str, object]:
    """Return a result as hospitals send them."""
    coding = {"system": "http://loinc.org", "code": "718-7", "display": "Hemoglobin [Mass/volume] in Blood"}
    unit = {"unit": "g/dL", "system": "http://unitsofmeasure.org", "code": "g/dL"}
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [coding]},
        "subject": {"reference": patient},
        "effectiveDateTime": "2026-03-01T08:00:00+08:00",
        "valueQuantity": {"value": 13.2, **unit},
    }


def read(body: bytes) -> records.Intent:
    """Read what arrives, as a route does."""
    value = records.parse(body)
    records.refuse_measures(value)
    return records.of_resource(value, "Observation")


async def creating(node: Node, who: Principal, body: bytes, senders: int, seconds: float) -> list[float]:
    """Keep so many creates under way; return how long each took."""
    creator, ends, times = Creator(node), time.perf_counter() + seconds, list[float]()

    async def send() -> None:
        while time.perf_counter() < ends:
            began = time.perf_counter()
            await creator.ask(Create(principal=who, intent=read(body)))
            times.append(time.perf_counter() - began)

    try:
        await asyncio.gather(*(send() for _ in range(senders)))
    finally:
        creator.close()
    return times


def transacting(node: Node, who: Principal, body: bytes, seconds: float) -> list[float]:
    """Store transactions one after the other; return how long each resource took of them."""
    entry = b'{"request": {"method": "POST", "url": "Observation"}, "resource": ' + body + b"}"
    bundle = b'{"resourceType": "Bundle", "type": "transaction", "entry": [' + b",".join([entry] * SIZE) + b"]}"
    ends, times = time.perf_counter() + seconds, list[float]()
    while time.perf_counter() < ends:
        began = time.perf_counter()
        value = records.parse(bundle)
        records.refuse_measures(value)
        accept(node, who, list(records.take_apart(value).intents))
        times += [time.perf_counter() - began] * SIZE
    return times


def inserting(node: Node, body: bytes, seconds: float) -> list[float]:
    """Insert bare rows, each durable by itself."""
    with node.store.connect(Duty.MIGRATION) as connection:
        connection.execute("create table storage.bench (body bytea)")
        connection.commit()
        ends, times = time.perf_counter() + seconds, list[float]()
        while time.perf_counter() < ends:
            began = time.perf_counter()
            connection.execute("insert into storage.bench values (%s)", (body,), prepare=True)
            connection.commit()
            times.append(time.perf_counter() - began)
    return times


def told(name: str, node: Node, work) -> None:  # type: ignore[no-untyped-def]
    """Do something and print its rate and costs."""
    before, began = used(node), time.perf_counter()
    times = sorted(work())
    wall, spent, count = time.perf_counter() - began, used(node) - before, len(times)
    print(
        f"{name}: {count / wall:,.0f} resources/s, {(spent.server + spent.database) / count * 1000:.3f} CPU-ms each"
        f" (Salus {spent.server / count * 1000:.3f}, PostgreSQL {spent.database / count * 1000:.3f}),"
        f" p50 {times[count // 2] * 1000:.1f} ms, p99 {times[count * 99 // 100] * 1000:.1f} ms"
    )


if __name__ == "__main__":
    main()

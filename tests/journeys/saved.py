"""Nodes to back up: small, real, and written to; and other ways to look at what came back."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import orjson

from salus import app, parties, records, synth
from salus.app import Node, NodeSettings, Reader, load_settings, open_node
from salus.kernel import Purpose, Role
from salus.parties import FacilityKind, Principal
from salus.storage import Duty, Store


@contextmanager
def ground() -> Iterator[Path]:
    """A folder of its own, through which PostgreSQL's user can pass."""
    folder = Path(tempfile.mkdtemp(prefix="salus-backup-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def settings(folder: Path, postgres: str | None = None, **more: object) -> NodeSettings:
    """Settings of a node in a folder; PostgreSQL as SALUS_POSTGRES says, the wheel's by default."""
    chosen = postgres or os.environ.get("SALUS_POSTGRES", "wheel")
    return load_settings(environment={}, given={"data": folder, "postgres": chosen, "name": "demo", **more})


@contextmanager
def demo(folder: Path, postgres: str | None = None, **more: object) -> Iterator[Node]:
    """A demo node with two hospitals."""
    with open_node(settings(folder, postgres, **more), "demo") as node:
        if not parties.facilities(node.store):
            found_hospitals(node)
        yield node


def found_hospitals(node: Node) -> None:
    parties.add_organisation(node.store, organisation_id="body", name_en="Body", name_zh="机构")
    for facility in ("H1", "H2"):
        parties.add_facility(
            node.store,
            facility_id=facility,
            name_en=f"Hospital {facility}",
            name_zh="医院",
            level=2,
            kind=FacilityKind.HOSPITAL,
            county="900101",
            organisation="body",
        )


def sender(node: Node, facility: str = "H1") -> Principal:
    return app.demo_principal(node, Role.HOSPITAL_SYSTEM, facility).for_purpose(Purpose.TREAT)


NUMBERED = re.compile(rb'(urn:salus:facility:[A-Z0-9]+:mrn(?:","value":"|\\||%7C))([0-9]+)')


def documents(seed: int, residents: int) -> list[bytes]:
    """Bundles of a fictional country, as bytes; no two seeds give a hospital's number twice."""
    bundles = (orjson.dumps(one.bundle) for one in synth.bundles(synth.country(seed, residents)))
    return [NUMBERED.sub(rb"\g<1>%d-\2" % seed, one) for one in bundles]


def write(node: Node, document: bytes, who: Principal | None = None) -> list[tuple[str, UUID]]:
    """Take a bundle in through the app; return what can be read back."""
    intents = records.take_apart(records.parse(document)).intents
    return [(one.type, one.id) for one in app.accept(node, who or sender(node), intents).outcomes]


def read(node: Node, kind: str, id_: UUID) -> bytes:
    """Read a resource through the app: registered, unwrapped, opened."""
    reader = Reader(node)
    try:
        return reader.read_one(sender(node), kind, id_).body
    finally:
        reader.close()


@dataclass(slots=True)
class Writers:
    """Threads that write and read until they are told to stop, beside the relay's rounds."""

    node: Node
    acknowledged: list[tuple[str, UUID]] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Writers:
        whos = [sender(self.node, facility) for facility in ("H1", "H2")]
        self._threads = [threading.Thread(target=self._run, args=(number, who)) for number, who in enumerate(whos)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        assert self.failures == []
        assert self.acknowledged

    def go_on(self, count: int) -> None:
        """Wait until that many more writes were acknowledged."""
        enough = len(self.acknowledged) + count
        while len(self.acknowledged) < enough and any(one.is_alive() for one in self._threads):
            time.sleep(0.02)

    def _run(self, number: int, who: Principal) -> None:
        reader = Reader(self.node)
        try:
            for document in documents(100 + number, 400):
                if self._stop.is_set():
                    return
                made = write(self.node, document, who)
                reader.read_one(who, *made[0])
                self.acknowledged += made
        except BaseException as error:
            self.failures.append(error)
        finally:
            reader.close()


def tables(store: Store, database: str) -> list[str]:
    """Every table of a database, asked for in another way than a back-up does."""
    with store.connect(Duty.MIGRATION, database) as connection:
        found = connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables where table_type = 'BASE TABLE'"
            " and table_schema not in ('pg_catalog', 'information_schema') order by 1"
        ).fetchall()
    return [name for (name,) in found]


def fingerprints(store: Store, database: str) -> dict[str, object]:
    """Rows and a digest of every table, and where sequences stand, computed by PostgreSQL."""
    with store.connect(Duty.MIGRATION, database) as connection:
        prints: dict[str, object] = {}
        for name in tables(store, database):
            prints[name] = connection.execute(
                f"select count(*), md5(coalesce(string_agg(t::text, chr(10) order by t::text), '')) from {name} t"
            ).fetchone()
        sequences = connection.execute("select schemaname || '.' || sequencename, last_value from pg_sequences")
        return prints | dict(sequences.fetchall())


def rows(store: Store, name: str, database: str = "salus") -> set[str]:
    with store.connect(Duty.MIGRATION, database) as connection:
        return {text for (text,) in connection.execute(f"select t::text from {name} t").fetchall()}


def chart_of(node: Node, id_: UUID) -> int:
    return one(node.store, f"select chart_key from records.resource where id = '{id_}'")


def one(store: Store, sql: str, database: str = "salus") -> int:
    with store.connect(Duty.MIGRATION, database) as connection:
        found = connection.execute(sql.encode()).fetchone()
    assert found is not None
    return int(found[0])

"""Kill -9 of PostgreSQL and of Salus under load: nothing acknowledged is lost, and every read stays on the register.

SALUS_KILLS sets how often (25), SALUS_SEED which random instants. A kill does not test fsync: the page cache survives.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median

import psycopg
import pytest

from journeys.killing import Load, NodeUnderTest, Witnessed, folder_of_its_own, lost, wait_for
from salus import access
from salus.app import Node, close_batch, load_settings, open_node
from salus.ledger import checkpoints, consistency_for, verify_directory
from salus.proof import VerifierKey, open_checkpoint, verify_consistency
from salus.storage import Duty
from salus.storage.postgres.cluster import SUPERUSER

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="finds the server's processes in /proc"),
]
KILLS = int(os.environ.get("SALUS_KILLS", "25"))
SEED = int(os.environ.get("SALUS_SEED", "1"))

WITHOUT_EVENT = """
select v.acceptance from records.version v
where not exists (select from records.delivery d where d.acceptance = v.acceptance)
    and not exists (select from storage.outbox o where (o.payload ->> 'acceptance')::bigint = v.acceptance)
"""
EVENT_WITHOUT_ROW = """
select told.acceptance from (
    select acceptance from records.delivery
    union all select (payload ->> 'acceptance')::bigint from storage.outbox where kind = 'RecordAccepted'
) told where not exists (select from records.version v where v.acceptance = told.acceptance)
"""
WAITING = "select (select count(*) from storage.outbox) + (select count(*) from access.unchained)"
READS = "select chart_keys[1], what, sum(count)::bigint from access.entry where action = 'read' group by 1, 2"
CHARTS = "select type, id::text, chart_key from records.resource"


@dataclass(slots=True, kw_only=True)
class Ordeal:
    """A node that went through its kills and serves again."""

    node: NodeUnderTest
    token: str
    seen: Witnessed
    restarts: list[float]

    def told(self, what: str, gone: int) -> str:
        """Return the figures in one line."""
        return (
            f"{what}: {len(self.restarts)} kills, {len(self.seen.acknowledged):,} writes acknowledged, {gone} lost,"
            f" {self.seen.shown.total():,} reads answered, {len(self.seen.heads)} heads of the log seen; back after"
            f" {median(self.restarts):.2f} s (median), {max(self.restarts):.2f} s (worst);"
            f" answers {dict(sorted(self.seen.statuses.items()))}"
        )


def test_nothing_acknowledged_is_lost_when_postgresql_is_killed(capsys: pytest.CaptureFixture[str]) -> None:
    with ordeal(kill_postgres) as after:
        gone = lost(after.node, after.token, after.seen.acknowledged)
        say(capsys, after.told("PostgreSQL killed", len(gone)))

        assert gone == []
        assert set(after.seen.statuses) <= {"write 201", "write 503", "read 200", "read 503"}
        assert_whole(after)


def test_nothing_acknowledged_is_lost_when_salus_is_killed(capsys: pytest.CaptureFixture[str]) -> None:
    with ordeal(kill_salus) as after:
        gone = lost(after.node, after.token, after.seen.acknowledged)
        say(capsys, after.told("Salus killed", len(gone)))

        assert gone == []
        assert set(after.seen.statuses) <= {"write 201", "write 503", "write 0", "read 200", "read 503", "read 0"}
        assert_whole(after)


def test_without_synchronous_commit_the_same_kills_do_lose_writes(capsys: pytest.CaptureFixture[str]) -> None:
    with ordeal(kill_postgres, lazy=True) as after:  # one that is lost is enough: no further kills then
        gone = lost(after.node, after.token, after.seen.acknowledged)
        say(capsys, after.told("PostgreSQL killed, synchronous_commit off", len(gone)))

        assert gone, "the harness cannot see loss: what the other tests found proves nothing"


def kill_postgres(node: NodeUnderTest) -> None:
    """Kill the server; Salus has to notice, and to bring it back."""
    node.kill_postgres()


def kill_salus(node: NodeUnderTest) -> None:
    """Kill Salus and start it again at once, as a service manager does."""
    node.kill_salus()
    node.start()


@contextmanager
def ordeal(kill: Callable[[NodeUnderTest], None], *, lazy: bool = False) -> Iterator[Ordeal]:
    """Run a node under load through its kills, each after a random while of service."""
    rng, restarts = Random(SEED), []
    with folder_of_its_own() as folder:
        node = NodeUnderTest(folder)
        node.start()
        try:
            node.await_health()
            token = node.hospital_token()
            if lazy:
                commit_lazily(node)
            with Load(node, token, rng) as load:
                load.await_service(0.0)
                for _ in range(KILLS):
                    time.sleep(rng.uniform(0.2, 1.0))
                    if lazy and restarts and lost(node, token, dict(load.seen.acknowledged)):
                        break
                    died = time.monotonic()
                    kill(node)
                    restarts.append(load.await_service(died))
            yield Ordeal(node=node, token=token, seen=load.seen, restarts=restarts)
        finally:
            node.stop()


def commit_lazily(node: NodeUnderTest) -> None:
    """Let the server acknowledge commits before they are on disk: what Salus must never do."""
    with opened(node) as inside:
        cluster = inside.store.cluster
        assert cluster is not None
        told = {"host": str(cluster.socket_folder), "user": SUPERUSER, "password": cluster.password}
        with psycopg.connect(**told, dbname="postgres", autocommit=True) as owner:
            owner.execute("alter system set synchronous_commit = off")
            owner.execute("select pg_reload_conf()")


@contextmanager
def opened(node: NodeUnderTest) -> Iterator[Node]:
    """Open the folder beside the server."""
    with open_node(load_settings(environment={}, given={"data": node.data}), "demo") as inside:
        yield inside


def assert_whole(after: Ordeal) -> None:
    """Hold events, register and log against what the clients saw."""
    with opened(after.node) as node:
        with node.store.connect(Duty.MIGRATION) as tables:
            tables.autocommit = True
            wait_for(
                lambda: tables.execute(WAITING).fetchone() == (0,), "the relay did not survive", after.node.last_words
            )
        close_batch(node)
        with node.store.connect(Duty.MIGRATION) as tables:
            assert tables.execute(WITHOUT_EVENT).fetchall() == []
            assert tables.execute(EVENT_WITHOUT_ROW).fetchall() == []
            registered = {(chart, kind): int(count) for chart, kind, count in tables.execute(READS)}
            charts = {f"/fhir/{kind}/{id_}": (chart, kind) for kind, id_, chart in tables.execute(CHARTS)}
        assert after.seen.wrong == []
        answered = Counter[tuple[int, str]]()
        for path, count in after.seen.shown.items():
            answered[charts[path]] += count + 1  # and once more by `lost`
        assert answered.total() > 0
        assert {place: count for place, count in answered.items() if registered.get(place, 0) < count} == {}
        assert access.verify_register(node.store) == []
        assert_consistent(node, after.seen.heads)


def assert_consistent(node: Node, heads: set[str]) -> None:
    """Hold the published log against every head that was ever signed or seen."""
    files: Path = node.settings.data / "log"
    key = VerifierKey.parse((files / "vkey").read_text("utf-8").strip())
    report = verify_directory(files, key)
    signed = checkpoints(node.store)
    seen = [open_checkpoint(text, [key]) for text in heads]

    assert report.findings == ()
    assert report.checkpoint == signed[-1]
    assert seen
    assert {(head.size, head.root) for head in seen} <= {(head.size, head.root) for head in signed}
    for old in signed:
        proof = consistency_for(node.store, old.size, signed[-1].size)
        verify_consistency(old.size, signed[-1].size, old.root, signed[-1].root, proof)


def say(capsys: pytest.CaptureFixture[str], line: str) -> None:
    """Print a line past pytest's capture."""
    with capsys.disabled():
        print(f"\n{line}", flush=True)

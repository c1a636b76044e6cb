"""What the launcher, the pools, the migrations and the outbox promise, on real servers and real processes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from folders import as_root, opened
from journeys.killing import ENVIRONMENT, NodeUnderTest, folder_of_its_own, wait_for
from salus.app import SCHEMAS
from salus.storage import (
    Duty,
    Event,
    FolderRefused,
    Met,
    NoPostgres,
    Schema,
    Settings,
    Store,
    StoreDown,
    drain,
    open_store,
    parked,
    unpark,
)
from salus.storage.errors import MigrationChanged
from salus.storage.postgres import cluster as launcher
from salus.storage.postgres.binaries import Binaries, find
from salus.storage.postgres.cluster import SUPERUSER
from salus_abuse.ports import free_port


@pytest.fixture
def folder() -> Iterator[Path]:
    with folder_of_its_own() as lent:
        yield lent


def owner_of(store: Store) -> psycopg.Connection[tuple[object, ...]]:
    """Connect as the bootstrap superuser."""
    assert store.cluster
    told = {"host": str(store.cluster.socket_folder), "user": SUPERUSER, "password": store.cluster.password}
    return psycopg.connect(**told, dbname="postgres", autocommit=True)


@pytest.mark.slow
def test_a_second_server_on_one_folder_is_refused_and_other_commands_attach(folder: Path) -> None:
    node = NodeUnderTest(folder)
    node.start()
    try:
        node.await_health()
        postmaster = node.postgres()[0]
        second = serve(node.data)
        token = node.hospital_token()

        assert second.returncode == 1
        assert b"is being served already, by process" in second.stderr
        assert b"Traceback" not in second.stderr
        assert token.count(".") == 2
        assert node.postgres()[0] == postmaster
    finally:
        node.stop()


def serve(data: Path) -> subprocess.CompletedProcess[bytes]:
    """Run `salus serve` on a folder until it ends by itself."""
    command = [sys.executable, "-m", "salus", "serve", "--demo", "--data", str(data), "--port", str(free_port())]
    return subprocess.run(command, capture_output=True, env=ENVIRONMENT, timeout=300, check=False)


def test_the_last_user_stops_the_server_and_no_earlier_one(folder: Path) -> None:
    first = open_store(Settings(data=folder / "data", postgres="wheel"))
    second = open_store(Settings(data=folder / "data", postgres="wheel"))
    assert first.cluster
    assert second.cluster
    postmaster = first.cluster.postmaster()

    first.close()
    assert second.cluster.postmaster() == postmaster
    assert second.cluster.running()
    second.close()
    assert not second.cluster.running()


def test_a_server_that_lost_all_its_users_is_taken_over(folder: Path) -> None:
    script = f"""
import os, pathlib
from salus.storage import Settings, open_store
store = open_store(Settings(data=pathlib.Path({str(folder / "data")!r}), postgres="wheel"))
print(store.cluster.postmaster(), flush=True)
os.kill(os.getpid(), 9)
"""
    left = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    postmaster = int(left.stdout)

    with opened(folder / "data") as store:
        assert store.cluster
        assert store.cluster.postmaster() == postmaster
    assert not store.cluster.running()


@pytest.mark.parametrize("whom", ["the postmaster alone", "every process", "a backend"])
def test_a_killed_server_is_back_by_the_next_transactions(folder: Path, whom: str) -> None:
    with opened(folder / "data") as store:
        store.migrate([])
        with store.transaction(Duty.CARE) as tx:
            backend = tx.row("select pg_backend_pid()")
        assert store.cluster
        assert backend
        before, place = store.cluster.postmaster(), folder / "node"
        place.mkdir()
        shutil.copy(folder / "data" / "postgres.place", place / "postgres.place")
        every = NodeUnderTest(folder).postgres()
        for pid in {"the postmaster alone": every[:1], "every process": every, "a backend": [backend[0]]}[whom]:
            os.kill(pid, signal.SIGKILL)

        wait_for(lambda: answers(store), "the server did not come back", lambda: whom)
        assert (store.cluster.postmaster() == before) == (whom == "a backend")


def answers(store: Store) -> bool:
    """Tell whether a transaction goes through."""
    try:
        with store.transaction(Duty.CARE) as tx:
            return tx.row("select 1") == (1,)
    except StoreDown:
        return False


def test_a_stale_lock_file_with_a_strangers_number_does_not_keep_the_server_down(folder: Path) -> None:
    with opened(folder / "data") as store:
        assert store.cluster
        lock = store.cluster.pgdata / "postmaster.pid"
        stale = lock.read_text("ascii").splitlines()
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        lock.write_text("\n".join([str(stranger.pid), *stale[1:6], " 1 2147483646", *stale[7:]]) + "\n", "ascii")
        with opened(folder / "data") as store:
            store.migrate([])
            assert answers(store)
    finally:
        stranger.kill()
        stranger.wait()


def test_a_folder_is_opened_by_the_major_that_made_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(folder / "data"):
        pass
    with open_store(Settings(data=folder / "data", postgres="system")) as store:
        assert store.cluster
        assert (store.cluster.pgdata / "PG_VERSION").read_text("ascii").strip() == "18"

    (store.cluster.pgdata / "PG_VERSION").write_text("9\n", "ascii")
    with pytest.raises(NoPostgres, match="made by PostgreSQL 9, which is not on this machine"):
        open_store(Settings(data=folder / "data", postgres="wheel"))


def test_the_first_start_answers_a_query_soon(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    began = time.monotonic()
    with opened(folder / "data") as store:
        with owner_of(store) as owner:
            assert owner.execute("select 1").fetchone() == (1,)
        first = time.monotonic() - began
        store.migrate(SCHEMAS)
        migrated = time.monotonic() - began
    began = time.monotonic()
    with opened(folder / "data") as store, store.transaction(Duty.CARE) as tx:
        assert tx.row("select 1") == (1,)
        again = time.monotonic() - began

    with capsys.disabled():
        print(f"\nfirst start to first query {first:.2f} s, migrated {migrated:.2f} s, started again {again:.2f} s")


def test_everybody_needs_a_password_and_the_socket_is_nobody_elses(folder: Path) -> None:
    with opened(folder / "data") as store:
        store.migrate([])
        assert store.cluster
        sockets = store.cluster.socket_folder
        with owner_of(store) as owner:
            secrets = [str(row[0]) for row in owner.execute("select rolpassword from pg_authid where rolcanlogin")]
            methods = owner.execute("select distinct auth_method from pg_hba_file_rules").fetchall()
            listening = owner.execute("show listen_addresses").fetchone()
            settings = {
                name: owner.execute(f"show {name}").fetchone()
                for name in ("fsync", "synchronous_commit", "data_checksums")
            }

        assert len(secrets) == len(Duty) + 1
        assert all(secret.startswith("SCRAM-SHA-256$") for secret in secrets)
        assert methods == [("scram-sha-256",)]
        assert listening == ("",)
        assert set(settings.values()) == {("on",)}
        assert sockets.stat().st_mode & 0o777 == 0o700
        for name in ("roles.json", "postgres.password"):
            assert (folder / "data" / name).stat().st_mode & 0o777 == 0o600
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(host=str(sockets), user=SUPERUSER, password="wrong", dbname="postgres")


@as_root
def test_started_as_root_the_server_runs_as_an_unprivileged_user(folder: Path) -> None:
    with opened(folder / "data") as store:
        assert store.cluster
        assert store.cluster.owner
        process = Path(f"/proc/{store.cluster.postmaster()}")

        assert process.stat().st_uid == store.cluster.owner.uid != 0
        assert "Groups:\t \n" in (process / "status").read_text("ascii")
        assert store.cluster.pgdata.stat().st_uid == store.cluster.owner.uid


def test_a_folder_may_have_a_longer_path_than_a_socket(folder: Path) -> None:
    deep = folder
    for _ in range(4):
        deep = deep / ("a-long-name-" * 4)
        deep.mkdir()
        deep.chmod(0o711)

    with opened(deep / "data") as store:
        store.migrate([])
        assert store.cluster
        assert answers(store)
        assert store.cluster.socket_folder.stat().st_mode & 0o777 == 0o700
        assert not store.cluster.socket_folder.is_relative_to(folder)
    assert not store.cluster.socket_folder.exists()


@as_root
def test_a_socket_folder_that_somebody_else_put_there_is_refused(folder: Path) -> None:
    deep = folder / ("a-long-name-" * 8)
    deep.mkdir()
    deep.chmod(0o711)
    cluster = launcher.Cluster(deep / "data", "wheel")
    assert cluster.owner
    with suppress(FileNotFoundError):
        cluster.socket_folder.rmdir()
    cluster.socket_folder.symlink_to(folder)
    try:
        with pytest.raises(FolderRefused, match="belongs to somebody else"):
            cluster.use()
    finally:
        cluster.socket_folder.unlink()


@as_root
def test_a_folder_that_the_servers_user_cannot_reach_has_its_cluster_elsewhere(folder: Path) -> None:
    hidden = folder / "hidden"
    hidden.mkdir(mode=0o700)
    with opened(hidden / "data") as store:
        store.migrate([])
        assert store.cluster
        root = store.cluster.root

        assert answers(store)
        assert not root.is_relative_to(folder)
        assert root.stat().st_mode & 0o777 == 0o700
    with opened(hidden / "data") as store:
        assert store.cluster
        assert store.cluster.root == root
        assert answers(store)
    shutil.rmtree(root)


def test_a_failing_initdb_leaves_nothing_half_done(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = find("wheel")
    broken = folder / "broken"
    shutil.copytree(real.folder.parent, broken, symlinks=True)
    broken.chmod(0o755)
    (broken / "bin" / "initdb").unlink()
    (broken / "bin" / "initdb").write_text(
        '#!/bin/sh\nmkdir -p "$2" && echo 18 > "$2/PG_VERSION"; echo no room >&2; exit 1\n'
    )
    (broken / "bin" / "initdb").chmod(0o755)
    monkeypatch.setattr(launcher, "find", lambda *_: Binaries(folder=broken / "bin", major=18, source="wheel"))
    with pytest.raises(NoPostgres, match="initdb failed: no room"):
        open_store(Settings(data=folder / "data", postgres="wheel"))
    left = sorted(path.name for path in (folder / "data" / "postgres").iterdir())
    monkeypatch.undo()

    with opened(folder / "data") as store:
        store.migrate([])
        assert answers(store)
    assert "data" not in left
    assert "initial.password" not in left


def test_migrations_are_applied_once_and_a_changed_one_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = folder / "a_room_of_the_test"
    (room / "migrations").mkdir(parents=True)
    (room / "__init__.py").touch()
    first = room / "migrations" / "0001_first.sql"
    first.write_text("create schema a_room; create table a_room.t (n integer);")
    monkeypatch.syspath_prepend(str(folder))
    schemas = [Schema(name="a_room", package="a_room_of_the_test")]
    with opened(folder / "data") as store:
        applied = store.migrate(schemas)
        again = store.migrate(schemas)
        (room / "migrations" / "0002_broken.sql").write_text("create table a_room.half (n integer); select 1 / 0;")
        with pytest.raises(psycopg.errors.DivisionByZero):
            store.migrate(schemas)
        with store.connect(Duty.MIGRATION) as tables:
            half = tables.execute("select to_regclass('a_room.half')").fetchone()
        first.write_text("create schema a_room;")
        with pytest.raises(MigrationChanged, match=r"a_room/0001_first\.sql was changed after it was applied"):
            store.migrate(schemas)

    assert applied == ["storage/0001_outbox.sql", "storage/0002_duties.sql", "a_room/0001_first.sql"]
    assert again == []
    assert half == (None,)


def test_what_waits_for_a_commit_runs_after_it_and_never_after_a_rollback(store: Store) -> None:
    seen: list[object] = []

    def look() -> None:
        with store.transaction(Duty.RELAY) as other:
            seen.append(other.row("select count(*) from storage.outbox where kind = 'Committed'"))

    with store.transaction(Duty.CARE) as tx:
        tx.emit("Committed", {})
        tx.after_commit(look)
        assert seen == []
    with suppress(ZeroDivisionError), store.transaction(Duty.CARE) as tx:
        tx.emit("Committed", {})
        tx.after_commit(look)
        raise ZeroDivisionError

    assert seen == [(1,)]
    assert drain(store, {"Committed": lambda _: None}).done == 1


def test_a_statement_by_itself_stays_whatever_comes_after_it(store: Store) -> None:
    with suppress(ZeroDivisionError), store.statements(Duty.CARE) as single:
        single.emit("Committed", {})
        with store.transaction(Duty.RELAY) as other:
            seen = other.row("select count(*) from storage.outbox where kind = 'Committed'")
        raise ZeroDivisionError
    with suppress(ZeroDivisionError), store.transaction(Duty.CARE) as tx:  # on the same connection
        tx.emit("Committed", {})
        raise ZeroDivisionError

    assert seen == (1,)
    assert drain(store, {"Committed": lambda _: None}).done == 1


def test_of_two_that_wait_for_each_other_one_is_told_that_nothing_was_stored(store: Store) -> None:
    both, told = threading.Barrier(2), list[str]()

    def cross(first: int, second: int) -> None:
        try:
            with store.transaction(Duty.CARE) as tx:
                tx.row("select pg_advisory_xact_lock(%s)", (first,))
                both.wait(timeout=120)
                tx.row("select pg_advisory_xact_lock(%s)", (second,))
            told.append("stored")
        except Met as met:
            told.append(met.code)

    ways = [threading.Thread(target=cross, args=way) for way in ((7, 8), (8, 7))]
    for way in ways:
        way.start()
    for way in ways:
        way.join(timeout=300)

    assert sorted(told) == [Met.code, "stored"]


def test_a_node_waits_for_nothing_longer_than_a_caller_would() -> None:
    script = (
        "from salus.ledger.witnessing import asking, gathering\nfrom salus.storage import pools\n"
        "print(pools._CHECKOUT_SECONDS, pools._LOCK_SECONDS, asking.ANSWER_SECONDS, gathering.PATIENCE_SECONDS)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert [float(one) for one in done.stdout.split()] == [5, 20, 5, 2]  # conftest sets others in this process


def test_who_waits_too_long_for_a_lock_is_told_and_every_connection_bounds_the_wait(store: Store) -> None:
    def wait() -> tuple[object, ...] | None:
        with store.transaction(Duty.CARE) as waiter:
            bound = waiter.row("show lock_timeout")
            assert bound == ("5min",)  # as conftest says
            waiter.row("select set_config('lock_timeout', '50ms', true)")
            return waiter.row("select pg_advisory_xact_lock(9)")

    with store.transaction(Duty.CARE) as holder:
        holder.row("select pg_advisory_xact_lock(9)")
        with pytest.raises(Met):
            wait()


def test_an_event_whose_drain_was_cut_off_is_handed_over_again(store: Store) -> None:
    emit(store, "Told", 3)
    seen: list[int] = []

    def cut_off(event: Event) -> None:
        seen.append(event.id)
        if len(seen) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        drain(store, {"Told": cut_off})
    done = drain(store, {"Told": cut_off}).done

    assert done == 3
    assert seen[2:] == [seen[0], seen[1], seen[1] + 1]
    assert drain(store, {"Told": cut_off}).done == 0


def test_an_event_that_fails_five_times_is_parked_in_sight_and_can_be_tried_again(store: Store) -> None:
    emit(store, "Failing", 1)
    emit(store, "Good", 1)
    seen: list[str] = []

    def fail(_: Event) -> None:
        raise ZeroDivisionError

    handlers: dict[str, Callable[[Event], None]] = {"Failing": fail, "Good": lambda event: seen.append(event.kind)}
    rounds = [drain(store, handlers) for _ in range(6)]
    waiting = [(kind, code) for _, kind, code in parked(store)]

    assert [one.failed for one in rounds] == [1, 1, 1, 1, 1, 0]
    assert seen == ["Good"]
    assert waiting == [("Failing", "SALUS-S006 ZeroDivisionError")]
    assert unpark(store) == 1
    assert drain(store, {"Failing": lambda _: None}).done == 1
    assert parked(store) == []


def test_two_drains_at_once_never_hand_an_event_over_twice(store: Store) -> None:
    emit(store, "Shared", 60)
    seen: list[int] = []
    both, met = threading.Barrier(2, timeout=120), threading.local()

    def take(event: Event) -> None:
        if not hasattr(met, "already"):
            met.already = both.wait()  # each drain holds events of its own before either goes on
        seen.append(event.id)

    drains = [threading.Thread(target=drain, args=(store, {"Shared": take}, 30)) for _ in range(2)]
    for one in drains:
        one.start()
    for one in drains:
        one.join()

    assert len(seen) == len(set(seen)) == 60


def emit(store: Store, kind: str, count: int) -> None:
    """Put events into the outbox."""
    with store.transaction(Duty.CARE) as tx:
        for number in range(count):
            tx.emit(kind, {"number": number})

"""A node is saved while it is written to, and comes back whole: the same tables, the same log, and at work again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import orjson
import pytest
from saved import (
    Writers,
    chart_of,
    demo,
    documents,
    fingerprints,
    ground,
    one,
    read,
    rows,
    settings,
    tables,
    write,
)

from salus import access, app, ledger
from salus.app import Imported, Node, Restored, Saved, back_up, import_files, open_node, restore
from salus.keys import Custodian, KeyShredded
from salus.ledger import verify_directory
from salus.records import NotFound
from salus.storage import Duty, Settings, known_migrations, open_store
from support import absent

ONLY_ADDED_TO = (
    "access.chained",
    "access.entry",
    "identity.assertion",
    "identity.claim",
    "identity.number",
    "identity.question",
    "identity.resident",
    "ledger.checkpoint",
    "ledger.cosignature",
    "ledger.leaf",
    "ledger.tile",
    "records.acceptance",
    "records.chart",
    "records.delivery",
    "records.version",
)
NEITHER_COUNTED_NOR_WAITING = """
select count(*) from records.acceptance a
where not exists (select from records.delivery d where d.acceptance = a.acceptance)
    and not exists (select from storage.outbox o where (o.payload->>'acceptance')::bigint = a.acceptance)
"""
WITHOUT_A_BODY = """
select count(*) from records.resource r
where not exists (select from records.version v where v.resource_key = r.resource_key and v.version = r.version)
"""
NEITHER_CHAINED_NOR_QUEUED = """
select count(*) from access.entry e
where not exists (select from access.chained c where c.batch = e.batch)
    and not exists (select from access.unchained u where u.batch = e.batch)
"""


@dataclass(slots=True)
class Busy:
    """A node that was saved under its writers and written to afterwards, and the node that came back of it."""

    source: Node
    back: Node
    content: Saved
    keys: Saved
    restored: Restored
    lines: list[str]
    before: list[tuple[str, UUID]]
    after: list[tuple[str, UUID]]


@pytest.fixture(scope="module")
def busy() -> Iterator[Busy]:
    with ground() as place, demo(place / "one") as source:
        before = [made for document in documents(1, 12) for made in write(source, document)]
        app.close_batch(source)
        relay = app.Relay(source)
        relay.start()
        with Writers(source) as writers:
            writers.go_on(60)
            content, keys = back_up(source.settings, place / "saved")
            writers.go_on(60)
        relay.stop()
        after = write(source, documents(2, 1)[0])
        app.close_batch(source)
        lines: list[str] = []
        restored = restore(settings(place / "two"), content.path, keys.path, lines.append)
        with open_node(settings(place / "two")) as back:
            yield Busy(
                source=source,
                back=back,
                content=content,
                keys=keys,
                restored=restored,
                lines=lines,
                before=before,
                after=after,
            )


@pytest.fixture
def place() -> Iterator[Path]:
    with ground() as folder:
        yield folder


def test_every_table_of_both_databases_is_saved(busy: Busy) -> None:
    for saved, database in ((busy.content, "salus"), (busy.keys, "salus_keys")):
        assert sorted(table.name for table in saved.manifest.tables) == tables(busy.source.store, database)


def test_a_node_saved_under_its_writers_is_of_one_instant(busy: Busy) -> None:
    store = busy.back.store

    assert busy.content.manifest.at < busy.keys.manifest.at
    for name in ONLY_ADDED_TO:
        assert rows(store, name) <= rows(busy.source.store, name), name
    for rule in (WITHOUT_A_BODY, NEITHER_COUNTED_NOR_WAITING, NEITHER_CHAINED_NOR_QUEUED):
        assert one(store, rule) == 0, rule
    assert len(rows(store, "records.version")) < len(rows(busy.source.store, "records.version"))


def test_the_log_comes_back_with_the_root_of_that_instant_and_says_so(busy: Busy) -> None:
    head = busy.content.manifest.head
    assert head is not None
    signed = {(point.size, point.root.hex()) for point in ledger.checkpoints(busy.source.store)}

    assert (busy.restored.size, busy.restored.root) == (head.size, head.root)
    assert (head.size, head.root) in signed
    assert max(size for size, _ in signed) > head.size
    assert any(f"head of size {head.size}," in line for line in busy.lines)


def test_every_checksum_is_told_line_by_line(busy: Busy) -> None:
    for table in (*busy.content.manifest.tables, *busy.keys.manifest.tables):
        assert any(f": {table.name}: {table.rows:,} rows, checksum as saved" in line for line in busy.lines)


def test_what_was_acknowledged_before_the_backup_reads_the_same(busy: Busy) -> None:
    for kind, id_ in busy.before[:60]:
        assert orjson.loads(read(busy.back, kind, id_)) == orjson.loads(read(busy.source, kind, id_))


def test_what_was_written_after_the_backup_is_not_in_it(busy: Busy) -> None:
    assert read(busy.source, *busy.after[0])
    with pytest.raises(NotFound):
        read(busy.back, *busy.after[0])


def test_a_restored_node_goes_on_working(busy: Busy) -> None:
    back = busy.back
    entries, size = len(rows(back.store, "access.entry")), busy.restored.size

    made = write(back, documents(3, 1)[0])
    assert orjson.loads(read(back, *made[0]))["id"] == str(made[0][1])
    while app.deliver_events(back):
        pass
    app.close_batch(back)
    report = verify_directory(back.settings.data / "log", str(back.sequencer.key))

    assert len(rows(back.store, "access.entry")) > entries
    assert report.good
    assert report.checkpoint is not None
    assert report.checkpoint.size > size
    assert access.verify_register(back.store) == []
    assert one(back.store, NEITHER_CHAINED_NOR_QUEUED) == 0
    assert one(back.store, "select count(*) from access.unchained") == 0
    assert one(back.store, NEITHER_COUNTED_NOR_WAITING) == 0


def test_each_unwrap_on_a_restored_node_stands_in_its_register(busy: Busy) -> None:
    def beyond() -> int:
        with busy.back.store.transaction(Duty.CARE) as tx:
            return busy.back.keys.unwraps() - access.unwraps(tx)

    before = beyond()
    read(busy.back, *busy.before[0])

    assert before == busy.restored.unwraps_counted - busy.restored.unwraps_told
    assert beyond() == before


def test_a_node_at_rest_comes_back_equal_in_every_table_and_sequence(place: Path) -> None:
    with demo(place / "one", register_people=3_000_000) as source:
        for document in documents(4, 5):
            write(source, document)
        app.close_batch(source)
        prints = {database: fingerprints(source.store, database) for database in ("salus", "salus_keys")}
        content, keys = back_up(source.settings, place / "saved")

    restore(settings(place / "two"), content.path, keys.path)

    with open_store(Settings(data=place / "two")) as store:
        assert {database: fingerprints(store, database) for database in prints} == prints
    held = app.size.hold(place / "two", None)
    held.release()
    assert held.people == 4_000_000


def test_an_import_cut_short_before_the_backup_goes_on_after_the_restore(place: Path) -> None:
    file = place / "bundles.ndjson"
    file.write_bytes(b"\n".join(documents(5, 10)[:10]) + b"\n")

    def cut_short(done: Imported) -> None:
        if done.lines == 4:
            raise KeyboardInterrupt

    with demo(place / "one") as source:
        with pytest.raises(KeyboardInterrupt):
            import_files(source, "H1", [file], cut_short, at_once=2)
        content, keys = back_up(source.settings, place / "saved")
    restore(settings(place / "two"), content.path, keys.path)

    with demo(place / "two") as back:
        done = import_files(back, "H1", [file])
    assert (done.skipped, done.lines, done.refused) == (4, 6, [])


def test_a_destroyed_key_stays_destroyed_when_older_data_come_back(place: Path) -> None:
    with demo(place / "one") as source:
        gone, kept = (write(source, document)[0] for document in documents(6, 2)[:2])
        content, _ = back_up(source.settings, place / "monday")
        source.keys.shred(chart_of(source, gone[1]))
        _, keys = back_up(source.settings, place / "tuesday")
    restore(settings(place / "two"), content.path, keys.path)

    with demo(place / "two") as back:
        assert read(back, *kept)
        with pytest.raises(KeyShredded):
            read(back, *gone)


def test_charts_opened_after_a_restore_get_no_key_of_a_chart_that_the_data_forgot(place: Path) -> None:
    with demo(place / "one") as source:
        write(source, documents(7, 1)[0])
        content, _ = back_up(source.settings, place / "monday")
        forgotten = [write(source, document)[0] for document in documents(8, 4)]
        source.keys.shred(chart_of(source, forgotten[-1][1]))
        _, keys = back_up(source.settings, place / "tuesday")
    restore(settings(place / "two"), content.path, keys.path)

    with demo(place / "two") as back:
        highest = back.keys.highest()
        made = [write(back, document)[0] for document in documents(8, 4)]

        assert min(chart_of(back, id_) for _, id_ in made) > highest
        assert all(read(back, *found) for found in made)


def test_an_older_schema_is_brought_back_and_then_forward(place: Path) -> None:
    newest = "parties/0002_passkey_use.sql"
    older = settings(place / "one")
    with open_store(Settings(data=older.data, postgres=older.postgres)) as store:
        store.migrate(app.SCHEMAS, only=set(known_migrations(app.SCHEMAS)) - {newest})
        (older.data / "node.json").write_text('{"kind": "demo", "name": "demo"}')
        (older.data / "demo.passphrase").write_text("an older passphrase")
        Custodian.open(older.data / "keys", b"an older passphrase").signer("demo")
        content, keys = back_up(older, place / "saved")
    lines: list[str] = []

    restore(settings(place / "two"), content.path, keys.path, lines.append)

    assert newest not in content.manifest.migrations
    assert any("1 newer ones applied" in line for line in lines)
    with demo(place / "two") as back:
        assert write(back, documents(9, 1)[0])


@pytest.mark.parametrize(("made_by", "brought_to"), [("wheel", "system"), ("system", "wheel")])
def test_a_backup_moves_between_versions_of_postgresql(place: Path, made_by: str, brought_to: str) -> None:
    if not Path("/usr/lib/postgresql/15/bin/postgres").exists():
        absent("postgres15", "Debian's PostgreSQL 15 is not installed")
    with demo(place / "one", made_by) as source:
        made = write(source, documents(10, 1)[0])
        app.close_batch(source)
        content, keys = back_up(source.settings, place / "saved")

    restored = restore(settings(place / "two", brought_to), content.path, keys.path)

    assert {content.manifest.postgres.split(".")[0], restored.postgres.split(".")[0]} == {"15", "18"}
    with open_node(settings(place / "two", brought_to)) as back:
        assert read(back, *made[0])
        assert write(back, documents(11, 1)[0])

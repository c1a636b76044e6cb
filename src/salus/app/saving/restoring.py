"""Bring a node back into a new folder, and prove that it is what was saved before anybody may open it.

Restoring an older back-up takes the public log back to its size of then. Whoever holds a later checkpoint will see it,
and nothing here can hide or heal that; so the size is told.
"""

from __future__ import annotations

import contextlib
import json
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from salus import access, ledger, records
from salus.app.node import write_private
from salus.app.saving import catalog, halves
from salus.app.saving.archive import Opened, sync_folder
from salus.app.saving.backing import HALF, NOTES, PASSPHRASE, SEALED
from salus.app.saving.errors import BackupRefused, RestoreFailed
from salus.app.saving.model import Manifest, Part
from salus.app.schemas import SCHEMAS
from salus.app.settings import NodeSettings
from salus.kernel import SalusError, SystemClock, format_instant
from salus.keys import Custodian, KeyService
from salus.ledger import Sequencer, verify_directory
from salus.storage import UNUSABLE, Duty, Settings, Store, known_migrations, open_store

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What came back, every table of it checked. `size` and `root` are those of the public log, 0 and None if empty.

    `unwraps_told` by the register and `unwraps_counted` by the keys differ by the reads that were under way when the
    data were saved, that came between the data's instant and the keys', or that were never answered.
    """

    node: str
    tables: int
    rows: int
    charts: int
    size: int
    root: str | None
    unwraps_told: int
    unwraps_counted: int
    postgres: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Return:
    """A restore under way."""

    settings: NodeSettings
    content: Opened
    keys: Opened
    passphrase: bytes
    say: Say

    @property
    def told(self) -> Manifest:
        """What the data's file says."""
        return self.content.manifest


def restore(settings: NodeSettings, content_file: Path, keys_file: Path, say: Say = lambda _: None) -> Restored:
    """Bring back a node into `settings.data`, a folder that is new or empty, and `say` each thing that was checked.

    Raises BackupDamaged or BackupRefused before anything is made. After that, whatever goes wrong leaves the folder
    marked unusable and is raised: RestoreFailed where what came back is not what was saved.
    """
    began = time.monotonic()
    folder = settings.data
    _refuse_used(folder)
    with Opened(content_file) as content, Opened(keys_file) as keys:
        _refuse_pair(content, keys)
        passphrase = _passphrase(settings, content, keys)
        returning = _Return(settings=settings, content=content, keys=keys, passphrase=passphrase, say=say)
        for opened in (content, keys):
            told, at = opened.manifest, format_instant(opened.manifest.at)
            say(f"{opened.path.name}: whole; {len(told.tables)} tables, {told.rows:,} rows as of {at}")
        folder.mkdir(parents=True, exist_ok=True, mode=0o711)
        _mark(folder, "a restore into it is under way, or was cut short; remove it and restore again")
        try:
            done = _fill(returning, began)
        except Exception as error:
            told_as = str(error) if isinstance(error, SalusError) else type(error).__name__
            with contextlib.suppress(OSError):  # the first mark still stands
                _mark(folder, f"a restore into it failed: {told_as}")
            if isinstance(error, SalusError):
                raise
            raise RestoreFailed(f"{folder} is left unusable: {type(error).__name__} while restoring") from error
        (folder / UNUSABLE).unlink()
        sync_folder(folder)
        return done


def _refuse_used(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BackupRefused(f"{folder} is in use or not empty; name a new folder with --data")


def _refuse_pair(content: Opened, keys: Opened) -> None:
    """Refuse two files that do not belong together, or that this release cannot read."""
    one, other = content.manifest, keys.manifest
    if (one.part, other.part) != (Part.DATA, Part.KEYS):
        raise BackupRefused("name the file of the data first and the file of the keys second: data-… keys-…")
    if (one.kind, one.name) != (other.kind, other.name) or (one.vkey and other.vkey and one.vkey != other.vkey):
        raise BackupRefused("the two files are of different nodes")
    if other.at < one.at:
        raise BackupRefused("the keys were saved before the data; take keys that were saved with the data or later")
    known = known_migrations(SCHEMAS)
    for path, digest in {**one.migrations, **other.migrations}.items():
        if known.get(path) != digest:
            raise BackupRefused(
                f"the back-up was made by release {one.release}, whose schema ({path}) this release does not know;"
                " restore with that release or a later one"
            )


def _passphrase(settings: NodeSettings, content: Opened, keys: Opened) -> bytes:
    """Find the passphrase and try it on the custodian file, before anything is made."""
    beside_data, beside_keys = content.file(HALF), keys.file(HALF)
    if settings.passphrase_file:
        passphrase = settings.passphrase_file.read_bytes().strip()
    elif beside_data and beside_keys:
        passphrase = halves.joined(beside_data, beside_keys)
    else:
        raise BackupRefused("set passphrase_file (SALUS_PASSPHRASE_FILE): it opens the sealed keys of this node")
    with tempfile.TemporaryDirectory() as folder:
        _place_sealed(Path(folder), keys)
        Custodian.open(Path(folder), passphrase, create=False)
    return passphrase


def _fill(returning: _Return, began: float) -> Restored:
    settings, told, say = returning.settings, returning.told, returning.say
    _place_files(returning)
    with open_store(Settings(data=settings.data, postgres=settings.postgres), filling=True) as store:
        if not store.fresh():
            raise BackupRefused("the PostgreSQL server holds databases or roles of a Salus node already; use another")
        saved = {**told.migrations, **returning.keys.manifest.migrations}
        store.migrate(SCHEMAS, only=saved)
        rows = 0
        for opened, duty in ((returning.content, Duty.CARE), (returning.keys, Duty.KEYS)):
            _load(store, opened, duty.database, say)
            rows += _verify(store, opened.manifest, duty.database, say)
        newer = store.migrate(SCHEMAS)
        say(f"schema: {len(saved)} files as saved" + (f", {len(newer)} newer ones applied" if newer else ""))
        custodian = Custodian.open(settings.data / "keys", returning.passphrase, create=False)
        keys = KeyService(store, custodian)
        charts = _join(store, keys, say)
        _log(store, custodian, returning)
        unwraps = _register(store, keys, say)
        with store.whole(Duty.CARE.database) as tx:
            postgres = catalog.server_version(tx)
    write_private(settings.data / "node.json", json.dumps({"kind": told.kind, "name": told.name}))
    return Restored(
        node=told.name,
        tables=len(told.tables) + len(returning.keys.manifest.tables),
        rows=rows,
        charts=charts,
        size=told.head.size if told.head else 0,
        root=told.head.root if told.head else None,
        unwraps_told=unwraps[0],
        unwraps_counted=unwraps[1],
        postgres=postgres,
        seconds=time.monotonic() - began,
    )


def _place_files(returning: _Return) -> None:
    folder, told = returning.settings.data, returning.told
    _place_sealed(folder / "keys", returning.keys)
    if told.kind == "demo" and not returning.settings.passphrase_file:
        write_private(folder / PASSPHRASE, returning.passphrase.decode())
    for name in NOTES:
        if noted := returning.content.file(name):
            write_private(folder / name, noted.decode())


def _place_sealed(folder: Path, keys: Opened) -> None:
    sealed = keys.file(SEALED)
    if sealed is None:
        raise BackupRefused(f"{keys.path.name} has no custodian file")
    folder.mkdir(mode=0o700, exist_ok=True)
    write_private(folder / SEALED, sealed.decode())
    sync_folder(folder)


def _load(store: Store, opened: Opened, database: str, say: Say) -> None:
    """Load every table of a database, and put its sequences where they stood, in one transaction."""
    notes = {note.name: note for note in opened.manifest.tables}
    began = time.monotonic()
    with store.whole(database) as tx:
        catalog.spell(tx)
        tables = catalog.relations(tx)
        _expect("tables", {one.name: one.columns for one in tables}, {n.name: n.columns for n in notes.values()})
        catalog.empty(tx, tables)
        for relation in tables:
            catalog.fill(tx, relation, opened.stream(f"tables/{relation.name}", notes[relation.name].sha256))
        catalog.set_sequences(tx, opened.manifest.sequences)
        catalog.analyse(tx, tables)
    say(f"{database}: {opened.manifest.rows:,} rows loaded in {time.monotonic() - began:.1f} s")


def _verify(store: Store, manifest: Manifest, database: str, say: Say) -> int:
    """Read every table and sequence again and compare them with the manifest; return how many rows there are."""
    with store.whole(database) as tx:
        catalog.freeze(tx)
        relations = {one.name: one for one in catalog.relations(tx)}
        for note in manifest.tables:
            _expect(note.name, catalog.checksum(tx, relations[note.name]), (note.rows, note.sha256))
            say(f"{database}: {note.name}: {note.rows:,} rows, checksum as saved")
        _expect("sequences", tuple(catalog.sequences(tx)), manifest.sequences)
    say(f"{database}: {len(manifest.sequences)} sequences as saved")
    return manifest.rows


def _join(store: Store, keys: KeyService, say: Say) -> int:
    """See that every chart has its key, and that no chart to come is given the key of one that the data forgot."""
    count = 0
    with store.transaction(Duty.CARE) as tx:
        for page in records.charts(tx):
            _expect("charts without a key", len(keys.absent(page)), 0)
            count += len(page)
    with store.whole(Duty.CARE.database) as tx:
        records.skip_keys(tx, keys.highest())
    say(f"keys: each of {count:,} charts has its key, or the tombstone of one that was destroyed")
    return count


def _log(store: Store, custodian: Custodian, returning: _Return) -> None:
    """Publish the log's files again, recompute them whole, and compare the root with the one that was saved."""
    folder, told, say = returning.settings.data, returning.told, returning.say
    sequencer = Sequencer(store, custodian.signer(told.name), folder / "log", SystemClock(), random.SystemRandom())
    count = sequencer.publish(anew=True)
    if told.head is None:
        say("log: it had no signed head yet")
        return
    report = verify_directory(folder / "log", told.vkey or str(sequencer.key))
    found = (report.checkpoint.size, report.checkpoint.root.hex()) if report.checkpoint else None
    _expect("the public log", (report.findings, found), ((), (told.head.size, told.head.root)))
    say(f"log: {count} files published again and recomputed; root {told.head.root} as saved")
    signed = ledger.latest_at(store)
    say(
        f"log: this node comes back with the head of size {told.head.size},"
        f" signed {format_instant(signed) if signed else 'never'}; of any later one, which others may hold, it knows"
        " nothing and would contradict it"
    )


def _register(store: Store, keys: KeyService, say: Say) -> tuple[int, int]:
    """Hold the register of reads against its tree and the log; return the unwraps that it tells of, and the keys'."""
    findings = access.verify_register(store)
    _expect("the register of reads", findings, [])
    with store.transaction(Duty.CARE) as tx:
        told = access.unwraps(tx)
    counted = keys.unwraps()
    say(
        f"register: entries, tree and anchors agree; it tells of {told:,} unwraps, the keys count {counted:,}"
        " (what differs was under way, came between the two files, or was never answered)"
    )
    return told, counted


def _expect(what: str, found: object, saved: object) -> None:
    if found != saved:
        raise RestoreFailed(f"{what}: what came back is not what was saved; the new folder is left unusable")


def _mark(folder: Path, why: str) -> None:
    write_private(folder / UNUSABLE, why + "\n")
    sync_folder(folder)


__all__ = ["Restored", "restore"]

"""Back up a node, also while it is served: one frozen instant of each database, data and keys into files of their own.

A chart's key is durable before its chart is. So the data are frozen first and the keys after them, and every chart in
the data has its key, or the tombstone of a key that was destroyed.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from salus import ledger
from salus.app.saving import catalog, halves
from salus.app.saving.archive import Draft
from salus.app.saving.errors import BackupRefused
from salus.app.saving.model import FileNote, HeadNote, Manifest, Part, TableNote
from salus.app.settings import NodeSettings
from salus.app.size import FILE as REGISTER
from salus.storage import Duty, Settings, Store, Transaction, applied, open_store

SEALED = "custodian.sealed"
PASSPHRASE = "demo.passphrase"  # noqa: S105  a file's name
HALF = "demo.passphrase.half"
NOTES = ("demo.json", REGISTER)
"""Files of the data folder that go with the data: a demo's residents, and for how many people the node weighs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """One file of a back-up, whole and durable. `digest` is the SHA-256 that it ends with."""

    path: Path
    size: int
    digest: str
    manifest: Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """What is saved: the folder of a node, and what it says it is."""

    settings: NodeSettings
    store: Store
    told: dict[str, str]
    vkey: str | None


def back_up(settings: NodeSettings, folder: Path, keys_folder: Path | None = None) -> tuple[Saved, Saved]:
    """Write `data-<stamp>.salus` into `folder` and `keys-<stamp>.salus` into `keys_folder`, by default the same.

    Returns the data's file and the keys'. Both appear when both are whole. Raises BackupRefused where there is no
    node or no room, and StoreDown; nothing is left behind then.
    """
    told = _told(settings.data)
    try:
        return _back_up(settings, told, folder, keys_folder or folder)
    except OSError as reason:
        raise BackupRefused(f"the back-up could not be written: {reason.strerror}; nothing was left behind") from reason


def _back_up(settings: NodeSettings, told: dict[str, str], folder: Path, keys_folder: Path) -> tuple[Saved, Saved]:
    with open_store(Settings(data=settings.data, postgres=settings.postgres)) as store, ExitStack() as open_things:
        source = _Source(settings=settings, store=store, told=told, vkey=_vkey(settings.data))
        records = open_things.enter_context(store.whole(Duty.CARE.database))
        at = catalog.freeze(records)
        stamp = f"{at.astimezone(UTC):%Y%m%dT%H%M%S.%f}"[:-3] + "Z"
        keys_draft = open_things.enter_context(Draft(keys_folder / f"keys-{stamp}.salus"))
        draft = open_things.enter_context(Draft(folder / f"data-{stamp}.salus"))
        with store.whole(Duty.KEYS.database) as wrapped:
            keys = _save(source, Part.KEYS, wrapped, catalog.freeze(wrapped), keys_draft)
        saved = _save(source, Part.DATA, records, at, draft)
        keys_draft.publish()
        draft.publish()
        return saved, keys


def _save(source: _Source, part: Part, tx: Transaction, at: datetime, draft: Draft) -> Saved:
    """Write one frozen database and the files that belong to it."""
    tables = []
    for relation in catalog.relations(tx):
        written = draft.add(f"tables/{relation.name}", catalog.rows_of(tx, relation))
        tables.append(
            TableNote(name=relation.name, columns=relation.columns, rows=written.lines, sha256=written.sha256)
        )
    files = [
        FileNote(name=name, sha256=draft.add(f"files/{name}", [content]).sha256)
        for name, content in _files(source.settings, part).items()
    ]
    head = ledger.latest_in(tx) if part is Part.DATA else None
    manifest = Manifest(
        part=part,
        at=at.astimezone(UTC),
        release=version("salus"),
        postgres=catalog.server_version(tx),
        kind=source.told["kind"],
        name=source.told["name"],
        vkey=source.vkey,
        migrations=applied(tx),
        tables=tuple(tables),
        sequences=tuple(catalog.sequences(tx)),
        files=tuple(files),
        head=HeadNote(size=head.size, root=head.root.hex()) if head else None,
    )
    size = draft.finish(manifest)
    return Saved(path=draft.target, size=size, digest=draft.digest, manifest=manifest)


def _files(settings: NodeSettings, part: Part) -> dict[str, bytes]:
    """Return the files of the data folder that go with this part. Roles' passwords do not: a restore makes new ones."""
    files = {}
    kept = settings.data / PASSPHRASE
    if not settings.passphrase_file and kept.exists():
        files[HALF] = halves.cut(kept.read_bytes().strip())[part is Part.KEYS]
    if part is Part.KEYS:
        try:
            files[SEALED] = (settings.data / "keys" / SEALED).read_bytes()
        except OSError as reason:
            raise BackupRefused(f"the custodian file cannot be read: {reason.strerror}") from None
    else:
        files |= {name: (settings.data / name).read_bytes() for name in NOTES if (settings.data / name).exists()}
    return files


def _told(folder: Path) -> dict[str, str]:
    try:
        told: dict[str, Any] = json.loads((folder / "node.json").read_text("utf-8"))
        return {"kind": str(told["kind"]), "name": str(told["name"])}
    except (OSError, ValueError, KeyError):
        raise BackupRefused(f"{folder} holds no node; name its data folder with --data") from None


def _vkey(folder: Path) -> str | None:
    path = folder / "log" / "vkey"
    return path.read_text("utf-8").strip() if path.exists() else None

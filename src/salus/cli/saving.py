"""Back up a node, also while it is served, and bring one back into a new folder."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from salus import app
from salus.app import Saved
from salus.cli.output import data_option, ending, json_option, say, settings_option, tell
from salus.cli.settings import settings_of

_folder = click.Path(file_okay=False, path_type=Path)
_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@data_option
@settings_option
@click.option("--to", "folder", required=True, type=_folder, help="Where to write the file of the data.")
@click.option("--keys-to", "keys_folder", type=_folder, help="Where to write the file of the keys (default: as --to).")
@json_option
@ending
def backup(data: Path | None, settings: Path | None, folder: Path, keys_folder: Path | None, as_json: bool) -> None:
    """Save a node into two files, data and keys apart. It may be served meanwhile."""
    began = time.monotonic()
    both = app.back_up(settings_of(settings, data=data), folder, keys_folder)
    seconds = time.monotonic() - began
    if as_json:
        content, keys = both
        tell({"data": _shown(content), "keys": _shown(keys), "seconds": round(seconds, 3)})
        return
    for saved in both:
        told = saved.manifest
        say(f"{saved.path}: {len(told.tables)} tables, {told.rows:,} rows, {saved.size:,} bytes, sha256 {saved.digest}")
    head = both[0].manifest.head
    say(f"the public log in it has {head.size} entries, root {head.root}" if head else "the public log has no head yet")
    say(f"saved in {seconds:.1f} s; keep the two files apart, and destroy older files of keys when a key was destroyed")


def _shown(saved: Saved) -> dict[str, Any]:
    told = saved.manifest
    return {
        "file": str(saved.path),
        "bytes": saved.size,
        "sha256": saved.digest,
        "at": told.at.isoformat().replace("+00:00", "Z"),
        "tables": {table.name: {"rows": table.rows, "sha256": table.sha256} for table in told.tables},
        "log": {"size": told.head.size, "root": told.head.root} if told.head else None,
    }


@click.command()
@click.argument("datafile", type=_file)
@click.argument("keysfile", type=_file)
@click.option("--data", required=True, type=_folder, help="The new data folder; it must not exist, or be empty.")
@settings_option
@json_option
@ending
def restore(datafile: Path, keysfile: Path, data: Path, settings: Path | None, as_json: bool) -> None:
    """Bring a node back into a new folder from its two files, and prove that it is what was saved."""
    done = app.restore(settings_of(settings, data=data), datafile, keysfile, (lambda _: None) if as_json else say)
    if as_json:
        tell({**asdict(done), "seconds": round(done.seconds, 3)})
        return
    say(
        f"node {done.node} is back in {data} on PostgreSQL {done.postgres}: {done.tables} tables, {done.rows:,} rows,"
        f" every checksum as saved, in {done.seconds:.1f} s"
    )
    say(f"start it with: salus serve --data {data}")

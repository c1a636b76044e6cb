"""Serve a node, import files into it, and, on a demo node, step into roles by token."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click

from salus import parties
from salus.app import (
    Imported,
    Node,
    collect_seldom,
    demo_token,
    ensure_sandbox,
    import_files,
    open_node,
    size,
    workers_for,
)
from salus.cli.lock import serving
from salus.cli.outcomes import Outcomes, imported
from salus.cli.output import data_option, ending, json_option, say, settings_option, tell
from salus.cli.settings import settings_of
from salus.kernel import Purpose, Role, format_instant


@click.command()
@data_option
@settings_option
@click.option("--port", type=click.IntRange(1, 65535), help="Where to listen (default 8000).")
@click.option("--host", help="On which address (default 127.0.0.1); beyond loopback only with TLS.")
@click.option("--demo", "as_demo", is_flag=True, help="A demo node: fictional people, roles to step into.")
@ending
def serve(data: Path | None, settings: Path | None, port: int | None, host: str | None, as_demo: bool) -> None:
    """Serve a node until it is stopped. A new data folder becomes a node of this kind, for ever."""
    from salus.web import may_serve, run  # noqa: PLC0415  loads for most of a second what tokens and imports do without

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    given = settings_of(settings, data=data, port=port, host=host)
    kind = "demo" if as_demo else None if (given.data / "node.json").exists() else "production"
    with serving(given.data):
        may_serve(given)
        collect_seldom()
        with open_node(given, kind, serves=True) as node:
            if node.demo:
                ensure_sandbox(node)
            for line in (*size.told(node), *admissions_told(node)):
                say(line)
            run(node, lambda url: say(f"serving {node.kind} node {node.name} at {url}"))


def admissions_told(node: Node) -> Iterator[str]:
    """Say at the start which places of care are open without an admission, and which are closed for want of one."""
    graced = node.open_by_grace()
    if graced and node.grace:
        names, ends = ", ".join(one.facility_id for one in graced), format_instant(node.grace.ends)
        yield f"open without an admission until {ends}, because of the upgrade: {names}; have one published before"
    shut = [one.facility_id for one in parties.facilities(node.store) if one.care and not node.gives_care(one)]
    if shut:
        yield f"closed for want of an admission: {', '.join(shut)}; see docs/how-to/publish-rules.md"


@click.command(name="import")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_option
@settings_option
@click.option("--facility", required=True, help="The facility whose records these are.")
@click.option(
    "--workers", type=click.IntRange(0, 64), help="Processes that help (default: one a core for large files)."
)
@json_option
@ending
def import_(
    files: tuple[Path, ...],
    data: Path | None,
    settings: Path | None,
    facility: str,
    workers: int | None,
    as_json: bool,
) -> None:
    """Import FHIR files (JSON, NDJSON, gzip, zstd). Cut short, the same command goes on where it was.

    Beside a file, FILE.outcomes.ndjson says why lines were refused and what is odd in lines that were taken in as they
    are. The exit code is 1 if a line was refused.
    """
    began, progress = time.monotonic(), _Progress()
    collect_seldom()
    taken, left_out = imported(files)
    for path in left_out:
        click.echo(f"{path} says why lines of another file were refused or what is odd; it is left out", err=True)
    with open_node(settings_of(settings, data=data)) as node, Outcomes(taken) as to:
        several = workers_for(taken) if workers is None else workers
        done = import_files(node, facility, taken, progress, to.tell, several, warned=to.warn, known=to.begin)
    seconds = time.monotonic() - began
    for name, line, reason in done.refused:
        click.echo(f"{name} line {line}: {reason}", err=True)
    if done.turned > len(done.refused):
        click.echo(f"and {done.turned - len(done.refused)} more", err=True)
    if as_json:
        refused = [{"file": name, "line": line, "reason": reason} for name, line, reason in done.refused]
        tell({**_counts(done), "seconds": round(seconds, 3), "refused": refused})
    else:
        rate = done.entries / seconds if seconds else 0
        say(
            f"{done.lines} documents with {done.entries} entries taken in, {done.stripped} places taken out,"
            f" {done.skipped} skipped as already there, {done.turned} refused, {done.doubtful} with something odd;"
            f" {rate:.0f} entries/s"
        )
        for path in to.written:
            say(f"why each line was refused, or what is odd in it, stands in {path}")
    sys.exit(1 if done.turned else 0)


def _counts(done: Imported) -> dict[str, int]:
    return {
        "turned": done.turned,
        "doubtful": done.doubtful,
        "documents": done.lines,
        "entries": done.entries,
        "stripped": done.stripped,
        "residents": done.residents,
        "skipped": done.skipped,
    }


class _Progress:
    """Say every few seconds, on standard error, how far an import is, how fast, and how long it still takes."""

    def __init__(self) -> None:
        self._began = self._said = time.monotonic()

    def __call__(self, done: Imported) -> None:
        now = time.monotonic()
        if now - self._said < 2:
            return
        self._said, seconds = now, now - self._began
        left = f", about {seconds * (done.size - done.read) / done.read:.0f} s left" if done.read else ""
        share = 100 * done.read / done.size if done.size else 100
        click.echo(
            f"{share:.0f} %, {done.lines} documents, {done.entries} entries, {done.turned} refused,"
            f" {done.entries / seconds:.0f} entries/s{left}",
            err=True,
        )


@click.command()
@data_option
@settings_option
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--facility", help="The facility to act at (default H1 for roles that need one).")
@click.option("--resident", help="Whom to act as: a resident's or Patient's id, or a number.")
@click.option("--purpose", type=click.Choice([purpose.value for purpose in Purpose]), help="Default: the role's first.")
@ending
def token(
    data: Path | None,
    settings: Path | None,
    role: str,
    facility: str | None,
    resident: str | None,
    purpose: str | None,
) -> None:
    """Print a bearer token for a role. On a demo node only; also while it is being served."""
    with open_node(settings_of(settings, data=data)) as node:
        say(demo_token(node, Role(role), facility, resident, Purpose(purpose) if purpose else None))

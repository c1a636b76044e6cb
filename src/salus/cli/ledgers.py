"""Check a public log from its files, and a resident's proof without any node."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from salus.access import ReadProof
from salus.app import close_batch, open_node
from salus.cli.output import data_option, ending, json_option, say, settings_of, settings_option, tell
from salus.ledger import verify_directory
from salus.proof import VerifierKey


@click.group()
def ledger() -> None:
    """Check the public log."""


@ledger.command()
@click.argument("place")
@click.option("--vkey", help="The log's key, as told by somebody you trust; without it the published one is used.")
@click.option(
    "--since",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A checkpoint kept from an earlier day: the log must only have grown since.",
)
@json_option
@ending
def verify(place: str, vkey: str | None, since: Path | None, as_json: bool) -> None:
    """Recompute a whole log, a folder or an address, and compare it with its signed checkpoint."""
    report = verify_directory(place, vkey, since.read_text("utf-8", "replace") if since else None)
    if as_json:
        tell(report.as_json())
    else:
        for finding in report.findings:
            say(f"{finding}")
        size = report.checkpoint.size if report.checkpoint else 0
        trusted = "given key" if report.key_given else "published key, which you should compare with another source"
        verdict = (
            "consistent with its signed checkpoint" if report.good else f"NOT GOOD: {len(report.findings)} findings"
        )
        say(f"{place}: {size} entries, {verdict} ({trusted})")
    sys.exit(0 if report.good else 1)


@ledger.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--vkey", required=True, help="The log's key.")
@json_option
@ending
def prove(file: Path, vkey: str, as_json: bool) -> None:
    """Check the proof of one look at a record, as downloaded by its resident. Needs no node and no network."""
    try:
        told = json.loads(file.read_text("utf-8"))
    except ValueError:
        told = {}
    proof = ReadProof.of_file(told if isinstance(told, dict) else {})
    checkpoint = proof.check([VerifierKey.parse(vkey)])
    if as_json:
        tell({"good": True, "entry": json.loads(proof.entry), "size": checkpoint.size, "origin": checkpoint.origin})
        return
    say(f"the entry stands in the public log of {checkpoint.origin}, {checkpoint.size} entries long:")
    say(json.dumps(json.loads(proof.entry), ensure_ascii=False, indent=2))


@ledger.command()
@data_option
@settings_option
@ending
def close(data: Path | None, settings: Path | None) -> None:
    """Close a batch of a node's log now, rather than at the hour."""
    with open_node(settings_of(settings, data=data)) as node:
        close_batch(node)

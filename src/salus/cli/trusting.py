"""Write the file that doors check with, from a node."""

from __future__ import annotations

from pathlib import Path

import click

from salus.app import open_node, trust_file
from salus.cli.output import data_option, ending, json_option, say, settings_option, tell
from salus.cli.settings import settings_of
from salus.cli.verdicts import summary
from salus.codec.certificates import read_trust
from salus.kernel import format_instant


@click.command()
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Where to write it.")
@data_option
@settings_option
@json_option
@ending
def trust(out: Path, data: Path | None, settings: Path | None, as_json: bool) -> None:
    """Write a node's trust file: the same that it serves to everybody at /trust.json."""
    with open_node(settings_of(settings, data=data)) as node:
        octets = trust_file(node)
    out.write_bytes(octets)
    told = read_trust(octets)
    if as_json:
        tell({"file": str(out), **summary(told)})
        return
    counts = f"{len(told.issuers)} issuers, {len(told.declarations)} declarations, {len(told.lists)} lists"
    say(f"{out}: {counts}, as of {format_instant(told.made)}, of use until {format_instant(told.ends)}")

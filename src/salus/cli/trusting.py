"""Write the file that doors check with, from a node; show and make the keys that a node signs certificates with."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from salus.app import Node, issuer_keys, new_issuer_key, open_node, trust_chain, trust_file
from salus.cli.output import data_option, ending, json_option, say, settings_option, tell
from salus.cli.settings import settings_of
from salus.cli.verdicts import summary
from salus.codec.certificates import read_trust
from salus.healthcode.certificates import issuer_party
from salus.kernel import format_instant
from salus.rules import CertificateKind


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


_LASTS = timedelta(days=366)


@click.command()
@click.option("--new", is_flag=True, help="Make another key and name it in the public log.")
@data_option
@settings_option
@json_option
@ending
def key(new: bool, data: Path | None, settings: Path | None, as_json: bool) -> None:
    """Show the keys that a node signs certificates with, as a trust list names them, the first one first.

    A new key signs nothing before a published trust list names it. Signers may narrow regions, kinds and times.
    """
    with open_node(settings_of(settings, data=data)) as node:
        if new:
            new_issuer_key(node)
        now = node.clock.now().replace(minute=0, second=0, microsecond=0)
        told = [_entry(node, one, now) for one in issuer_keys(node)]
        newest = trust_chain(node)[-1:]
    if as_json:
        version = newest[0] if newest else None
        tell({"keys": told, "version": version and version.version, "digest": version and version.digest})
        return
    for one in told:
        say(f"{one['party']} {one['key']}")
    listed = f"the newest trust list is version {newest[0].version}, {newest[0].digest}" if newest else ""
    say(listed or "no trust list was published: the first key signs, and every issuer in the log counts")


def _entry(node: Node, spki: bytes, now: datetime) -> dict[str, Any]:
    return {
        "party": issuer_party(node.name),
        "key": base64.b64encode(spki).decode(),
        "regions": ["country"],
        "kinds": [*map(str, CertificateKind)],
        "starts": format_instant(now),
        "ends": format_instant(now + _LASTS),
        "ended": None,
    }

"""Hand parties' keys and signed documents to a node's public log. Whoever runs these decides nothing: signers do."""

from __future__ import annotations

from pathlib import Path

import click

from salus import app
from salus.app import open_node
from salus.cli.output import data_option, ending, json_option, say, settings_option, tell
from salus.cli.settings import settings_of
from salus.cli.signing import read_json, signatures_of
from salus.kernel import Invalid, format_instant
from salus.rules import Document

DUTIES = ("sampling-site", "laboratory", "issuer", "signer", "ombudsman", "investigator")


@click.group()
def party() -> None:
    """Say in the public log whose key may sign what."""


@party.command("add")
@click.argument("name")
@click.option("--organisation", required=True, help="The organisation that answers for the key.")
@click.option("--duty", required=True, type=click.Choice(DUTIES), help="What the key may sign.")
@click.option("--key", required=True, help="The Ed25519 public key, 32 bytes in base64.")
@data_option
@settings_option
@json_option
@ending
def add(
    name: str, organisation: str, duty: str, key: str, data: Path | None, settings: Path | None, as_json: bool
) -> None:
    """Hand a party's key to the public log, once; it counts from when a quorum of witnesses has seen it."""
    leaf = {"party": name, "organisation": organisation, "duty": duty, "key": key}
    with open_node(settings_of(settings, data=data)) as node:
        app.add_party(node, leaf)
    if as_json:
        tell(leaf)
        return
    say(f"{name} of {organisation} may sign as {duty} once the next batch of the log is cosigned")


@click.command()
@click.argument("document", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("signatures", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_option
@settings_option
@json_option
@ending
def publish(document: Path, signatures: Path, data: Path | None, settings: Path | None, as_json: bool) -> None:
    """Hand a DOCUMENT (canonical JSON) and its SIGNATURES (JSON: party to base64) to the public log.

    Refused, with the word for what is missing, if it could not count: signers, organisations, notice, life, content.
    """
    told = Document.parse(document.read_bytes())
    signed = signatures_of(signatures)
    with open_node(settings_of(settings, data=data)) as node:
        app.publish(node, told, signed)
    if as_json:
        tell({"kind": str(told.kind), "name": told.name, "version": told.version, "digest": told.digest})
        return
    say(f"{told.kind} {told.name} {told.version} is handed over, signed by {', '.join(sorted(signed))}")
    say(f"it counts from {format_instant(told.starts)} to {format_instant(told.ends)}, if witnesses see it in time")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_option
@settings_option
@json_option
@ending
def veto(file: Path, data: Path | None, settings: Path | None, as_json: bool) -> None:
    """Hand an ombudsman's veto, a FILE that `salus publication veto` wrote, to the public log.

    Refused if it would stop nothing: a document that the log does not have, or that counts already.
    """
    body = read_json(file)
    words = isinstance(body, dict) and all(isinstance(one, str) for one in body.values())
    if not words or set(body) != {"digest", "party", "signature"}:
        raise Invalid("a veto is a JSON object with digest, party and signature", code="SALUS-Z014")
    with open_node(settings_of(settings, data=data)) as node:
        app.veto(node, body)
    if as_json:
        tell({"digest": body["digest"], "party": body["party"]})
        return
    say(f"the veto of {body['party']} is handed over; it stops {body['digest']} if witnesses see it in time")

"""Prepare, check and sign what is published. A signer's own computer runs these: they need no node, and no network."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from salus.cli.output import ending, json_option, say, tell
from salus.cli.signing import add_signature, read_json, signing_key
from salus.kernel import format_instant, parse_instant
from salus.rules import Document, PublicationKind, RegionRules, TableRefused, check_content, veto_message
from salus.rules.acceptance import acceptance_of

_file = click.Path(exists=True, dir_okay=False, path_type=Path)
_out = click.Path(dir_okay=False, path_type=Path)


@click.group()
def publication() -> None:
    """Prepare, check, sign and veto rules, emergencies and declarations; `salus publish` hands them over."""


@publication.command("prepare")
@click.argument("body", type=_file)
@click.option("--kind", required=True, type=click.Choice([*map(str, PublicationKind)]), help="What the body is.")
@click.option("--name", required=True, help="A short name, in small letters.")
@click.option("--version", required=True, type=int, help="Its version, from 1.")
@click.option("--starts", required=True, help="The instant from which it counts, such as 2031-03-01T08:00:00Z.")
@click.option("--ends", required=True, help="The instant until which it counts.")
@click.option("--out", required=True, type=_out, help="Where to write the document.")
@json_option
@ending
def prepare(body: Path, kind: str, name: str, version: int, starts: str, ends: str, out: Path, as_json: bool) -> None:
    """Write the document of a BODY (JSON) in its one spelling, once its content is good."""
    read = read_json(body)
    document = Document.of(
        {
            "kind": kind,
            "name": name,
            "version": version,
            "starts": format_instant(parse_instant(starts)),
            "ends": format_instant(parse_instant(ends)),
            "body": read,
        }
    )
    check_content(document)
    out.write_bytes(document.encoded)
    _tell(document, as_json)


@publication.command("check")
@click.argument("document", type=_file)
@json_option
@ending
def check(document: Path, as_json: bool) -> None:
    """Check a DOCUMENT's content, or acceptance rules that are not yet one; each fault has its word and its place.

    Ends with 0 if there is none, with 1 otherwise. Signers and notice are checked where it is published.
    """
    read = read_json(document)
    try:
        if isinstance(read, Mapping) and "kind" not in read:
            acceptance_of(read)
        else:
            check_content(Document.parse(document.read_bytes()))
    except TableRefused as refused:
        if as_json:
            tell({"faults": list(refused.faults)})
        else:
            for one in refused.faults:
                say(one)
        sys.exit(1)
    if as_json:
        tell({"faults": []})
        return
    say("nothing in it is forbidden")


@publication.command("sign")
@click.argument("document", type=_file)
@click.argument("signatures", type=_out)
@click.option("--party", required=True, help="The signer's name, as the public log has it.")
@click.option("--key", required=True, type=_file, help='The Ed25519 private key: a JSON file, {"key": base64}.')
@json_option
@ending
def sign(document: Path, signatures: Path, party: str, key: Path, as_json: bool) -> None:
    """Check a DOCUMENT and add a signature to the file of SIGNATURES, which is made if there is none."""
    told = Document.parse(document.read_bytes())
    check_content(told)
    add_signature(signatures, party, key, told.signed)
    _tell(told, as_json)


@publication.command("veto")
@click.argument("document", type=_file)
@click.argument("veto", type=_out)
@click.option("--party", required=True, help="The ombudsman's name, as the public log has it.")
@click.option("--key", required=True, type=_file, help='The Ed25519 private key: a JSON file, {"key": base64}.')
@json_option
@ending
def veto_(document: Path, veto: Path, party: str, key: Path, as_json: bool) -> None:
    """Stop a DOCUMENT that was published: write an ombudsman's VETO, which `salus veto` hands to the log.

    What the document says is not looked at: a veto needs no reason.
    """
    told = Document.parse(document.read_bytes())
    signature = base64.b64encode(signing_key(key).sign(veto_message(told.digest, party))).decode()
    body = {"digest": told.digest, "party": party, "signature": signature}
    veto.write_text(json.dumps(body, indent=1, sort_keys=True) + "\n", "utf-8")
    if as_json:
        tell({"digest": told.digest, "party": party, "before": format_instant(told.starts)})
        return
    say(f"{told.kind} {told.name} {told.version}: digest {told.digest}, vetoed by {party}")
    say(f"it has to be in the log before {format_instant(told.starts)}, or within a day of the document")


def _tell(document: Document, as_json: bool) -> None:
    region = RegionRules.of(document).region if document.kind is PublicationKind.ACCEPTANCE else None
    told = {"kind": str(document.kind), "name": document.name, "version": document.version, "digest": document.digest}
    if as_json:
        tell(told | {"starts": format_instant(document.starts), "ends": format_instant(document.ends)})
        return
    about = f" for {region}" if region else ""
    say(f"{document.kind} {document.name} {document.version}{about}: digest {document.digest}")
    say(f"it counts from {format_instant(document.starts)} to {format_instant(document.ends)}, once it is published")

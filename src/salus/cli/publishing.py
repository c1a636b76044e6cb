"""Hand parties' keys and signed documents to a node's public log. Whoever runs these decides nothing: signers do."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from salus import app
from salus.app import open_node
from salus.cli.output import data_option, ending, json_option, say, settings_option, tell
from salus.cli.settings import settings_of
from salus.cli.signing import add_signature, key_octets, read_json, signatures_of, write_new
from salus.kernel import Invalid, format_instant
from salus.rules import END_REASONS, Document, PartyKeyEnd, key_end_message

_file = click.Path(exists=True, dir_okay=False, path_type=Path)
DUTIES = ("sampling-site", "laboratory", "issuer", "signer", "ombudsman", "investigator")


@click.group()
def party() -> None:
    """Make a signer's key, say in the public log whose key may sign what, and end it."""


@party.command("key")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--court", is_flag=True, help="A court's key, to which disclosures are sealed (X25519); it signs nothing."
)
@json_option
@ending
def make_key(file: Path, court: bool, as_json: bool) -> None:
    """Make a key of your own: the private half into a new FILE, {"key": base64}, the public half is printed.

    Needs no node; run it on your own computer. The file never leaves you; tell the public half to who runs the node.
    """
    made = X25519PrivateKey.generate() if court else Ed25519PrivateKey.generate()
    write_new(file, json.dumps({"key": base64.b64encode(made.private_bytes_raw()).decode()}).encode() + b"\n")
    public = base64.b64encode(made.public_key().public_bytes_raw()).decode()
    if as_json:
        tell({"key": public})
        return
    say(public)


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
    key_octets(key)
    leaf = {"party": name, "organisation": organisation, "duty": duty, "key": key}
    with open_node(settings_of(settings, data=data)) as node:
        app.add_party(node, leaf)
    if as_json:
        tell(leaf)
        return
    say(f"{name} of {organisation} may sign as {duty} once the next batch of the log is cosigned")


@party.command("sign-end")
@click.argument("name")
@click.argument("signatures", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--ends", required=True, help="The Ed25519 public key that ends, 32 bytes in base64.")
@click.option("--reason", required=True, type=click.Choice(END_REASONS), help="Why it ends.")
@click.option("--as", "signer", help="The signer's name in the public log; without it the key ends itself.")
@click.option("--key", required=True, type=_file, help='The Ed25519 private key: a JSON file, {"key": base64}.')
@json_option
@ending
def sign_end(name: str, signatures: Path, ends: str, reason: str, signer: str | None, key: Path, as_json: bool) -> None:
    """Sign the end of a key of NAME, into the file of SIGNATURES, which is made if there is none; needs no node.

    The key itself signs it alone, for whoever still has it. Otherwise five signers of three organisations do.
    """
    key_octets(ends)
    add_signature(signatures, signer or name, key, key_end_message(name, ends, reason))
    told = {"party": name, "key": ends, "reason": reason, "signed": sorted(signatures_of(signatures))}
    if as_json:
        tell(told)
        return
    say(f"the end of this key of {name} ({reason}) is signed by {', '.join(told['signed'])}")


@party.command("end")
@click.argument("name")
@click.argument("signatures", type=_file)
@click.option("--key", required=True, help="The Ed25519 public key that ends, 32 bytes in base64.")
@click.option("--reason", required=True, type=click.Choice(END_REASONS), help="Why it ends, as it was signed.")
@data_option
@settings_option
@json_option
@ending
def end(
    name: str, signatures: Path, key: str, reason: str, data: Path | None, settings: Path | None, as_json: bool
) -> None:
    """End a key of NAME for good: hand its end with the SIGNATURES of `sign-end` to the public log.

    What the log has before stays good. Refused if it would end nothing: a key that the log does not have or that ended
    before, an issuer's, which a trust list ends, or signatures that do not suffice. Doors of an older release
    refuse the trust file from the first end of a signer's, an ombudsman's or a witness's key on: update them before.
    """
    leaf = {"party": name, "key": key, "reason": reason, "signatures": signatures_of(signatures)}
    with open_node(settings_of(settings, data=data)) as node:
        told = app.key_ends.end_key(node, leaf)
        left = app.key_ends.witnesses_left(node, told)
    if as_json:
        tell({**leaf, "witnesses_left": left.signing if left else None, "quorum": left.needed if left else None})
        return
    for line in _ended(told, left):
        say(line)


def _ended(told: PartyKeyEnd, left: app.key_ends.Left | None) -> list[str]:
    later = told.counts_from - told.logged_at
    when = f"{later // timedelta(hours=1)} hours after" if later else "once"
    lines = [f"this key of {told.party} signs nothing more {when} the next batch of the log is cosigned"]
    if left and left.enough:
        lines.append(f"{left.signing} witnesses are left, and {left.needed} have to sign")
    elif left:
        text = f"only {left.signing} witnesses are left and {left.needed} have to sign: nothing new can be proved"
        lines.append(f"{text} until another is named in the witnesses' file, by every reader too")
    return lines


@click.command()
@click.argument("document", type=_file)
@click.argument("signatures", type=_file)
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
@click.argument("file", type=_file)
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

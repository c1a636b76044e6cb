"""Prepare, sign and carry out what a court ordered to be shown to it. No route does it, and no one person can."""

from __future__ import annotations

import base64
import secrets
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

import click

from salus.access.disclosing import DISCLOSABLE, Disclosure
from salus.cli.output import data_option, ending, json_option, say, settings_option, tell
from salus.cli.settings import settings_of
from salus.cli.signing import add_signature, key_octets, key_of, signatures_of, write_new
from salus.kernel import Invalid, format_instant, parse_instant

_file = click.Path(exists=True, dir_okay=False, path_type=Path)
_out = click.Path(dir_okay=False, path_type=Path)


@click.group()
def disclosure() -> None:
    """Show a court what it ordered to be shown of one resident, in public numbers and with notice to them."""


@disclosure.command("prepare")
@click.option("--court", required=True, help="The court, as it calls itself.")
@click.option("--reference", required=True, help="The court's reference of the order.")
@click.option("--key", required=True, help="The court's public key (X25519), 32 bytes in base64.")
@click.option("--resident", required=True, type=click.UUID, help="The one resident whom it is about.")
@click.option("--kind", "kinds", required=True, multiple=True, type=click.Choice(sorted(DISCLOSABLE)))
@click.option("--from", "since", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The first day.")
@click.option("--to", "until", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The day before which it ends.")
@click.option("--notice", required=True, help="When the resident is told, at most 90 days on: 2031-03-01T08:00:00Z.")
@click.option("--out", required=True, type=_out, help="Where to write the document.")
@json_option
@ending
def prepare(
    court: str,
    reference: str,
    key: str,
    resident: UUID,
    kinds: tuple[str, ...],
    since: datetime,
    until: datetime,
    notice: str,
    out: Path,
    as_json: bool,
) -> None:
    """Write the document that is signed. It is secret: the public log gets its hash, which is blinded."""
    told = Disclosure(
        court=court,
        reference=reference,
        key=key_octets(key),
        resident=resident,
        kinds=tuple(sorted(set(kinds))),
        since=date(since.year, since.month, since.day),
        until=date(until.year, until.month, until.day),
        notice=parse_instant(notice),
        blind=secrets.token_bytes(32),
    )
    write_new(out, told.encoded)
    _tell(told, as_json)


@disclosure.command("sign")
@click.argument("document", type=_file)
@click.argument("signatures", type=_out)
@click.option("--party", required=True, help="The signer's name, as the public log has it.")
@click.option("--key", required=True, type=_file, help='The Ed25519 private key: a JSON file, {"key": base64}.')
@json_option
@ending
def sign(document: Path, signatures: Path, party: str, key: Path, as_json: bool) -> None:
    """Add a signature on a DOCUMENT to the file of SIGNATURES; on the signer's own computer, which needs no node."""
    told = Disclosure.parse(document.read_bytes())
    add_signature(signatures, party, key, told.signed)
    _tell(told, as_json)


@disclosure.command("submit")
@click.argument("document", type=_file)
@click.argument("signatures", type=_file)
@data_option
@settings_option
@json_option
@ending
def submit(document: Path, signatures: Path, data: Path | None, settings: Path | None, as_json: bool) -> None:
    """Hand a signed DOCUMENT to the public log. Nothing is read by it."""
    from salus.app import disclosing, open_node  # noqa: PLC0415  loads for a second what signers do without

    told = Disclosure.parse(document.read_bytes())
    with open_node(settings_of(settings, data=data)) as node:
        signers = disclosing.submit(node, told, signatures_of(signatures))
    if not as_json:
        say(f"signed by {', '.join(signers)}; it can be carried out once a quorum of witnesses has seen it")
    _tell(told, as_json)


@disclosure.command("execute")
@click.argument("document", type=_file)
@click.option(
    "--out", required=True, type=_out, help="Where to write the file, sealed to the court; it must not exist."
)
@data_option
@settings_option
@json_option
@ending
def execute(document: Path, out: Path, data: Path | None, settings: Path | None, as_json: bool) -> None:
    """Carry a DOCUMENT out, once. Its resident sees it in the list of who looked, from the notice on at last."""
    from salus.app import disclosing, open_node  # noqa: PLC0415  as above

    told = Disclosure.parse(document.read_bytes())
    if out.exists():
        raise Invalid("there is such a file already; nothing was read", code="SALUS-A092")
    with open_node(settings_of(settings, data=data)) as node:
        sealed, count = disclosing.disclose(node, told)
    write_new(out, sealed)
    if as_json:
        tell({"entries": count, "disclosure": base64.b64encode(told.commitment).decode()})
        return
    say(f"{count} entries, sealed to the court; its resident is told by {format_instant(told.notice)}")


@disclosure.command("open")
@click.argument("file", type=_file)
@click.option("--key", required=True, type=_file, help='The court\'s X25519 private key: a JSON file, {"key": base64}.')
@ending
def open_(file: Path, key: Path) -> None:
    """Open a FILE as the court does, and print what is in it."""
    from salus.app import disclosing  # noqa: PLC0415  as above

    click.echo(disclosing.open_file(file.read_bytes(), key_of(key)).decode())


def _tell(told: Disclosure, as_json: bool) -> None:
    named = base64.b64encode(told.commitment).decode()
    if as_json:
        tell({"disclosure": named, "notice": format_instant(told.notice), "kinds": list(told.kinds)})
        return
    say(f"disclosure {named}: {', '.join(told.kinds)}, the resident is told by {format_instant(told.notice)}")

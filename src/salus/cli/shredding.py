"""Order that the key of a chart is destroyed, sign the order, carry it out, and write the certificate."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID

import click

from salus.cli.output import data_option, ending, json_option, say, settings_option, tell
from salus.cli.settings import settings_of
from salus.cli.signing import add_signature, signatures_of, write_new
from salus.kernel import Invalid, format_instant, parse_instant
from salus.keys import Order, Why

_file = click.Path(exists=True, dir_okay=False, path_type=Path)
_out = click.Path(dir_okay=False, path_type=Path)


@click.group()
def keys() -> None:
    """Destroy the key of a chart by the order of two people, and prove that it was done."""


@keys.command("order")
@click.argument("chart", type=click.UUID)
@click.option("--why", required=True, type=click.Choice([*map(str, Why)]), help="Who asks for it.")
@click.option("--due", required=True, help="By when it has to be done, such as 2031-03-01T08:00:00Z.")
@click.option("--out", required=True, type=_out, help="Where to write the order.")
@ending
def order(chart: UUID, why: str, due: str, out: Path) -> None:
    """Write the order to destroy the key of a CHART, for its signers."""
    told = Order(chart=chart, why=Why(why), due=parse_instant(due))
    write_new(out, told.encoded)
    say(f"the key of chart {told.chart} goes by {format_instant(told.due)} ({told.why}), once two have signed")


@keys.command("sign")
@click.argument("document", type=_file)
@click.argument("signatures", type=_out)
@click.option("--party", required=True, help="The signer's name, as the public log has it.")
@click.option("--key", required=True, type=_file, help='The Ed25519 private key: a JSON file, {"key": base64}.')
@ending
def sign(document: Path, signatures: Path, party: str, key: Path) -> None:
    """Add a signature on an order to the file of SIGNATURES; on the signer's own computer."""
    told = Order.parse(document.read_bytes())
    add_signature(signatures, party, key, told.encoded)
    say(f"signed: the key of chart {told.chart} goes by {format_instant(told.due)} ({told.why})")


@keys.command("shred")
@click.argument("document", type=_file)
@click.argument("signatures", type=_file)
@data_option
@settings_option
@json_option
@ending
def shred(document: Path, signatures: Path, data: Path | None, settings: Path | None, as_json: bool) -> None:
    """Carry an order out: nothing sealed under that key can ever be read again, back-ups included."""
    from salus.app import destroying, open_node  # noqa: PLC0415  loads for a second what signers do without

    with open_node(settings_of(settings, data=data)) as node:
        done = destroying.destroy_chart(node, Order.parse(document.read_bytes()), signatures_of(signatures))
    if as_json:
        tell({"chart": done.what, "commitment": done.commitment, "done": format_instant(done.done)})
        return
    say(f"destroyed on {format_instant(done.done)}; the certificate goes to the public log as {done.commitment}")


@keys.command("certificate")
@click.argument("what")
@click.option("--out", required=True, type=_out, help="Where to write the certificate, for the chart's resident.")
@data_option
@settings_option
@ending
def certificate(what: str, out: Path, data: Path | None, settings: Path | None) -> None:
    """Write the certificate of a destroyed key: of WHAT chart, or of which emergency by its digest."""
    from salus.app import destroying, open_node  # noqa: PLC0415  as above

    with open_node(settings_of(settings, data=data)) as node:
        found = destroying.certificate(node, what)
    if found is None:
        raise Invalid("no head of the log certifies this; close a batch, or name what was destroyed", code="SALUS-J013")
    write_new(out, (json.dumps(found.as_file(), indent=1) + "\n").encode())
    say(f"{out}: check it with salus ledger prove")

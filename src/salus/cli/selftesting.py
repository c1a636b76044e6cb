"""The command with which a hospital tests its connection: a client that needs nothing but HTTP, and MLLP if asked."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from salus.cli.output import ending, json_option, say, tell
from salus.cli.selftest import Client, Mllp, Outcome, run
from salus.kernel import Invalid

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("url")
@click.option("--client", "client_id", required=True, help="Client id, as the sheet says it.")
@click.option("--key", required=True, type=_FILE, help="The private key of that client, a JWK.")
@click.option("--audience", default="", help="Token endpoint of the sheet, if you reach the node by another.")
@click.option("--mllp", help="HOST:PORT where HL7 v2 is taken; left out, it is not tried.")
@click.option("--sender", default="", help="What MSH-4 says.")
@click.option("--certificate", type=_FILE, help="The certificate that you show over MLLP (PEM).")
@click.option("--certificate-key", type=_FILE, help="Its private key (PEM).")
@click.option("--trust", type=_FILE, help="The node's certificate, or whoever signed it (PEM).")
@json_option
@ending
def selftest(url: str, client_id: str, key: Path, audience: str, as_json: bool, **v2: Any) -> None:
    """Test the connection of a sandbox's client to a node, step by step. Ends with 1 if a step fails."""
    if not url.startswith(("http://", "https://")):
        raise click.UsageError("the address begins with https://")
    client = Client(url=url.rstrip("/").removesuffix("/fhir"), client_id=client_id, key=_key(key), audience=audience)
    done: list[Outcome] = []
    for one in run(client, datetime.now(UTC), _mllp(**v2)):
        done.append(one)
        if not as_json:
            say(f"{'good' if one.passed else 'FAILED':7} {one.step:12} {one.told}")
            if one.advice:
                say(f"{'':20} -> {one.advice}")
    passed = all(one.passed for one in done)
    if as_json:
        steps = [{"step": one.step, "passed": one.passed, "told": one.told, "advice": one.advice} for one in done]
        tell({"passed": passed, "steps": steps})
    elif passed:
        say(f"all {len(done)} steps are good")
    sys.exit(0 if passed else 1)


def _key(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except ValueError:
        found = None
    if not isinstance(found, dict) or "d" not in found:
        raise Invalid("the key file holds no private JWK; save the one from the sheet as it is", code="SALUS-C060")
    return found


def _mllp(
    mllp: str | None, sender: str, certificate: Path | None, certificate_key: Path | None, trust: Path | None
) -> Mllp | None:
    if mllp is None:
        return None
    host, _, port = mllp.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not sender:
        raise click.UsageError("write --mllp HOST:PORT, and --sender as in your MSH-4")
    return Mllp(
        host=host,
        port=int(port),
        sender=sender,
        certificate=certificate,
        certificate_key=certificate_key,
        trusted=trust,
    )

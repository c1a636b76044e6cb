"""Write the document by which issuers of other systems are recognised, for its signers to sign. It decides nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from salus.cli.output import ending, json_option, say, tell
from salus.codec import CodecError, Fault
from salus.codec.foreign import keys_of_jwks, signers_of_pem
from salus.kernel import Invalid, format_instant, parse_instant
from salus.rules import CertificateKind, Document, PublicationKind, Recognition

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("name")
@click.option("--issuer", required=True, help="What people are told of who issues, such as a ministry's name.")
@click.option("--signers", multiple=True, type=_FILE, help="Certificates of signers of HC1, as PEM.")
@click.option("--cards", multiple=True, metavar="SOURCE=FILE", help="A JWK Set, and the https name of its issuer.")
@click.option("--starts", required=True, help="From when it counts, at least 24 hours after it is in the log.")
@click.option("--ends", required=True, help="Until when, at most 366 days later.")
@click.option("--version", type=click.IntRange(1, 9999), default=1, show_default=True, help="A later one replaces all.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Where to write it.")
@json_option
@ending
def recognition(
    name: str,
    issuer: str,
    signers: tuple[Path, ...],
    cards: tuple[str, ...],
    starts: str,
    ends: str,
    version: int,
    out: Path,
    as_json: bool,
) -> None:
    """Write a recognition NAME of keys of other issuers; `salus publish` hands it over once it is signed.

    Without keys it takes back what earlier versions of the same name recognised.
    """
    begins, until = _instant(starts, "--starts"), _instant(ends, "--ends")
    keys = [*_hcert(signers, issuer), *_cards(cards, issuer, begins, until)]
    document = Document(
        kind=PublicationKind.RECOGNITION, name=name, version=version, starts=begins, ends=until, body={"keys": keys}
    )
    found = Recognition.of(document)
    out.write_bytes(document.encoded)
    if as_json:
        tell({"file": str(out), "keys": len(found.keys), "digest": document.digest})
        return
    say(f"{name} {version}: {len(found.keys)} keys of {issuer}, to be signed: {out}")


def _hcert(signers: Iterable[Path], issuer: str) -> list[dict[str, Any]]:
    read = [one for path in signers for one in signers_of_pem(path.read_text("ascii", "replace"))]
    return [
        {
            "form": "HC1",
            "issuer": issuer,
            "source": "",
            "kid": one.kid.hex(),
            "key": _spki(one.key),
            "kinds": sorted(str(kind) for kind in one.kinds),
            "starts": format_instant(one.starts),
            "ends": format_instant(one.ends),
        }
        for one in read
    ]


def _cards(cards: Iterable[str], issuer: str, starts: datetime, ends: datetime) -> list[dict[str, Any]]:
    found = []
    for one in cards:
        source, _, named = one.rpartition("=")
        if not source or not Path(named).is_file():
            raise click.UsageError("--cards takes SOURCE=FILE")
        for kid, key in keys_of_jwks(_json(Path(named))).items():
            told = {"form": "SHC", "issuer": issuer, "source": source, "kid": kid, "key": _spki(key)}
            kinds = [str(CertificateKind.TEST), str(CertificateKind.VACCINATION)]
            found.append(told | {"kinds": kinds, "starts": format_instant(starts), "ends": format_instant(ends)})
    return found


def _spki(key: Any) -> str:
    return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def _json(path: Path) -> object:
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        raise CodecError("the file is not JSON", Fault.STRUCTURE) from None


def _instant(text: str, option: str) -> datetime:
    try:
        return parse_instant(text)
    except Invalid as error:
        raise click.UsageError(f"{option}: {error.text}") from None

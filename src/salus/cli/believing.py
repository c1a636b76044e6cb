"""Whom somebody at a command line trusts: the log's key, and each witness with the organisation that answers for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from salus.kernel import Invalid
from salus.proof import Trust, VerifierKey, WitnessKey

if TYPE_CHECKING:
    from salus.codec.certificates import TrustFile

trust_option = click.option(
    "--trust",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A policy file (log, witnesses, quorum), or a node's trust file, as you got it from somebody you trust.",
)
vkey_option = click.option(
    "--vkey", help="The log's key, as told by somebody you trust; without it the published one is used."
)
witness_option = click.option(
    "--witness", "witnesses", multiple=True, help="A witness as ORGANISATION=KEY, or its KEY alone; may be given again."
)


def witness_key(text: str) -> WitnessKey:
    """Read a witness as ORGANISATION=KEY, or as its key alone, for which its own name then stands."""
    organisation, sign, key = text.partition("=")
    if sign and "+" not in organisation:  # a key has its plus signs before any padding
        return WitnessKey.parse(key, organisation.strip())
    return WitnessKey.parse(text)


def witness_keys(texts: Sequence[str]) -> list[WitnessKey]:
    """Read several witnesses."""
    return [witness_key(text) for text in texts]


def named_witnesses(texts: Sequence[str]) -> list[WitnessKey]:
    """Read several witnesses, each with its organisation: what restrains a person counts organisations, not keys."""
    found = witness_keys(texts)
    if any(str(one) == text.strip() for one, text in zip(found, texts, strict=True)):
        raise Invalid(
            "say whose each witness is: --witness ORGANISATION=KEY. Five keys of one operator are one witness",
            code="SALUS-Z040",
        )
    return found


def check_named(file: Path | None, vkey: str | None, witnesses: Sequence[str]) -> None:
    """Raise UsageError unless whom somebody trusts is named once: by a file, or by the keys."""
    if (file is None) == (vkey is None) or (file and witnesses):
        raise click.UsageError("name whom you trust: either --trust FILE, or --vkey with each --witness")


def trust_told(file: Path) -> tuple[Trust, TrustFile | None]:
    """Read a policy file, or a node's trust file with all that it tells; None of a policy."""
    octets = file.read_bytes()
    if not octets.lstrip().startswith(b"{"):
        return Trust.parse(octets.decode("utf-8", "replace")), None
    from salus.codec import CodecError  # noqa: PLC0415  a policy and keys do without
    from salus.codec.certificates import read_trust  # noqa: PLC0415

    try:
        found = read_trust(octets)
    except CodecError as error:
        raise Invalid(f"this is no trust file: {error.text}", code="SALUS-Z010") from None
    return found.trust, found


def trust_named(file: Path | None, vkey: str | None, witnesses: Sequence[str]) -> Trust:
    """Return whom somebody trusts, from a file or from keys, of which more than half must agree."""
    check_named(file, vkey, witnesses)
    return trust_told(file)[0] if file else trust_of(vkey or "", witnesses)


def trust_of(vkey: str, witnesses: Sequence[str]) -> Trust:
    """Believe a log when more than half of these witnesses agree."""
    return Trust.of(VerifierKey.parse(vkey), witness_keys(witnesses))

"""Recompute a measure from its file on any computer: needs the file and keys that you trust, no node and no network."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click

from salus.cli.believing import named_witnesses
from salus.cli.output import ending, json_option, say, tell
from salus.codec import CodecError
from salus.codec.certificates import read_trust
from salus.kernel import Invalid, SystemClock, format_instant, parse_instant
from salus.proof import Trust, VerifierKey
from salus.rules import Measure, Recomputed, Veto, recompute

_SAID = {
    Measure.NONE: "none: nothing is asked of the holder",
    Measure.ADVISE: "advice",
    Measure.PRECAUTION: "precaution",
}


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--trust",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A policy file (log, witnesses, quorum), or a node's trust file, as you got it from somebody you trust.",
)
@click.option("--vkey", help="The log's key, instead of --trust.")
@click.option("--witness", "witnesses", multiple=True, help="A witness's key, of each witness; with --vkey.")
@click.option("--at", help="The instant to answer for, such as 2031-03-01T08:00:00Z; the present without it.")
@json_option
@ending
def explain(
    file: Path, trust: Path | None, vkey: str | None, witnesses: tuple[str, ...], at: str | None, as_json: bool
) -> None:
    """Recompute a measure from its FILE and say what it asks, why, and until when; or that it asks nothing.

    A file cannot show that no ombudsman vetoed its rules or its emergency; a trust file tells which were vetoed.

    Ends with 0 if the file proves a measure at that instant, and with 1 if it does not: then the answer is none.
    """
    instant = parse_instant(at) if at else SystemClock().now()
    believed, vetoes = _trust(trust, vkey, witnesses)
    found = recompute(file.read_bytes(), believed, instant, vetoes or ())
    if as_json:
        tell({"good": found.fault is None, "at": format_instant(instant), **found.as_json()})
    else:
        for line in _lines(found, instant):
            say(line)
        if found.fault is None and vetoes is None:
            say("whether an ombudsman vetoed the rules is not looked at: that takes a node's trust file")
    sys.exit(0 if found.fault is None else 1)


def _trust(file: Path | None, vkey: str | None, witnesses: tuple[str, ...]) -> tuple[Trust, tuple[Veto, ...] | None]:
    """Return whom the reader trusts, from a file or from keys, with the vetoes of a trust file; None from elsewhere.

    A quorum is always more than half of the witnesses.
    """
    if (file is None) == (vkey is None):
        raise click.UsageError("name whom you trust: either --trust FILE, or --vkey with each --witness")
    if file is None:
        return Trust.of(VerifierKey.parse(vkey or ""), named_witnesses(witnesses)), None
    octets = file.read_bytes()
    if not octets.lstrip().startswith(b"{"):
        return Trust.parse(octets.decode("utf-8", "replace")), None
    try:
        found = read_trust(octets)
    except CodecError as error:
        raise Invalid(f"this is no trust file: {error.text}", code="SALUS-Z010") from None
    return found.trust, found.vetoes


def _lines(found: Recomputed, instant: datetime) -> list[str]:
    """Say what was found in plain words."""
    at = format_instant(instant)
    if found.fault is not None or found.clause is None or found.ends is None or found.starts is None:
        return [f"at {at}: {_SAID[Measure.NONE]}", f"because {found.text}"]
    return [
        f"at {at}: {_SAID[found.measure]} about {found.disease}, until {format_instant(found.ends)}",
        found.clause.en,
        found.clause.zh,
        f"decided by published rules ({found.rules}) from a specimen and a result signed by two organisations",
        f"in force since {format_instant(found.starts)}; it ends by itself",
        f"proved by the public log and a quorum of its witnesses at {format_instant(found.proved_at or instant)}",
        "recomputed here from the file alone, and the answer is the same",
    ]

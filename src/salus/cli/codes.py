"""Check what a door is shown, without a node and without a network."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from salus.cli.output import ending, json_option, say, tell
from salus.cli.pictures import text_of
from salus.codec import trimmed
from salus.codec.certificates import Certificate, Outcome, TrustFile, Verdict, permitted, read_trust
from salus.codec.certificates import verify as judge
from salus.kernel import Invalid, format_instant, parse_instant
from salus.rules import Venue

SAID = {
    Outcome.GOOD: "good",
    Outcome.NOTHING: "nothing shown",
    Outcome.NOT_PERMITTED: "no check is permitted here",
}


@click.command()
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
@click.option(
    "--trust",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The trust file, as a node serves it at /trust.json.",
)
@click.option("--at", required=True, help="The instant to judge for, such as 2031-03-01T08:00:00Z.")
@click.option("--venue", required=True, type=click.Choice([*map(str, Venue)]), help="What kind of door this is.")
@json_option
@ending
def verify(inputs: tuple[str, ...], trust: Path, at: str, venue: str, as_json: bool) -> None:
    """Judge certificates: INPUT is a code, or a file with one as text or as a picture.

    Ends with 0 if every one of them is good, and with 1 otherwise. The reasons that --json gives are for the holder of
    a certificate; a door is told "nothing shown", whatever the reason.
    """
    instant, told = _instant(at), read_trust(trust.read_bytes())
    here = Venue(venue)
    # where none may ask, the code is not so much as opened
    may_ask = bool(permitted(told, instant, here))
    verdicts = [judge(_presented(one) if may_ask else None, told, instant, here) for one in inputs]
    if as_json:
        tell(_told(verdicts, told, inputs, venue, at))
    else:
        for one in verdicts:
            say(_said(one))
        say(f"trust file as of {format_instant(told.made)}, of use until {format_instant(told.ends)}")
    sys.exit(0 if all(one.outcome is Outcome.GOOD for one in verdicts) else 1)


def _instant(text: str) -> datetime:
    try:
        return parse_instant(text)
    except Invalid as error:
        raise click.UsageError(f"--at: {error.text}") from None


def _presented(given: str) -> str:
    """Return the text of an input; empty where a file holds no code that can be read."""
    if given[:4].upper() == "SL1:":
        return trimmed(given)
    return trimmed(text_of(Path(given)))


def _said(verdict: Verdict) -> str:
    found = verdict.certificate
    if found is None:
        return SAID[verdict.outcome]
    hint = found.hint
    match = f"; {hint.initials}, born {hint.month:02}-{hint.day:02}, number ends in {hint.last_two}" if hint else ""
    return f"good: {found.kind.word}, {found.disease.word}, {_on(found)}, until {format_instant(found.expires)}{match}"


def _told(verdicts: list[Verdict], trust: TrustFile, inputs: tuple[str, ...], venue: str, at: str) -> dict[str, Any]:
    return {
        "at": at,
        "venue": venue,
        "trust": summary(trust),
        "verdicts": [
            {
                "input": number,
                "outcome": str(one.outcome),
                "certificate": _certificate(one.certificate) if one.certificate else None,
                "reason": str(one.reason) if one.reason else None,
                "regions": sorted({live.region for live in one.declarations}),
            }
            for number, one in enumerate(verdicts[: len(inputs)], 1)
        ],
    }


def summary(trust: TrustFile) -> dict[str, Any]:
    """Return what a trust file is as of, and how much it holds."""
    return {
        "made": format_instant(trust.made),
        "ends": format_instant(trust.ends),
        "issuers": len(trust.issuers),
        "declarations": len(trust.declarations),
        "lists": len(trust.lists),
        "dropped": trust.dropped,
    }


def _certificate(found: Certificate) -> dict[str, Any]:
    hint = found.hint
    return {
        "kind": found.kind.word,
        "disease": found.disease.word,
        "on": _on(found),
        "expires": format_instant(found.expires),
        "hint": hint and {"initials": hint.initials, "month": hint.month, "day": hint.day, "last_two": hint.last_two},
    }


def _on(found: Certificate) -> str:
    return format_instant(found.hour) if found.hour else found.day.isoformat()

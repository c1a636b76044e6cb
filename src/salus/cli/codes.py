"""Check what a door is shown, without a node and without a network."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from salus.cli import foreign
from salus.cli.output import ending, json_option, say, tell
from salus.cli.pictures import text_of
from salus.codec import trimmed
from salus.codec.certificates import Certificate, Outcome, TrustFile, Verdict, permitted, read_trust
from salus.codec.certificates import verify as judge
from salus.kernel import Invalid, format_instant, parse_instant
from salus.rules import Venue
from salus.rules.acceptance import Acceptance

VERDICTS = {
    Outcome.GOOD: foreign.VALID,
    Outcome.NOTHING: foreign.NOT_VALID,
    Outcome.NOT_PERMITTED: foreign.CANNOT_TELL,
}
SAID = {
    Outcome.GOOD: "good",
    Outcome.NOTHING: "nothing shown",
    Outcome.NOT_PERMITTED: "no check is permitted here",
}


@click.command()
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
@click.option(
    "--trust",
    "given_trust",
    required=True,
    multiple=True,
    help="The trust file of a node (/trust.json); PEM certificates of other issuers; ISSUER=FILE for a JWK Set.",
)
@click.option("--at", required=True, help="The instant to judge for, such as 2031-03-01T08:00:00Z.")
@click.option("--venue", type=click.Choice([*map(str, Venue)]), help="What kind of door this is; for SL1.")
@click.option(
    "--rules",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A region's acceptance rules, which HC1 certificates then have to satisfy.",
)
@json_option
@ending
def verify(
    inputs: tuple[str, ...], given_trust: tuple[str, ...], at: str, venue: str | None, rules: Path | None, as_json: bool
) -> None:
    """Judge certificates: INPUT is a code (SL1, HC1, shc:/), or a file with one as text or as a picture.

    Ends with 0 if every one of them is good, and with 1 otherwise. The reasons that --json gives are for the holder of
    a certificate; a door is told "nothing shown", whatever the reason. Codes of other issuers say whose they are: they
    are for care, and for their holders, and no door of ours asks for them.
    """
    keys, own = foreign.believed(given_trust)
    if keys:
        _judge_foreign(inputs, keys, _instant(at), foreign.rules_of(rules), as_json)
    if len(own) != 1 or venue is None:
        raise click.UsageError("SL1 takes one --trust file of a node, and --venue")
    _judge_own(inputs, own[0], at, venue, as_json)


def _judge_foreign(
    inputs: tuple[str, ...], keys: foreign.Believed, at: datetime, rules: Acceptance | None, as_json: bool
) -> None:
    """Judge codes of other issuers, and end. One of ours among them is wrong use: a door's check is another thing."""
    texts = [one.strip() if foreign.is_foreign(one) else text_of(Path(one)).strip() for one in inputs]
    if any(text[:4].upper() == "SL1:" for text in texts):
        raise click.UsageError("check SL1 by itself, with a node's trust file")
    told = [foreign.judged(one, keys, at, rules) for one in foreign.cards(texts)]
    if as_json:
        tell({"at": format_instant(at), "verdicts": told})
    else:
        for one in told:
            facts = "; ".join(f"{fact['kind']} {fact['on']}" for fact in one["facts"])
            say(f"{one['verdict']}: {one['format']}, {one['reason'] or facts}. {one['sentence']}")
    sys.exit(0 if all(one["verdict"] == foreign.VALID for one in told) else 1)


def _judge_own(inputs: tuple[str, ...], trust: Path, at: str, venue: str, as_json: bool) -> None:
    """Judge certificates of ours as a door of this kind does, and end."""
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
                "format": "SL1",
                "verdict": VERDICTS[one.outcome],
                "sentence": _said(one),
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

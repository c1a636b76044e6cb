"""Check what a door, a clinician or a holder is shown, without a node and without a network."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from salus.cli import foreign, noticed, verdicts
from salus.cli.output import ending, json_option, say, tell
from salus.cli.pictures import numeric, octets_of, texts_in
from salus.codec import trimmed
from salus.codec.certificates import TrustFile, permitted, read_trust, refuse_older
from salus.codec.certificates import verify as judge
from salus.codec.notices import NoticeKeys, is_notice
from salus.codec.recognising import judge as judge_any
from salus.kernel import Invalid, format_instant, parse_instant
from salus.rules import Venue

_OWN = "SL1:"
_TAKES = "SL1 takes one --trust file of a node, and --venue"
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bench:
    """What somebody judges with: an instant, whom they believe, and for a door what kind it is."""

    at: datetime
    keys: foreign.Believed
    trust: TrustFile | None
    asked_by: Venue | None
    rules: foreign.Rules
    notice_keys: NoticeKeys | None

    @property
    def door(self) -> bool:
        """Tell whether a door asks: of whatever it may not be shown it is told the same."""
        return not self.keys and self.notice_keys is None

    @property
    def shut(self) -> bool:
        """Tell whether a door asks that may not: then nothing is so much as opened."""
        return self.door and not (self.trust and self.asked_by and permitted(self.trust, self.at, self.asked_by))


@click.command()
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
@click.option(
    "--trust",
    "given_trust",
    required=True,
    multiple=True,
    help="The trust file of a node (/trust.json); PEM certificates of other issuers; a JWK Set, or ISSUER=FILE to"
    " believe it of one issuer alone.",
)
@click.option("--at", required=True, help="The instant to judge for, such as 2031-03-01T08:00:00Z.")
@click.option("--venue", type=click.Choice([*map(str, Venue)]), help="What kind of door this is.")
@click.option("--rules", type=_FILE, help="A region's acceptance rules, which HC1 certificates then have to satisfy.")
@click.option("--region", help="Ask HC1 certificates for what this region's rules in the trust file ask for, too.")
@click.option(
    "--revoked",
    type=_FILE,
    multiple=True,
    help="Void codes of other issuers: a SMART Health Cards' revocation list, or batches of the EU's gateway.",
)
@click.option("--key", type=_FILE, help="A care facility's notice keys, to open what a holder shows to a clinician.")
@click.option(
    "--newest",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the newest trust file that was used is kept: one that is older, or of another log, is refused.",
)
@json_option
@ending
def verify(
    inputs: tuple[str, ...],
    given_trust: tuple[str, ...],
    at: str,
    venue: str | None,
    rules: Path | None,
    region: str | None,
    revoked: tuple[Path, ...],
    key: Path | None,
    newest: Path | None,
    as_json: bool,
) -> None:
    """Judge codes: INPUT is one (SL1, HC1, shc:/, a JWS), or a file with some as text, PNG, JPEG, PDF or
    .smart-health-card, or a notice.

    Ends with 0 if every one of them is good, and with 1 otherwise. The reasons that --json gives are for the holder of
    a certificate; a door is told "nothing shown", whatever the reason, and of a recognised issuer's code its fact
    alone. Judged without --venue, for care and for their holders, codes of other issuers say whose they are. A notice
    opens to the facility that its holder chose; what it does not prove is none.
    """
    keys, own = foreign.believed(given_trust)
    if len(own) > 1:
        raise click.UsageError("one --trust file of a node at most")
    instant, trust = _instant(at), _newest(own[0], newest) if own else None
    if trust and not keys and venue is None:  # who is no door asks a node whom it recognises
        keys = foreign.recognised(trust, instant)
    bench = _Bench(
        at=instant,
        keys=replace(keys, revoked=foreign.revoked_of(revoked, trust)),
        trust=trust,
        asked_by=Venue(venue) if venue else None,
        rules=foreign.rules_of(rules, trust, region),
        notice_keys=noticed.keys_of(key) if key else None,
    )
    _require_possible(bench, revoked)
    told = list(_judged(inputs, bench))
    _print(told, bench, as_json)
    sys.exit(0 if all(_good(one) for one in told) else 1)


def _require_possible(bench: _Bench, revoked: Sequence[Path]) -> None:
    if bench.door and (bench.trust is None or bench.asked_by is None):
        raise click.UsageError(_TAKES)
    if bench.door and revoked:
        raise click.UsageError("a door takes its lists of void codes from its --trust file; leave --revoked out")


def _newest(given: Path, kept: Path | None) -> TrustFile:
    """Read a trust file, and keep it for the next time; CodecError if one that was kept says that it is no newer."""
    octets = given.read_bytes()
    found = read_trust(octets)
    if kept is not None:
        if kept.exists():
            refuse_older(found, read_trust(kept.read_bytes()))
        written = kept.with_name(f"{kept.name}.new")
        written.write_bytes(octets)
        written.replace(kept)
    return found


def _judged(inputs: Sequence[str], bench: _Bench) -> Iterator[dict[str, Any]]:
    """Yield what is told of each code, each notice and each measure in it, in the order in which they were given."""
    if bench.shut:
        yield from ({"input": number, **_own("", bench)} for number in range(1, len(inputs) + 1))
        return
    presented = [
        (number, one) for number, given in enumerate(inputs, 1) for one in _presented(given, alone=len(inputs) == 1)
    ]
    alone = len(presented) == 1
    texts = [one for _, one in presented if isinstance(one, str)]
    cards = {card[0]: card for card in foreign.cards(texts)}
    for number, one in presented:
        if isinstance(one, bytes):
            yield from ({"input": number, **each} for each in _notice(one, bench))
        elif bench.door or one[:4].upper() == _OWN:
            yield {"input": number, **_own(trimmed(one), bench, alone=alone)}
        elif one in cards:  # further codes of a card were told of with its first one
            yield {"input": number, **_foreign(cards[one], bench)}


def _presented(given: str, *, alone: bool) -> list[str | bytes]:
    """Return the codes of an input, as texts, or the octets of a notice; empty texts where no code can be read.

    Raises UsageError for a file that is not there, where it is the only one: of several the others are judged.
    """
    if given[:4].upper() == _OWN or foreign.is_foreign(given):
        return [given.strip()]
    if (spelled := numeric(given.strip())) != [given.strip()]:
        return [*spelled]
    try:
        octets = octets_of(Path(given))
    except click.UsageError as refused:
        if alone:
            raise
        click.echo(refused.message, err=True)
        return [""]
    if is_notice(octets):
        return [octets]
    return [text.strip() for text in texts_in(octets, Path(given))]


def _own(text: str, bench: _Bench, *, alone: bool = False) -> dict[str, Any]:
    if bench.trust is None or bench.asked_by is None:
        if alone:
            raise click.UsageError(_TAKES)
        return verdicts.shaped("SL1", verdicts.CANNOT_TELL, "no-venue", f"It was not looked at: {_TAKES}.")
    if foreign.is_foreign(text):
        return verdicts.recognised(text, judge_any(text, bench.trust, bench.at, bench.asked_by))
    return verdicts.own(judge(text or None, bench.trust, bench.at, bench.asked_by))


def _foreign(card: tuple[str, ...], bench: _Bench) -> dict[str, Any]:
    if not foreign.is_foreign(card[0]):
        return verdicts.shaped("unknown", verdicts.NOT_VALID, "unreadable", "No code that is known here can be read.")
    return foreign.judged(card, bench.keys, bench.at, bench.rules)


def _notice(octets: bytes, bench: _Bench) -> list[dict[str, Any]]:
    if bench.notice_keys is None:  # to whoever has no key it is no code, whatever is in it
        return [_own("", bench) if bench.door else _foreign(("",), bench)]
    if bench.trust is None:
        raise click.UsageError("a notice takes a --trust file of its node")
    known = bench.trust
    return noticed.told(octets, bench.notice_keys, known.trust, bench.at, known.vetoes, known.ended)


def _good(one: dict[str, Any]) -> bool:
    return bool(one["authentic"]) if "authentic" in one else one["verdict"] == verdicts.VALID


def _print(told: list[dict[str, Any]], bench: _Bench, as_json: bool) -> None:
    if as_json:
        heading: dict[str, Any] = {"at": format_instant(bench.at)}
        if bench.trust is not None:
            heading |= {"venue": bench.asked_by and str(bench.asked_by), "trust": verdicts.summary(bench.trust)}
        tell({**heading, "verdicts": told})
        return
    for one in told:
        say(_line(one, bench))
    if bench.trust is not None:
        made, ends = format_instant(bench.trust.made), format_instant(bench.trust.ends)
        say(f"trust file as of {made}, of use until {ends}")


def _line(one: dict[str, Any], bench: _Bench) -> str:
    """Say one verdict to people: a door hears no reason, and nobody a name."""
    if "authentic" in one:
        return f"{one['measure']}: {one['sentence']}"
    if bench.door or one["format"] == "SL1":
        return str(one["sentence"])
    facts = "; ".join(f"{fact['kind']} {fact['on']}" for fact in one["facts"])
    return f"{one['verdict']}: {one['format']}, {one['reason'] or facts}. {one['sentence']}"


def _instant(text: str) -> datetime:
    try:
        return parse_instant(text)
    except Invalid as error:
        raise click.UsageError(f"--at: {error.text}") from None

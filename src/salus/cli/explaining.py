"""Recompute a measure from its file on any computer: needs the file and keys that you trust, no node and no network."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click

from salus.cli.believing import check_named, named_witnesses, trust_option, trust_told
from salus.cli.output import ending, json_option, say, tell
from salus.codec.certificates import TrustFile
from salus.kernel import SystemClock, format_instant, parse_instant
from salus.proof import Trust, VerifierKey
from salus.rules import (
    Measure,
    Receipted,
    Recomputed,
    Step,
    is_receipt,
    is_slip,
    read_receipt,
    recompute,
    recompute_slip,
    rests_on,
)

_SAID = {
    Measure.NONE: "none: nothing is asked of the holder",
    Measure.ADVISE: "advice",
    Measure.PRECAUTION: "precaution",
}

_EVIDENCE_KEYS = (
    "whether the key that signed evidence had ended before is not looked at: `salus-audit` looks, in the log"
)

_FROM = {False: "a specimen and a result", True: "an exposure to a case,"}


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@trust_option
@click.option("--vkey", help="The log's key, instead of --trust.")
@click.option("--witness", "witnesses", multiple=True, help="A witness's key, of each witness; with --vkey.")
@click.option(
    "--receipt",
    "receipts",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A receipt of yours: a measure has to rest on the specimen of one of them.",
)
@click.option(
    "--slip",
    "slips",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A further slip of yours: of one case the first alone counts, and a second renews nothing.",
)
@click.option("--at", help="The instant to answer for, such as 2031-03-01T08:00:00Z; the present without it.")
@json_option
@ending
def explain(
    file: Path,
    trust: Path | None,
    vkey: str | None,
    witnesses: tuple[str, ...],
    receipts: tuple[Path, ...],
    slips: tuple[Path, ...],
    at: str | None,
    as_json: bool,
) -> None:
    """Recompute a measure from its FILE and say what it asks, why, and until when; or that it asks nothing.

    A file cannot show that no ombudsman vetoed its rules or its emergency, nor that no key had ended before it signed.
    A trust file tells of vetoes, and of the keys that signed rules and emergency; of those that signed evidence
    `salus-audit` tells, from the log.

    Ends with 0 if the file proves a measure at that instant, and with 1 if it does not: then the answer is none. Of a
    receipt it says who signed what, and ends with 0 if the log has every step of it; of a slip of an exposure it says
    whether a test is due.
    """
    instant = parse_instant(at) if at else SystemClock().now()
    believed, told = _trust(trust, vkey, witnesses)
    ends = told.ended if told else ()
    raw = file.read_bytes()
    if is_receipt(raw):
        sys.exit(_tell_receipt(read_receipt(raw, believed, ends), told, instant, as_json))
    found = _recomputed(raw, believed, instant, told, slips)
    mine = rests_on(raw, [read_receipt(one.read_bytes(), believed, ends) for one in receipts]) if receipts else None
    if as_json:
        heading = {"good": found.fault is None, "at": format_instant(instant), "known_until": _known_until(told)}
        tell({**heading, "receipt": mine, **found.as_json()})
    else:
        for line in [*_lines(found, instant, told, is_slip(raw)), *(_of_receipt(mine) if receipts else [])]:
            say(line)
        for line in _not_looked_at(told) if found.fault is None else ():
            say(line)
    sys.exit(0 if found.fault is None and mine is not False else 1)


def _recomputed(
    raw: bytes, believed: Trust, instant: datetime, told: TrustFile | None, slips: tuple[Path, ...]
) -> Recomputed:
    """Recompute a measure, or a slip beside the bearer's further ones."""
    vetoes, ends = (told.vetoes, told.ended) if told else ((), ())
    if is_slip(raw):
        others = [one.read_bytes() for one in slips]
        return recompute_slip(raw, believed, instant, vetoes, others=others, ends=ends)
    return recompute(raw, believed, instant, vetoes, ends)


def _not_looked_at(told: TrustFile | None) -> list[str]:
    """Say what neither a measure's file nor whom the reader trusts can show."""
    if told:
        return [_EVIDENCE_KEYS]
    vetoes = "whether an ombudsman vetoed the rules is not looked at: that takes a node's trust file"
    return [vetoes, "nor is whether a key that signed the rules had ended before: that takes one, too", _EVIDENCE_KEYS]


def _of_receipt(mine: bool | None) -> list[str]:
    if mine is None:
        text = "whether it rests on a specimen of yours cannot be told: not each receipt here shows one with the key"
        return [f"{text} that signed it; of a short one on paper `salus-audit --receipt` finds the key in the log"]
    return [
        "it rests on a specimen of your receipts" if mine else "it rests on no specimen of your receipts: contest it"
    ]


def _tell_receipt(found: Receipted, told: TrustFile | None, instant: datetime, as_json: bool) -> int:
    """Say what a receipt proves, and return what the command ends with."""
    if as_json:
        heading = {"good": found.fault is None, "signed": found.signed, "known_until": _known_until(told)}
        tell({**heading, **found.as_json()})
    else:
        for line in [*map(_step, found.steps), found.text, *([_EVIDENCE_KEYS] if found.fault is None else [])]:
            say(line)
        for line in _outdated(told, instant):
            say(line)
    return 0 if found.fault is None else 1


def _step(one: Step) -> str:
    what = f"{one.test}, {one.result}: reported" if one.result else "a specimen taken"
    stood = (
        f"in the log by {format_instant(one.logged_at)}, entry {one.index}" if one.logged_at else "not proved logged"
    )
    return f"{what} {format_instant(one.happened)}, signed by {one.party} ({one.organisation}); {stood}"


def _trust(file: Path | None, vkey: str | None, witnesses: tuple[str, ...]) -> tuple[Trust, TrustFile | None]:
    """Return whom the reader trusts, from a file or from keys, and the trust file; None where it is from elsewhere.

    A quorum is always more than half of the witnesses.
    """
    check_named(file, vkey, witnesses)
    if file is None:
        return Trust.of(VerifierKey.parse(vkey or ""), named_witnesses(witnesses)), None
    return trust_told(file)


def _lines(found: Recomputed, instant: datetime, told: TrustFile | None, slip: bool) -> list[str]:
    """Say what was found in plain words."""
    at = format_instant(instant)
    if found.fault is not None or found.clause is None or found.ends is None or found.starts is None:
        return [f"at {at}: {_SAID[Measure.NONE]}", f"because {found.text}"]
    return [
        f"at {at}: {_SAID[found.measure]} about {found.disease}, until {format_instant(found.ends)}",
        found.clause.en,
        found.clause.zh,
        f"decided by published rules ({found.rules}) from {_FROM[slip]} signed by two organisations",
        f"in force since {format_instant(found.starts)}; it ends by itself",
        f"proved by the public log and a quorum of its witnesses at {format_instant(found.proved_at or instant)}",
        "recomputed here from the file alone, and the answer is the same",
        *_outdated(told, instant),
    ]


def _known_until(told: TrustFile | None) -> str | None:
    """Return the instant up to which vetoes and ends of keys are looked at; None without a trust file."""
    return format_instant(told.made) if told else None


def _outdated(told: TrustFile | None, instant: datetime) -> Iterator[str]:
    """Say of a trust file that it is too old for what is asked. A younger one than that knows more, not less."""
    if told and instant >= told.ends:
        made = format_instant(told.made)
        yield f"the trust file is as of {made}: what was vetoed or ended since is not looked at; fetch a newer one"

"""Keep a copy of a public log, and hold what two people were shown against each other. Needs no node."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from salus.cli.believing import trust_of, vkey_option, witness_keys, witness_option
from salus.cli.output import ending, json_option, say, tell
from salus.kernel import format_instant
from salus.ledger import Comparison, Mirrored, compare, mirror
from salus.proof import Equivocation, VerifierKey, WitnessKey, open_checkpoint

_WORD = "EQUIVOCATION"


@click.command(name="mirror")
@click.argument("place")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@vkey_option
@witness_option
@click.option("--anew", is_flag=True, help="Go over the whole copy and repair it.")
@json_option
@ending
def mirror_log(
    place: str, folder: Path, vkey: str | None, witnesses: tuple[str, ...], anew: bool, as_json: bool
) -> None:
    """Copy the log at PLACE, an address or a folder, into FOLDER, which any web server can serve as it is.

    Each run copies what is new, checks it first, and takes no head that contradicts the copy or is older than it.
    """
    if witnesses and not vkey:
        raise click.UsageError("name the log's key with --vkey, as you do the witnesses")
    believed = trust_of(vkey, witnesses) if vkey and witnesses else VerifierKey.parse(vkey) if vkey else None
    found = mirror(place, folder, believed, anew=anew)
    if as_json:
        tell(found.as_json())
    else:
        _say(found, folder, given=vkey is not None)
        if not witnesses:
            say("lines of witnesses under the heads were copied unread: name the witnesses, and false ones are refused")
    sys.exit(0 if found.good else 1)


def _say(found: Mirrored, folder: Path, *, given: bool) -> None:
    for finding in found.findings:
        say(f"{finding.code} {finding.where}: {finding.text}")
    size = found.head.size if found.head else 0
    before = found.before.size if found.before else 0
    say(f"{folder}: {size} entries, {size - before} of them new, {found.files} files written")
    if not given:
        say(f"the key that the log published at the first run is taken, and kept: {found.key}; compare it")
    if found.equivocation:
        say(f"show {folder / 'equivocation.json'} to everybody: salus ledger compare checks it without any log")


@click.command(name="compare")
@click.argument("first")
@click.argument("second", required=False)
@vkey_option
@witness_option
@json_option
@ending
def compare_heads(first: str, second: str | None, vkey: str | None, witnesses: tuple[str, ...], as_json: bool) -> None:
    """Hold two heads of one log against each other: FIRST and SECOND are files, folders or addresses.

    Ends with 0 if the longer log begins with the shorter one. If they contradict each other it prints the proof, names
    who signed both, and ends with 1. With FIRST alone, a proof that somebody printed, it checks that proof.
    """
    keys = witness_keys(witnesses)
    if second is None:
        if not vkey:
            raise click.UsageError("name the log's key with --vkey to check a proof, or name two heads to compare")
        found = _told(Path(first), VerifierKey.parse(vkey))
    else:
        found = compare(first, second, VerifierKey.parse(vkey) if vkey else None)
    if as_json:
        tell(_as_json(found, keys))
    else:
        _verdict(found, keys)
    sys.exit(1 if found.equivocation else 0)


def _told(file: Path, key: VerifierKey) -> Comparison:
    """Read a proof that somebody printed, and check it; ProofError unless it convicts."""
    proof = Equivocation.parse(file.read_text("utf-8", "replace"))
    proof.check(key)
    heads = [open_checkpoint(text, [key]) for text in (proof.first, proof.second)]
    return Comparison(key=key, first=heads[0], second=heads[1], equivocation=proof)


def _as_json(found: Comparison, witnesses: list[WitnessKey]) -> dict[str, object]:
    both = found.equivocation.check(found.key, witnesses) if found.equivocation else {}
    return {
        "good": found.equivocation is None,
        "key": str(found.key),
        "sizes": [found.first.size, found.second.size],
        "signers": [found.key.name, *sorted(both)] if found.equivocation else [],
        _WORD: found.equivocation.as_json() if found.equivocation else None,
    }


def _verdict(found: Comparison, witnesses: list[WitnessKey]) -> None:
    sizes = sorted((found.first.size, found.second.size))
    if found.equivocation is None:
        say(f"{found.key.name}: {sizes[1]} entries, which begin with the {sizes[0]} of the other head; one story")
        return
    both = found.equivocation.check(found.key, witnesses)
    say(f"{_WORD}: {found.key.name} signed two heads, of {sizes[0]} and {sizes[1]} entries, that cannot both be true")
    for name, (earlier, later) in sorted(both.items()):
        say(f"the witness {name} cosigned both, at {format_instant(earlier)} and at {format_instant(later)}")
    if not both:
        say("no witness that was named cosigned both" if witnesses else "no witness was named: give --witness to name")
    say(str(found.equivocation))

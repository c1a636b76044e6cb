"""Count contests again, from the public log's files and the published proofs alone."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import click

from salus.appeals import tally
from salus.cli.believing import trust_named, trust_option
from salus.cli.output import ending, json_option, say, tell
from salus.kernel import Invalid, format_instant
from salus.ledger import Leaf, verify_directory
from salus.proof import LeafProof, ProofError, Trust


@click.command()
@click.argument("place")
@trust_option
@click.option("--vkey", help="The log's key, instead of --trust.")
@click.option("--witness", "witnesses", multiple=True, help="A witness's key; give all of them, with --vkey.")
@click.option(
    "--answers",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The proofs of answers, as published at /about/power/answers.json.",
)
@json_option
@ending
def appeals(
    place: str, trust: Path | None, vkey: str | None, witnesses: tuple[str, ...], answers: Path, as_json: bool
) -> None:
    """Count contests opened, answered in time, ended and overdue, at the time of the log's newest cosigned head.

    An answer without a proof that witnesses vouched for it before its deadline counts as none; the deadline is 48 hours
    after they had the contest, or earlier where the log says so.
    """
    leaves: dict[str, list[tuple[int, Leaf]]] = {"appeal-opened": [], "appeal-closed": []}
    report = verify_directory(
        place,
        trust=trust_named(trust, vkey, witnesses),
        seen=lambda index, leaf: leaves.get(leaf.kind, []).append((index, leaf)),
    )
    if not report.good or report.cosigned is None or report.trust is None:
        raise Invalid("the log itself is not good: salus ledger verify says why", code="SALUS-J010")
    at = report.cosigned.as_of
    times = _times(answers, dict(leaves["appeal-opened"] + leaves["appeal-closed"]), report.trust)
    opened, closed = ([(index, leaf.body) for index, leaf in leaves[kind]] for kind in leaves)
    counted = tally(opened, closed, times.get, at)
    told = {
        "at": format_instant(at),
        "opened": counted.opened,
        "stood": counted.stood,
        "ended": counted.ended,
        "waiting": counted.waiting,
        "overdue": counted.late,
    }
    if as_json:
        tell(told)
    else:
        say(", ".join(f"{count} {what}" for what, count in told.items() if what != "at") + f", at {told['at']}")
    sys.exit(0)


def _times(file: Path, told_of: Mapping[int, Leaf], trust: Trust) -> dict[int, datetime]:
    """Return when witnesses vouched for each contest and answer, as far as a proof of it holds."""
    found: dict[int, datetime] = {}
    try:
        told = json.loads(file.read_text("utf-8"))["answers"]
        for one in told:
            proof = LeafProof.parse(one["proof"])
            if proof.index in told_of:
                found[proof.index] = proof.check(told_of[proof.index].encoded, trust).at
    except (ValueError, KeyError, TypeError, ProofError):
        raise Invalid("the answers cannot be read, or a proof of them does not hold", code="SALUS-J011") from None
    return found

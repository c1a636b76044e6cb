"""Whoever bears a slip reads what it asks: at any node, signed in or not. Nothing is kept, and nobody is told.

Who signed in is asked for nothing that an own negative has ended. That look at the own evidence stands in the register
as any look at one's notices does, so that the register does not tell who was given a slip.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from salus.app.measures import own_evidence
from salus.app.node import Node
from salus.healthcode import measures, slips
from salus.healthcode.slips import SlipRefused
from salus.kernel import Role
from salus.parties import Principal
from salus.rules import Measure, NotProved, Recomputed, SlipPaper, commitment_of, read_slip_paper, recompute_slip

MOST_SLIPS: Final = 8
_NOT_YET = "the log does not have all of it yet, or it was never handed over; look again in two hours"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSlips:
    """What the slips of one bearer ask together, and the files that prove it elsewhere, in the order of the slips.

    A file is None where the log has not all that it takes.
    """

    found: Recomputed
    files: tuple[bytes | None, ...] = field(repr=False)


def read_slips(node: Node, who: Principal | None, texts: Sequence[str]) -> ReadSlips:
    """Return what slips ask of their bearer now, given in their short form: a test that is due, at most.

    Raises SlipRefused for what is no slip, and for more than MOST_SLIPS.
    """
    papers, at = _papers(texts), node.clock.now()
    mine = own_evidence(node, who, "notice") if who and who.role is Role.RESIDENT else None
    evidence = measures.open_evidence(mine.rows, mine.keys, mine.seals) if mine else {}
    if node.trust is None:
        return ReadSlips(found=_none("WITNESSES", "the log of this node has no witnesses"), files=(None,) * len(papers))
    known = node.memory.recall("emergencies", node.stamp, lambda: measures.known(node.store, node.trust))
    files = tuple(slips.slip_file(node.store, node.trust, known, one, evidence, at) for one in papers)
    over = slips.ended(node.store, [str(one.leaf["index"]) for one in papers])
    proved, own = [one for one in files if one], slips.as_evidence(evidence)
    answers = [
        recompute_slip(one, node.trust, at, known.vetoes, over, others=[*proved[:n], *proved[n + 1 :]], own=own)
        for n, one in enumerate(proved)
    ]
    asking = [one for one in answers if one.measure is not Measure.NONE]
    found = (asking or answers or [_none("NO-PROOF", _NOT_YET)])[0]
    return ReadSlips(found=found, files=files)


def case_number(held: measures.HeldNotice) -> str:
    """Return the tag under which the log has a measure's decision, by which investigators name its case."""
    return str(json.loads(held.file)["decision"]["tag"])


def _papers(texts: Sequence[str]) -> list[SlipPaper]:
    if not 1 <= len(texts) <= MOST_SLIPS:
        raise SlipRefused("FILE", f"give one slip, or up to {MOST_SLIPS}, a line each")
    try:
        return [*{commitment_of(one.opening): one for one in map(read_slip_paper, texts)}.values()]
    except NotProved as fault:
        raise SlipRefused(fault.fault, fault.text) from None


def _none(fault: str, text: str) -> Recomputed:
    return Recomputed(measure=Measure.NONE, fault=fault, text=text)


__all__ = ["MOST_SLIPS", "ReadSlips", "case_number", "read_slips"]

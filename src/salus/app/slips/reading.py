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
from salus.rules import (
    Measure,
    NotProved,
    Recomputed,
    SlipPaper,
    commitment_of,
    read_slip_paper,
    recompute_slips,
    word_of,
)

MOST_SLIPS: Final = 8
_NOT_YET = "the log does not have all of it yet, or it was never handed over; look again in two hours"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSlip:
    """One slip in its short form, what it asks beside the bearer's others, and the file that proves it elsewhere.

    The file is None where the log has not all that it takes.
    """

    text: str = field(repr=False)
    found: Recomputed
    file: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSlips:
    """The slips of one bearer, each once."""

    slips: tuple[ReadSlip, ...]

    @property
    def found(self) -> Recomputed:
        """What is asked first: of several slips the first that asks for anything, if one does."""
        answers = [one.found for one in self.slips]
        return next((one for one in answers if one.measure is not Measure.NONE), answers[0])

    @property
    def files(self) -> tuple[bytes | None, ...]:
        """The files of the slips, in their order."""
        return tuple(one.file for one in self.slips)


def read_slips(node: Node, who: Principal | None, texts: Sequence[str]) -> ReadSlips:
    """Return what slips ask of their bearer now, given in their short form: a test that is due, at most.

    Raises SlipRefused for what is no slip, and for more than MOST_SLIPS.
    """
    papers, at = _papers(texts), node.clock.now()
    mine = own_evidence(node, who, "notice") if who and who.role is Role.RESIDENT else None
    evidence = measures.open_evidence(mine.rows, mine.keys, mine.seals) if mine else {}
    if node.trust is None:
        none = _none("WITNESSES", "the log of this node has no witnesses")
        return ReadSlips(slips=tuple(ReadSlip(text=one.text, found=none, file=None) for one in papers))
    known = node.memory.recall("emergencies", node.stamp, lambda: measures.known(node.store, node.trust))
    files = [slips.slip_file(node.store, node.trust, known, one, evidence, at) for one in papers]
    over = slips.ended(node.store, [str(one.leaf["index"]) for one in papers])
    own = slips.as_evidence(evidence)
    there = [one for one in files if one]
    answers = iter(recompute_slips(there, node.trust, at, known.vetoes, over, own=own, ends=known.ends))
    read = (
        ReadSlip(text=paper.text, found=next(answers) if file else _none("NO-PROOF", _NOT_YET), file=file)
        for paper, file in zip(papers, files, strict=True)
    )
    return ReadSlips(slips=tuple(read))


def case_number(held: measures.HeldNotice) -> str:
    """Return the tag under which the log has a measure's decision, by which investigators name its case."""
    return str(json.loads(held.file)["decision"]["tag"])


def case_word(held: measures.HeldNotice) -> str | None:
    """Return the word without which nobody makes slips of this case: it follows from the file, which its holder has.

    None for a decision of an earlier release: the log has no key of it, and nobody makes slips of that case.
    """
    file = json.loads(held.file)
    if "word" not in file["decision"]:
        return None
    return word_of(file["openings"][held.commitment]["decision"]["blind"])


def _papers(texts: Sequence[str]) -> list[SlipPaper]:
    if not 1 <= len(texts) <= MOST_SLIPS:
        raise SlipRefused("FILE", f"give one slip, or up to {MOST_SLIPS}, a line each")
    try:
        return [*{commitment_of(one.opening): one for one in map(read_slip_paper, texts)}.values()]
    except NotProved as fault:
        raise SlipRefused(fault.fault, fault.text) from None


def _none(fault: str, text: str) -> Recomputed:
    return Recomputed(measure=Measure.NONE, fault=fault, text=text)


__all__ = ["MOST_SLIPS", "ReadSlip", "ReadSlips", "case_number", "case_word", "read_slips"]

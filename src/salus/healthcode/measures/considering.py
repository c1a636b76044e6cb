"""Which of a resident's evidence may decide anything, and which of it can end one decision. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from salus.healthcode.measures.model import Kept
from salus.kernel import parse_instant
from salus.rules import Evidence, EvidenceKind, Result, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A row of evidence with what it opens to."""

    kept: Kept
    opening: Mapping[str, Any] = field(repr=False)

    @property
    def body(self) -> dict[str, Any]:
        """The fields of the opening."""
        found: dict[str, Any] = self.opening[self.kept.kind]
        return found


def sound(evidence: Mapping[str, Opened], one: Opened) -> bool:
    """Tell whether a result corrects nothing, or what its own laboratory found in the same specimen."""
    replaced = evidence.get(str(one.body.get("replaces")))
    return replaced is None or may_replace(replaced.kept, one.kept.leaf["party"], one.kept.specimen)


def may_replace(kept: Kept, party: str, specimen: str) -> bool:
    """Tell whether a party's result about a specimen may correct another one."""
    return (kept.kind, kept.leaf["party"], kept.specimen) == ("result", party, specimen)


def considered(evidence: Mapping[str, Opened], result: str) -> list[Evidence]:
    """Return a result, and whatever of the same resident can end what it asks for, whichever subject it bears."""
    found = []
    for one in evidence.values():
        told = told_of(evidence, one) if sound(evidence, one) else None
        if told and (told.name == result or told.result is Result.NEGATIVE or told.replaces is not None):
            found.append(told)
    return found


def releasing(evidence: Mapping[str, Opened]) -> dict[str, Opened]:
    """Return what of the evidence of charts that were only linked may count: negatives that stand, and specimens.

    A negative that its laboratory corrected to something else stands no more, and a correction that asks for something
    is left out too: it would hide what the own charts ask for, and could itself be shown to nobody.
    """
    told = {name: told_of(evidence, one) for name, one in evidence.items() if sound(evidence, one)}
    results = [one for one in told.values() if one]
    overturned = {one.replaces for one in results if one.result is not Result.NEGATIVE}
    kept = {one.name for one in results if one.result is Result.NEGATIVE} - overturned
    return {name: one for name, one in evidence.items() if one.kept.kind == "specimen" or name in kept}


def ending(evidence: Mapping[str, Opened], result: str, table: Table) -> list[list[Opened]]:
    """Return what can end a decision on a result, as groups: a group counts only as a whole.

    First its corrections, then each negative that its row of the table names, with the corrections of that negative;
    those that nothing corrects come first.
    """
    base, told = evidence[result], told_of(evidence, evidence[result])
    row = table.row(told.kind, told.result) if told else None
    if told is None or row is None:
        return []
    correcting: dict[str, list[Opened]] = {}
    releasing = []
    for one in evidence.values():
        found = told_of(evidence, one) if sound(evidence, one) else None
        if found is None or one.body["subject"] != base.body["subject"] or found.disease != told.disease:
            continue
        if found.replaces is not None:
            correcting.setdefault(found.replaces, []).append(one)
        negative = found.name != result and found.result is Result.NEGATIVE
        if negative and any(
            found.kind is release.kind and found.taken >= told.taken + release.after for release in row.released_by
        ):
            releasing.append(one)
    corrections = [[one] for one in correcting.get(result, [])]
    groups = [[one, *correcting.get(one.kept.commitment, [])] for one in releasing]
    return [*corrections, *sorted(groups, key=len)]


def told_of(evidence: Mapping[str, Opened], one: Opened) -> Evidence | None:
    """Return a result as `decide` takes it; None for a specimen, and for a result whose specimen cannot be read."""
    specimen = evidence.get(one.kept.specimen)
    if one.kept.kind != "result" or specimen is None:
        return None
    body = one.body
    return Evidence(
        name=one.kept.commitment,
        disease=body["disease"],
        kind=EvidenceKind(body["kind"]),
        result=Result(body["result"]),
        taken=parse_instant(specimen.body["taken"]),
        reported=parse_instant(body["reported"]),
        replaces=body["replaces"],
    )

"""Ask the index whether it knows somebody: graded, shown to whom it found, and never more than was said (ITI-119)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from salus import access, identity, records
from salus.access import Action, Decision, Kind, Read
from salus.app.facts import decide, purpose_of, refusal_of, refuse
from salus.app.node import Node
from salus.app.pacing import TooFast
from salus.identity import Match, Resident
from salus.identity.linkage.people import PEOPLE, Answer
from salus.kernel import format_instant
from salus.parties import Principal
from salus.storage import Duty, Transaction

MOST_MATCHES = 20
_ONLY_CARE = "a hospital's system at a place of care may ask this, for treatment"
_AGREES = {
    ("births", "equal birth and is vague 0"): "birthDate",
    ("births", "equal birth"): "birthDate",
    ("sexes", "equal sex"): "gender",
    ("numbers", "equal typed"): "identifier",
    ("phones", "equal phone"): "telecom",
    ("names", "equal characters"): "name",
}
"""Which level of a comparison says that an element is as was said, and not merely like it."""


class Grade(StrEnum):
    """How good a match is (FHIR R4, match-grade). `certainly-not` is told of nobody."""

    CERTAIN = "certain"
    PROBABLE = "probable"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """A resident who may be meant: how likely, which elements are as was said, and the asker's own Patients of them."""

    resident_id: UUID
    grade: Grade
    probability: float
    agreed: frozenset[str] = field(repr=False)
    own: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchAnswer:
    """Who may be meant, the best first, and the blocking rules under which too many were found to be looked at."""

    found: tuple[Matched, ...]
    left_out: tuple[str, ...]


def match_identity(
    node: Node, who: Principal, patient: Mapping[str, Any], *, most: int = MOST_MATCHES, certain_only: bool = False
) -> MatchAnswer:
    """Return who in the index may be meant by a Patient. Each of them is shown that it was asked, and by whom.

    With `certain_only` nobody is returned unless exactly one is certain. Raises Refused for anybody but a hospital's
    system at a place of care, and TooFast beyond the bound; both are kept.
    """
    decision = decide(node, who, Action.MATCH_IDENTITY, Kind.RECORD)
    if not decision.allowed or who.facility is None:
        raise refuse(node, who, Action.MATCH_IDENTITY, _ONLY_CARE)
    at = node.clock.now()
    _paced(node, who, at)
    described = records.described(patient, format_instant(at))
    with node.store.transaction(Duty.CARE) as tx:
        answer = identity.match(tx, node.custodian, node.custodian, described, most=MOST_MATCHES)
        chosen = _chosen(answer.found, certain_only=certain_only)[:most]
        residents = identity.residents(tx, [one.resident_key for one in chosen])
        own = _own(tx, who, residents)
        _register(tx, who, residents, own, decision, at)
    names = frozenset() if described.names and not described.names[0].isascii() else frozenset({"name"})
    found = (_matched(one, residents[one.resident_key], own, names) for one in chosen)
    return MatchAnswer(found=tuple(found), left_out=answer.left_out)


def _paced(node: Node, who: Principal, at: datetime) -> None:
    try:
        node.pace.ask(who.subject, at)
    except TooFast as fast:
        access.record_refusal(node.store, refusal_of(node, who, Action.MATCH_IDENTITY, fast.code))
        raise


def _chosen(found: tuple[Match, ...], *, certain_only: bool) -> tuple[Match, ...]:
    """With `certain_only`, one certain match or none (ITI-119, cases 3 to 5)."""
    if not certain_only:
        return found
    certain = tuple(one for one in found if one.verdict.answer is Answer.LINK)
    return certain if len(certain) == 1 else ()


def _matched(one: Match, resident: Resident, own: Mapping[int, UUID], by_sound: frozenset[str]) -> Matched:
    scored = one.verdict.scored
    reached = [(part.comparison, part.level) for part in scored.parts]
    agreed = frozenset(_AGREES[level] for level in reached if level in _AGREES)
    if ("names", "equal sound") in reached:
        agreed |= by_sound  # a name in Latin letters has nothing closer
    return Matched(
        resident_id=resident.resident_id,
        grade=_grade(one),
        probability=scored.probability,
        agreed=agreed,
        own=tuple(own[chart] for chart in resident.charts if chart in own),
    )


def _grade(one: Match) -> Grade:
    if one.verdict.answer is Answer.LINK:
        return Grade.CERTAIN
    return Grade.PROBABLE if one.verdict.scored.bits >= PEOPLE.link else Grade.POSSIBLE


def _own(tx: Transaction, who: Principal, residents: Mapping[int, Resident]) -> dict[int, UUID]:
    """Return the asker's own Patients of these residents, by chart."""
    charts = [chart for resident in residents.values() for chart in resident.charts]
    return records.patients_at(tx, charts, who.facility or "") if charts else {}


def _register(
    tx: Transaction,
    who: Principal,
    residents: Mapping[int, Resident],
    own: Mapping[int, UUID],
    decision: Decision,
    at: datetime,
) -> None:
    """Write one entry for each resident found; nobody found is an entry without a resident."""
    whose: list[tuple[int | None, tuple[int, ...]]] = [(key, one.charts) for key, one in residents.items()]
    reads = [
        Read(
            reader_role=who.role,
            reader=who.subject,
            facility=who.facility,
            resident_key=key,
            chart_keys=tuple(chart for chart in charts if chart in own),
            what="match",
            count=0 if key is None else 1,
            action=Action.MATCH_IDENTITY,
            purpose=purpose_of(who),
            ground=decision.ground,
            unwraps=0,
            at=at,
        )
        for key, charts in whose or [(None, ())]
    ]
    access.register(tx, reads)


__all__ = ["MOST_MATCHES", "Grade", "MatchAnswer", "Matched", "match_identity"]

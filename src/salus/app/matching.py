"""Ask the index whether it knows somebody: graded, shown to whom it found, and never more than was said (ITI-119)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from salus import access, identity, records
from salus.access import Action, Kind, Read
from salus.app.coalesce import Coalescer
from salus.app.facts import decide, purpose_of, refusal_of, refuse
from salus.app.node import Node
from salus.app.pacing import TooFast
from salus.identity import Described, Match, Matches, Resident
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


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchAsk:
    """A question that may be asked: of whom, by whom, on what ground, and what is wanted."""

    who: Principal
    facility: str
    described: Described = field(repr=False)
    ground: str
    most: int
    certain_only: bool


def match_ask(
    node: Node, who: Principal, patient: Mapping[str, Any], *, most: int = MOST_MATCHES, certain_only: bool = False
) -> MatchAsk:
    """Let a caller ask who in the index may be meant by a Patient.

    With `certain_only` nobody is named unless exactly one is certain. Raises Refused for anybody but a hospital's
    system at a place of care, and TooFast beyond the bound; both are kept.
    """
    decision = decide(node, who, Action.MATCH_IDENTITY, Kind.RECORD)
    if not decision.allowed or who.facility is None:
        raise refuse(node, who, Action.MATCH_IDENTITY, _ONLY_CARE)
    at = node.clock.now()
    _paced(node, who, at)
    return MatchAsk(
        who=who,
        facility=who.facility,
        described=records.described(patient, format_instant(at)),
        ground=decision.ground,
        most=most,
        certain_only=certain_only,
    )


class Matcher:
    """Questions of one node, coalesced: those that arrive together share statements and one durable commit."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._coalescer: Coalescer[MatchAsk, MatchAnswer] = Coalescer(self._many)

    async def ask(self, ask: MatchAsk) -> MatchAnswer:
        """Return who may be meant. Each of them is shown that it was asked, and by whom, before it is answered."""
        return await self._coalescer.ask(ask)

    def close(self) -> None:
        """Finish what runs."""
        self._coalescer.close()

    def _many(self, asks: Sequence[MatchAsk]) -> list[MatchAnswer]:
        at = self._node.clock.now()
        with self._node.store.transaction(Duty.CARE) as tx:
            answers, residents = self._found(tx, asks)
            own = _own(tx, {ask.facility for ask in asks}, residents)
            told = [
                [(one, residents[one.resident_key]) for one in _chosen(found.found, ask)]
                for ask, found in zip(asks, answers, strict=True)
            ]
            reads = [
                read
                for ask, each in zip(asks, told, strict=True)
                for read in _reads(ask, [resident for _, resident in each], own[ask.facility], at)
            ]
            access.register(tx, reads)
        return [
            MatchAnswer(
                found=tuple(_matched(one, resident, own[ask.facility], ask.described) for one, resident in each),
                left_out=answer.left_out,
            )
            for ask, each, answer in zip(asks, told, answers, strict=True)
        ]

    def _found(self, tx: Transaction, asks: Sequence[MatchAsk]) -> tuple[list[Matches], dict[int, Resident]]:
        """Match, and return whom; once more where one of them was linked to another in between."""
        sealer, described = self._node.custodian, [ask.described for ask in asks]
        while True:
            answers = identity.match_each(tx, sealer, sealer, described, most=MOST_MATCHES)
            found = [one for answer in answers for one in answer.found]
            residents = identity.residents(tx, sorted({one.resident_key for one in found}))
            whose = {chart: key for key, resident in residents.items() for chart in resident.charts}
            if all(whose.get(one.chart_key) == one.resident_key for one in found):
                return answers, residents


def _paced(node: Node, who: Principal, at: datetime) -> None:
    try:
        node.pace.ask(who.facility or who.subject, at)
    except TooFast as fast:
        access.record_refusal(node.store, refusal_of(node, who, Action.MATCH_IDENTITY, fast.code))
        raise


def _chosen(found: tuple[Match, ...], ask: MatchAsk) -> tuple[Match, ...]:
    """Return what is answered: at most as many as asked for, or one certain match or none (ITI-119, cases 3 to 5)."""
    if not ask.certain_only:
        return found[: ask.most]
    certain = tuple(one for one in found if one.verdict.answer is Answer.LINK)
    return certain if len(certain) == 1 else ()


def _matched(one: Match, resident: Resident, own: Mapping[int, UUID], described: Described) -> Matched:
    scored = one.verdict.scored
    reached = [(part.comparison, part.level) for part in scored.parts]
    agreed = frozenset(_AGREES[level] for level in reached if level in _AGREES)
    if ("names", "equal sound") in reached and (not described.names or described.names[0].isascii()):
        agreed |= {"name"}  # a name in Latin letters has nothing closer
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


def _own(
    tx: Transaction, facilities: Iterable[str], residents: Mapping[int, Resident]
) -> dict[str, Mapping[int, UUID]]:
    """Return each asker's own Patients of these residents, by chart."""
    charts = [chart for resident in residents.values() for chart in resident.charts]
    return {one: records.patients_at(tx, charts, one) if charts else {} for one in sorted(facilities)}


def _reads(ask: MatchAsk, residents: Sequence[Resident], own: Mapping[int, UUID], at: datetime) -> list[Read]:
    """Write one entry for each resident found; nobody found is an entry without a resident."""
    whose: list[tuple[int | None, tuple[int, ...]]] = [(one.key, one.charts) for one in residents]
    return [
        Read(
            reader_role=ask.who.role,
            reader=ask.who.subject,
            facility=ask.facility,
            resident_key=key,
            chart_keys=tuple(chart for chart in charts if chart in own),
            what="match",
            count=0 if key is None else 1,
            action=Action.MATCH_IDENTITY,
            purpose=purpose_of(ask.who),
            ground=ask.ground,
            unwraps=0,
            at=at,
        )
        for key, charts in whose or [(None, ())]
    ]


__all__ = ["MOST_MATCHES", "Grade", "MatchAnswer", "MatchAsk", "Matched", "Matcher", "match_ask"]

"""Ask the index whether it knows somebody: graded, shown to whom it found, and never more than was said (ITI-119)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from salus import access, identity, records
from salus.access import Action, Kind, Read, Refusal
from salus.app.coalesce import Coalescer
from salus.app.facts import decide, purpose_of, refusal_of
from salus.app.node import Node
from salus.identity import Described, Match, Matches
from salus.identity.linkage.people import PEOPLE, Answer
from salus.kernel import Refused, civil_day, format_instant
from salus.parties import Principal
from salus.records import Problem
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
class MatchAsk:
    """What is asked: who may be meant by a Patient, how many at most, and whether only a certain match is wanted."""

    patient: dict[str, Any] = field(repr=False)
    most: int = MOST_MATCHES
    certain_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchQuestion:
    """A question as it came: whose it is, and what reads it. `read` raises what is wrong with what was sent."""

    who: Principal
    read: Callable[[], MatchAsk] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchAnswer:
    """Who may be meant, the best first, and the blocking rules under which too many were found to be looked at.

    `patient` is who was asked about, as it was read. `searched` is false where too little was said to look anybody up
    by; `unasked` are warnings of what was said and could not be used.
    """

    patient: dict[str, Any] = field(repr=False)
    found: tuple[Matched, ...]
    left_out: tuple[str, ...]
    searched: bool = True
    unasked: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Permitted:
    """A question that may be asked: of whom, by whom, on what ground."""

    who: Principal
    facility: str
    ask: MatchAsk
    described: Described = field(repr=False)
    ground: str


class Matcher:
    """Questions of one node, coalesced: those that arrive together share statements and one durable commit.

    Only a hospital's system at a place of care may ask, and at most so often a minute: anybody else is told Refused,
    and who is too fast TooFast; both are kept. With `certain_only` nobody is named unless exactly one is certain.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._coalescer: Coalescer[MatchQuestion, MatchAnswer] = Coalescer(self._many)

    async def ask(self, question: MatchQuestion) -> MatchAnswer:
        """Return who may be meant. Each of them is shown that it was asked, and by whom, before it is answered."""
        return await self._coalescer.ask(question)

    def close(self) -> None:
        """Finish what runs."""
        self._coalescer.close()

    def _many(self, questions: Sequence[MatchQuestion]) -> list[MatchAnswer | BaseException]:
        at = self._node.clock.now()
        answers: list[MatchAnswer | BaseException | None] = []
        asks: list[_Permitted] = []
        refused: list[Refusal] = []
        for question in questions:
            try:
                asks.append(_permitted(self._node, question.who, question.read(), at, refused))
                answers.append(None)
            except Exception as error:  # whatever breaks one question is its asker's alone
                answers.append(error)
        if refused:
            self._node.refusals.keep(*refused)
        found = iter(_answers(self._node, asks, at) if asks else ())
        return [next(found) if answer is None else answer for answer in answers]


def _permitted(node: Node, who: Principal, ask: MatchAsk, at: datetime, refused: list[Refusal]) -> _Permitted:
    """Let a caller ask. Raises Refused or TooFast, and adds the refusal to those that are to be kept."""
    try:
        decision = decide(node, who, Action.MATCH_IDENTITY, Kind.RECORD)
        if not decision.allowed or who.facility is None:
            raise node.shut(who) or Refused(_ONLY_CARE)
        node.pace.ask(who.facility, at)
    except Refused as error:
        refused.append(refusal_of(node, who, Action.MATCH_IDENTITY, error.code))
        raise
    described = records.described(ask.patient, format_instant(at))
    return _Permitted(who=who, facility=who.facility, ask=ask, described=described, ground=decision.ground)


def _answers(node: Node, asks: Sequence[_Permitted], at: datetime) -> list[MatchAnswer]:
    """Find, register, and only then answer. What is read is as of one instant; the register's commit is durable."""
    sealer, described = node.custodian, [one.described for one in asks]
    with node.store.statements(Duty.CARE) as tx:
        matches = identity.match_each(tx, sealer, sealer, described, node.judge, most=MOST_MATCHES)
        own = _own(tx, {one.facility for one in asks}, matches)
        told = [_chosen(found.found, one.ask) for one, found in zip(asks, matches, strict=True)]
        looks = (_reads(one, each, own[one.facility], at) for one, each in zip(asks, told, strict=True))
        access.register(tx, [read for each in looks for read in each])
    return [
        MatchAnswer(
            patient=one.ask.patient,
            found=tuple(_matched(match, own[one.facility], one.described) for match in each),
            left_out=found.left_out,
            searched=found.searched,
            unasked=tuple(records.unasked(one.ask.patient, civil_day(at))),
        )
        for one, each, found in zip(asks, told, matches, strict=True)
    ]


def _chosen(found: tuple[Match, ...], ask: MatchAsk) -> tuple[Match, ...]:
    """Return what is answered: at most as many as asked for, or one certain match or none (ITI-119, cases 3 to 5)."""
    if not ask.certain_only:
        return found[: ask.most]
    certain = tuple(one for one in found if one.verdict.answer is Answer.LINK)
    return certain if len(certain) == 1 else ()


def _matched(one: Match, own: Mapping[int, UUID], described: Described) -> Matched:
    scored = one.verdict.scored
    reached = [(part.comparison, part.level) for part in scored.parts]
    agreed = frozenset(_AGREES[level] for level in reached if level in _AGREES)
    if ("names", "equal sound") in reached and (not described.names or described.names[0].isascii()):
        agreed |= {"name"}  # a name in Latin letters has nothing closer
    return Matched(
        resident_id=one.resident.resident_id,
        grade=_grade(one),
        probability=scored.probability,
        agreed=agreed,
        own=tuple(own[chart] for chart in one.resident.charts if chart in own),
    )


def _grade(one: Match) -> Grade:
    if one.verdict.answer is Answer.LINK:
        return Grade.CERTAIN
    return Grade.PROBABLE if one.verdict.scored.bits >= PEOPLE.link else Grade.POSSIBLE


def _own(tx: Transaction, facilities: Iterable[str], matches: Iterable[Matches]) -> dict[str, Mapping[int, UUID]]:
    """Return each asker's own Patients of the residents who were found, by chart, and ask about no others' charts."""
    asked = list(matches)
    charts = sorted({chart for one in asked for found in one.found for chart in found.resident.charts})
    sources = {chart: source for one in asked for chart, source in one.sources.items()}
    mine = {one: [chart for chart in charts if sources.get(chart, one) == one] for one in sorted(facilities)}
    return {one: records.patients_at(tx, wanted, one) if wanted else {} for one, wanted in mine.items()}


def _reads(asked: _Permitted, told: Sequence[Match], own: Mapping[int, UUID], at: datetime) -> list[Read]:
    """Write one entry for each resident found; nobody found is an entry without a resident."""
    whose: list[tuple[int | None, tuple[int, ...]]] = [(one.resident_key, one.resident.charts) for one in told]
    return [
        Read(
            reader_role=asked.who.role,
            reader=asked.who.subject,
            facility=asked.facility,
            resident_key=key,
            chart_keys=tuple(chart for chart in charts if chart in own),
            what="match",
            count=0 if key is None else 1,
            action=Action.MATCH_IDENTITY,
            purpose=purpose_of(asked.who),
            ground=asked.ground,
            unwraps=0,
            at=at,
        )
        for key, charts in whose or [(None, ())]
    ]


__all__ = ["MOST_MATCHES", "Grade", "MatchAnswer", "MatchAsk", "MatchQuestion", "Matched", "Matcher"]

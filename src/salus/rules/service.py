"""The one function that a measure comes from. Pure and total; whatever it does not know gives `none`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from salus.rules.model import Decision, Evidence, Measure, Result, Row, Rules, Why

_WEIGHT = {Measure.NONE: 0, Measure.ADVISE: 1, Measure.PRECAUTION: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What one result asks for by itself, or why it asks for nothing."""

    evidence: Evidence
    row: Row | None
    starts: datetime
    ends: datetime
    why: Why


def decide(evidence: Iterable[Evidence], rules: Rules, at: datetime) -> Decision:
    """Return what the evidence asks for at `at` under these rules. The order of the evidence changes nothing.

    There is a measure only while the rules and an emergency of their disease are alive, for a specimen taken since both
    began, until its row's time is over, another result corrects it, or a negative that the row names releases it. Of
    several the stronger counts, then the one that ends later, then the lesser name.
    """
    given = list(evidence)
    word = asleep(rules, at)
    if word:
        return nothing([word])
    answers = [_answer(one, given, rules, at) for one in given]
    asking = [one for one in answers if one.why is Why.QUALIFIES]
    if not asking:
        return nothing(sorted({one.why for one in answers}) or [Why.NO_EVIDENCE])
    strongest = max((_WEIGHT[_gives(one)], one.ends) for one in asking)
    equals = [one for one in asking if (_WEIGHT[_gives(one)], one.ends) == strongest]
    best = min(equals, key=lambda one: one.evidence.name)
    return Decision(
        measure=_gives(best),
        clause=best.row.clause if best.row else None,
        starts=best.starts,
        ends=best.ends,
        reasons=(Why.QUALIFIES,),
        evidence=(best.evidence.name,),
    )


def asleep(rules: Rules, at: datetime) -> Why | None:
    """Say why nothing is asked of anybody under these rules at an instant; None while they and an emergency live."""
    emergency = rules.emergency
    if not rules.starts <= at < rules.ends:
        return Why.RULES_NOT_LIVE
    if emergency is None or emergency.disease != rules.table.disease or not emergency.starts <= at < emergency.ends:
        return Why.EMERGENCY_LAPSED
    return None


def _answer(one: Evidence, given: Sequence[Evidence], rules: Rules, at: datetime) -> _Answer:
    row = rules.table.row(one.kind, one.result)
    ends = one.taken
    if row is not None and rules.emergency is not None:
        ends = min(one.taken + min(row.lasts, rules.table.longest), rules.ends, rules.emergency.ends)
    why = _unusable(one, given, rules, at) or _over(one, row, ends, given, at)
    return _Answer(evidence=one, row=row, starts=one.reported, ends=ends, why=why or Why.QUALIFIES)


def _unusable(one: Evidence, given: Sequence[Evidence], rules: Rules, at: datetime) -> Why | None:
    """Say why a result cannot be used at all."""
    began = max(rules.starts, rules.emergency.starts if rules.emergency else rules.starts)
    if one.disease != rules.table.disease:
        return Why.ANOTHER_DISEASE
    if any(other.name == one.name and other != one for other in given):
        return Why.AMBIGUOUS
    if one.taken > one.reported or one.reported > at:
        return Why.NOT_YET
    if one.taken < began:
        return Why.RETROACTIVE
    return None


def _over(one: Evidence, row: Row | None, ends: datetime, given: Sequence[Evidence], at: datetime) -> Why | None:
    """Say why a usable result asks for nothing, or for nothing any more."""
    if row is None:
        return Why.NOT_IN_TABLE
    if row.gives is Measure.NONE:
        return Why.ASKS_NOTHING
    if one.reported - one.taken > row.within:
        return Why.TOO_OLD
    if any(other.replaces == one.name and other.reported <= at for other in given):
        return Why.CORRECTED
    if any(_releases(other, one, row, given, at) for other in given):
        return Why.RELEASED
    return Why.LAPSED if not one.reported <= at < ends else None


def _releases(other: Evidence, one: Evidence, row: Row, given: Sequence[Evidence], at: datetime) -> bool:
    """Tell whether a negative ends what `one` asks for; a negative that was itself corrected ends nothing."""
    return (
        other.result is Result.NEGATIVE
        and other.disease == one.disease
        and any(other.kind is release.kind and other.taken >= one.taken + release.after for release in row.released_by)
        and stands(other, given, at)
    )


def stands(other: Evidence, given: Iterable[Evidence], at: datetime) -> bool:
    """Tell whether a result is known at an instant, dated in order, and was not corrected by then."""
    known = other.taken <= other.reported <= at
    return known and not any(third.replaces == other.name and third.reported <= at for third in given)


def _gives(one: _Answer) -> Measure:
    return one.row.gives if one.row else Measure.NONE


def nothing(reasons: Sequence[Why]) -> Decision:
    """Return the answer that asks for nothing, and why."""
    return Decision(measure=Measure.NONE, clause=None, starts=None, ends=None, reasons=tuple(reasons), evidence=())

"""What an attested exposure asks of whoever brings it: a test that is due, for a while, never more. Pure and total."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from salus.rules.model import Decision, Evidence, Exposure, ExposureRow, Measure, Result, Rules, Why
from salus.rules.service import asleep, nothing, stands


def due(exposures: Iterable[Exposure], evidence: Iterable[Evidence], rules: Rules, at: datetime) -> Decision:
    """Return what exposures ask for at `at` under these rules: advice at most. The order of nothing changes anything.

    `evidence` are the bringer's own results, of which one negative ends it. Of several exposures by one case the first
    attested counts alone, so that nothing is renewed by it; of several that ask the one that ends later, then the
    lesser name.
    """
    given, own = list(exposures), list(evidence)
    word = asleep(rules, at)
    if word:
        return nothing([word])
    row = rules.table.exposure
    if row is None:
        return nothing([Why.NOT_IN_TABLE if given else Why.NO_EVIDENCE])
    words = {one: _why(one, row, given, own, rules, at) for one in given}
    asking = [one for one, found in words.items() if found is Why.QUALIFIES]
    if not asking:
        return nothing(sorted(set(words.values())) or [Why.NO_EVIDENCE])
    last = max(_ends(one, row, rules) for one in asking)
    best = min((one for one in asking if _ends(one, row, rules) == last), key=lambda one: one.name)
    return Decision(
        measure=Measure.ADVISE,
        clause=row.clause,
        starts=best.attested,
        ends=last,
        reasons=(Why.QUALIFIES,),
        evidence=(best.name,),
    )


def _ends(one: Exposure, row: ExposureRow, rules: Rules) -> datetime:
    ends = min(one.attested + min(row.lasts, rules.table.longest), rules.ends)
    return min(ends, rules.emergency.ends) if rules.emergency else one.attested


def _why(
    one: Exposure, row: ExposureRow, given: Sequence[Exposure], own: Sequence[Evidence], rules: Rules, at: datetime
) -> Why:
    return _unusable(one, row, given, rules, at) or _over(one, row, own, rules, at) or Why.QUALIFIES


def _unusable(one: Exposure, row: ExposureRow, given: Sequence[Exposure], rules: Rules, at: datetime) -> Why | None:
    """Say why an exposure cannot be used at all."""
    began = max(rules.starts, rules.emergency.starts if rules.emergency else rules.starts)
    if one.disease != rules.table.disease:
        return Why.ANOTHER_DISEASE
    if any(other.name == one.name and other != one for other in given):
        return Why.AMBIGUOUS
    if one.day > one.attested or one.attested > at:
        return Why.NOT_YET
    if one.attested < began:
        return Why.RETROACTIVE
    if one.attested - one.day > row.within:
        return Why.TOO_OLD
    earlier = ((other.attested, other.name) for other in given if other.index == one.index)
    return Why.SAME_INDEX if min(earlier) < (one.attested, one.name) else None


def _over(one: Exposure, row: ExposureRow, own: Sequence[Evidence], rules: Rules, at: datetime) -> Why | None:
    """Say why a usable exposure asks for nothing any more."""
    if one.ended:
        return Why.CORRECTED
    if any(_releases(other, one, row, own, at) for other in own):
        return Why.RELEASED
    return Why.LAPSED if at >= _ends(one, row, rules) else None


def _releases(other: Evidence, one: Exposure, row: ExposureRow, own: Sequence[Evidence], at: datetime) -> bool:
    """Tell whether an own negative ends it: one that stands, of a kind that the row names, taken late enough."""
    return (
        other.result is Result.NEGATIVE
        and other.disease == one.disease
        and any(other.kind is each.kind and other.taken >= one.day + each.after for each in row.released_by)
        and stands(other, own, at)
    )

"""`decide` against a slow and obvious twin that walks a covid-19 table hour by hour, written from the rules' text."""

from __future__ import annotations

from datetime import datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from measures import ALIVE, HOUR, a_rules
from salus.rules import Evidence, EvidenceKind, Measure, Result, decide

N, A = EvidenceKind.NUCLEIC_ACID, EvidenceKind.ANTIGEN
# (kind, result): measure, fresh within, lasts, {releasing kind: hours after}
TEXT = {
    (N, Result.POSITIVE): (Measure.PRECAUTION, 72, 168, {N: 24}),
    (N, Result.INDETERMINATE): (Measure.ADVISE, 72, 72, {N: 0, A: 0}),
    (A, Result.POSITIVE): (Measure.ADVISE, 24, 72, {N: 0, A: 24}),
}
BEGAN = -48


def hour(at: datetime) -> int:
    return int((at - ALIVE) / HOUR)


def asked(one: Evidence, given: list[Evidence], at: int) -> Measure:
    """What one result asks for at one hour, step by step."""
    told = TEXT.get((one.kind, one.result))
    if one.disease != "covid-19" or told is None:
        return Measure.NONE
    measure, fresh, lasts, releases = told
    for other in given:
        if other.name == one.name and other != one:
            return Measure.NONE
        if other.replaces == one.name and hour(other.reported) <= at:
            return Measure.NONE
    taken, reported = hour(one.taken), hour(one.reported)
    if not BEGAN <= taken <= reported <= at or reported - taken > fresh or at >= taken + lasts:
        return Measure.NONE
    for other in given:
        if other.result is not Result.NEGATIVE or other.disease != "covid-19" or other.kind not in releases:
            continue
        corrected = any(third.replaces == other.name and hour(third.reported) <= at for third in given)
        known = hour(other.taken) <= hour(other.reported) <= at
        if known and not corrected and hour(other.taken) >= taken + releases[other.kind]:
            return Measure.NONE
    return measure


def twin(given: list[Evidence], at: int) -> tuple[Measure, int | None]:
    """The strongest that is asked for, and the first hour at which this result no longer asks if nothing new comes."""
    answers = [(asked(one, given, at), one) for one in given]
    for wanted in (Measure.PRECAUTION, Measure.ADVISE):
        found = [one for measure, one in answers if measure is wanted]
        if found:
            return wanted, max(hour(one.taken) + TEXT[one.kind, one.result][2] for one in found)
    return Measure.NONE, None


instants = st.integers(-60, 24 * 12).map(lambda hours: ALIVE + hours * HOUR)
evidence = st.builds(
    Evidence,
    name=st.sampled_from("abcde"),
    disease=st.sampled_from(["covid-19"] * 5 + ["measles"]),
    kind=st.sampled_from(EvidenceKind),
    result=st.sampled_from(Result),
    taken=instants,
    reported=instants,
    replaces=st.sampled_from([None, None, None, *"abcde"]),
)
taken_in_order = st.tuples(instants, st.integers(0, 80)).map(lambda pair: (pair[0], pair[0] + pair[1] * HOUR))


@settings(max_examples=600)
@given(given=st.lists(evidence, max_size=6), spans=st.lists(taken_in_order, min_size=6, max_size=6), at=instants)
def test_decide_answers_as_its_twin(
    given: list[Evidence], spans: list[tuple[datetime, datetime]], at: datetime
) -> None:
    likely = [
        Evidence(
            name=one.name,
            disease=one.disease,
            kind=one.kind,
            result=one.result,
            taken=taken,
            reported=reported,
            replaces=one.replaces,
        )
        for one, (taken, reported) in zip(given, spans, strict=False)
    ]
    rules = a_rules(starts=ALIVE + BEGAN * HOUR)

    for one in (given, likely):
        found = decide(one, rules, at)
        assert (found.measure, found.ends and hour(found.ends)) == twin(one, hour(at))


def test_the_twin_can_disagree() -> None:
    """Under another table it does, so the comparison is not one of nothing with nothing."""
    one = Evidence(
        name="a",
        disease="covid-19",
        kind=N,
        result=Result.POSITIVE,
        taken=ALIVE,
        reported=ALIVE + HOUR,
    )

    assert twin([one], 2) == (Measure.PRECAUTION, 168)
    assert decide([one], a_rules("measles"), ALIVE + 2 * HOUR).measure is Measure.NONE

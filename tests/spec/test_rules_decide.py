"""What `decide` answers, by example and as properties: total, without order, ending, open wherever it does not know."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from measures import ALIVE, DAY, HOUR, a_rules
from salus.rules import Evidence, EvidenceKind, Measure, Result, Why, decide

N, A = EvidenceKind.NUCLEIC_ACID, EvidenceKind.ANTIGEN
POSITIVE, NEGATIVE, UNSURE = Result.POSITIVE, Result.NEGATIVE, Result.INDETERMINATE


def seen(name: str, kind: EvidenceKind, result: Result, taken: int, reported: int, **more: Any) -> Evidence:
    """Evidence with its hours counted from ALIVE."""
    return Evidence(
        name=name,
        disease=more.pop("disease", "covid-19"),
        kind=kind,
        result=result,
        taken=ALIVE + taken * HOUR,
        reported=ALIVE + reported * HOUR,
        **more,
    )


P = seen("p", N, POSITIVE, 0, 5)
EXAMPLES: list[tuple[str, list[Evidence], int, Measure, int | None, Why]] = [
    ("nothing is known", [], 6, Measure.NONE, None, Why.NO_EVIDENCE),
    ("a positive asks for precaution", [P], 6, Measure.PRECAUTION, 168, Why.QUALIFIES),
    ("from when it was reported", [P], 5, Measure.PRECAUTION, 168, Why.QUALIFIES),
    ("and not before", [P], 4, Measure.NONE, None, Why.NOT_YET),
    ("to its last hour", [P], 167, Measure.PRECAUTION, 168, Why.QUALIFIES),
    ("and not at its end", [P], 168, Measure.NONE, None, Why.LAPSED),
    ("a slow laboratory makes nothing longer", [seen("p", N, POSITIVE, 0, 70)], 71, Measure.PRECAUTION, 168,
     Why.QUALIFIES),
    ("what is too old asks for nothing", [seen("p", N, POSITIVE, 0, 73)], 74, Measure.NONE, None, Why.TOO_OLD),
    ("a negative a day later releases", [P, seen("n", N, NEGATIVE, 24, 30)], 31, Measure.NONE, None, Why.RELEASED),
    ("once it is reported", [P, seen("n", N, NEGATIVE, 24, 30)], 29, Measure.PRECAUTION, 168, Why.QUALIFIES),
    ("one too soon does not", [P, seen("n", N, NEGATIVE, 23, 30)], 31, Measure.PRECAUTION, 168, Why.QUALIFIES),
    ("nor one of another kind", [P, seen("n", A, NEGATIVE, 30, 31)], 32, Measure.PRECAUTION, 168, Why.QUALIFIES),
    ("nor one of another disease", [P, seen("n", N, NEGATIVE, 30, 31, disease="measles")], 32, Measure.PRECAUTION, 168,
     Why.QUALIFIES),
    ("nor one that was corrected", [P, seen("n", N, NEGATIVE, 24, 30), seen("m", N, UNSURE, 24, 32, replaces="n")], 33,
     Measure.PRECAUTION, 168, Why.QUALIFIES),
    ("a correction releases", [P, seen("q", N, NEGATIVE, 0, 9, replaces="p")], 10, Measure.NONE, None, Why.CORRECTED),
    ("a rapid test advises", [seen("a", A, POSITIVE, 0, 1)], 2, Measure.ADVISE, 72, Why.QUALIFIES),
    ("the stronger counts", [P, seen("a", A, POSITIVE, 0, 1)], 6, Measure.PRECAUTION, 168, Why.QUALIFIES),
    ("new evidence counts anew", [P, seen("r", N, POSITIVE, 100, 104)], 105, Measure.PRECAUTION, 268, Why.QUALIFIES),
    ("an unknown kind asks for nothing", [seen("c", EvidenceKind.CULTURE, POSITIVE, 0, 1)], 2, Measure.NONE, None,
     Why.NOT_IN_TABLE),
    ("two results of one name ask for nothing", [P, dataclasses.replace(P, kind=A)], 6, Measure.NONE, None,
     Why.AMBIGUOUS),
    ("a specimen of tomorrow asks for nothing", [seen("p", N, POSITIVE, 9, 5)], 10, Measure.NONE, None, Why.NOT_YET),
]  # fmt: skip


@pytest.mark.parametrize(("evidence", "hour", "measure", "ends", "why"), [one[1:] for one in EXAMPLES],
                         ids=[one[0].replace(" ", "-") for one in EXAMPLES])  # fmt: skip
def test_examples(evidence: list[Evidence], hour: int, measure: Measure, ends: int | None, why: Why) -> None:
    found = decide(evidence, a_rules(), ALIVE + hour * HOUR)

    assert (found.measure, found.ends) == (measure, None if ends is None else ALIVE + ends * HOUR)
    assert why in found.reasons
    assert bool(found.clause) is (measure is not Measure.NONE)


def test_without_a_live_emergency_of_the_disease_nothing_is_asked() -> None:
    rules, at = a_rules(), ALIVE + 6 * HOUR
    assert rules.emergency is not None
    sleeping = [
        None,
        dataclasses.replace(rules.emergency, disease="measles"),
        dataclasses.replace(rules.emergency, ends=at),
        dataclasses.replace(rules.emergency, starts=at + HOUR),
    ]

    for emergency in sleeping:
        found = decide([P], dataclasses.replace(rules, emergency=emergency), at)
        assert (found.measure, found.reasons) == (Measure.NONE, (Why.EMERGENCY_LAPSED,))
    assert decide([P], rules, at).measure is Measure.PRECAUTION


def test_rules_count_from_their_start_to_their_end_and_never_for_what_was_before() -> None:
    rules, at = a_rules(), ALIVE + 6 * HOUR

    assert decide([P], dataclasses.replace(rules, ends=at), at).reasons == (Why.RULES_NOT_LIVE,)
    assert decide([P], dataclasses.replace(rules, starts=at + HOUR), at).reasons == (Why.RULES_NOT_LIVE,)
    assert decide([P], dataclasses.replace(rules, starts=ALIVE + HOUR), at).reasons == (Why.RETROACTIVE,)
    assert decide([P], dataclasses.replace(rules, starts=ALIVE), at).measure is Measure.PRECAUTION


def test_a_measure_ends_with_its_emergency() -> None:
    rules = a_rules(ends=ALIVE + 2 * DAY)

    assert decide([P], rules, ALIVE + 6 * HOUR).ends == ALIVE + 2 * DAY


instants = st.integers(-24, 24 * 20).map(lambda hours: ALIVE + hours * HOUR)
evidence = st.builds(
    Evidence,
    name=st.sampled_from("abcdef"),
    disease=st.sampled_from(["covid-19", "covid-19", "covid-19", "measles"]),
    kind=st.sampled_from(EvidenceKind),
    result=st.sampled_from(Result),
    taken=instants,
    reported=instants,
    replaces=st.sampled_from([None, None, *"abcdef"]),
)


@given(given=st.lists(evidence, max_size=6), at=instants, random=st.randoms(use_true_random=False))
def test_the_order_and_repetition_of_evidence_change_nothing(given: list[Evidence], at: datetime, random: Any) -> None:
    shuffled = [*given, *given[:2]]
    random.shuffle(shuffled)

    assert decide(shuffled, a_rules(), at) == decide(given, a_rules(), at)


@given(given=st.lists(evidence, max_size=6), at=instants)
def test_a_measure_has_a_reason_a_start_and_an_end_within_fourteen_days(given: list[Evidence], at: datetime) -> None:
    found = decide(given, a_rules(), at)

    if found.measure is Measure.NONE:
        assert (found.clause, found.starts, found.ends, found.evidence) == (None, None, None, ())
        assert found.reasons
    else:
        assert found.starts is not None
        assert found.ends is not None
        assert found.starts <= at < found.ends <= found.starts + timedelta(days=14)
        assert found.clause in a_rules().table.clauses
        assert len(found.evidence) == 1


@given(given=st.lists(evidence, max_size=6), at=instants)
def test_nothing_lasts_beyond_fourteen_days_after_the_last_evidence(given: list[Evidence], at: datetime) -> None:
    last = max([one.reported for one in given], default=ALIVE)

    assert decide(given, a_rules(), max(at, last) + 14 * DAY).measure is Measure.NONE


@given(given=st.lists(evidence, max_size=5), at=instants)
def test_a_correction_of_everything_leaves_nothing(given: list[Evidence], at: datetime) -> None:
    corrections = [
        dataclasses.replace(one, name=f"fix-{one.name}", result=NEGATIVE, replaces=one.name, reported=at, taken=at)
        for one in given
    ]

    assert decide([*given, *corrections], a_rules(), at).measure is Measure.NONE

"""What exposures ask for, as a node and as its auditor decide it: two programs that share no line give one answer."""

from __future__ import annotations

import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from salus.rules import (
    Clause,
    Emergency,
    Evidence,
    EvidenceKind,
    Exposure,
    ExposureRow,
    Measure,
    Release,
    Result,
    Rules,
    Table,
    TableRefused,
    due,
    lint,
    shipped_table,
    table_of,
)
from salus_audit import Exposure as TwinsExposure
from salus_audit import Result as TwinsResult
from salus_audit import Rules as TwinsRules
from salus_audit import Table as TwinsTable
from salus_audit import due as twin
from salus_audit import faults_of

CASES = int(os.environ.get("SALUS_TWIN_CASES", "20000"))
START, HOUR, DAY = 1_900_000_000, 3600, 86_400
DISEASES = ("covid-19", "measles")
NAMES = "abcdef"


def at(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def an_exposure_row(rng: Random) -> dict[str, Any]:
    kinds = rng.choices(list(EvidenceKind), k=rng.randint(1, 3))
    return {
        "clause": "test",
        "within_days": rng.choice((0, 3, 14)),
        "lasts_hours": rng.choice((1, 24, 48)),
        "released_by": [{"kind": str(one), "after_hours": rng.choice((0, 24, 72))} for one in kinds],
    }


def tables(rng: Random) -> tuple[Table, TwinsTable]:
    """One table in both forms; one in ten has nothing to say of exposures."""
    row = an_exposure_row(rng) if rng.random() < 0.9 else None
    longest, disease = rng.choice((12, 48, 240)), rng.choice(DISEASES)
    mine = row and ExposureRow(
        clause="test",
        within=timedelta(days=row["within_days"]),
        lasts=timedelta(hours=row["lasts_hours"]),
        released_by=tuple(
            Release(kind=EvidenceKind(one["kind"]), after=timedelta(hours=one["after_hours"]))
            for one in row["released_by"]
        ),
    )
    clauses = {"test": Clause(en="Please have a test.", zh="请做检测。")}
    ours = Table(disease=disease, longest=timedelta(hours=longest), clauses=clauses, rows=(), exposure=mine or None)
    body = {"disease": disease, "longest_hours": longest, "rows": [], **({"exposure": row} if row else {})}
    return ours, TwinsTable.of(body)


def exposures(rng: Random, disease: str) -> list[TwinsExposure]:
    found = []
    for _ in range(rng.choice((0, 1, 1, 2, 3, 4))):
        attested = START + HOUR * rng.randint(-30, 60)
        found.append(
            TwinsExposure(
                rng.choice(NAMES),
                disease if rng.random() < 0.95 else rng.choice(DISEASES),
                rng.choice("XYZ"),
                attested - DAY * rng.choice((-1, 0, 1, 1, 2, 3, 13, 14, 15)),
                attested,
                rng.random() < 0.1,
            )
        )
    return found


def results(rng: Random, disease: str) -> list[TwinsResult]:
    found = []
    for _ in range(rng.choice((0, 0, 0, 1, 1, 2, 3))):
        taken = START + HOUR * rng.randint(-60, 60)
        found.append(
            TwinsResult(
                rng.choice("uvw"),
                disease,
                str(rng.choice(list(EvidenceKind))),
                str(rng.choice(list(Result))),
                taken,
                taken + HOUR * rng.choice((-1, 0, 2, 8)),
                rng.choice("uvw") if rng.random() < 0.3 else None,
            )
        )
    return found


def ours_of(one: TwinsExposure) -> Exposure:
    return Exposure(
        name=one.name,
        disease=one.disease,
        index=one.index,
        day=at(one.day),
        attested=at(one.attested),
        ended=one.ended,
    )


def evidence_of(one: TwinsResult) -> Evidence:
    return Evidence(
        name=one.name,
        disease=one.disease,
        kind=EvidenceKind(one.kind),
        result=Result(one.result),
        taken=at(one.taken),
        reported=at(one.reported),
        replaces=one.replaces,
    )


def span(rng: Random) -> tuple[int, int]:
    begins = START + HOUR * rng.choice((*[-500] * 6, -10, 0, 10))
    return begins, begins + HOUR * rng.choice((20, 30, *[900] * 6))


def one_case(rng: Random) -> tuple[str, ...]:
    mine, theirs = tables(rng)
    alive, declared = span(rng), span(rng)
    disease = mine.disease if rng.random() < 0.97 else rng.choice(DISEASES)
    emergency = Emergency(disease=disease, starts=at(declared[0]), ends=at(declared[1]))
    met, own, second = exposures(rng, mine.disease), results(rng, mine.disease), START + HOUR * rng.randint(-30, 90)
    rules = Rules(table=mine, starts=at(alive[0]), ends=at(alive[1]), emergency=emergency)
    found = due(map(ours_of, met), map(evidence_of, own), rules, at(second))
    other = twin(met, own, TwinsRules(theirs, *alive, (disease, *declared)), second)

    answers = (
        str(found.measure),
        found.clause,
        found.starts and int(found.starts.timestamp()),
        found.ends and int(found.ends.timestamp()),
        found.evidence,
        tuple(map(str, found.reasons)),
    )
    rests_on = (other.rests_on,) if other.rests_on is not None else ()
    assert answers == (other.gives, other.clause, other.starts, other.ends, rests_on, other.words), (met, own)
    if found.measure is not Measure.NONE:  # whatever the table, the case or the order
        assert found.measure is Measure.ADVISE
        assert found.starts
        assert found.ends
        assert found.ends - found.starts <= timedelta(hours=48)
    return (str(found.measure), *map(str, found.reasons))


def test_both_decide_alike_and_never_more_than_a_test_for_two_days() -> None:
    rng, told = Random(1), Counter[str]()

    for _ in range(CASES):
        told.update(one_case(rng))

    wanted = "NO-EVIDENCE RULES-NOT-LIVE EMERGENCY-LAPSED ANOTHER-DISEASE AMBIGUOUS NOT-YET RETROACTIVE TOO-OLD"
    words = ["advise", "none", *wanted.split(), *"NOT-IN-TABLE SAME-INDEX CORRECTED RELEASED LAPSED".split()]
    assert not {one: told[one] for one in words if told[one] < 20}, told
    assert told["precaution"] == 0


def test_the_twins_can_disagree() -> None:
    rng = Random(2)
    mine, _ = tables(rng)
    while mine.exposure is None:
        mine, _ = tables(rng)
    body = {"disease": mine.disease, "longest_hours": 240, "rows": []}
    one = TwinsExposure("a", mine.disease, "X", START, START)
    span_ = (START - DAY, START + 90 * DAY)
    emergency = Emergency(disease=mine.disease, starts=at(span_[0]), ends=at(span_[1]))
    rules = Rules(table=mine, starts=at(span_[0]), ends=at(span_[1]), emergency=emergency)

    found = due([ours_of(one)], [], rules, at(START))
    other = twin([one], [], TwinsRules(TwinsTable.of(body), *span_, (mine.disease, *span_)), START)

    assert str(found.measure) != other.gives


def with_exposure(**told: Any) -> dict[str, Any]:
    table = shipped_table("covid-19")
    table["clauses"]["test"] = {"en": "Please have a test.", "zh": "请做检测。"}
    row = {
        "clause": "test",
        "within_days": 14,
        "lasts_hours": 48,
        "released_by": [{"kind": "nucleic-acid-test", "after_hours": 24}],
    }
    table["exposure"] = {name: value for name, value in (row | told).items() if value != "missing"}
    return table


TOO_MUCH: list[tuple[str, dict[str, Any]]] = [
    ("OVERLONG", {"lasts_hours": 49}),
    ("OVERLONG", {"lasts_hours": 0}),
    ("OVERLONG", {"within_days": 15}),
    ("OVERLONG", {"lasts_hours": "missing"}),
    ("NO-RELEASE", {"released_by": []}),
    ("CLAUSE", {"clause": None}),
    ("CLAUSE", {"clause": "missing-clause"}),
    ("WITHOUT-POSITIVE", {"gives": "precaution"}),
    ("WITHOUT-POSITIVE", {"gives": "advise"}),
    ("PLACE", {"venue": "station"}),
    ("KINSHIP", {"household": "all"}),
    ("OVERLONG", {"released_by": [{"kind": "culture", "after_hours": 73}]}),
    ("UNKNOWN-WORD", {"released_by": [{"kind": "exposure", "after_hours": 0}]}),
]


@pytest.mark.parametrize(("word", "change"), TOO_MUCH)
def test_no_rule_makes_more_of_an_exposure(word: str, change: dict[str, Any]) -> None:
    body = with_exposure(**change)

    assert word in {fault.word for fault in lint(body)}
    assert faults_of(body)
    with pytest.raises(TableRefused):
        table_of(body)


def test_a_table_may_ask_for_a_test_and_one_that_says_nothing_asks_for_nothing() -> None:
    assert not lint(with_exposure())
    assert not faults_of(with_exposure())
    assert table_of(with_exposure()).exposure is not None
    assert table_of(shipped_table("covid-19")).exposure is None


@pytest.mark.parametrize("value", [None, [], "advise", 3, {}])
def test_an_odd_exposure_row_is_refused_by_both(value: object) -> None:
    body = shipped_table("covid-19") | {"exposure": value}

    assert lint(body)
    assert faults_of(body)


def test_an_exposure_is_no_kind_of_evidence_that_a_row_could_name() -> None:
    body = shipped_table("covid-19")
    body["rows"][0]["kind"] = "exposure"

    assert "UNKNOWN-WORD" in {fault.word for fault in lint(body)}
    assert faults_of(body)

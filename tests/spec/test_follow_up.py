# ruff: noqa: E501 - one line each
"""What is due by the plans that come with this release, as tables: who, what happened, which day, and what follows."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from salus.records.following import How, Item, Mark, Plan, PlansRefused, follow, read_plans, shipped_plans
from salus.records.following.judging import after_months
from salus.records.following.topics import day_of, told, topic_keys
from salus.surveillance import SERIES
from taking import AT

TODAY = date(2031, 3, 1)
PLANS = shipped_plans()
ICD, LOINC, CVX, SNOMED = (
    "http://hl7.org/fhir/sid/icd-10",
    "http://loinc.org",
    "http://hl7.org/fhir/sid/cvx",
    "http://snomed.info/sct",
)


def day(text: str) -> date:
    return date.fromisoformat(text)


def marks(*told_of: str) -> list[Mark]:
    """Read `topic 2031-01-02` or `topic 2031-01-02 H2`."""
    parts = [one.split() for one in told_of]
    return [Mark(topic=one[0], day=day(one[1]), facility=one[2] if len(one) > 2 else "H1") for one in parts]


def items(plan: str, born: str | None, sex: str, *told_of: str, today: date = TODAY) -> list[Item]:
    found = follow(PLANS, day(born) if born else None, sex, marks(*told_of), today)
    return [item for one in found if one.plan.key == plan for item in one.items]


@pytest.mark.parametrize(
    ("plan", "born", "told_of", "how", "due"),
    [
        ("hypertension", "1970-01-01", ["hypertension 2030-06-01"], How.OVERDUE, "2030-06-01"),
        ("hypertension", "1970-01-01", ["hypertension 2031-02-20"], How.DUE, "2031-02-20"),
        ("hypertension", "1970-01-01", ["hypertension 2030-06-01", "blood-pressure 2030-12-02"], How.COMING, "2031-03-02"),
        ("hypertension", "1970-01-01", ["hypertension 2030-06-01", "blood-pressure 2030-12-01"], How.DUE, "2031-03-01"),
        ("hypertension", "1970-01-01", ["hypertension 2030-06-01", "blood-pressure 2030-10-30"], How.OVERDUE, "2031-01-30"),
        ("hypertension", "1970-01-01", ["hypertension 2030-06-01", "blood-pressure 2030-11-01"], How.DUE, "2031-02-01"),
        ("hypertension", "1970-01-01", ["hypertension 2030-06-01", "blood-pressure 2031-03-02"], How.OVERDUE, "2030-06-01"),
        ("hypertension", "1996-03-01", ["hypertension 2030-06-01"], How.DUE, "2031-03-01"),
        ("diabetes-2", "1970-01-01", ["diabetes-2 2030-06-01", "glucose 2031-01-15"], How.COMING, "2031-04-15"),
        ("diabetes-2", "1970-01-01", ["diabetes-2 2030-06-01", "blood-pressure 2031-02-28"], How.OVERDUE, "2030-06-01"),
        ("over-65", "1966-03-01", [], How.DUE, "2031-03-01"),
        ("over-65", "1960-03-01", ["check-up 2030-03-02"], How.COMING, "2031-03-02"),
        ("over-65", "1960-03-01", ["check-up 2029-01-01"], How.OVERDUE, "2030-01-01"),
    ],
)  # fmt: skip
def test_a_recurring_visit(plan: str, born: str, told_of: list[str], how: How, due: str) -> None:
    (item,) = items(plan, born, "female", *told_of)

    assert (item.how, item.due) == (how, day(due))


@pytest.mark.parametrize(
    ("plan", "born", "told_of"),
    [
        ("hypertension", "1996-03-02", ["hypertension 2030-06-01"]),
        ("hypertension", None, ["hypertension 2030-06-01"]),
        ("hypertension", "1970-01-01", ["diabetes-2 2030-06-01"]),
        ("hypertension", "1970-01-01", ["hypertension 2031-03-02"]),
        ("over-65", "1966-03-02", []),
        ("child-check-ups", "2024-03-01", []),
        ("child-check-ups", "2031-03-02", []),
        ("child-check-ups", None, []),
        ("vaccinations", "2013-03-01", []),
        ("pregnancy", "2000-01-01", ["pregnancy 2031-01-01"]),
        ("pregnancy", "2000-01-01", ["pregnancy-began 2031-01-01"]),
        ("pregnancy", "2000-01-01", ["pregnancy 2030-04-01", "pregnancy-began 2030-04-01"]),
        ("after-birth", "2000-01-01", ["delivery 2030-12-01"]),
    ],
)
def test_a_plan_does_not_apply(plan: str, born: str | None, told_of: list[str]) -> None:
    assert items(plan, born, "female", *told_of) == []


@pytest.mark.parametrize(
    ("plan", "born", "told_of", "step", "how", "due", "late"),
    [
        ("child-check-ups", "2030-12-01", [], "month-3", How.DUE, "2031-03-01", "2031-04-01"),
        ("child-check-ups", "2030-12-02", [], "month-3", How.COMING, "2031-03-02", "2031-04-02"),
        ("child-check-ups", "2030-12-01", [], "day-28", How.LAPSED, "2030-12-29", "2031-01-12"),
        ("child-check-ups", "2030-12-01", ["check-up 2031-02-20"], "month-3", How.DONE, "2031-03-01", "2031-04-01"),
        ("child-check-ups", "2030-12-01", ["check-up 2031-02-10"], "month-3", How.DUE, "2031-03-01", "2031-04-01"),
        ("child-check-ups", "2030-12-01", ["check-up 2031-02-10"], "day-28", How.DONE, "2030-12-29", "2031-01-12"),
        ("child-check-ups", "2030-09-30", [], "month-6", How.COMING, "2031-03-30", "2031-04-30"),
        ("child-check-ups", "2030-08-31", [], "month-6", How.DUE, "2031-02-28", "2031-03-31"),
        ("child-check-ups", "2027-01-01", [], "year-4", How.DUE, "2031-01-01", "2032-01-01"),
        ("child-check-ups", "2025-01-01", [], "year-6", How.DUE, "2031-01-01", "2032-01-01"),
        ("vaccinations", "2031-02-25", [], "hepatitis-b-1", How.DUE, "2031-02-25", "2031-03-04"),
        ("vaccinations", "2031-02-01", [], "hepatitis-b-1", How.OVERDUE, "2031-02-01", "2031-02-08"),
        ("vaccinations", "2031-01-10", [], "hepatitis-b-2", How.DUE, "2031-02-10", None),
        ("vaccinations", "2031-01-10", ["vaccine-hepatitis-b 2031-01-10"], "hepatitis-b-1", How.DONE, "2031-01-10", "2031-01-17"),
        ("vaccinations", "2031-01-10", ["vaccine-hepatitis-b 2031-01-10"], "hepatitis-b-2", How.DUE, "2031-02-10", None),
        ("vaccinations", "2031-01-10", ["vaccine-hepatitis-b 2031-01-10", "vaccine-hepatitis-b 2031-01-10 H2"], "hepatitis-b-2", How.DUE, "2031-02-10", None),
        ("vaccinations", "2031-01-10", ["vaccine-hepatitis-b 2031-01-10", "vaccine-hepatitis-b 2031-02-12"], "hepatitis-b-2", How.DONE, "2031-02-10", None),
        ("vaccinations", "2029-03-02", [], "measles-2", How.DUE, "2030-09-02", "2031-03-02"),
        ("vaccinations", "2029-03-01", [], "measles-2", How.OVERDUE, "2030-09-01", "2031-03-01"),
        ("papillomavirus", "2018-01-01", [], "papillomavirus-1", How.DUE, "2031-01-01", "2032-01-01"),
        ("pregnancy", "2000-01-01", ["pregnancy 2031-01-20", "pregnancy-began 2030-12-15"], "before-13", How.DUE, "2030-12-15", "2031-03-16"),
        ("pregnancy", "2000-01-01", ["pregnancy 2031-01-20", "pregnancy-began 2030-12-15", "antenatal 2031-02-01"], "before-13", How.DONE, "2030-12-15", "2031-03-16"),
        ("pregnancy", "2000-01-01", ["pregnancy 2030-12-01", "pregnancy-began 2030-11-01"], "week-16", How.DUE, "2031-02-21", "2031-03-28"),
        ("after-birth", "2000-01-01", ["delivery 2031-01-18", "postnatal 2031-01-24"], "visit", How.DONE, "2031-01-18", "2031-02-01"),
        ("after-birth", "2000-01-01", ["delivery 2031-01-18", "postnatal 2031-01-24"], "day-42", How.DUE, "2031-03-01", "2031-03-15"),
    ],
)  # fmt: skip
def test_a_step(plan: str, born: str, told_of: list[str], step: str, how: How, due: str, late: str | None) -> None:
    (item,) = [one for one in items(plan, born, "female", *told_of) if one.step == step]

    assert (item.how, item.due, item.late) == (how, day(due), day(late) if late else None)


def test_what_was_done_last_says_when_and_where() -> None:
    (item,) = items("over-65", "1950-01-01", "male", "check-up 2030-05-05 H2", "check-up 2029-05-05 H1")

    assert (item.done_on, item.done_at) == (day("2030-05-05"), "H2")


def test_a_plan_for_girls_is_for_girls() -> None:
    assert items("papillomavirus", "2018-01-01", "male") == []
    assert items("papillomavirus", "2018-01-01", "female")


def test_every_plan_and_step_says_where_it_comes_from_in_two_languages_and_looks_at_topics_that_there_are() -> None:
    for plan in PLANS:
        assert plan.source
        for one in (plan, *plan.steps):
            assert one.en.isascii() or "’" in one.en
            assert any("\u3400" <= character <= "\u9fff" for character in one.zh)
            assert set(one.done) <= set(topic_keys())


def test_doses_of_a_vaccine_are_counted_from_the_first_and_in_the_order_of_their_ages() -> None:
    (plan,) = [one for one in PLANS if one.key == "vaccinations"]
    for topic in {topic for step in plan.steps for topic in step.done}:
        doses = [(step.dose, step.months or 0) for step in plan.steps if topic in step.done]

        assert [dose for dose, _ in doses] == list(range(1, len(doses) + 1))
        assert sorted(months for _, months in doses) == [months for _, months in doses]


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [("2031-01-31", 1, "2031-02-28"), ("2028-02-29", 12, "2029-02-28"), ("2031-10-15", 3, "2032-01-15")],
)
def test_months_are_those_of_the_calendar(start: str, months: int, end: str) -> None:
    assert after_months(day(start), months) == day(end)


# --- what a resource tells


def coded(kind: str, element: str, system: str, code: str, **more: Any) -> dict[str, Any]:
    concept = {"coding": [{"system": system, "code": code}]}
    return {"resourceType": kind, element: [concept] if kind == "Encounter" else concept, **more}


ACTIVE = {"clinicalStatus": {"coding": [{"code": "active"}]}}
FINISHED = {"status": "finished", "period": {"start": "2031-02-03T23:30:00Z"}}


@pytest.mark.parametrize(
    ("resource", "topics"),
    [
        (coded("Condition", "code", ICD, "I10", recordedDate="2031-01-02", **ACTIVE), {"hypertension": "2031-01-02"}),
        (coded("Condition", "code", ICD, "I10.x00x002", **ACTIVE), {"hypertension": "2031-03-01"}),
        (coded("Condition", "code", ICD, "E11.900", onsetDateTime="2030", **ACTIVE), {"diabetes-2": "2031-03-01"}),
        (coded("Condition", "code", ICD, "E11.9", onsetDateTime="2030-05"), {"diabetes-2": "2030-05-01"}),
        (coded("Condition", "code", ICD, "E10.9", **ACTIVE), {}),
        (coded("Condition", "code", ICD, "I10", clinicalStatus={"coding": [{"code": "resolved"}]}), {}),
        (coded("Condition", "code", ICD, "I10", verificationStatus={"coding": [{"code": "refuted"}]}), {}),
        (coded("Condition", "code", "urn:other", "I10"), {}),
        (coded("Encounter", "type", SNOMED, "410620009", **FINISHED), {"check-up": "2031-02-04"}),
        (coded("Encounter", "reasonCode", ICD, "Z00.1", **FINISHED), {"check-up": "2031-02-04"}),
        (coded("Encounter", "type", SNOMED, "410620009", status="planned"), {}),
        (coded("Immunization", "vaccineCode", CVX, "110", status="completed", occurrenceDateTime="2031-02-02"),
         {"vaccine-hepatitis-b": "2031-02-02", "vaccine-poliomyelitis": "2031-02-02", "vaccine-pertussis": "2031-02-02"}),
        (coded("Immunization", "vaccineCode", CVX, "19", status="not-done", occurrenceDateTime="2031-02-02"), {}),
        (coded("Observation", "code", LOINC, "85354-9", status="final", effectiveDateTime="2031-02-02"),
         {"blood-pressure": "2031-02-02"}),
        (coded("Observation", "code", LOINC, "85354-9", status="entered-in-error"), {}),
        (coded("Observation", "code", LOINC, "8665-2", status="final", valueDateTime="2030-12-15"),
         {"pregnancy-began": "2030-12-15"}),
        (coded("Observation", "code", LOINC, "11778-8", status="final", valueDateTime="2031-09-21"),
         {"pregnancy-began": "2030-12-15"}),
        (coded("Observation", "code", LOINC, "11778-8", status="final"), {}),
        (coded("Procedure", "code", ICD, "I10", status="completed"), {}),
    ],
)  # fmt: skip
def test_what_a_resource_tells(resource: dict[str, Any], topics: dict[str, str]) -> None:
    assert {key: found.isoformat() for key, found in told(resource, AT).items()} == topics


@pytest.mark.parametrize("written", ["2031", "", "0000-01-01", None, 7, "9999-12-31T23:59:59-12:00", "soon"])
def test_a_day_that_is_none_is_no_day(written: object) -> None:
    assert day_of(written) is None


# --- plans of one's own

OWN = """
[[plan]]
key = "x"
en = "X"
zh = "甲"
source = "a province"
from_years = 40
every_months = 6
done = ["glucose"]
"""


def test_a_province_writes_its_own_plans() -> None:
    plans = read_plans(OWN)

    assert plans == (
        Plan(key="x", en="X", zh="甲", source="a province", from_years=40, every_months=6, done=("glucose",)),
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("every_months = 6", ""), "give either every_months with done, or steps"),
        (("every_months = 6", "every_months = -1"), "every_months is a whole number"),
        (("every_months = 6", "every_months = true"), "every_months is a whole number"),
        (("done = [", 'done = ["colour", '), "done names topics"),
        (('source = "a province"', ""), "source is missing"),
        (("from_years", "colour"), "colour is no field"),
        (("[[plan]]", "[plan]"), "write one or more tables"),
        (("[[plan]]", "[[plan"), "not TOML"),
        (('key = "x"', "key = 1"), "key is a text"),
        (('key = "x"', 'key = "x"\ntopic = "colour"'), "topic is none of"),
    ],
)
def test_a_file_that_is_no_plans_is_refused_by_plan_and_field(change: tuple[str, str], reason: str) -> None:
    with pytest.raises(PlansRefused, match=reason):
        read_plans(OWN.replace(*change))


def test_no_topic_is_what_early_warning_watches() -> None:
    assert not set(topic_keys()) & {one.key for one in SERIES}

"""Counts by day are exact, count nobody twice, and are numbers only."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, date, datetime
from typing import Any

import pytest

from nodes import a_number, a_patient, an_observation
from salus.records import Counted, Intent, Wanted, accept, counts, forget_uncounted, note_uncounted, uncounted
from salus.storage import Duty, Store
from taking import Sealer, a_writer, take

DAY = date(2031, 3, 1)
ICD = "http://hl7.org/fhir/sid/icd-10"
ILI = Wanted(series="ili", codes=((ICD, "J11.1"), (ICD, "J06.9")))
SARI = Wanted(series="sari", codes=((ICD, "J18.9"),), admitted=True)
FLU = Wanted(series="flu", codes=(("http://loinc.org", "80382-5"),), results=True)
COUNTIES = {"H1": "900101", "H2": "900101", "H3": "900202"}


VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
NUMBERS = [a_number(n) for n in range(9)]


def condition(patient: str, code: str, day: str = "2031-03-01", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "code": {"coding": [{"system": ICD, "code": code}]},
        "subject": {"reference": patient},
        "recordedDate": day,
        **more,
    }


def encounter(patient: str, kind: str = "AMB", day: str = "2031-03-01") -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"code": kind},
        "subject": {"reference": patient},
        "period": {"start": f"{day}T09:00:00+08:00"},
    }


def told(store: Store, *wanted: Wanted, day: date = DAY) -> dict[tuple[str, str | None, str], tuple[int, int, int]]:
    with store.transaction(Duty.CARE) as tx:
        found = counts(tx, Sealer(), wanted, [day], COUNTIES)
    return {(c.county, c.facility, c.series): (c.count, c.denominator, c.reporting) for c in found}


@pytest.fixture(autouse=True)
def emptied(store: Store) -> None:
    with store.connect(Duty.MIGRATION, "salus") as connection:
        connection.execute("truncate records.occurrence")


def test_a_visit_sent_twice_and_an_episode_coded_twice_count_once(store: Store) -> None:
    urn = "urn:uuid:00000000-0000-4000-8000-000000000001"
    sick = (a_patient(NUMBERS[0]), encounter(urn), condition(urn, "J11.1"), condition(urn, "J06.9"))
    well = (a_patient(NUMBERS[1]), encounter(urn))
    for resources in (sick, sick, well):
        take(store, a_writer(), *resources, full_urls=[urn])

    assert told(store, ILI) == {("900101", "H1", "ili"): (1, 2, 1), ("900101", None, "ili"): (1, 2, 1)}


def test_who_visits_two_hospitals_of_a_county_counts_once_in_the_county(store: Store) -> None:
    urn = "urn:uuid:00000000-0000-4000-8000-000000000001"
    for facility in ("H1", "H2", "H3", "H9"):
        take(store, a_writer(facility), a_patient(NUMBERS[0]), condition(urn, "J11.1"), full_urls=[urn])

    assert told(store, ILI) == {
        ("900101", "H1", "ili"): (1, 1, 1),
        ("900101", "H2", "ili"): (1, 1, 1),
        ("900101", None, "ili"): (1, 1, 2),
        ("900202", "H3", "ili"): (1, 1, 1),
        ("900202", None, "ili"): (1, 1, 1),
    }


def test_only_the_day_asked_for_is_counted(store: Store) -> None:
    urn = "urn:uuid:00000000-0000-4000-8000-000000000001"
    yesterday = condition(urn, "J11.1", "2031-02-28")
    take(store, a_writer(), a_patient(NUMBERS[0]), encounter(urn), yesterday, full_urls=[urn])

    assert told(store, ILI)["900101", None, "ili"] == (0, 1, 1)
    assert told(store, ILI, day=date(2031, 2, 28))["900101", None, "ili"] == (1, 1, 1)


def test_severe_infection_needs_an_admission(store: Store) -> None:
    urn = "urn:uuid:00000000-0000-4000-8000-000000000001"
    for n, kind in ((0, "AMB"), (1, "IMP")):
        take(store, a_writer(), a_patient(NUMBERS[n]), encounter(urn, kind), condition(urn, "J18.9"), full_urls=[urn])

    assert told(store, SARI)["900101", None, "sari"] == (1, 2, 1)


def test_positive_results_are_counted_among_those_tested(store: Store) -> None:
    urn = "urn:uuid:00000000-0000-4000-8000-000000000001"
    flu = {"coding": [{"system": "http://loinc.org", "code": "80382-5"}]}
    for n, answer in enumerate(("POS", "NEG", "NEG")):
        result = an_observation(
            urn, code=flu, effectiveDateTime="2031-03-01", interpretation=[{"coding": [{"code": answer}]}]
        )
        take(store, a_writer(), a_patient(NUMBERS[n]), encounter(urn), result, full_urls=[urn])

    assert told(store, FLU)["900101", None, "flu"] == (1, 3, 1)


def test_a_refuted_diagnosis_is_taken_out_and_its_day_is_counted_again(store: Store) -> None:
    urn = "urn:uuid:00000000-0000-4000-8000-000000000001"
    done = take(store, a_writer(), a_patient(NUMBERS[0]), encounter(urn), condition(urn, "J11.1"), full_urls=[urn])
    before = told(store, ILI)["900101", None, "ili"]
    patient, _, diagnosis = done.outcomes
    wrong = condition(
        f"Patient/{patient.id}",
        "J11.1",
        id=str(diagnosis.id),
        verificationStatus={"coding": [{"system": VERIFICATION, "code": "refuted"}]},
    )
    with store.transaction(Duty.CARE) as tx:
        accept(
            tx,
            a_writer(),
            [Intent(verb="update", resource=wrong, id=diagnosis.id)],
            datetime(2031, 3, 4, tzinfo=UTC),
        )
    with store.transaction(Duty.RELAY) as tx:
        days = [
            payload["days"] for (payload,) in tx.rows("select payload from storage.outbox order by id desc limit 2")
        ]

    assert before == (1, 1, 1)
    assert told(store, ILI)["900101", None, "ili"] == (0, 1, 1)
    assert days == [["2031-03-01"], ["2031-03-01"]]


def test_a_count_has_no_place_for_a_person() -> None:
    assert {field.name for field in fields(Counted)} == {
        "series", "day", "county", "facility", "count", "denominator", "reporting",
    }  # fmt: skip


def test_what_comes_in_while_a_day_is_counted_stays_noted(store: Store) -> None:
    with store.transaction(Duty.CARE) as tx:
        note_uncounted(tx, 1, [DAY, date(2031, 2, 28)])
        note_uncounted(tx, 1, [DAY])
        seen = uncounted(tx)
        note_uncounted(tx, 2, [DAY])
        forget_uncounted(tx, seen)
        left = uncounted(tx)

    assert sorted(seen) == [(date(2031, 2, 28), 1), (DAY, 1)]
    assert left == [(DAY, 2)]

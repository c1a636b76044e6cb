"""Diagnoses of traditional Chinese medicine: the shape of codes, what is known, and a warning that refuses nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest

from nodes import a_number, a_patient
from peopling import URN
from salus import records
from salus.records import Wanted, counts, doubts, tcm_code_system
from salus.records.model import Located
from salus.records.summary import summarise
from salus.records.tcm import SYSTEM, is_code, term, terms
from salus.storage import Duty, Store
from taking import Sealer, a_writer, take

ICD = "http://hl7.org/fhir/sid/icd-10"


def diagnosis(*codes: str, text: str | None = None, **more: Any) -> dict[str, Any]:
    codings = [{"system": ICD, "code": "E11.9", "display": "Type 2 diabetes"}]
    codings += [{"system": SYSTEM, "code": code} for code in codes]
    code = {"coding": codings} | ({"text": text} if text else {})
    return {"resourceType": "Condition", "code": code, "subject": {"reference": URN}, **more}


@pytest.mark.parametrize(
    ("code", "is_one"),
    [
        ("A01.01.01", True), ("B04.02.01.04.02.01", True), ("A06.09.", True), ("A17.", True), ("B10", True),
        ("BEA", True), ("ZVV", True), ("BNG080", True), ("A1", False), ("C01.01", False), ("A01.1", False),
        ("A01..01", False), ("a01.01", False), ("A0１.01", False), ("E11.9", False), ("", False),
    ],
)  # fmt: skip
def test_the_shape_of_a_code(code: str, is_one: bool) -> None:
    assert is_code(code) is is_one


def test_every_term_has_the_shape_of_a_code_and_two_names_and_categories_end_with_a_dot() -> None:
    for code, one in terms().items():
        assert is_code(code)
        assert one.en.isascii()
        assert all("\u3400" <= character <= "\u9fff" for character in one.zh if character != "、")
        assert one.pattern is code.startswith("B")


def test_a_category_is_known_with_and_without_its_dot() -> None:
    assert term("A06.09") == term("A06.09.") != None  # noqa: E711
    assert term("A99.99") is None


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        ([], []),
        (["A06.09.", "B03.01.05"], []),
        (["A99.99"], ["is not among the terms"]),
        (["x"], ["has not the shape"]),
        (["A06.09.", "x", "A99.99"], ["has not the shape", "is not among the terms"]),
    ],
)
def test_a_code_that_is_odd_is_said_to_be_and_taken(store: Store, codes: list[str], said: list[str]) -> None:
    sent = diagnosis(*codes)
    found = list(doubts(sent))
    done = take(store, a_writer(), a_patient(), sent, full_urls=[URN])

    assert all(one.text.startswith(start) for one, start in zip(found, said, strict=True))
    assert all(one.where.startswith("Condition.code.coding[") for one in found)
    assert {(one.severity, one.code) for one in found} <= {("warning", "code-invalid")}
    assert len(done.outcomes) == 2


def test_the_summary_names_both_diagnoses_in_both_languages() -> None:
    at = datetime(2031, 3, 1, tzinfo=UTC)
    located = Located(
        resource_key=1, id=UUID(int=1), type="Condition", version=1, chart_key=1, chart_kind="resident",
        facility="H4", at=at, sealed=b"", classes=0,
    )  # fmt: skip
    body = orjson.dumps(diagnosis("B03.01.05", "A06.09.", "A99.99", text="2型糖尿病"))
    (line,) = summarise([(replace(located), body)], {}).problems

    assert (line.text, line.code) == ("2型糖尿病", "E11.9")
    assert [(one.zh, one.en) for one in line.tcm] == [
        ("消渴病", "wasting thirst"),
        ("气阴两虚证", "dual deficiency of qi and yin"),
    ]


def test_a_diagnosis_is_counted_by_either_of_its_codes(store: Store) -> None:
    with store.connect(Duty.MIGRATION, "salus") as connection:
        connection.execute("truncate records.occurrence")
    take(store, a_writer(), a_patient(a_number(780)), diagnosis("A06.09.", recordedDate="2031-03-01"), full_urls=[URN])
    wanted = [
        Wanted(series="icd", codes=((ICD, "E11.9"),)),
        Wanted(series="tcm", codes=((SYSTEM, "A06.09."),)),
        Wanted(series="other", codes=((SYSTEM, "A17.06."),)),
    ]
    with store.transaction(Duty.CARE) as tx:
        found = counts(tx, Sealer(), wanted, [date(2031, 3, 1)], {"H1": "900101"})

    assert {one.series: one.count for one in found if one.facility is None} == {"icd": 1, "tcm": 1, "other": 0}


def test_the_terms_are_a_code_system_that_the_door_takes() -> None:
    told = tcm_code_system()

    assert records.check(told, "CodeSystem") == ()
    assert told["count"] == len(told["concept"])
    assert told["content"] == "fragment"

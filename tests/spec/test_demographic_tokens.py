"""By what a Patient is found: names whole and by sound, birth dates by day, month or year, telephones as dialled."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salus.records.fhir.demographics import Unanswerable, asked_demographics, demographic_tokens

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "name": [
        {"text": "单雄信", "family": "单", "given": ["雄信"]},
        {"text": "Shan Xiongxin", "family": "Shan", "given": ["Xiongxin"]},
    ],
    "birthDate": "1980-03-05",
    "gender": "male",
    "telecom": [{"system": "phone", "value": "+86 139 1234 5678"}, {"system": "email", "value": "Shan@Example.org"}],
}
DAYS = st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 1, 1))
ORDERS = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "gt": lambda a, b: a > b,
    "sa": lambda a, b: a > b,
    "lt": lambda a, b: a < b,
    "eb": lambda a, b: a < b,
    "ge": lambda a, b: a >= b,
    "le": lambda a, b: a <= b,
}


def finds(name: str, value: str, patient: dict[str, Any] = PATIENT) -> bool:
    param, asked = asked_demographics(name, value)
    return any((param, token) in demographic_tokens(patient) for token in asked)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("family", "单"), ("family", "SHAN"), ("given", "雄信"), ("given", "xiongxin"), ("name", "单雄信"),
        ("name", "Xiongxin Shan"), ("name", "单"), ("name", "xiong xin"), ("gender", "male"),
        ("gender", "http://hl7.org/fhir/administrative-gender|male"), ("phone", "13912345678"),
        ("telecom", "139-1234-5678"), ("telecom", "email|shan@example.org"), ("telecom", "SHAN@example.org"),
        ("birthdate", "1980"), ("birthdate", "1980-03"), ("birthdate", "1980-03-05"), ("birthdate", "lt1981"),
    ],
)  # fmt: skip
def test_a_patient_is_found_by(name: str, value: str) -> None:
    assert finds(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("family", "雄信"), ("given", "单"), ("name", "雄"), ("family", "sha"), ("gender", "female"),
        ("phone", "1391234567"), ("telecom", "fax|13912345678"), ("birthdate", "1981"),
        ("birthdate", "gt1980"), ("birthdate", "lt1980-03-05"), ("birthdate", "ne1980-03-05"),
    ],
)  # fmt: skip
def test_a_patient_is_not_found_by(name: str, value: str) -> None:
    assert not finds(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "…"), ("gender", "男"), ("gender", "urn:x|male"), ("phone", "x@y.org"), ("phone", "phone|1"),
        ("telecom", "carrier|1"), ("birthdate", "1980-13"), ("birthdate", "xx1980"), ("birthdate", "1980-03-05T08:00Z"),
        ("birthdate", "９９９９"), ("birthdate", "0000"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_for_is_said(name: str, value: str) -> None:
    with pytest.raises(Unanswerable) as refused:
        asked_demographics(name, value)

    assert value not in str(refused.value)


def test_parts_are_found_as_they_are_written_however_the_whole_is_read() -> None:
    odd = {"resourceType": "Patient", "name": [{"text": "欧阳修", "family": "欧", "given": ["阳修"]}]}

    assert finds("family", "欧", odd)
    assert finds("given", "阳修", odd)
    assert finds("name", "欧阳修", odd)


@given(born=DAYS, asked=DAYS, prefix=st.sampled_from(sorted(ORDERS)))
def test_a_date_is_compared_day_by_day(born: date, asked: date, prefix: str) -> None:
    patient = {"resourceType": "Patient", "birthDate": born.isoformat()}

    assert finds("birthdate", f"{prefix}{asked}", patient) == ORDERS[prefix](born, asked)


@given(born=DAYS, asked=DAYS, length=st.sampled_from((4, 7)), prefix=st.sampled_from(sorted(ORDERS)))
def test_a_year_or_month_is_compared_as_all_its_days(born: date, asked: date, length: int, prefix: str) -> None:
    text = asked.isoformat()[:length]
    patient = {"resourceType": "Patient", "birthDate": born.isoformat()}
    inside = born.isoformat().startswith(text)
    expected = {"eq": inside, "ne": not inside, "ge": inside or born >= asked, "le": inside or born <= asked}

    found = finds("birthdate", f"{prefix}{text}", patient)

    assert found == expected.get(prefix, ORDERS[prefix](born, asked) and not inside)


@given(born=DAYS, days=st.integers(0, 60_000))
def test_no_comparison_asks_for_more_than_a_few_hundred_tokens(born: date, days: int) -> None:
    for prefix in ORDERS:
        assert len(asked_demographics("birthdate", f"{prefix}{born - timedelta(days=days % 40)}")[1]) < 400


def test_no_other_type_has_tokens_of_this_kind() -> None:
    assert demographic_tokens({"resourceType": "Practitioner", "name": [{"text": "单雄信"}]}) == set()

"""What counts as an attempt to write a measure, and what is care and passes."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salus.records import MeasureRefused, refuse_measures
from salus.records.fhir.definitions import definitions
from salus.records.intake import attempts
from salus.records.intake.attempts import ELEMENTS, NAMES, VALUES, _plain, measures_in
from salus.web.attempts import names_a_measure
from support import corpus

RED = {"system": "http://example.org/CodeSystem/health-code-colour", "code": "red"}
ATTEMPTS: list[tuple[str, dict[str, Any], str]] = [
    ("flag by text", {"resourceType": "Flag", "code": {"text": "红码"}}, "Flag.code.text"),
    ("flag by coding", {"resourceType": "Flag", "code": {"coding": [RED]}}, "Flag.code.coding[0].system"),
    ("list", {"resourceType": "List", "title": "Red code"}, "List.title"),
    ("group", {"resourceType": "Group", "name": "red-code", "type": "person"}, "Group.name"),
    ("tag", {"resourceType": "Patient", "meta": {"tag": [{"code": "red"}]}}, "Patient.meta.tag[0]"),
    ("label", {"resourceType": "Patient", "meta": {"security": [{"display": "Yellow"}]}}, "Patient.meta.security[0]"),
    (
        "extension",
        {"resourceType": "Patient", "extension": [{"url": "https://x.org/fhir/colour", "valueCode": "red"}]},
        "Patient.extension[0].url",
    ),
    (
        "nested extension",
        {"resourceType": "Patient", "extension": [{"url": "https://x", "extension": [{"url": "healthCode"}]}]},
        "Patient.extension[0].extension[0].url",
    ),
    ("unknown field", {"resourceType": "Observation", "healthCode": "red"}, "Observation.healthCode"),
    ("no resource at all", {"person": "x", "colour": "red"}, "body.colour"),
    ("in a bundle", {"resourceType": "Bundle", "entry": [{"resource": {"codeStatus": 3}}]},
     "Bundle.entry[0].resource.codeStatus"),
]  # fmt: skip
CARE: list[dict[str, Any]] = [
    {"resourceType": "Observation", "code": {"text": "Red blood cells"}, "status": "final"},
    {"resourceType": "Observation", "interpretation": [{"text": "yellow"}], "valueString": "green"},
    {"resourceType": "Flag", "status": "active", "code": {"text": "High risk of falls"}},
    {"resourceType": "Patient", "active": False},
    {"resourceType": "Group", "name": "Ward 3", "actual": True},
    {"resourceType": "MeasureReport", "measure": "http://example.org/Measure/m", "status": "complete"},
    {"resourceType": "VisionPrescription", "lensSpecification": [{"color": "green"}]},
    {"resourceType": "List", "title": "Medicines", "status": "current", "mode": "working"},
    {"resourceType": "Patient", "meta": {"tag": [{"code": "SUBSETTED"}], "security": [{"code": "R"}]}},
]


def test_no_text_that_was_looked_at_stays_in_memory() -> None:
    attempts._clean_texts.clear()
    refuse_measures({"resourceType": "Patient", "name": [{"text": "柳青松"}]})

    assert attempts._clean_texts
    assert {type(one) for one in attempts._clean_texts | attempts._clean_addresses} == {int}
    assert not [name for name, one in vars(attempts).items() if hasattr(one, "cache_info") and name != "_harmless"
                and getattr(one, "__module__", "") == attempts.__name__]  # fmt: skip


@pytest.mark.parametrize(("sent", "where"), [pytest.param(sent, at, id=name) for name, sent, at in ATTEMPTS])
def test_an_attempt_is_refused_and_told_where_it_was_seen(sent: dict[str, Any], where: str) -> None:
    with pytest.raises(MeasureRefused) as refused:
        refuse_measures(sent)

    assert where in [problem.where for problem in refused.value.problems]
    assert refused.value.status == 422
    assert "red" not in refused.value.text


@pytest.mark.parametrize("sent", CARE, ids=lambda one: one["resourceType"])
def test_care_passes(sent: dict[str, Any]) -> None:
    assert measures_in(sent) == []


def test_no_name_of_the_list_is_an_element_of_fhir_but_those_that_are_named() -> None:
    found: set[str] = set()
    waiting: list[Any] = [definitions()["resources"], definitions()["types"]]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            found |= {_plain(key) for key in node if key[:1].islower()}
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node

    assert found & NAMES == ELEMENTS


def test_a_deep_body_is_walked_without_recursion() -> None:
    deep: dict[str, Any] = {"colour": "red"}
    for _ in range(40):
        deep = {"extension": [deep]}

    assert len(measures_in(deep)) == 1
    assert measures_in({"extension": [[[[]]]]}) == []


@pytest.mark.parametrize(
    "name",
    [
        "fhir/r4-examples-patch-fhirpath.ndjson.gz",
        "fhir/validator-r4.public.ndjson.gz",
        "synthea/bundles.public.ndjson.gz",
    ],
)
def test_public_examples_are_no_attempts(name: str) -> None:
    found, read = [], 0
    with gzip.open(corpus(name), "rt", encoding="utf-8") as file:
        for line in file:
            value = json.loads(line)
            read += 1
            found += measures_in(value) if isinstance(value, dict) else []

    assert read
    assert found == []


@pytest.mark.parametrize(
    "path",
    [
        "/measure",
        "/fhir/$set-measure",
        "/fhir/Patient/1/$set-status",
        "/api/v1/red-list",
        "/me/health_code",
        "/x/COLOUR",
    ],
)
def test_a_guessed_address_is_known_as_one(path: str) -> None:
    assert names_a_measure(path)


@pytest.mark.parametrize("path", ["/fhir/Measure", "/fhir/MeasureReport", "/me/code/replace", "/desk", "/"])
def test_an_address_of_ours_or_of_fhirs_is_none(path: str) -> None:
    assert not names_a_measure(path)


@given(st.text(alphabet="RrEeDdCcOo红码KKſİ _.-\t\u3000", max_size=14))
def test_what_a_code_says_is_found_however_it_is_written(text: str) -> None:
    plain = re.sub(r"[\s_.-]+", "", text).lower()

    assert bool(measures_in({"resourceType": "Basic", "code": {"text": text}})) == (plain in VALUES)

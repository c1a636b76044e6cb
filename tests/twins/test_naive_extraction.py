"""The judge of searches is judged: its walk by `fhirpathpy`, its comparisons by the examples that R4 itself gives."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from typing import Any

import fhirpathpy
import pytest
from fhirpathpy.models import models

from support import corpus
from twins.naive import paths
from twins.naive.evaluator import PARAMETERS, Library
from twins.naive.extras import extras
from twins.naive.values import Quantity, Span, Token, Wrong, matches, span, split

BUNDLES = 2
# Faults of fhirpathpy 2.2: it resolves no reference (a table below tries that), and does not know that a Patient is a
# Resource (it is given the type).
NO_JUDGE = ("resolve()",)
DAY = 86_400_000_000


@pytest.fixture(scope="module")
def resources() -> list[dict[str, Any]]:
    with gzip.open(corpus("synthea/bundles.public.ndjson.gz"), "rt", encoding="utf-8") as file:
        bundles = [json.loads(next(file)) for _ in range(BUNDLES)]
    return [entry["resource"] for bundle in bundles for entry in bundle["entry"]] + extras("Patient/1")


def test_the_walk_finds_what_fhirpath_finds(resources: list[dict[str, Any]]) -> None:
    compiled: dict[str, Any] = {}
    compared = found = 0
    for resource in resources:
        kind = resource["resourceType"]
        for _, expression, _, _ in (PARAMETERS.get(kind, {}) | PARAMETERS["Resource"]).values():
            if any(one in expression for one in NO_JUDGE):
                continue
            if expression not in compiled:
                compiled[expression] = {}
            if kind not in compiled[expression]:
                said = expression.replace("Resource.", f"{kind}.")
                compiled[expression][kind] = fhirpathpy.compile(said, models["r4"])
            theirs, ours = compiled[expression][kind](resource), paths.nodes(resource, expression)

            assert sorted(map(_text, ours)) == sorted(map(_text, theirs)), (kind, expression)
            compared, found = compared + 1, found + bool(ours)
    print(f"{compared} expressions over {len(resources)} resources, {found} with something found: 0 differences")

    assert found > 1_000


def _text(node: Any) -> str:
    return json.dumps(node, sort_keys=True, default=float)


@pytest.mark.parametrize(
    ("resource", "expression", "expected"),
    [
        ({"subject": {"reference": "Patient/1"}}, "Observation.subject.where(resolve() is Patient)", 1),
        (
            {"subject": {"reference": "http://x.example/Patient/1"}},
            "Observation.subject.where(resolve() is Patient)",
            1,
        ),
        ({"subject": {"reference": "Group/1"}}, "Observation.subject.where(resolve() is Patient)", 0),
        ({"subject": {"display": "Patient"}}, "Observation.subject.where(resolve() is Patient)", 0),
    ],
)
def test_a_reference_is_of_the_type_it_is_written_with(resource: Any, expression: str, expected: int) -> None:
    assert len(paths.nodes({"resourceType": "Observation", **resource}, expression)) == expected


@pytest.mark.parametrize(
    ("patient", "expected"),
    [
        ({}, False),
        ({"deceasedBoolean": False}, False),
        ({"deceasedBoolean": True}, True),
        ({"deceasedDateTime": "2031"}, True),
    ],
)
def test_somebody_has_died_where_it_is_said_and_not_denied(patient: dict[str, Any], expected: bool) -> None:
    assert paths.nodes({"resourceType": "Patient", **patient}, paths.DECEASED) == [expected]


# FHIR R4, search.html, 3.1.1.4.5 to 3.1.1.4.12: the examples there, and the ends of the ranges that it names.
TABLE: list[tuple[str, Any, str, str, bool]] = [
    ("number", Decimal("99.5"), "", "100", True),
    ("number", Decimal("100.5"), "", "100", False),
    ("number", Decimal("99.994"), "", "100.00", False),
    ("number", Decimal("99.995"), "", "100.00", True),
    ("number", Decimal("99.9"), "", "lt100", True),
    ("number", Decimal("100"), "", "lt100", False),
    ("number", Decimal("100"), "", "le100", True),
    ("number", Decimal("100.1"), "", "gt100", True),
    ("number", Decimal("100"), "", "ge100", True),
    ("number", Decimal("101"), "", "ne100", True),
    ("date", span("2013-01-14"), "", "eq2013-01-14", True),
    ("date", span("2013-01-14T00:00"), "", "eq2013-01-14", True),
    ("date", span("2013-01-14T10:00"), "", "eq2013-01-14", True),
    ("date", span("2013-01-15T00:00"), "", "eq2013-01-14", False),
    ("date", span("2013-01-15T00:00"), "", "ne2013-01-14", True),
    ("date", span("2013-01-14T00:00"), "", "ne2013-01-14", False),
    ("date", span("2013-01-14"), "", "lt2013-01-14T10:00", True),
    ("date", span("2013-01-14"), "", "gt2013-01-14T10:00", True),
    ("date", Span(span("2013-01-21").low, float("inf")), "", "ge2013-03-14", True),
    ("date", Span(float("-inf"), span("2013-01-21").high), "", "le2013-03-14", True),
    ("date", span("2013-03-15"), "", "sa2013-03-14", True),
    ("date", span("2013-03-14"), "", "sa2013-03-14", False),
    ("date", Span(span("2013-01-21").low, float("inf")), "", "sa2013-03-14", False),
    ("date", Span(span("2013-03-15").low, float("inf")), "", "sa2013-03-14", True),
    ("date", span("2013-03-13"), "", "eb2013-03-14", True),
    ("string", "Evelyn", "", "eve", True),
    ("string", "Severine", "", "eve", False),
    ("string", "Éve", "", "eve", True),
    ("string", "Severine", "contains", "eve", True),
    ("string", "Eve", "exact", "Eve", True),
    ("string", "eve", "exact", "Eve", False),
    ("string", "EVELYN", "exact", "Eve", False),
    ("uri", "http://acme.org/fhir/ValueSet/123", "", "http://acme.org/fhir/ValueSet/123", True),
    ("uri", "http://acme.org/fhir/ValueSet/123", "below", "http://acme.org/fhir/", True),
    ("uri", "http://acme.org/fhir/ValueSet/123", "", "http://acme.org/fhir/", False),
    ("uri", "http://acme.org/fhir/", "above", "http://acme.org/fhir/ValueSet/123", True),
    ("token", Token("http://acme.org/patient", "2345"), "", "http://acme.org/patient|2345", True),
    ("token", Token("http://acme.org/patient", "2345"), "", "2345", True),
    ("token", Token("http://acme.org/patient", "2345"), "", "|2345", False),
    ("token", Token(None, "2345"), "", "|2345", True),
    ("token", Token("http://acme.org/patient", "2345"), "", "http://acme.org/patient|", True),
    ("token", Token("http://acme.org/patient", "23|45"), "", "http://acme.org/patient|23\\|45", True),
    ("reference", "Patient/23", "", "23", True),
    ("reference", "Patient/23", "", "Patient/23", True),
    ("reference", "Patient/23", "Patient", "23", True),
    ("reference", "Group/23", "Patient", "23", False),
    ("reference", "http://acme.org/fhir/Patient/23", "", "http://acme.org/fhir/Patient/23", True),
    (
        "quantity",
        Quantity(Decimal("5.4"), "http://unitsofmeasure.org", "mg", "mg"),
        "",
        "5.4|http://unitsofmeasure.org|mg",
        True,
    ),
    (
        "quantity",
        Quantity(Decimal("5.4"), "http://unitsofmeasure.org", "mg", "mg"),
        "",
        "5.40e-3|http://unitsofmeasure.org|g",
        True,
    ),
    ("quantity", Quantity(Decimal("5.4"), "http://unitsofmeasure.org", "mg", "mg"), "", "5.4||mg", True),
    ("quantity", Quantity(Decimal("5.4"), None, None, "mg"), "", "5.4||mg", True),
    ("quantity", Quantity(Decimal("5.4"), None, None, "mg"), "", "5.4|http://unitsofmeasure.org|mg", False),
    ("quantity", Quantity(Decimal("5.4"), "http://unitsofmeasure.org", "mg", "mg"), "", "5.4", True),
    ("quantity", Quantity(Decimal("5.46"), "http://unitsofmeasure.org", "mg", "mg"), "", "5.4", False),
    (
        "quantity",
        Quantity(Decimal("5.3"), "http://unitsofmeasure.org", "mg", "mg"),
        "",
        "le5.4|http://unitsofmeasure.org|mg",
        True,
    ),
]


@pytest.mark.parametrize(("kind", "key", "modifier", "wanted", "expected"), TABLE)
def test_a_value_matches_as_the_specification_says(
    kind: str, key: Any, modifier: str, wanted: str, expected: bool
) -> None:
    assert matches(kind, key, modifier, wanted) is expected


def test_a_date_covers_what_its_precision_leaves_open() -> None:
    assert span("2013-01-14").high - span("2013-01-14").low == DAY
    assert span("2012").high - span("2012").low == 366 * DAY
    assert span("2013-01-14T10:00:00+08:00") == span("2013-01-14T02:00:00Z")
    with pytest.raises(Wrong):
        span("2013-02-30")


def test_escapes_keep_a_mark_inside_a_value() -> None:
    assert split("a\\,b,c", ",") == ["a\\,b", "c"]
    assert split("a\\\\,b", ",") == ["a\\\\", "b"]


def test_chains_and_has_follow_references_both_ways() -> None:
    patient = {"resourceType": "Patient", "id": "p", "name": [{"family": "Chalmers"}]}
    other = {"resourceType": "Patient", "id": "q"}
    seen = {"resourceType": "Encounter", "id": "e", "subject": {"reference": "Patient/p"}}
    fact = {
        "resourceType": "Observation",
        "id": "o",
        "code": {"coding": [{"code": "1234-5"}]},
        "subject": {"reference": "Patient/p"},
        "encounter": {"reference": "Encounter/e"},
    }
    library = Library([patient, other, seen, fact])

    assert library.search("Observation", [("encounter.patient.family", "chalmers")]) == {"Observation/o"}
    assert library.search("Observation", [("subject:Patient.name", "chalmers")]) == {"Observation/o"}
    assert library.search("Observation", [("subject:Group.identifier", "x")]) == set()
    assert library.search("Patient", [("_has:Observation:patient:code", "1234-5")]) == {"Patient/p"}
    assert library.search("Patient", [("_has:Encounter:patient:_has:Observation:encounter:code", "1234-5")]) == {
        "Patient/p"
    }
    assert library.search("Patient", [("name:missing", "true")]) == {"Patient/q"}
    assert library.search("Patient", [("family:exact", "chalmers")]) == set()
    assert library.included({"Observation/o"}, "Observation:encounter") == {"Encounter/e"}
    assert library.including({"Patient/p"}, "Observation:patient") == {"Observation/o"}
    with pytest.raises(Wrong):
        library.search("Patient", [("shoe-size", "43")])

"""Profiles by example: each kind of constraint, the core profiles, and IPS on documents made of real records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from itertools import islice
from typing import Any

import pytest

from documents import document, residents
from salus import synth
from salus.records import RecordRefused, check
from salus.records.fhir.profiles import deviations, known, of_type, unknown_claims
from salus.records.fhir.profiles.around import Around
from salus.records.fhir.profiles.compiling import compiled, matches
from salus.records.fhir.profiles.model import tree
from salus.records.ips.model import BUNDLE_PROFILE

IPS = "http://hl7.org/fhir/uv/ips/StructureDefinition/"
CORE = "urn:salus:profile:core-"
LABORATORY = {"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}
LOINC = {"coding": [{"system": "http://loinc.org", "code": "718-7"}]}
RESULT: dict[str, Any] = {
    "resourceType": "Observation",
    "status": "final",
    "category": [{"coding": [LABORATORY]}],
    "code": LOINC,
    "subject": {"reference": "Patient/1"},
    "effectiveDateTime": "2031-01-01",
    "performer": [{"reference": "Practitioner/1"}],
    "valueString": "x",
}
RESULTS = IPS + "Observation-results-laboratory-pathology-uv-ips"


def told(resource: dict[str, Any], url: str) -> list[tuple[str, str]]:
    return [(one.rule.rpartition("#")[2], one.path) for one in deviations(resource, url)]


def test_what_conforms_has_no_deviation() -> None:
    assert told(RESULT, RESULTS) == []
    assert told(RESULT, CORE + "observation") == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"performer": None}, ("least", "Observation.performer")),
        ({"category": [{"coding": [{**LABORATORY, "code": "survey"}]}]}, ("least", "Observation.category:laboratory")),
        ({"status": "entered-in-error"}, ("binding", "Observation.status")),
        (
            {"effectiveDateTime": None, "effectiveInstant": "2031-01-01T00:00:00Z"},
            ("type", "Observation.effectiveInstant"),
        ),
        ({"effectiveDateTime": None}, ("least", "Observation.effective")),
        ({"subject": {"reference": "Practitioner/1"}}, ("target", "Observation.subject")),
        ({"valueString": None}, ("ips-2", "Observation")),
        ({"component": [{"code": LOINC}]}, ("ips-3", "Observation")),
    ],
)
def test_each_kind_of_constraint_names_element_and_rule(change: dict[str, Any], expected: tuple[str, str]) -> None:
    changed = {key: value for key, value in {**RESULT, **change}.items() if value is not None}

    assert told(changed, RESULTS) == [expected]


def test_a_reference_that_says_no_type_is_not_judged() -> None:
    for reference in ({"reference": "urn:uuid:0"}, {"reference": "#a"}, {"reference": "https://x.example/a"}):
        assert told({**RESULT, "subject": reference}, RESULTS) == []


def test_a_closed_slicing_takes_nothing_else() -> None:
    definition = {
        "differential": {
            "element": [
                {"id": "X.a", "slicing": {"discriminator": [{"type": "value", "path": "k"}], "rules": "closed"}},
                {"id": "X.a:one", "max": "1"},
                {"id": "X.a:one.k", "fixedCode": "1"},
            ]
        }
    }
    check_ = compiled(tree(definition), "x", lambda *_: True)

    def found(*keys: str) -> list[str]:
        values = [("X", {"a": [{"k": key} for key in keys]})]
        return [one.rule for one in check_(values, "X", Around({}))]

    assert found("1") == []
    assert found("1", "1") == ["x#most"]
    assert found("1", "2") == ["x#closed"]


def test_a_primitive_that_has_only_extensions_is_there() -> None:
    absent = {
        "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]
    }
    person = {"resourceType": "Patient", "name": [{"text": "x"}], "_birthDate": absent}

    assert told(person, IPS + "Patient-uv-ips") == []
    assert told({**person, "_birthDate": None}, IPS + "Patient-uv-ips") == [("least", "Patient.birthDate")]


def test_a_pattern_is_a_part_of_the_value() -> None:
    concept = {"coding": [{"system": "a", "code": "b", "display": "c"}, {"code": "d"}], "text": "t"}

    assert matches(concept, {"coding": [{"code": "b"}]})
    assert matches(concept, {"system": "a", "code": "b"})
    assert not matches(concept, {"system": "a", "code": "d"})
    assert not matches(concept, {"text": "u"})


def test_a_known_profile_that_is_claimed_is_checked_at_the_door_and_an_unknown_one_is_not() -> None:
    claim: Callable[[str], dict[str, Any]] = lambda url: {  # noqa: E731
        **deepcopy(RESULT),
        "performer": [{"reference": "Practitioner/1"}],
        "meta": {"profile": [url]},
    }
    for url in (RESULTS, RESULTS + "|2.0.1", CORE + "observation", "http://example.org/mine"):
        check(claim(url), "Observation")
    with pytest.raises(RecordRefused) as refused:
        check(
            {
                **claim(CORE + "observation"),
                "effectiveDateTime": "2031",
                "category": [{"text": "x"}],
                "code": {"text": "x"},
            },
            "Observation",
        )

    assert refused.value.problems[0].where == "Observation.code.coding"
    assert refused.value.problems[0].rule == "core-observation#least"
    assert unknown_claims(claim("http://example.org/mine")) == ["Observation.meta.profile[0]"]
    assert unknown_claims(claim(RESULTS)) == []


def test_core_profiles_are_of_what_every_hospital_sends() -> None:
    wanted = {
        "Patient",
        "Encounter",
        "Condition",
        "Observation",
        "MedicationRequest",
        "Immunization",
        "DiagnosticReport",
    }

    assert {kind for kind in wanted if CORE + kind.lower() in of_type(kind)} == wanted
    assert known("http://example.org/mine") is None


def test_what_the_fictional_country_and_real_records_hold_conforms_to_core() -> None:
    sent = (
        entry["resource"] for one in islice(synth.bundles(synth.country(1, 200)), 60) for entry in one.bundle["entry"]
    )
    recorded = (one for resources in islice(residents(), 3) for one in resources)
    tried: Counter[str] = Counter()
    for one in (*sent, *recorded):
        url = CORE + one["resourceType"].lower()
        if known(url):
            tried[url] += 1
            assert deviations(one, url) == []

    assert len(tried) == 7


def first() -> dict[str, Any]:
    return document(next(residents()))


def test_documents_of_real_records_conform_to_ips() -> None:
    for resources, _ in zip(residents(), range(4), strict=False):
        assert deviations(document(resources), BUNDLE_PROFILE) == []


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
def test_documents_of_all_real_records_conform_to_ips(language: str) -> None:
    for resources in residents():
        assert deviations(document(resources, language), BUNDLE_PROFILE) == []


def _without(*keys: str) -> Callable[[dict[str, Any]], None]:
    def take(node: dict[str, Any]) -> None:
        for key in keys[:-1]:
            node = node[int(key)] if isinstance(node, list) else node[key]  # type: ignore[index]
        del node[keys[-1]]

    return take


def _twice(bundle: dict[str, Any]) -> None:
    bundle["entry"].append(deepcopy(bundle["entry"][0]) | {"fullUrl": "urn:uuid:1"})


def _recoded(bundle: dict[str, Any]) -> None:
    bundle["entry"][0]["resource"]["section"][0]["code"]["coding"][0]["code"] = "1-1"


def _of_another_kind(bundle: dict[str, Any]) -> None:
    bundle["entry"][0]["resource"]["section"][0]["entry"] = [{"reference": bundle["entry"][2]["fullUrl"]}]


SECTION = ("entry", "0", "resource", "section", "0")


@pytest.mark.parametrize(
    "change",
    [
        _without("identifier"),
        _without("timestamp"),
        _without("entry", "2", "fullUrl"),
        _without("entry", "0", "resource", "subject"),
        _without("entry", "0", "resource", "type", "coding"),
        _without(*SECTION, "title"),
        _without(*SECTION, "text"),
        _without(*SECTION, "code"),
        _without("entry", "1", "resource", "name"),
        _without("entry", "1", "resource", "birthDate"),
        _twice,
        _recoded,
        _of_another_kind,
        lambda b: b.update(type="collection"),
        lambda b: b["entry"][3].update(search={"mode": "match"}),
        lambda b: b["entry"][0]["resource"]["section"][0].pop("entry"),
    ],
)
def test_a_document_with_one_thing_wrong_does_not_conform(change: Callable[[dict[str, Any]], None]) -> None:
    bundle = first()
    bundle["entry"][1]["resource"].pop("_birthDate", None)
    assert deviations(bundle, BUNDLE_PROFILE) == []
    change(bundle)

    assert deviations(bundle, BUNDLE_PROFILE) != []


def test_a_required_entry_that_deviates_is_told_by_what_is_wrong_in_it() -> None:
    bundle = first()
    del bundle["entry"][0]["resource"]["section"][0]["title"]

    assert ("least", "Bundle.entry[0].resource.section[0].title") in told(bundle, BUNDLE_PROFILE)

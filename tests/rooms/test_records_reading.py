"""How the record reads JSON, walks through it and judges its shape; what it says of it, and what it never repeats."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salus.kernel import nests_deeper
from salus.records import RecordRefused, parse, take_apart
from salus.records.fhir import validation
from salus.records.fhir.facts import asked_token, span_of, token_of, tokens
from salus.records.fhir.parse import MOST_BYTES, MOST_NESTED, dump
from salus.records.fhir.walk import Walked, walk
from salus.records.intake.examine import examine

NUMBER = "110101199003077758"
DIGITS = ["1.00", "0.000000010", "-0.0", "100", "123456789012345678901234567890", "6.02E+23", "0.10", "1E-100"]
NO_NUMBERS = ["NaN", "Infinity", "-Infinity", "1e301", "1e-400", "1e99999999999999999999", "9" * 5000, "0." + "1" * 70]


@pytest.mark.parametrize("digits", DIGITS)
def test_a_decimal_keeps_its_digits(digits: str) -> None:
    raw = f'{{"value":{digits}}}'.encode()

    assert dump(parse(raw)) == raw


@pytest.mark.parametrize("digits", NO_NUMBERS)
def test_a_number_that_others_could_not_read_is_refused(digits: str) -> None:
    with pytest.raises(RecordRefused) as refused:
        parse(f'{{"value":{digits}}}'.encode())

    assert digits not in str(refused.value)


def _objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.dictionaries(st.text(), inner)


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | _objects(inner))
)
def test_what_can_be_read_is_written_back_equal(value: Any) -> None:
    raw = json.dumps({"a": value}, ensure_ascii=False)
    try:
        read = parse(raw.encode("utf-8", "surrogatepass"))
    except RecordRefused:
        return

    assert json.loads(dump(read)) == json.loads(raw)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with suppress(RecordRefused):
        assert isinstance(parse(raw), dict)


def test_a_byte_order_mark_is_let_go() -> None:
    assert parse(b'\xef\xbb\xbf{"a":1}') == {"a": 1}


def test_more_bytes_than_the_most_are_refused_unread() -> None:
    with pytest.raises(RecordRefused) as refused:
        parse(b"\xff" * (MOST_BYTES + 1))

    assert refused.value.status == 413


@pytest.mark.parametrize(
    "body", [f'{{"{NUMBER}":1,"{NUMBER}":2}}', f'{{"resourceType":"{NUMBER}"}}', f'{{"a":"{NUMBER}']
)
def test_a_name_that_is_no_elements_is_never_repeated(body: str) -> None:
    with pytest.raises(RecordRefused) as refused:
        _judge(body.encode())

    assert NUMBER not in str(refused.value)


def _judge(raw: bytes) -> None:
    raise RecordRefused(validation.problems(parse(raw)))


@pytest.mark.parametrize(
    "more",
    [{NUMBER: "a\x00"}, {NUMBER: {"x": "\x00"}}, {NUMBER: [["x"]]}, {NUMBER: 1}, {"name": [{NUMBER: "x"}]}],
)
def test_no_path_in_an_error_holds_what_somebody_named(more: dict[str, Any]) -> None:
    resource = {"resourceType": "Patient", **more}
    problems = [*walk(resource).problems, *validation.problems(resource)]

    assert problems
    assert NUMBER not in str(problems)


def _walked(**more: Any) -> tuple[dict[str, Any], Walked]:
    resource = {"resourceType": "Patient", **more}
    found = walk(resource)
    del resource["resourceType"]
    return resource, found


PLACE = {"url": "http://hl7.org/fhir/StructureDefinition/geolocation", "extension": [{"url": "latitude"}]}
KEPT = {"url": "u:x", "valueString": "y"}


def test_a_list_loses_what_a_place_emptied_and_nothing_else() -> None:
    left, found = _walked(address=[{"extension": [PLACE]}, {"city": "X", "extension": [PLACE, KEPT]}])

    assert left == {"address": [{"city": "X", "extension": [KEPT]}]}
    assert found.stripped == ["Patient.address[0].extension[0]", "Patient.address[1].extension[0]"]


def test_the_places_of_a_list_and_its_siblings_go_on_answering_to_each_other() -> None:
    left, _ = _walked(name=[{"given": ["A", "B"], "_given": [{"extension": [PLACE]}, {"extension": [KEPT]}]}])

    assert left == {"name": [{"given": ["A", "B"], "_given": [None, {"extension": [KEPT]}]}]}


def test_a_null_that_holds_a_place_in_a_list_stays() -> None:
    name = {"given": [None], "_given": [{"extension": [KEPT]}]}
    left, _ = _walked(name=[dict(name)])

    assert left == {"name": [name]}
    assert validation.problems({"resourceType": "Patient", **left}) == []


@pytest.mark.parametrize("empty", [{"maritalStatus": {}}, {"name": []}, {"name": [{}]}, {"name": [None]}])
def test_what_came_empty_is_refused_and_not_swept_away(empty: dict[str, Any]) -> None:
    left, found = _walked(**json.loads(json.dumps(empty)))

    assert left == empty
    assert found.stripped == []
    assert validation.problems({"resourceType": "Patient", **left})


def test_extensions_nested_too_deeply_are_refused_like_anything_else_that_is() -> None:
    deep: dict[str, Any] = {"url": "http://example.org/a", "valueBoolean": True}
    for _ in range(2000):
        deep = {"url": "http://example.org/a", "extension": [deep]}

    (problem,) = walk({"resourceType": "Patient", "extension": [deep]}).problems

    assert "nested deeper" in problem.text


@pytest.mark.parametrize("around", ["list", "object"])
def test_how_deep_is_read_is_said_here_and_not_by_the_parser(around: str) -> None:
    """As of Python 3.13 the parser follows ten thousand levels; here it is let follow thousands too."""
    opens, closes = ("[", "]") if around == "list" else ('{"a":', "}")

    def nested(levels: int) -> bytes:
        return ('{"x":' + opens * (levels - 1) + "1" + closes * (levels - 1) + "}").encode()

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(6_000)
    try:
        assert nests_deeper(parse(nested(MOST_NESTED)), MOST_NESTED - 1)
        for levels in (MOST_NESTED + 1, 4_000):
            with pytest.raises(RecordRefused, match="nested deeper") as refused:
                parse(nested(levels))
            assert refused.value.status == 400
    finally:
        sys.setrecursionlimit(limit)


@pytest.mark.parametrize(
    ("value", "depth"),
    [(1, 0), ("[[", 0), ([], 1), ({}, 1), ([1, [2], {"a": 3}], 2), ([[], [[]], {"a": {"b": [1]}}], 4)],
)
def test_depth_is_counted_in_lists_and_objects(value: Any, depth: int) -> None:
    assert not nests_deeper(value, depth)
    assert depth == 0 or nests_deeper(value, depth - 1)


def test_a_position_is_taken_out_of_a_location_wherever_it_stands() -> None:
    here = {"resourceType": "Location", "id": "l", "position": {"longitude": 1, "latitude": 2}}
    resource = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": dict(here)}]}

    assert walk(resource).stripped == ["Bundle.entry[0].resource.position"]
    assert walk({"resourceType": "Patient", "contained": [dict(here)]}).stripped == ["Patient.contained[0].position"]


@pytest.mark.parametrize(
    ("resource", "where", "told"),
    [
        ({"resourceType": "Observation", "code": {"text": "x"}}, "Observation.status", "is required"),
        (
            {"resourceType": "Patient", "deceasedBoolean": True, "deceasedDateTime": "2020"},
            "Patient.deceased",
            "has two values of one choice: deceasedBoolean, deceasedDateTime",
        ),
        (
            {"resourceType": "MedicationRequest", "status": "active", "intent": "order", "subject": {"display": "x"}},
            "MedicationRequest.medication",
            "is required, as one of medicationCodeableConcept, medicationReference",
        ),
        ({"resourceType": "Patient", "link": [{"other": {"display": "x"}}]}, "Patient.link[0].type", "is required"),
        (
            {"resourceType": "Patient", "name": [{"given": [5]}]},
            "Patient.name[0].given[0]",
            "is not written as its FHIR type asks",
        ),
    ],
)
def test_an_element_that_is_missing_or_there_twice_is_named(resource: dict[str, Any], where: str, told: str) -> None:
    assert [(one.where, one.text) for one in validation.problems(resource)] == [(where, told)]


@pytest.mark.parametrize("value", [5, "x", {"a": 1}, [5], ["resource"], [[{}]], [{"resource": 5}], [None]])
@pytest.mark.parametrize(("kind", "key"), [("Patient", "contained"), ("Bundle", "entry"), ("Parameters", "parameter")])
def test_where_resources_are_held_anything_may_stand_and_is_judged(kind: str, key: str, value: Any) -> None:
    found = validation.problems({"resourceType": kind, key: value})

    assert found
    assert all(problem.where.startswith(kind) for problem in found)


def test_what_is_held_is_judged_at_its_own_path() -> None:
    wrong = {"resourceType": "Patient", "gender": "?"}
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": wrong}]}
    parameters = {
        "resourceType": "Parameters",
        "parameter": [{"name": "a", "part": [{"name": "b", "resource": wrong}]}],
    }

    assert [p.where for p in validation.problems(bundle)] == ["Bundle.entry[0].resource.gender"]
    assert [p.where for p in validation.problems(parameters)] == ["Parameters.parameter[0].part[0].resource.gender"]


def test_a_stored_document_keeps_the_references_among_its_entries() -> None:
    patient = "urn:uuid:00000000-0000-4000-8000-000000000001"
    somebody = {"resourceType": "Patient", "identifier": [{"system": "urn:mrn", "value": "7"}]}
    inner = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": patient},
    }
    entry = {"fullUrl": "urn:uuid:00000000-0000-4000-8000-000000000002", "resource": inner}
    about = {"fullUrl": patient, "resource": somebody}
    document = {"resourceType": "Bundle", "type": "collection", "entry": [entry, about]}
    request = {"method": "POST", "url": "Bundle"}
    sent = take_apart(
        {"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": document, "request": request}]}
    )

    ready = examine(sent.intents)
    examined, references = ready.examined, ready.references

    assert examined[0].resource["entry"][0]["resource"]["subject"] == {"reference": patient}
    assert (references.wanted, references.asked) == (set(), {("Patient", "urn%3Amrn%7C7")})


@pytest.mark.parametrize(
    ("where", "path"),
    [("bundle", "Bundle"), ("entry", "Bundle.entry[0]"), ("request", "Bundle.entry[0].request")],
)
def test_an_element_that_no_bundle_has_is_named(where: str, path: str) -> None:
    request: dict[str, Any] = {"method": "POST", "url": "Patient"}
    entry: dict[str, Any] = {"resource": {"resourceType": "Patient"}, "request": request}
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "batch", "entry": [entry]}
    {"bundle": bundle, "entry": entry, "request": request}[where]["ifNoneExits"] = "x"

    try:
        problems = take_apart(bundle).wrong
    except RecordRefused as refused:
        problems = refused.problems

    assert [problem.where for problem in problems] == [path]


TEXT = st.text(alphabet=st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=8)


@given(TEXT, TEXT.filter(bool))
def test_every_token_can_be_asked_for(system: str, code: str) -> None:
    def written(text: str) -> str:
        return text.replace("\\", "\\\\").replace("|", "\\|").replace(",", "\\,")

    resource = {"resourceType": "Observation", "code": {"coding": [{"system": system, "code": code}]}}
    stored = {token for _, token in tokens(resource)}

    assert asked_token(f"{written(system)}|{written(code)}") in stored
    assert asked_token(written(code)) in stored
    assert (asked_token(f"|{written(code)}") in stored) == (system == "")


@given(TEXT, TEXT, TEXT, TEXT)
def test_two_tokens_are_written_alike_only_if_they_are(system: str, code: str, other: str, another: str) -> None:
    assert (token_of(system, code) == token_of(other, another)) == ((system, code) == (other, another))
    assert token_of(None, code) != token_of(system, another)


@given(st.text(max_size=40))
def test_any_text_is_a_date_or_none(text: str) -> None:
    span = span_of(text)

    assert span is None or span[0] <= span[1]


@pytest.mark.parametrize(
    "text", ["9999", "9999-12", "9999-12-31", "9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00+14:00"]
)
def test_the_ends_of_time_are_dates(text: str) -> None:
    assert span_of(text)

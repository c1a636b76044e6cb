"""What a message tells, as FHIR: one table for people, one for visits, one for values of results."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hl7_messages import adt, message, oru, pid, pv1
from salus.records.fhir import validation
from salus.records.v2 import V2Refused, map_merge, map_message, parse
from salus.records.v2.planning import plan

OWN = "urn:salus:facility:H1:"


def told(raw: bytes, kind: str) -> list[dict[str, Any]]:
    """Return the resources of a type that a message of H1 tells of, as they would be created."""
    made = plan(map_message(parse(raw), "H1"), {}, 0)
    found = [intent.resource for intent in made.intents]
    assert [problem for one in found for problem in validation.problems(one)] == []
    return [one for one in found if one["resourceType"] == kind]


def person(**fields: str) -> dict[str, Any]:
    """Return the Patient that a PID tells of."""
    (found,) = told(adt("A28", "1", pid(**fields)), "Patient")
    return found


def observed(obx: str) -> dict[str, Any]:
    """Return the Observation that one OBX tells of."""
    (found,) = told(oru("1", pid(), "OBR|1||F1|P^P^L", obx), "Observation")
    return found


def value(kind: str, written: str, unit: str = "") -> dict[str, Any]:
    """Return what an Observation says of a value."""
    found = observed(f"OBX|1|{kind}|718-7^Hb^LN||{written}|{unit}|||||F")
    return {key: told for key, told in found.items() if key.startswith(("value", "component", "dataAbsent"))}


NAMES = [
    ("张三", {"text": "张三"}),
    ("张^三", {"text": "张三", "family": "张", "given": ["三"]}),
    ("欧阳^文^^^^^L", {"use": "official", "text": "欧阳文", "family": "欧阳", "given": ["文"]}),
    ("Smith^John^Q R^Jr^Dr", {"family": "Smith", "given": ["John", "Q", "R"], "prefix": ["Dr"], "suffix": ["Jr"]}),
    ("van Beek&van&Beek^Ann", {"family": "van Beek", "given": ["Ann"]}),
    ("^Madonna", {"given": ["Madonna"]}),
]


@pytest.mark.parametrize(("written", "read"), NAMES)
def test_a_name_is_read_as_it_is_written(written: str, read: dict[str, Any]) -> None:
    assert person(p5=written)["name"] == [read]


def test_names_in_two_writings_are_two_names_that_say_their_writing() -> None:
    han, latin = person(p5="张^三^^^^^L^I~Zhang^San^^^^^L^A")["name"]

    assert [one["extension"][0]["valueCode"] for one in (han, latin)] == ["IDE", "ABC"]


NUMBERS = [
    ("7", f"{OWN}mrn", "7"),
    ("7^^^HIS^MR", f"{OWN}mrn:HIS", "7"),
    ("7^^^门诊^PI", f"{OWN}pi:%E9%97%A8%E8%AF%8A", "7"),
    ("7^^^HIS^MRT", f"{OWN}mrt:HIS", "7"),
    ("110101199003077758^^^^NNCHN", "urn:oid:2.16.156.10011.1.3", "110101199003077758"),
    ("110101199003077758^^^&2.16.156.10011.1.3&ISO^NI", "urn:oid:2.16.156.10011.1.3", "110101199003077758"),
    ("E12345678^^^CHN^PPN", "urn:salus:passport", "E12345678"),
    ("A123456789^^^^BCT", "urn:salus:birth-certificate", "A123456789"),
]


@pytest.mark.parametrize(("written", "system", "number"), NUMBERS)
def test_a_number_is_a_documents_or_the_facilitys_own(written: str, system: str, number: str) -> None:
    (found,) = person(p3=written)["identifier"]

    assert (found["system"], found["value"]) == (system, number)


def test_a_chart_is_found_by_its_own_number_and_by_a_documents_only_without_one() -> None:
    def keys(written: str) -> list[str]:
        return [system for system, _ in map_message(parse(adt("A28", "1", pid(p3=written))), "H1").told[0].keys]

    assert keys("7^^^HIS^MR~110101199003077758^^^^NNCHN") == [f"{OWN}mrn:HIS"]
    assert keys("110101199003077758^^^^NNCHN") == ["urn:oid:2.16.156.10011.1.3"]


def test_an_identity_card_number_in_pid_19_counts_where_it_is_one() -> None:
    assert len(person(p19="110101199003077758")["identifier"]) == 2
    assert len(person(p19="ABC")["identifier"]) == 1


PEOPLE: list[tuple[dict[str, str], dict[str, Any]]] = [
    ({"p7": "1980"}, {"birthDate": "1980"}),
    ({"p7": "19800101123000+0800"}, {"birthDate": "1980-01-01"}),
    ({"p8": "F"}, {"gender": "female"}),
    ({"p8": "u"}, {"gender": "unknown"}),
    ({"p8": "A"}, {"gender": "other"}),
    ({"p8": "2"}, {"gender": "female"}),
    ({"p30": "N"}, {"deceasedBoolean": False}),
    ({"p29": "20310301"}, {"deceasedDateTime": "2031-03-01"}),
    ({"p13": "010-1^PRN^PH"}, {"telecom": [{"system": "phone", "value": "010-1", "use": "home"}]}),
    ({"p14": "^^PH^^86^10^123"}, {"telecom": [{"system": "phone", "value": "86-10-123", "use": "work"}]}),
    ({"p13": "^NET^Internet^a@b.example"}, {"telecom": [{"system": "email", "value": "a@b.example", "use": "home"}]}),
    (
        {"p11": "1 Road^Flat 2^City^Prov^100000^CHN^H^^District^CT1"},
        {
            "address": [
                {
                    "use": "home",
                    "line": ["1 Road", "Flat 2"],
                    "city": "City",
                    "district": "District",
                    "state": "Prov",
                    "postalCode": "100000",
                    "country": "CHN",
                }
            ]
        },
    ),
]


@pytest.mark.parametrize(("fields", "read"), PEOPLE)
def test_a_field_of_pid_is_read(fields: dict[str, str], read: dict[str, Any]) -> None:
    assert {key: told for key, told in person(**fields).items() if key in read} == read


def test_what_is_not_needed_of_a_person_is_not_read() -> None:
    more = {"p10": "RACE", "p12": "110101", "p17": "FAITH", "p22": "ETHNIC", "p23": "BIRTHPLACE", "p26": "NATION"}

    assert person(**more) == person()


VISITS: list[tuple[str, dict[str, str], dict[str, Any]]] = [
    ("A01", {}, {"status": "in-progress"}),
    ("A04", {"p2": "O"}, {"status": "in-progress"}),
    ("A04", {"p2": "P"}, {"status": "planned"}),
    ("A03", {"p45": "20310302"}, {"status": "finished"}),
    ("A08", {}, {"status": "in-progress"}),
    ("A08", {"p45": "20310302"}, {"status": "finished"}),
    ("A11", {}, {"status": "cancelled"}),
    ("A13", {}, {"status": "in-progress", "period": {"start": "2031-03-01T07:55:00+08:00"}}),
    ("A01", {"p44": "", "p45": ""}, {"period": None}),
]


@pytest.mark.parametrize(("event", "fields", "read"), VISITS)
def test_a_visit_stands_as_its_event_says(event: str, fields: dict[str, str], read: dict[str, Any]) -> None:
    (found,) = told(adt(event, "1", pid(), pv1(**fields)), "Encounter")

    assert {key: found.get(key) for key in read} == read


@pytest.mark.parametrize(
    ("written", "system", "code"),
    [
        ("I", "v3-ActCode", "IMP"),
        ("e", "v3-ActCode", "EMER"),
        ("O", "v3-ActCode", "AMB"),
        ("R", "v2-0004", "R"),
        ("", "v3-NullFlavor", "UNK"),
    ],
)
def test_a_visit_has_a_class(written: str, system: str, code: str) -> None:
    (found,) = told(adt("A01", "1", pid(), pv1(p2=written)), "Encounter")

    assert (found["class"]["system"].rpartition("/")[2], found["class"]["code"]) == (system, code)


def test_a_visit_names_who_attends_without_registering_anybody() -> None:
    (found,) = told(adt("A01", "1", pid(), pv1(p7="D7^李^四", p17="^Smith^Ann")), "Encounter")

    attending, admitting = found["participant"]
    assert attending["individual"] == {"identifier": {"system": f"{OWN}staff", "value": "D7"}, "display": "李四"}
    assert admitting["individual"] == {"display": "Ann Smith"}


def test_a_visit_without_a_number_is_left_out_and_named() -> None:
    found = map_message(parse(adt("A01", "1", pid(), pv1(p19=""))), "H1")

    assert [one.type for one in found.told] == ["Patient"]
    assert found.notes[0][0] == "PV1^1^19"


def test_an_account_number_serves_a_visit_without_its_own() -> None:
    (found,) = told(adt("A01", "1", pid(p18="ACC"), pv1(p19="")), "Encounter")

    assert found["identifier"] == [{"system": f"{OWN}visit", "value": "ACC"}]


@pytest.mark.parametrize("event", ["A28", "A31"])
def test_a_message_about_a_person_opens_no_visit(event: str) -> None:
    assert told(adt(event, "1", pid(), pv1()), "Encounter") == []


VALUES: list[tuple[str, str, str, dict[str, Any]]] = [
    ("NM", "140", "g/L^^UCUM", {"value": 140, "unit": "g/L", "system": "http://unitsofmeasure.org", "code": "g/L"}),
    ("NM", "1.50", "mmol/L", {"value": Decimal("1.50"), "unit": "mmol/L"}),
    ("NM", "-0.5", "", {"value": Decimal("-0.5")}),
    ("NM", "<0.5", "IU", {"comparator": "<", "value": Decimal("0.5"), "unit": "IU"}),
    ("SN", "^100", "", {"value": 100}),
    ("SN", ">=^100", "", {"comparator": ">=", "value": 100}),
]


@pytest.mark.parametrize(("kind", "written", "unit", "quantity"), VALUES)
def test_a_quantity_keeps_its_digits_and_its_unit(kind: str, written: str, unit: str, quantity: Any) -> None:
    assert value(kind, written, unit) == {"valueQuantity": quantity}


OTHERS: list[tuple[str, str, dict[str, Any]]] = [
    ("NM", "阳性", {"valueString": "阳性"}),
    ("SN", "^1^:^128", {"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 128}}}),
    ("SN", "^1^-^3", {"valueRange": {"low": {"value": 1}, "high": {"value": 3}}}),
    ("SN", "^2^+", {"valueString": "2 +"}),
    ("ST", "a\\T\\b", {"valueString": "a&b"}),
    ("ST", "a^b", {"valueString": "a^b"}),
    ("FT", "one\\.br\\two", {"valueString": "one\ntwo"}),
    ("TX", "one~two", {"valueString": "one\ntwo"}),
    ("", "text", {"valueString": "text"}),
    ("DT", "20310301", {"valueDateTime": "2031-03-01"}),
    ("TS", "20310301080000+0000", {"valueDateTime": "2031-03-01T08:00:00+00:00"}),
    ("DTM", "203103", {"valueDateTime": "2031-03"}),
    ("TM", "0805", {"valueTime": "08:05:00"}),
    (
        "CWE",
        "10828004^Positive^SCT^P^阳性^L^^^阳",
        {
            "valueCodeableConcept": {
                "coding": [
                    {"system": "http://snomed.info/sct", "code": "10828004", "display": "Positive"},
                    {"system": f"{OWN}code", "code": "P", "display": "阳性"},
                ],
                "text": "阳",
            }
        },
    ),
    ("CE", "^阳性", {"valueCodeableConcept": {"text": "阳性"}}),
    ("CE", "A^^99X", {"valueCodeableConcept": {"coding": [{"system": f"{OWN}code:99X", "code": "A"}]}}),
]


@pytest.mark.parametrize(("kind", "written", "read"), OTHERS)
def test_a_value_is_read_by_its_type(kind: str, written: str, read: dict[str, Any]) -> None:
    assert value(kind, written) == read


def test_values_that_nobody_reads_are_absent_and_not_kept() -> None:
    found = value("ED", "SECRET^Application^PDF^Base64^AAAA")

    assert found["dataAbsentReason"]["coding"][0]["code"] == "unsupported"
    assert "AAAA" not in str(found)


def test_several_values_of_one_line_are_components() -> None:
    found = value("NM", "1~2")

    assert [one["valueQuantity"]["value"] for one in found["component"]] == [1, 2]


def test_text_in_many_lines_is_one_result() -> None:
    lines = [f"OBX|{n}|TX|R^Report^L||line {n}||||||F" for n in (1, 2, 3)]
    (found,) = told(oru("1", pid(), "OBR|1||F1|P^P^L", *lines), "Observation")

    assert found["valueString"] == "line 1\nline 2\nline 3"


def test_two_results_of_one_code_are_two() -> None:
    lines = [f"OBX|{n}|NM|R^R^L||{n}||||||F" for n in (1, 2)]
    found = told(oru("1", pid(), "OBR|1||F1|P^P^L", *lines), "Observation")

    assert [one["identifier"][0]["value"] for one in found] == ["F1/P/R/", "F1/P/R/#2"]


@pytest.mark.parametrize(
    ("written", "status"),
    [("F", "final"), ("P", "preliminary"), ("C", "corrected"), ("X", "cancelled"), ("W", "entered-in-error"),
     ("D", "entered-in-error"), ("I", "registered"), ("A", "amended")],
)  # fmt: skip
def test_a_result_stands_as_obx_11_says(written: str, status: str) -> None:
    assert observed(f"OBX|1|ST|X^X^L||v||||||{written}")["status"] == status


@pytest.mark.parametrize(
    ("written", "status"), [("F", "final"), ("P", "preliminary"), ("C", "corrected"), ("A", "partial"), ("", "unknown")]
)
def test_a_report_stands_as_obr_25_says(written: str, status: str) -> None:
    obr = f"OBR|1||F1|P^P^L|||||||||||||||||||||{written}"
    (found,) = told(oru("1", pid(), obr, "OBX|1|ST|X^X^L||v||||||F"), "DiagnosticReport")

    assert found["status"] == status


@pytest.mark.parametrize(("written", "code"), [("H", "H"), ("↓", "L"), ("n", "N"), ("LL", "LL")])
def test_an_interpretation_is_a_code_of_v3(written: str, code: str) -> None:
    (found,) = observed(f"OBX|1|NM|X^X^L||1||0-9|{written}|||F")["interpretation"]

    assert found["coding"][0]["system"].endswith("v3-ObservationInterpretation")
    assert found["coding"][0]["code"] == code


def test_notes_belong_to_what_stands_before_them() -> None:
    raw = oru("1", pid(), "NTE|1||of nobody", "OBR|1||F1|P^P^L", "NTE|1||of the report", "OBX|1|ST|X^X^L||v||||||F",
              "NTE|1||of the result")  # fmt: skip

    assert told(raw, "DiagnosticReport")[0]["conclusion"] == "of the report"
    assert told(raw, "Observation")[0]["note"] == [{"text": "of the result"}]


def test_an_order_number_in_orc_serves_an_obr_without() -> None:
    (found,) = told(oru("1", pid(), "ORC|RE|P1|F1", "OBR|1|||P^P^L", "OBX|1|ST|X^X^L||v||||||F"), "DiagnosticReport")

    assert found["identifier"][1] == {"system": f"{OWN}filler", "value": "F1"}


REFUSED: list[tuple[bytes, str]] = [
    (message("ADT^A28", "1"), "PID^1"),
    (adt("A28", "1", pid(), pid()), "PID^2"),
    (adt("A28", "1", pid(p3="")), "PID^1^3"),
    (adt("A28", "1", pid(p7="yesterday")), "PID^1^7"),
    (adt("A28", "1", pid(p8="X")), "PID^1^8"),
    (adt("A28", "1", pid(p29="x")), "PID^1^29"),
    (adt("A01", "1", pid(), pv1(p44="x")), "PV1^1^44"),
    (oru("1", pid()), "OBR^1"),
    (oru("1", pid(), "OBX|1|ST|X^X^L||v||||||F"), "OBX^1"),
    (oru("1", pid(), "OBR|1|||P^P^L"), "OBR^1^3"),
    (oru("1", pid(), "OBR|1||F1"), "OBR^1^4"),
    (oru("1", pid(), "OBR|1||F1|P^P^L", "OBX|1|ST|||v||||||F"), "OBX^1^3"),
    (oru("1", pid(), "OBR|1||F1|P^P^L", "OBX|1|ST|X^X^L||v"), "OBX^1^11"),
    (oru("1", pid(), "OBR|1||F1|P^P^L", "OBX|1|ST|X^X^L||v||||||F", "OBX|2|DT|X^X^L||soon||||||F"), "OBX^2^5"),
    (oru("1", pid(), "OBR|1||F1|P^P^L|||soon"), "OBR^1^7"),
]


@pytest.mark.parametrize(("raw", "where"), REFUSED)
def test_what_cannot_be_read_is_refused_by_segment_and_field(raw: bytes, where: str) -> None:
    with pytest.raises(V2Refused) as refused:
        map_message(parse(raw), "H1")

    assert refused.value.where == where
    assert "soon" not in refused.value.text


def test_a_number_that_was_cut_off_is_refused() -> None:
    raw = message("ADT^A28", "1", pid(p3="12345#^^^HIS^MR")).replace(b"MSH|^~\\&|", b"MSH|^~\\&#|")

    with pytest.raises(V2Refused) as refused:
        map_message(parse(raw), "H1")
    assert refused.value.where == "PID^1^3"


def test_a_merge_names_the_chart_that_was_given_up_and_the_one_that_goes_on() -> None:
    raw = adt("A40", "1", pid(p3="7^^^HIS^MR~110101199003077758^^^^NNCHN"), "MRG|8^^^HIS^MR~9^^^LAB^MR")

    assert map_merge(parse(raw), "H1") == (
        ((f"{OWN}mrn:HIS", "8"), (f"{OWN}mrn:LAB", "9")),
        ((f"{OWN}mrn:HIS", "7"),),
    )


@pytest.mark.parametrize(
    ("segments", "where"),
    [
        ((pid(),), "MRG^1"),
        ((pid(), "MRG|"), "MRG^1^1"),
        ((pid(), "MRG|110101199003077758^^^^NNCHN"), "MRG^1^1"),
        ((pid(p3="110101199003077758^^^^NNCHN"), "MRG|8"), "PID^1^3"),
        ((pid(), "MRG|8", pid(), "MRG|9"), "MRG^2"),
    ],
)
def test_a_merge_that_names_too_little_is_refused(segments: tuple[str, ...], where: str) -> None:
    with pytest.raises(V2Refused) as refused:
        map_merge(parse(adt("A40", "1", *segments)), "H1")

    assert refused.value.where == where


def test_odd_identity_data_is_taken_and_noted_where_a_message_says_who_somebody_is() -> None:
    odd = pid(p3="7^^^HIS^MR~11010519491231002X^^^^NNCHN", p7="20990101")

    told, kept = map_message(parse(adt("A08", "1", odd)), "H1"), map_message(parse(adt("A03", "1", odd, pv1())), "H1")

    assert [where for where, _ in told.notes] == ["PID^1^7", "PID^1^3"]
    assert not any("1949" in text or "2099" in text for _, text in told.notes)
    assert told.told[0].resource["birthDate"] == "2099-01-01"
    assert kept.notes == ()

"""The fictional country: the same for a seed, possible in the world, and plainly nobody's."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from salus.synth import Country, bundles, check_character, country

SEED = 20311
RESIDENTS = 300


@pytest.fixture(scope="module")
def small() -> Country:
    return country(SEED, RESIDENTS)


@pytest.fixture(scope="module")
def sent(small: Country) -> list[tuple[str, dict[str, Any]]]:
    return [(delivery.facility_id, delivery.bundle) for delivery in bundles(small)]


def resources(sent: list[tuple[str, dict[str, Any]]], kind: str | None = None) -> Iterator[dict[str, Any]]:
    for _, bundle in sent:
        for entry in bundle["entry"]:
            if kind in {None, entry["resource"]["resourceType"]}:
                yield entry["resource"]


def fingerprint(seed: int, residents: int) -> str:
    made = country(seed, residents)
    digest = hashlib.sha256(repr([(r.number, r.name_zh, r.pinyin, r.phone) for r in made.residents]).encode())
    for delivery in bundles(made):
        digest.update(delivery.facility_id.encode() + json.dumps(delivery.bundle, ensure_ascii=False).encode())
    return digest.hexdigest()


def test_a_seed_gives_the_same_bytes_in_another_process_with_another_hash_seed() -> None:
    program = f"import test_synth as t; print(t.fingerprint({SEED}, 25))"
    environment = {"PYTHONHASHSEED": "4711", "PYTHONPATH": ":".join(sys.path)}
    other = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)

    assert other.stdout.strip() == fingerprint(SEED, 25)


def test_the_bytes_of_a_seed_are_those_of_the_last_release() -> None:
    assert fingerprint(1, 20) == "217c402f549d7f37df3771d5c74ad0107276a11cd95ee8e7941fe21e526c832c"


def test_two_seeds_give_two_countries() -> None:
    assert fingerprint(1, 5) != fingerprint(2, 5)


def test_a_smaller_country_is_the_beginning_of_a_larger_one(small: Country) -> None:
    assert country(SEED, 40).residents == small.residents[:40]


@pytest.mark.parametrize("residents", [0, -1, 1_000_001])
def test_a_country_of_nobody_or_of_too_many_is_refused(residents: int) -> None:
    with pytest.raises(Exception, match="SALUS-Y001"):
        country(1, residents)


def test_the_five_hospitals_have_the_levels_that_others_rely_on(small: Country) -> None:
    assert [(f.facility_id, f.level) for f in small.facilities[:5]] == [
        ("H1", 3),
        ("H2", 3),
        ("H3", 2),
        ("H4", 2),
        ("H5", 1),
    ]
    assert all(f.care for f in small.facilities[:5])
    assert all(re.search(r"[\u4e00-\u9fff]", f.name_zh) and f.name_en.isascii() for f in small.facilities)
    assert {f.county for f in small.facilities} <= {c.code for c in small.counties}


@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014"])
def test_the_check_character_agrees_with_the_examples_of_the_standard(number: str) -> None:
    assert check_character(number[:17]) == number[17]


def test_every_citizen_number_is_well_formed_unique_and_unassigned(small: Country) -> None:
    numbers = [resident.number for resident in small.residents]

    assert len(set(numbers)) == RESIDENTS
    for resident in small.residents:
        assert re.fullmatch(r"9[0-9]{16}[0-9X]", resident.number)
        assert resident.number[:6] == resident.county
        assert date.fromisoformat(f"{resident.number[6:10]}-{resident.number[10:12]}-{resident.number[12:14]}") == (
            resident.birth_date
        )
        assert int(resident.number[16]) % 2 == (resident.sex == "male")
        assert (
            sum(
                (2 ** (17 - place) % 11) * (10 if character == "X" else int(character))
                for place, character in enumerate(resident.number)
            )
            % 11
            == 1
        )


def test_no_number_name_or_telephone_shows_in_a_repr(small: Country) -> None:
    shown = repr(small)

    for resident in small.residents:
        assert resident.number not in shown
        assert resident.name_zh not in shown
        assert resident.phone not in shown


def test_telephone_numbers_cannot_be_dialled(small: Country) -> None:
    assert all(re.fullmatch(r"100[0-9]{8}", resident.phone) for resident in small.residents)


def test_every_bundle_is_a_transaction_whose_references_stay_inside(sent: list[tuple[str, dict[str, Any]]]) -> None:
    for _, bundle in sent:
        assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "transaction")
        known = {entry["fullUrl"] for entry in bundle["entry"]}
        assert len(known) == len(bundle["entry"])
        assert all(re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", url) for url in known)
        assert all(
            entry["request"] == {"method": "POST", "url": entry["resource"]["resourceType"]}
            for entry in bundle["entry"]
        )
        referred = set(re.findall(r'"reference": "([^"]*)"', json.dumps(bundle)))
        assert referred <= known


def test_full_urls_are_unique_across_the_country(sent: list[tuple[str, dict[str, Any]]]) -> None:
    urls = Counter(entry["fullUrl"] for _, bundle in sent for entry in bundle["entry"])

    assert max(urls.values()) == 1


def test_each_resident_is_sent_once_by_each_of_their_facilities(
    small: Country, sent: list[tuple[str, dict[str, Any]]]
) -> None:
    patients = [
        (facility_id, entry["resource"]["identifier"][0]["value"])
        for facility_id, bundle in sent
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"] == "Patient"
    ]

    assert patients == [(facility, r.number) for r in small.residents for facility in r.facilities]
    assert {len(resident.facilities) for resident in small.residents} == {1, 2}


def test_every_kind_of_resource_occurs_and_a_resident_has_about_a_dozen(
    sent: list[tuple[str, dict[str, Any]]],
) -> None:
    kinds = Counter(resource["resourceType"] for resource in resources(sent))

    assert set(kinds) == {
        "Patient", "Encounter", "Condition", "Observation", "MedicationRequest", "AllergyIntolerance", "Immunization",
        "DiagnosticReport", "Procedure", "EpisodeOfCare",
    }  # fmt: skip
    assert 9 <= sum(kinds.values()) / RESIDENTS <= 16


def test_nothing_holds_coordinates_and_an_address_is_words(sent: list[tuple[str, dict[str, Any]]]) -> None:
    text = json.dumps([bundle for _, bundle in sent])

    for word in ("latitude", "longitude", "geolocation", "Location", "position"):
        assert word not in text
    assert all(
        set(a) == {"use", "text", "district", "postalCode"} for p in resources(sent, "Patient") for a in p["address"]
    )


def test_nothing_happens_before_birth_or_after_the_present_day(
    small: Country, sent: list[tuple[str, dict[str, Any]]]
) -> None:
    for _, bundle in sent:
        birth = bundle["entry"][0]["resource"]["birthDate"]
        for day in re.findall(r'"(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}:\d{2}\+08:00"', json.dumps(bundle)):
            assert birth <= day <= small.until.isoformat()


def test_a_result_is_flagged_by_its_own_reference_range(sent: list[tuple[str, dict[str, Any]]]) -> None:
    flags = Counter()
    for result in resources(sent, "Observation"):
        if "referenceRange" not in result:
            continue
        bounds, value = result["referenceRange"][0], result["valueQuantity"]["value"]
        low = bounds.get("low", {"value": float("-inf")})["value"]
        high = bounds.get("high", {"value": float("inf")})["value"]
        expected = "L" if value < low else "H" if value > high else "N"
        assert result["interpretation"][0]["coding"][0]["code"] == expected
        flags[expected] += 1

    assert set(flags) == {"L", "H", "N"}


def test_codes_come_from_the_systems_that_hospitals_use(sent: list[tuple[str, dict[str, Any]]]) -> None:
    shapes = {
        "http://loinc.org": r"[0-9]{3,5}-[0-9]",
        "http://snomed.info/sct": r"[0-9]{6,9}",
        "http://hl7.org/fhir/sid/icd-10": r"[A-Z][0-9]{2}(\.[0-9])?",
        "http://www.nlm.nih.gov/research/umls/rxnorm": r"[0-9]{3,6}",
        "http://www.whocc.no/atc": r"[A-Z][0-9]{2}[A-Z]{2}[0-9]{2}",
        "http://hl7.org/fhir/sid/cvx": r"[0-9]{2,3}",
    }
    pattern = re.compile(r'\{"system": "([^"]*)", "code": "([^"]*)", "display"')
    seen = Counter()
    for system, code in pattern.findall(json.dumps([bundle for _, bundle in sent])):
        assert re.fullmatch(shapes[system], code), (system, code)
        seen[system] += 1

    assert set(seen) == set(shapes)


def luhn_mod_10(digits: str) -> int:
    """The check digit of a LOINC code (LOINC Users' Guide, appendix)."""
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits))]
    return -sum(number // 10 + number % 10 for number in doubled) % 10


def verhoeff(digits: str) -> int:
    """The check sum of a SNOMED CT identifier; 0 when it is right (SNOMED CT release file specification, 5.5)."""
    turn = [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]]
    for _ in range(6):
        turn.append([turn[-1][turn[1][place]] for place in range(10)])

    def times(a: int, b: int) -> int:
        if a < 5:
            return (a + b) % 5 if b < 5 else (a + b) % 5 + 5
        return (a - b) % 5 + 5 if b < 5 else (a - b) % 5

    total = 0
    for place, digit in enumerate(reversed(digits)):
        total = times(total, turn[place % 8][int(digit)])
    return total


def test_loinc_and_snomed_codes_carry_right_check_digits() -> None:
    codes = set()
    for delivery in bundles(country(3, 400)):
        codes |= set(
            re.findall(
                r'"system": "(http://loinc.org|http://snomed.info/sct)", "code": "([^"]*)"', json.dumps(delivery.bundle)
            )
        )

    for system, code in codes:
        if system == "http://loinc.org":
            assert luhn_mod_10(code.split("-")[0]) == int(code.split("-")[1]), code
        else:
            assert verhoeff(code) == 0, code


def test_texts_are_in_chinese_or_in_english(sent: list[tuple[str, dict[str, Any]]]) -> None:
    texts = [condition["code"]["text"] for condition in resources(sent, "Condition")]
    chinese = sum(bool(re.search(r"[\u4e00-\u9fff]", text)) for text in texts)

    assert 0.7 < chinese / len(texts) < 0.97


@pytest.mark.slow
def test_two_thousand_residents_are_made_within_twenty_seconds_of_processor_time() -> None:
    def seconds() -> float:
        start = time.process_time()
        assert sum(len(delivery.bundle["entry"]) for delivery in bundles(country(7, 2_000))) > 20_000
        return time.process_time() - start

    assert any(seconds() < 20 for _ in range(3))  # a machine that stood still meanwhile counts that in


def test_bundles_are_made_one_at_a_time() -> None:
    first = list(itertools.islice(bundles(country(7, 2_000)), 3))

    assert len(first) == 3

"""What the fictional hospitals send is R4 that the record takes as it stands; what is spoilt is refused, or taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from salus.records import RecordRefused, take_apart
from salus.records.intake.examine import Examined, examine
from salus.synth import Country, Delivery, bundles, country, deliveries


def test_every_bundle_passes_the_door_whole_with_its_citizen_number_and_without_a_place() -> None:
    made = country(11, 150)
    for delivery in bundles(made):
        examined = taken(delivery)

        assert len(examined) == len(delivery.bundle["entry"])
        assert not [one.stripped for one in examined if one.stripped]
        assert [one.numbers[0].value for one in examined if one.numbers] == [number(made, delivery)]


def taken(delivery: Delivery) -> list[Examined]:
    submission = take_apart(delivery.bundle)
    assert not submission.wrong
    return examine(submission.intents).examined


def number(made: Country, delivery: Delivery) -> str:
    return made.residents[delivery.resident].number


@pytest.fixture(scope="module")
def sent() -> tuple[Country, list[Delivery]]:
    made = country(11, 1_500)
    return made, [delivery for delivery in deliveries(made) if delivery.planted]


def test_a_mistyped_number_is_refused_by_name_and_accepted_once_it_is_right(
    sent: tuple[Country, list[Delivery]],
) -> None:
    made, spoilt = sent
    wrong = [delivery for delivery in spoilt if delivery.planted == "mistyped-number"]
    right = [delivery for delivery in spoilt if delivery.planted == "number-corrected"]

    assert [delivery.resident for delivery in wrong] == [delivery.resident for delivery in right]
    assert wrong
    for delivery in wrong:
        with pytest.raises(RecordRefused) as refused:
            taken(delivery)
        assert "Patient.identifier[0].value: the identity number's check character does not fit" in str(refused.value)
        assert number(made, delivery)[:17] not in str(refused.value)
    for delivery in right:
        assert [one.numbers[0].value for one in taken(delivery) if one.numbers] == [number(made, delivery)]


def test_every_other_mistake_is_accepted_under_the_right_number(sent: tuple[Country, list[Delivery]]) -> None:
    made, spoilt = sent
    kinds = Counter(delivery.planted for delivery in spoilt)
    for delivery in spoilt:
        if delivery.planted != "mistyped-number":
            assert [one.numbers[0].value for one in taken(delivery) if one.numbers] == [number(made, delivery)]

    assert set(kinds) == {
        "sent-twice", "again", "wrong-phone", "phone-corrected", "mistyped-number", "number-corrected",
        "no-birth-date", "pinyin-only", "other-character", "names-swapped",
    }  # fmt: skip


Patient = dict[str, Any]
LOOKS: dict[str, Callable[[Patient], bool]] = {
    "no-birth-date": lambda patient: "birthDate" not in patient,
    "wrong-phone": lambda patient: patient["telecom"][0]["value"] == "10000000000",
    "pinyin-only": lambda patient: [name["text"].isascii() for name in patient["name"]] == [True],
    "names-swapped": lambda patient: (
        patient["name"][0]["text"] == patient["name"][0]["given"][0] + patient["name"][0]["family"]
    ),
}


@pytest.mark.parametrize("kind", LOOKS)
def test_a_mistake_is_what_its_name_says(sent: tuple[Country, list[Delivery]], kind: str) -> None:
    _, spoilt = sent
    found = [delivery.bundle["entry"][0]["resource"] for delivery in spoilt if delivery.planted == kind]
    others = [delivery.bundle["entry"][0]["resource"] for delivery in bundles(country(11, 100))]

    assert found
    assert all(LOOKS[kind](patient) for patient in found)
    assert not any(LOOKS[kind](patient) for patient in others)


def test_a_wrong_character_stands_in_the_given_name_alone(sent: tuple[Country, list[Delivery]]) -> None:
    made, spoilt = sent
    wrong = [delivery for delivery in spoilt if delivery.planted == "other-character"]

    assert wrong
    for delivery in wrong:
        name, person = delivery.bundle["entry"][0]["resource"]["name"][0], made.residents[delivery.resident]
        assert name["family"] == person.family_zh
        assert name["given"][0] != person.given_zh
        assert len(name["text"]) == len(person.name_zh)


def test_what_is_sent_again_is_the_same_but_for_the_hospitals_number_of_the_second_file(
    sent: tuple[Country, list[Delivery]],
) -> None:
    _, spoilt = sent
    first = {(d.resident, d.facility_id): d.bundle["entry"] for d in spoilt if d.planted == "sent-twice"}
    again = {(d.resident, d.facility_id): d.bundle["entry"] for d in spoilt if d.planted == "again"}

    assert first.keys() == again.keys()
    assert first
    for which, entries in first.items():
        before, after = (one[0]["resource"] for one in (entries, again[which]))
        assert entries[1:] == again[which][1:]
        assert after["identifier"][1].pop("value") == before["identifier"][1].pop("value") + "-2"
        assert before == after

"""The weights in a register of more people: for each doubling of a million a bit less from the prior."""

from __future__ import annotations

from typing import Any

import pytest

from salus.identity import judge_of
from salus.identity.linkage import WeightsRefused, read_weights, write_weights
from salus.identity.linkage.people import (
    COLUMNS,
    MOST_PEOPLE,
    PEOPLE,
    PROVEN,
    Answer,
    class_of,
    features,
    models,
    people_weights,
)
from salus.identity.linkage.people.trained import OF_FEW
from salus.identity.matching import Described
from salus.identity.matching.describing import person
from salus.identity.matching.weighing import weigh

CLASSES = [(times, PROVEN << times) for times in range(12)]
SAID = {"name": "欧阳伟芳", "sex": "female", "birth_date": "1962-03-04"}
NUMBER = {"id_type": "resident-id", "id_number": "900101196203040021"}
PHONE = {"phone": "13971264482"}


def row(**said: str) -> Any:
    return features({**dict.fromkeys(COLUMNS, ""), **said})._asdict()


def test_the_smallest_class_is_the_model_as_it_was_trained() -> None:
    assert people_weights() is people_weights(1) is people_weights(PROVEN)
    assert people_weights().hash == "b55d4cd4b27848b3abe18699e86ac48d7e557ffb4039c775edc23701f31640c2"


@pytest.mark.parametrize(
    ("people", "weighed_for"),
    [
        (1, 1), (999_999, 1), (1_000_000, 1), (1_000_001, 2), (2_000_000, 2), (2_000_001, 4), (50_000_000, 64),
        (64_000_000, 64), (1_400_000_000, 2048), (MOST_PEOPLE, 2048),
    ],
)  # fmt: skip
def test_a_size_is_rounded_up_to_the_next_doubling_of_a_million(people: int, weighed_for: int) -> None:
    assert class_of(people) == weighed_for * PROVEN


@pytest.mark.parametrize("people", [-1, 0, MOST_PEOPLE + 1])
def test_a_size_that_no_register_has_is_refused(people: int) -> None:
    with pytest.raises(WeightsRefused):
        people_weights(people)


@pytest.mark.parametrize(("times", "people"), CLASSES)
def test_each_doubling_takes_a_bit_from_the_prior_and_gives_it_to_an_equal_number(times: int, people: int) -> None:
    trained, weights = people_weights(), people_weights(people)

    assert weights.prior_bits == trained.prior_bits - times
    for before, now in zip(trained.levels, weights.levels, strict=True):
        assert now.bits == before.bits + (times if (now.comparison, now.level) in OF_FEW else 0)
    assert (weights.frequencies, weights.link, weights.review) == (trained.frequencies, trained.link, trained.review)
    assert read_weights(write_weights(weights)) == weights


def test_what_few_share_is_a_level_of_the_model() -> None:
    assert {(one.name, level.name) for one in PEOPLE.comparisons for level in one.levels} >= OF_FEW


def test_each_class_has_a_name_of_its_own_by_which_its_size_is_known() -> None:
    assert dict(models()) == {people_weights(people).hash: people for _, people in CLASSES}
    assert len(models()) == 12


@pytest.mark.parametrize(("times", "people"), CLASSES)
def test_the_bits_of_a_pair_sum_and_name_the_model_that_weighed(times: int, people: int) -> None:
    one, other = row(**SAID, **PHONE), row(**SAID)

    scored = judge_of(people)(one, other).scored

    assert scored.bits == sum(bits for *_, bits in scored.explained())
    assert scored.bits == judge_of()(one, other).scored.bits - times
    assert scored.model == people_weights(people).hash


def test_a_rare_name_and_a_birth_date_link_in_a_million_and_are_a_question_in_four() -> None:
    found = [judge_of(people)(row(**SAID), row(**SAID)) for people in (PROVEN, 4 * PROVEN)]

    assert [one.answer for one in found] == [Answer.LINK, Answer.REVIEW]
    assert [one.reason for one in found] == ["", "common-name"]


@pytest.mark.parametrize("people", [one for _, one in CLASSES])
@pytest.mark.parametrize(
    "alike", [{**SAID, **NUMBER}, {"name": SAID["name"], **NUMBER}, {**SAID, **PHONE}], ids=["all", "no date", "phone"]
)
def test_a_number_or_a_telephone_with_what_goes_with_it_links_in_any_country(
    people: int, alike: dict[str, str]
) -> None:
    found = judge_of(people)(row(**alike), row(**alike))

    assert (found.answer, found.reason) == (Answer.LINK, "")
    assert found.scored.bits >= PEOPLE.link


@pytest.mark.parametrize("people", [one for _, one in CLASSES])
def test_an_equal_number_links_in_the_index_however_little_else_is_said(people: int) -> None:
    number = (("resident-id", NUMBER["id_number"]),)
    one, other = person(Described(numbers=number)), person(Described(names=(SAID["name"],), numbers=number))

    assert weigh(one, other, judge_of(people)).answer is Answer.LINK
    assert weigh(other, one, judge_of(people)) == weigh(one, other, judge_of(people))


def test_a_larger_register_never_links_more() -> None:
    kinds = [SAID, {**SAID, **PHONE}, {**SAID, "birth_date": ""}, {**SAID, "sex": "male"}, {**SAID, "county": "900101"}]
    order = [Answer.LINK, Answer.REVIEW, Answer.NOTHING]
    for one in kinds:
        for other in kinds:
            answers = [order.index(judge_of(people)(row(**one), row(**other)).answer) for _, people in CLASSES]

            assert answers == sorted(answers)

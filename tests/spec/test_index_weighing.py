"""What the index adds to the batch's verdict where charts say several numbers."""

from __future__ import annotations

from salus.identity.documents import check_character
from salus.identity.linkage.people import Answer
from salus.identity.matching.describing import person
from salus.identity.matching.model import Described, Person
from salus.identity.matching.packing import pack, unpack
from salus.identity.matching.weighing import against, weigh

BODY = "92022620251125013"
CARD = ("resident-id", BODY + check_character(BODY))
FIRST, SECOND = ("birth-certificate", "Q110000071"), ("birth-certificate", "Q110000072")


def newborn(*numbers: tuple[str, str]) -> Person:
    return person(
        Described(
            names=("张子涵",),
            sex="male",
            birth_date="2025-11-25",
            numbers=numbers,
            phones=("13971264482",),
            recorded_at="2026-01-05T08:00:00Z",
        )
    )


def test_a_certificate_of_birth_beside_an_identity_card_keeps_twins_apart() -> None:
    one, other = newborn(CARD, FIRST), newborn(SECOND)

    for a, b in ((one, other), (other, one)):
        assert weigh(a, b).answer is Answer.REVIEW
        assert weigh(a, b).reason == "two-certificates"
        assert against(a, b) == "two-certificates"


def test_a_number_in_common_stands_above_another_that_differs() -> None:
    assert weigh(newborn(CARD, FIRST), newborn(CARD, SECOND)).answer is Answer.LINK
    assert weigh(newborn(FIRST), newborn(SECOND, FIRST)).answer is Answer.LINK


def test_the_series_of_a_number_follows_from_the_number() -> None:
    for one in (newborn(CARD), newborn(FIRST), newborn()):
        assert unpack(pack(one)) == one

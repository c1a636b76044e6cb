"""The guards by example: each row of the table is met by a pair, and a weight however high does not pass it."""

from __future__ import annotations

from itertools import combinations

import pytest

from salus.identity.documents import check_character, document_types
from salus.identity.linkage import SpecRefused
from salus.identity.linkage.people import (
    NOT_THE_SAME,
    PEOPLE,
    Answer,
    Features,
    Judge,
    Outcome,
    Within,
    features,
    guards,
    people_weights,
)
from salus.identity.linkage.people.guards import read_guards
from salus.identity.linkage.people.preparing import LINKING, SERIES


def number(order: str = "014", born: str = "19900307") -> str:
    body = "920226" + born + order
    return body + check_character(body)


WHOLE = {
    "source": "county",
    "name": "王志伟",
    "sex": "male",
    "birth_date": "1990-03-07",
    "id_type": "resident-id",
    "id_number": number("015"),
    "phone": "13971264482",
    "county": "920226",
    "address": "晴岚路278号1502室",
    "recorded_at": "2026-01-05T08:00:00+08:00",
}
BARE = {**WHOLE, "id_type": "none", "id_number": ""}


def person(record: dict[str, str], **other: str) -> dict[str, object]:
    prepared: Features = features({**record, **other})
    return {**prepared._asdict(), "source": record["source"]}


NEWBORN = {
    **WHOLE,
    "name": "张伟",
    "birth_date": "2025-11-25",
    "id_type": "birth-certificate",
    "id_number": "Q110000071",
}
KNOWN_BY_LITTLE = {"source": "county", "name": "张伟", "sex": "male", "birth_date": "1980-05-13"}
JUDGE = Judge(people_weights())
MET = {
    "two-numbers-two-names": (person(WHOLE), person(WHOLE, name="王志强", id_number=number("017"))),
    "two-numbers": (person(WHOLE), person(WHOLE, id_number=number("017"))),
    "two-certificates": (person(NEWBORN), person(NEWBORN, id_number="Q110000072")),
    "same-number-other-name": (person(WHOLE), person(WHOLE, name="王秀兰")),
    "siblings": (person(WHOLE), person(BARE, name="王志强")),
    "births-apart": (person(BARE), person(BARE, birth_date="1971-12-24")),
    "never-by-itself": (person(WHOLE), person(WHOLE, id_type="temporary", id_number="T001")),
    "neighbouring-documents": (
        person(WHOLE, name="张伟", id_type="passport", id_number="E12360788"),
        person(WHOLE, name="张玮", id_type="passport", id_number="E12360789"),
    ),
    "two-documents": (
        person(WHOLE, id_type="military", id_number="军12345678"),
        person(WHOLE, id_type="military", id_number="军12345693", phone="", address=""),
    ),
    "nearly-one-name": (person(WHOLE), person(BARE, name="王直伟")),
    "another-name": (person(WHOLE), person(BARE, name="王秀兰", phone="", address="")),
    "name-alone": (person(WHOLE), person(BARE, birth_date="", phone="", address="", county="")),
    "common-name": (person(KNOWN_BY_LITTLE), person(KNOWN_BY_LITTLE)),
}


def test_every_guard_has_an_example() -> None:
    assert set(MET) == {guard.code for guard in guards()}


@pytest.mark.parametrize("code", MET)
def test_a_guard_stops_its_pair_and_gives_the_reason(code: str) -> None:
    a, b = MET[code]
    guard = next(one for one in guards() if one.code == code)

    for verdict in (JUDGE(a, b), JUDGE(b, a)):
        assert verdict.reason == code
        assert verdict.answer is not Answer.LINK
        assert (verdict.answer is Answer.APART) == (guard.outcome is Outcome.APART)


@pytest.mark.parametrize("code", [guard.code for guard in guards() if guard.within is Within.CLUSTER])
def test_a_chain_of_others_does_not_pass_a_guard_of_clusters(code: str) -> None:
    a, b = MET[code]

    assert JUDGE.against([a, person(BARE)], [b]) != ""


@pytest.mark.parametrize(
    "other",
    [
        person(WHOLE),
        person(WHOLE, name="WANG Zhiwei", phone="", address=""),
        person(WHOLE, birth_date="1990-03-01"),
        person(WHOLE, id_number=number("015")[:6] + number("015")[8:17]),
        person(BARE),
        person(BARE, name="王智伟"),
        person(BARE, name="王志偉", phone=""),
        person(BARE, name="志伟王", address=""),
        person(BARE, birth_date="1990-01-01"),
        person(BARE, birth_date=""),
        person(WHOLE, id_number="5" + number("015")[1:], phone=""),
        person(WHOLE, birth_date="2000-03-07", phone=""),
    ],
)
def test_what_clerks_do_to_one_person_is_linked_all_the_same(other: dict[str, object]) -> None:
    verdict = JUDGE(person(WHOLE), other)

    assert (verdict.answer, verdict.reason) == (Answer.LINK, "")


SLIPS = ("1990-03-17", "1980-03-07", "1990-07-03", "1990-01-01", "1990-04-02", "1991-03-07")
"""Writings of the birth date in the number of `WHOLE`: a digit, parts turned, the year alone, the moon's calendar."""
FAR_APART = [
    (one, other)
    for one, other in combinations(SLIPS, 2)
    if JUDGE(person(BARE, birth_date=one), person(BARE, birth_date=other)).reason == "births-apart"
]


def test_a_slip_of_the_birth_date_in_each_of_two_charts_lays_the_dates_apart() -> None:
    assert len(FAR_APART) > len(SLIPS)


@pytest.mark.parametrize(("one", "other"), FAR_APART)
@pytest.mark.parametrize("name", ["王志伟", "王智伟", "WANG Zhiwei"])
def test_a_slip_in_each_of_two_charts_is_linked_where_both_have_the_number_that_says_the_date(
    name: str, one: str, other: str
) -> None:
    a, b = person(WHOLE, birth_date=one), person(WHOLE, birth_date=other, name=name)

    assert (JUDGE(a, b).answer, JUDGE(a, b).reason) == (Answer.LINK, "")
    assert JUDGE.against([a], [b]) == ""


@pytest.mark.parametrize(
    "other",
    [
        person(BARE, birth_date="1980-03-07"),
        person(WHOLE, birth_date="1980-03-07", name="王志美"),
        person(WHOLE, birth_date="1980-08-07"),
        person(WHOLE, birth_date="1980-03-07", id_number=number("015")[:17] + "0"),
    ],
)
def test_birth_dates_apart_are_asked_about_where_no_number_and_name_of_both_explain_them(
    other: dict[str, object],
) -> None:
    one = person(WHOLE, birth_date="1990-03-17")

    for verdict in (JUDGE(one, other), JUDGE(other, one)):
        assert (verdict.answer, verdict.reason) == (Answer.REVIEW, "births-apart")
    assert JUDGE.against([one], [other]) == "births-apart"


@pytest.mark.parametrize(("id_type", "written"), [("passport", "E12360788"), ("resident-id", number("015")[:17] + "0")])
def test_a_number_that_says_no_birth_date_explains_none(id_type: str, written: str) -> None:
    one, other = (
        person(WHOLE, id_type=id_type, id_number=written, birth_date=born) for born in ("1990-03-17", "1980-03-07")
    )

    assert one["typed"] == other["typed"]
    assert (JUDGE(one, other).answer, JUDGE(one, other).reason) == (Answer.REVIEW, "births-apart")


@pytest.mark.parametrize(
    "other",
    [
        person(WHOLE, name="王志强", id_number=number("017")),
        person(WHOLE, name="王志强", id_number=number("017"), birth_date="1990-03-17"),
        person(BARE, name="王志强"),
        person(BARE, name="王志强", birth_date=""),
        person(BARE, name="王志"),
        person(BARE, name="WANG Zhiqiang"),
        person(WHOLE, name="王志强"),
        person(BARE, name="王直伟"),
        person(BARE, name="李芳之子"),
        person(WHOLE, name="王志强", birth_date="1991-03-07"),
    ],
)
def test_a_twin_is_never_linked(other: dict[str, object]) -> None:
    assert JUDGE(person(WHOLE), other).answer is not Answer.LINK


@pytest.mark.parametrize(
    ("id_type", "one", "other"),
    [
        ("birth-certificate", "Q110000071", "Q110000072"),
        ("birth-certificate", "Q110000079", "Q110000080"),
        ("military", "军12345678", "军12345679"),
        ("passport", "E12360788", "E12360789"),
        ("hk-macau-permit", "H10000071", "H10000072"),
        ("hospital-card", "20317", "20318"),
    ],
)
def test_neighbouring_numbers_of_a_series_speak_for_no_one_person(id_type: str, one: str, other: str) -> None:
    a, b = (person(NEWBORN, id_type=id_type, id_number=number) for number in (one, other))

    (said,) = (part for part in JUDGE(a, b).scored.parts if part.comparison == "numbers")

    assert said.level == "else"
    assert said.bits < 0


@pytest.mark.parametrize("more", [{}, {"phone": ""}, {"phone": "", "address": "", "county": ""}])
@pytest.mark.parametrize("name", ["张伟", "张薇"])
def test_twins_with_neighbouring_certificates_of_birth_are_never_linked(name: str, more: dict[str, str]) -> None:
    one, other = person(NEWBORN, **more), person(NEWBORN, name=name, id_number="Q110000072", **more)

    assert JUDGE(one, other).answer is not Answer.LINK
    assert JUDGE.against([one], [other]) != ""


def test_a_slip_in_front_of_a_certificate_of_birth_is_a_slip() -> None:
    verdict = JUDGE(person(NEWBORN), person(NEWBORN, id_number="Q170000071"))

    assert (verdict.answer, verdict.reason) == (Answer.LINK, "")


@pytest.mark.parametrize("name", ["张伟", "张玮", "ZHANG Wei", "John Paul Smith"])
def test_a_passport_that_was_renewed_links_beside_a_telephone(name: str) -> None:
    passport = {**WHOLE, "name": name, "id_type": "passport", "id_number": "E12360788"}
    renewed = person({**passport, "name": name.replace("玮", "伟")}, id_number="E87261934")

    for one, other in ((person(passport), renewed), (renewed, person(passport))):
        assert (JUDGE(one, other).answer, JUDGE(one, other).reason) == (Answer.LINK, "")


@pytest.mark.parametrize("name", ["张玮", "ZHANG Wei"])
@pytest.mark.parametrize(
    ("id_type", "one", "other"),
    [
        ("passport", "E12360788", "E12360789"),
        ("passport", "E12360789", "E12360790"),
        ("military", "军12345678", "军12345679"),
        ("taiwan-permit", "10000071", "10000072"),
    ],
)
def test_twins_with_neighbouring_documents_are_asked_about(id_type: str, one: str, other: str, name: str) -> None:
    a = person(WHOLE, name="张伟", id_type=id_type, id_number=one)
    b = person(WHOLE, name=name, id_type=id_type, id_number=other)

    for verdict in (JUDGE(a, b), JUDGE(b, a)):
        assert (verdict.answer, verdict.reason) == (Answer.REVIEW, "neighbouring-documents")
        assert verdict.scored.bits > PEOPLE.link


@pytest.mark.parametrize("name", ["张伟", "張偉"])
def test_a_slip_in_a_passport_is_a_slip_where_the_characters_are_the_same(name: str) -> None:
    passport = {**WHOLE, "name": "张伟", "id_type": "passport", "id_number": "E12360788"}

    assert JUDGE(person(passport), person(passport, name=name, id_number="E12360738")).answer is Answer.LINK


@pytest.mark.parametrize("name", ["张玮", "ZHANG Wei"])
@pytest.mark.parametrize("other", ["E72360788", "E12366788", "D12360788", "E21360788", "E1236788", "12360788"])
def test_a_slip_among_the_first_six_of_a_passport_is_no_neighbour(name: str, other: str) -> None:
    passport = {**WHOLE, "name": "张伟", "id_type": "passport", "id_number": "E12360788"}
    a, b = person(passport), person(passport, name=name, id_number=other)

    for verdict in (JUDGE(a, b), JUDGE(b, a)):
        assert (verdict.answer, verdict.reason) == (Answer.LINK, "")


@pytest.mark.parametrize(
    ("id_type", "one", "other"),
    [
        ("passport", "E12360788", "E12360388"),
        ("passport", "E12360788", "E72360789"),
        ("passport", "E12360788", "E1236078"),
        ("passport", "M1236078", "M1236088"),
        ("military", "军字第1236078号", "军字第7236078号"),
        ("taiwan-permit", "1236078801", "1236078901"),
    ],
)
def test_a_slip_that_may_be_a_neighbour_is_asked_about(id_type: str, one: str, other: str) -> None:
    a = person(WHOLE, name="张伟", id_type=id_type, id_number=one)
    b = person(WHOLE, name="张玮", id_type=id_type, id_number=other)

    for verdict in (JUDGE(a, b), JUDGE(b, a)):
        assert (verdict.answer, verdict.reason) == (Answer.REVIEW, "neighbouring-documents")


def test_every_document_that_may_link_is_in_a_series_or_has_a_check_character() -> None:
    spaces = {document_types()[code].space for code in LINKING}

    assert spaces == set(SERIES)


@pytest.mark.parametrize(
    "more",
    [
        ({}, {}),
        ({"phone": "13971264482"}, {"phone": "13671294412"}),
        ({"sex": ""}, {}),
        ({"id_type": "resident-id", "id_number": "920226198005130152"}, {}),
    ],
)
def test_namesakes_born_on_one_day_are_asked_about(more: tuple[dict[str, str], dict[str, str]]) -> None:
    one, other = (person(KNOWN_BY_LITTLE, **said) for said in more)

    verdict = JUDGE(one, other)

    assert (verdict.answer, verdict.reason) == (Answer.REVIEW, "common-name")
    assert verdict.scored.bits > PEOPLE.link


@pytest.mark.parametrize("more", [{"name": "欧阳震华"}, {"phone": "13971264482"}, {"county": "920226"}])
def test_one_thing_more_than_a_common_name_and_a_birth_date_links(more: dict[str, str]) -> None:
    one = person(KNOWN_BY_LITTLE, **more)

    assert JUDGE(one, one).answer is Answer.LINK


def test_a_newborn_under_the_mothers_number_is_not_the_mother() -> None:
    mother = person(WHOLE, name="李芳", sex="female", id_number=number("014"))
    newborn = person(
        WHOLE, name="王小宝", id_number=number("014"), birth_date="2025-12-30", recorded_at="2026-01-05T08:00:00+08:00"
    )

    assert newborn["citizen"] is None
    assert JUDGE(mother, newborn).answer in {Answer.REVIEW, Answer.NOTHING}


def test_that_a_person_said_no_stands_above_every_weight() -> None:
    verdict = JUDGE(person(WHOLE), person(WHOLE), parted=True)

    assert (verdict.answer, verdict.reason) == (Answer.APART, NOT_THE_SAME)
    assert verdict.scored.bits > 40


def test_records_with_nothing_but_a_name_are_not_linked() -> None:
    bare = person({"source": "county", "name": "欧阳震华"})

    assert JUDGE(bare, bare).answer in {Answer.REVIEW, Answer.NOTHING}
    assert JUDGE(bare, bare).reason == "name-alone"


def test_a_cluster_takes_only_so_many_records_of_one_source() -> None:
    crowd = [person(WHOLE)] * 20

    assert JUDGE.against(crowd[:10], crowd[10:]) == ""
    assert JUDGE.against(crowd, [person(WHOLE)]) == "more than 20 of one source"


def test_every_reason_is_told_in_two_languages() -> None:
    for guard in guards():
        assert guard.en.isascii()
        assert guard.en.endswith(".")
        assert guard.zh.endswith("。")


ROW = 'code = "{code}"\nwhen = ["equal sex"]\nwithin = "{within}"\noutcome = "review"\nen = "a"\nzh = "b"\n'


@pytest.mark.parametrize(
    "table",
    [
        "[[guard]]\n" + ROW.format(code="a", within="pair") + "[[guard]]\n" + ROW.format(code="b", within="cluster"),
        "[[guard]]\n" + ROW.format(code="a", within="pair") + "[[guard]]\n" + ROW.format(code="a", within="pair"),
        "[[guard]]\n" + ROW.format(code="a", within="pair") + 'more = "x"\n',
        "[[guard]]\n" + ROW.format(code="a", within="pair").replace("equal sex", "resembles sex"),
        "[[guard]]\n" + ROW.format(code="a", within="pair") + 'below = "x"\n',
        "[[guard]]\n" + ROW.format(code="a", within="cluster") + "below = 13.0\n",
    ],
)
def test_a_table_that_would_not_work_is_refused(table: str) -> None:
    with pytest.raises(SpecRefused):
        read_guards(table)


def test_the_weights_that_come_with_salus_are_whole_and_learned_every_level() -> None:
    weights = people_weights()

    assert weights.spec == "people"
    assert weights.records > 100_000
    assert all(abs(one.bits) < 30 for one in weights.levels)

"""A notice shown to a clinician as people meet it: the resident's form and file, and the desk that opens it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from measuring import Measuring, measuring
from nodes import Asking, a_number, add_hospital, asking, clinician
from salus.app import arrive
from salus.codec.notices import SEALED_OCTETS
from salus.kernel import Role
from salus.rules import Result
from visiting import Visitor, links_of, words_of

POSITIVE, HEALTHY = a_number(1), a_number(2)
SHOW = "/me/notice/show"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measuring]:
    with measuring(tmp_path_factory.mktemp("showing")) as opened:
        add_hospital(opened.node, "H2")
        opened.result(opened.specimen(POSITIVE), Result.POSITIVE)
        opened.patient(HEALTHY)
        opened.settle()
        yield opened


@pytest.fixture(scope="module")
def client(world: Measuring) -> Iterator[Asking]:
    with asking(world.node) as opened:
        yield opened


def resident(world: Measuring, client: Asking, number: str) -> Visitor:
    return Visitor(world.node, client, Role.RESIDENT, resident=number)


def handed_over(world: Measuring, client: Asking, number: str, octets: bytes) -> tuple[int, str]:
    """Receive somebody at a desk, open what they hand over, and return what the page says."""
    here = arrive(world.node, clinician("H1"), number)
    desk = Visitor(world.node, client, Role.CLINICIAN, "H1")
    answer = desk.post(f"/desk/{here.resident_id}/notice", files={"shown": ("salus-notice.bin", octets)})
    return answer.status_code, words_of(answer)


def test_the_form_is_the_same_for_everybody(world: Measuring, client: Asking) -> None:
    one, other = (resident(world, client, number).text(SHOW) for number in (POSITIVE, HEALTHY))

    assert one == other
    assert "Nobody but a clinician who treats you may ask for it." in one
    for number in (POSITIVE, HEALTHY):
        assert links_of(resident(world, client, number).get("/me/notice"), SHOW) == [SHOW]


def test_a_file_is_made_for_the_place_that_was_chosen(world: Measuring, client: Asking) -> None:
    me = resident(world, client, POSITIVE)
    nobody = me.post(SHOW, wanted="Nowhere", lasts="hour")
    which = me.post(SHOW, wanted="H", lasts="day")
    made = me.post(SHOW, wanted="H", which="H1", lasts="day")

    assert (nobody.status_code, which.status_code, made.status_code) == (400, 400, 200)
    assert "No place of care is called so" in words_of(nobody)
    assert 'value="H2"' in which.text
    assert 'value="L1"' not in which.text
    assert (len(made.content), made.headers["content-type"]) == (SEALED_OCTETS, "application/octet-stream")
    assert made.headers["cache-control"] == "no-store"


def test_a_clinician_opens_it_and_both_are_told_what_it_is(world: Measuring, client: Asking) -> None:
    me = resident(world, client, POSITIVE)
    made = me.post(SHOW, which="H1", lasts="hour").content
    code, text = handed_over(world, client, POSITIVE, made)

    assert code == 200
    assert "May be infectious until" in text
    assert "The resident sees that this was opened" in text
    looks = me.text("/me/reads")
    assert "You handed it over there, as a file made for that place alone." in looks
    assert "A file was made with which you can show your notice" in looks


def test_nothing_and_an_empty_one_and_anothers_say_the_same(world: Measuring, client: Asking) -> None:
    healthy, infected = resident(world, client, HEALTHY), resident(world, client, POSITIVE)
    answers = {
        handed_over(world, client, HEALTHY, healthy.post(SHOW, which="H1").content),
        handed_over(world, client, HEALTHY, infected.post(SHOW, which="H1").content),
        handed_over(world, client, HEALTHY, healthy.post(SHOW, which="H1", holds="nothing").content),
    }

    assert {code for code, _ in answers} == {200}
    assert len(answers) == 1
    assert "Nothing is asked of this person" in answers.pop()[1]
    assert (
        "Nothing is asked of this person"
        in handed_over(world, client, POSITIVE, infected.post(SHOW, which="H1", holds="nothing").content)[1]
    )


def test_what_cannot_be_opened_says_nothing_about_the_person(world: Measuring, client: Asking) -> None:
    me = resident(world, client, POSITIVE)
    elsewhere = me.post(SHOW, which="H2").content
    answers = {handed_over(world, client, POSITIVE, one) for one in (elsewhere, elsewhere[:-1], b"", b"{}")}

    assert {code for code, _ in answers} == {400}
    assert len(answers) == 1
    assert "That says nothing about the person" in answers.pop()[1]

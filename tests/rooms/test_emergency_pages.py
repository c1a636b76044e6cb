"""The pages of an emergency, as a clinician, the resident, a reviewer and the public meet them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from breaking import WHY, Ward, a_ward, judge
from consenting import NUMBER
from nodes import Asking, a_number, asking
from salus.access.glass import GLASS_LASTS
from salus.app import close_batch
from salus.app.emergencies import answer_opening, waiting_openings
from salus.kernel import Role
from visiting import Visitor, links_of, words_of

FORM = {"wanted": NUMBER, "category": "unconscious", "words": WHY}


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    with a_ward(tmp_path_factory.mktemp("emergency")) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(ward: Ward) -> Iterator[Asking]:
    with asking(ward.node) as opened:
        yield opened


@pytest.fixture
def doctor(ward: Ward, client: Asking) -> Iterator[Visitor]:
    """A clinician more than a month later; what they open is upheld afterwards."""
    ward.move(timedelta(days=40))
    yield Visitor(ward.node, client, Role.CLINICIAN, "H4")
    for one in waiting_openings(ward.node, judge()):
        answer_opening(ward.node, judge(), one.id, upheld=True)


def resident(ward: Ward, client: Asking) -> Visitor:
    return Visitor(ward.node, client, Role.RESIDENT, resident=str(ward.record.resident))


def test_an_emergency_is_opened_read_told_judged_and_counted(ward: Ward, client: Asking, doctor: Visitor) -> None:
    assert "Open a record in an emergency" in doctor.text("/emergency")
    led = doctor.post("/emergency", **FORM)
    assert led.status_code == 303
    read = doctor.text(led.headers["location"])
    assert "An emergency: life or health is at risk now" in read
    assert "Open to you alone until" in read
    assert "What is closed is not shown." in read

    me = resident(ward, client)
    assert "Your record was opened in an emergency" in me.text("/me/code")
    seen = me.text("/me/reads")
    assert WHY in seen
    assert "Unconscious, or cannot speak" in seen
    assert seen.index("Opened in an emergency") < seen.index("Your record was opened in an emergency")
    assert "您的档案在紧急情况下被打开" in me.text("/me/reads?lang=zh")

    board = Visitor(ward.node, client, Role.ACCESS_REVIEWER, "RB1")
    waiting = board.get("/emergencies")
    (place,) = links_of(waiting, "/emergencies/")
    asked = board.text(place)
    assert WHY in asked
    assert "The summary of the record" in asked
    assert NUMBER not in asked
    assert board.post(place).status_code == 400
    assert board.post(place, says="not-upheld").status_code == 303
    assert "Not upheld" in me.text("/me/reads")
    assert "Not upheld" not in doctor.text("/desk")

    ward.move(timedelta(days=1))
    close_batch(ward.node)
    power = words_of(client.ask("GET", "/about/power?lang=en"))
    assert "Organisations with fewer than five each 1 0" in power


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"wanted": ""}, "Scan or type the code"),
        ({"wanted": a_number(78)}, "No resident has this ID number"),
        ({"wanted": NUMBER[:-1] + "0" if NUMBER[-1] != "0" else NUMBER[:-1] + "1"}, "has a slip"),
        ({"category": "curiosity"}, "Choose what the emergency is"),
        ({"words": "because"}, "Say why in your own words"),
    ],
    ids=["nothing", "nobody", "slip", "category", "words"],
)
def test_a_form_that_is_wrong_opens_nothing_and_says_where(
    ward: Ward, doctor: Visitor, wrong: dict[str, str], says: str
) -> None:
    before = len(ward.looks())
    answer = doctor.post("/emergency", **{**FORM, **wrong})

    assert answer.status_code == 400
    assert says in words_of(answer)
    assert len(ward.looks()) == before


def test_the_screen_is_closed_when_half_an_hour_is_over(ward: Ward, doctor: Visitor) -> None:
    place = doctor.post("/emergency", **FORM).headers["location"]
    ward.move(GLASS_LASTS)

    assert doctor.get(place).status_code == 403


def test_who_has_used_it_up_is_told_so_before_they_write(ward: Ward, doctor: Visitor) -> None:
    for _ in range(3):
        doctor.post("/emergency", **FORM)

    answer = doctor.get("/emergency")
    assert answer.status_code == 403
    assert "three times within 24 hours" in words_of(answer)
    assert doctor.post("/emergency", **FORM).status_code == 403


def test_the_desk_names_no_emergency_as_a_purpose(ward: Ward, doctor: Visitor) -> None:
    assert doctor.post("/desk", wanted=NUMBER, purpose="ETREAT").status_code == 400
    assert doctor.get(f"/desk/{ward.record.resident}?purpose=ETREAT").status_code == 403

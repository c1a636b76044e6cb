"""What is open and closed in a record as people meet it: the resident's page, and the desk's form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import timedelta

import pytest
from psycopg.errors import CheckViolation

from nodes import Asking, a_node, a_number, a_patient, add_hospital, asking, clinician, resident_of, send, system
from salus import access, identity
from salus.access import About, Directive, Says
from salus.app import Node, arrive
from salus.kernel import FixedClock, Role, new_id
from salus.parties import FacilityKind
from salus.storage import Duty
from visiting import Visitor, words_of

NUMBER = a_number(1)
B20 = {"system": "http://hl7.org/fhir/sid/icd-10", "code": "B20"}
PAGE, OPEN, SHUT_OUT = "/me/closing", "/me/closing/open", "/me/closing/shut-out"
EVERYBODY = {"about": "hiv", "whom": "everybody", "lasts": "week"}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("closing"), "H1", "H2", "H3") as opened:
        add_hospital(opened, "L1", FacilityKind.LABORATORY)
        yield opened


@pytest.fixture(scope="module")
def client(node: Node) -> Iterator[Asking]:
    with asking(node) as opened:
        yield opened


@pytest.fixture(scope="module")
def key(node: Node) -> int:
    return resident_of(node, send(node, system("H1"), a_patient(NUMBER, name=[{"text": "王芳"}])))


@pytest.fixture
def me(node: Node, client: Asking, key: int) -> Visitor:
    """The resident, of whom nothing stands."""
    node.clock = FixedClock(node.clock.now() + timedelta(days=400))
    for one in standing(node, key):
        with node.store.transaction(Duty.CARE) as tx:
            access.withdraw(tx, one.id, "me", node.clock.now())
    return Visitor(node, client, Role.RESIDENT, resident=NUMBER)


def standing(node: Node, key: int) -> list[Directive]:
    with node.store.transaction(Duty.CARE) as tx:
        return [one for one in access.directives(tx, identity.known_as(tx, key)) if one.holds(node.clock.now())]


def of_desk(node: Node, client: Asking, role: Role = Role.RECEPTION) -> tuple[Visitor, str]:
    """Receive the resident at the second hospital; return the desk, and the address of its form."""
    here = arrive(node, clinician("H2"), NUMBER)
    return Visitor(node, client, role, "H2"), f"/desk/{here.resident_id}/closing"


def test_at_first_every_class_is_closed_and_the_page_says_so_to_everybody_alike(
    node: Node, client: Asking, me: Visitor
) -> None:
    other = a_number(2)
    told = {"resourceType": "Condition", "subject": {"reference": "urn:uuid:p"}, "code": {"coding": [B20]}}
    send(node, system("H1"), a_patient(other, fullUrl="urn:uuid:p"), told)
    shown = me.text(PAGE)

    assert shown.count("Closed. Only the place that wrote it reads it.") == 3
    assert "the same for everybody" in shown
    mine, theirs = (words_of(Visitor(node, client, Role.RESIDENT, resident=one).get(PAGE)) for one in (NUMBER, other))
    assert mine.partition("All that was ever")[0] == theirs.partition("All that was ever")[0]


def test_a_class_is_opened_to_all_at_once_until_its_end_and_closed_again_by_a_button(
    node: Node, key: int, me: Visitor
) -> None:
    assert me.post(OPEN, **EVERYBODY).status_code == 303

    (one,) = standing(node, key)
    assert (one.says, one.about, one.facility) == (Says.PERMIT, About.HIV, None)
    assert one.until == node.clock.now() + timedelta(days=7)
    shown = me.get(PAGE)
    assert "Open to every place that treats you" in words_of(shown)
    (form,) = re.findall(r'action="(/me/closing/[0-9a-f-]{36})"', shown.text)

    assert me.post(form).status_code == 303
    assert standing(node, key) == []
    assert "taken back by you" in me.text(PAGE)


def test_all_three_are_opened_to_one_place_that_is_found_by_a_part_of_its_name(
    node: Node, key: int, me: Visitor
) -> None:
    wanted = {"about": "all-three", "whom": "one", "place": "hospital h", "lasts": "year"}
    several = me.post(OPEN, **wanted)
    assert several.status_code == 400
    assert re.findall(r'name="which" type="radio" value="(\w+)"', several.text) == ["H1", "H2", "H3"]
    assert 'value="year" selected' in several.text
    assert "L1" not in several.text

    assert me.post(OPEN, **wanted, which="H2").status_code == 303
    assert {(one.about, one.facility) for one in standing(node, key)} == {
        (about, "H2") for about in (About.HIV, About.PSYCHIATRY, About.REPRODUCTION)
    }


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"whom": "everybody"}, "Choose what it is about."),
        ({"about": "everything", "whom": "everybody"}, "Choose what it is about."),
        ({"about": "hiv"}, "Choose to whom."),
        ({"about": "hiv", "whom": "one"}, "No place of care is called so."),
        ({"about": "hiv", "whom": "one", "place": "L1"}, "No place of care is called so."),
        ({"about": "hiv", "whom": "everybody", "place": "H2"}, "You chose every place and named one."),
    ],
    ids=str,
)
def test_what_does_not_fit_is_said_and_nothing_is_opened(
    node: Node, key: int, me: Visitor, form: dict[str, str], told: str
) -> None:
    answer = me.post(OPEN, **form)

    assert answer.status_code == 400
    assert told in words_of(answer)
    assert standing(node, key) == []


def test_an_opening_without_a_choice_lasts_a_day_and_never_for_ever(node: Node, key: int, me: Visitor) -> None:
    for lasts in ("", "always", "decade"):
        me.post(OPEN, about="hiv", whom="everybody", lasts=lasts)

    (one,) = standing(node, key)
    assert one.until == node.clock.now() + timedelta(days=1)


def test_opening_anew_takes_the_place_of_what_was_opened_before(node: Node, key: int, me: Visitor) -> None:
    me.post(OPEN, **EVERYBODY)
    node.clock = FixedClock(node.clock.now() + timedelta(minutes=1))
    me.post(OPEN, **{**EVERYBODY, "lasts": "day"})

    (one,) = standing(node, key)
    assert one.until == node.clock.now() + timedelta(days=1)


def test_a_place_is_shut_out_until_it_may_read_again(node: Node, key: int, me: Visitor) -> None:
    assert me.post(SHUT_OUT, place="H3").status_code == 303

    (one,) = standing(node, key)
    assert (one.says, one.about, one.facility, one.until) == (Says.FORBID, About.EVERYTHING, "H3", None)
    assert "Hospital H3 until you take it back" in me.text(PAGE)
    assert me.post(SHUT_OUT, place="").status_code == 400


def test_a_desk_closes_on_a_signed_paper_and_the_resident_is_told_and_takes_it_back(
    node: Node, client: Asking, key: int, me: Visitor
) -> None:
    desk, form = of_desk(node, client)
    me.post(OPEN, **EVERYBODY)
    blank = desk.get(form)
    assert blank.status_code == 200
    assert "王芳" not in blank.text
    assert "Open to" not in blank.text

    assert desk.post(form, about="hiv", paper="2026-0417").status_code == 303

    assert "At a desk," in me.text("/me/code")
    shown = me.text(PAGE)
    assert "Closed to all, whatever is open" in shown
    assert "on the paper 2026-0417" in shown
    assert "It has no effect now" in shown
    assert "Something was closed for you, on a paper that you signed" in me.text("/me/reads")
    (closed,) = [one for one in standing(node, key) if one.says is Says.FORBID]
    assert me.post(f"{PAGE}/{closed.id}").status_code == 303
    assert [one.says for one in standing(node, key)] == [Says.PERMIT]
    assert "At a desk," not in me.text("/me/code")


PERSONS = [
    "138-0013-8000",
    "110101.1980/0101-1234",
    "0512-6.5.4.3.2",
    "E12345678",
    "EA-1234567",
    "g-1234.5678",
    "H1234567",
]


@pytest.mark.parametrize("paper", ["", "王芳签字", NUMBER, "13800138000", "x" * 21, "a b", *PERSONS])
def test_a_paper_is_a_reference_and_never_a_number_of_a_person(
    node: Node, client: Asking, key: int, me: Visitor, paper: str
) -> None:
    desk, form = of_desk(node, client)
    answer = desk.post(form, about="hiv", paper=paper)

    assert answer.status_code == 400
    assert "Write the number of the signed paper." in words_of(answer)
    assert standing(node, key) == []


@pytest.mark.parametrize("paper", [*PERSONS, "A-17", "2026-0417", "KD/2026-0417", "7", "12345678", "a/b.c-1"])
def test_the_database_takes_the_same_papers_as_the_desk(node: Node, paper: str) -> None:
    values = ("forbid", "hiv", "x", "reception", paper)
    add = (
        "insert into access.directive (id, resident_key, since, says, about, recorded_by, recorded_as, paper)"
        " values (gen_random_uuid(), 77, now(), %s, %s, %s, %s, %s)"
    )
    wanted = pytest.raises(CheckViolation) if paper in PERSONS else nullcontext()
    with wanted, node.store.transaction(Duty.CARE) as tx:
        assert tx.run(add, values) == 1


def test_how_much_a_desk_may_close_tells_nothing_of_how_much_the_resident_said(
    node: Node, client: Asking, key: int, me: Visitor
) -> None:
    desk, form = of_desk(node, client)
    say_much(node, key, Role.RESIDENT, 100)
    assert desk.post(form, about="hiv", paper="7").status_code == 303
    say_much(node, key, Role.RECEPTION, 19)
    answer = desk.post(form, about="hiv", paper="7")

    assert answer.status_code == 400
    assert "So much cannot stand at once." in words_of(answer)
    assert len(standing(node, key)) == 120


def say_much(node: Node, key: int, role: Role, often: int) -> None:
    with node.store.transaction(Duty.CARE) as tx:
        for n in range(often):
            said = Directive(
                id=new_id(),
                resident_key=key,
                says=Says.FORBID,
                about=About.HIV,
                facility=f"X{n}",
                since=node.clock.now(),
                until=None,
                recorded_by="me",
                recorded_as=role,
                paper=None if role is Role.RESIDENT else "7",
            )
            access.direct(tx, said)


def test_a_desk_closes_everything_to_one_place_alone(node: Node, client: Asking, key: int, me: Visitor) -> None:
    desk, form = of_desk(node, client, Role.CLINICIAN)

    assert desk.post(form, about="everything", paper="7").status_code == 400
    assert desk.post(form, about="everything", place="H3", paper="7").status_code == 303
    assert [(one.about, one.facility) for one in standing(node, key)] == [(About.EVERYTHING, "H3")]


def test_a_desk_closes_for_nobody_who_is_not_there(node: Node, client: Asking, key: int, me: Visitor) -> None:
    _, form = of_desk(node, client)
    node.clock = FixedClock(node.clock.now() + timedelta(hours=24))
    desk = Visitor(node, client, Role.RECEPTION, "H2")

    assert desk.post(form, about="hiv", paper="7").status_code == 403
    assert standing(node, key) == []


def test_nobody_takes_back_what_another_said(node: Node, client: Asking, key: int, me: Visitor) -> None:
    me.post(OPEN, **EVERYBODY)
    (one,) = standing(node, key)
    other = a_number(3)
    send(node, system("H1"), a_patient(other))
    desk, _ = of_desk(node, client)

    assert Visitor(node, client, Role.RESIDENT, resident=other).post(f"{PAGE}/{one.id}").status_code == 404
    assert desk.post(f"{PAGE}/{one.id}").status_code == 403
    assert standing(node, key) == [one]


def test_so_much_is_not_taken_that_reads_would_grow_slow(node: Node, key: int, me: Visitor) -> None:
    say_much(node, key, Role.RESIDENT, 100)
    answer = me.post(OPEN, **EVERYBODY)

    assert answer.status_code == 400
    assert "So much cannot stand at once." in words_of(answer)
    assert len(standing(node, key)) == 100

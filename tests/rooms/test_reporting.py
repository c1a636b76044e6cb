"""Reports of mixed records: who may say so, what is asked then, what it shows to whom, and that nothing changes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from uuid import UUID

import pytest

from nodes import a_node, a_number, a_patient, clinician, send, system, the_resident
from salus import access, app, identity
from salus.access import Action
from salus.app import Held, Node
from salus.app.relay import deliver_events
from salus.identity import AssertionRefused, Author, Question, Says
from salus.kernel import Purpose, Refused, Role
from salus.parties import Principal, principal
from salus.storage import Duty

H1, H2 = system("H1"), system("H2")
TWO = Author(name="one", role=Role.INDEX_REVIEWER, second="two")
_orders = count(1)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("reporting"), "H1", "H2", "B1") as opened:
        yield opened


def reviewer(name: str = "one") -> Principal:
    return principal(Role.INDEX_REVIEWER, f"reviewer-{name}", facility="B1", purpose=Purpose.HOPERAT, strong=True)


class Linked:
    """Two residents who were linked into one: each with chart and identifier."""

    def __init__(self, node: Node) -> None:
        self.numbers = [a_number(next(_orders)) for _ in range(2)]
        done = [
            send(node, who, a_patient(number, name=[{"text": name}]))
            for who, number, name in zip((H1, H2), self.numbers, ("王芳", "李秀英"), strict=True)
        ]
        self.charts = [one.outcomes[0].chart_key for one in done]
        with node.store.transaction(Duty.CARE) as tx:
            found = [identity.resident_by_key(tx, one.residents[one.outcomes[0].chart_key]) for one in done]
        self.ids = [one.resident_id for one in found if one]
        self.keys = [one.key for one in found if one]

    def link(self, node: Node) -> None:
        with node.store.transaction(Duty.CARE) as tx:
            identity.link(tx, tuple(self.charts), ground="mistyped", author=TWO, at=node.clock.now())  # type: ignore[arg-type]
        while deliver_events(node):
            pass

    def held(self, node: Node, order: int) -> dict[int, Held]:
        return {one.chart: one for one in app.my_institutions(node, the_resident(self.ids[order])).held}


@pytest.fixture
def linked(node: Node) -> Linked:
    found = Linked(node)
    found.link(node)
    return found


def asked(node: Node, *charts: int) -> list[Question]:
    """What waits about these charts."""
    return [one for one in app.questions(node, reviewer())[0] if set(one.pair) <= set(charts)]


def whose(node: Node, *charts: int) -> list[int]:
    with node.store.transaction(Duty.CARE) as tx:
        found = identity.residents_of(tx, charts)
    return [found[chart] for chart in charts]


def last_read(node: Node, key: int) -> access.Read:
    with node.store.transaction(Duty.CARE) as tx:
        return access.reads_of(tx, [key])[0].read


def test_a_resident_sees_whose_records_are_held_to_be_theirs_and_which_is_surely_theirs(
    node: Node, linked: Linked
) -> None:
    one, other = linked.charts
    mine = linked.held(node, 1)

    assert {chart: (found.facility, found.own) for chart, found in mine.items()} == {
        one: ("H1", False),
        other: ("H2", True),
    }
    read = last_read(node, linked.keys[0])
    assert (read.action, read.what, read.count, read.unwraps) == (Action.REPORT_IDENTITY, "institutions", 2, 0)


def test_a_resident_says_that_a_record_is_not_theirs_and_a_person_is_asked(node: Node, linked: Linked) -> None:
    one, other = linked.charts
    before = whose(node, one, other)

    app.report_mine(node, the_resident(linked.ids[1]), frozenset([linked.held(node, 1)[one].id]))

    (question,) = asked(node, one, other)
    assert (question.reason, question.reporter, question.claim, question.concerns) == (
        "reported",
        Role.RESIDENT,
        "not-same",
        frozenset([one]),
    )
    assert whose(node, one, other) == before


def test_a_report_waits_once_and_may_come_again_when_it_was_answered(node: Node, linked: Linked) -> None:
    who, named = the_resident(linked.ids[0]), frozenset([linked.held(node, 0)[linked.charts[1]].id])
    for _ in range(2):
        app.report_mine(node, who, named)
    (first,) = asked(node, *linked.charts)

    app.answer_question(node, reviewer(), first.key, Says.SAME, "asked-the-person")
    assert asked(node, *linked.charts) == []
    app.report_mine(node, who, named)

    (again,) = asked(node, *linked.charts)
    assert again.key != first.key


@pytest.mark.parametrize("named", ["none", "the own", "a stranger's"])
def test_only_some_of_the_own_records_can_be_reported(node: Node, linked: Linked, named: str) -> None:
    stranger = Linked(node)
    ids: dict[str, frozenset[UUID]] = {
        "none": frozenset(),
        "the own": frozenset([linked.held(node, 0)[linked.charts[0]].id]),
        "a stranger's": frozenset([stranger.held(node, 0)[stranger.charts[0]].id]),
    }

    with pytest.raises(AssertionRefused):
        app.report_mine(node, the_resident(linked.ids[0]), ids[named])


def test_a_clinician_reports_while_the_resident_is_there_and_the_resident_sees_it(node: Node, linked: Linked) -> None:
    one, other = linked.charts
    who = clinician("H1")
    with pytest.raises(Refused):
        app.institutions_of(node, who, linked.ids[0])
    app.arrive(node, who, linked.numbers[0])

    held = {found.chart: found for found in app.institutions_of(node, who, linked.ids[0])}
    app.report_mixed(node, who, linked.ids[0], frozenset([held[other].id]), Says.CANNOT_TELL)

    (question,) = asked(node, one, other)
    assert (question.reporter, question.claim, question.concerns) == (
        Role.CLINICIAN,
        "cannot-tell",
        frozenset([other]),
    )
    read = last_read(node, linked.keys[0])
    assert (read.reader, read.what, read.action) == ("clinician-H1", "report", Action.REPORT_IDENTITY)
    with pytest.raises(AssertionRefused):
        app.report_mixed(node, who, linked.ids[0], frozenset(each.id for each in held.values()), Says.NOT_SAME)


def test_reviewers_choose_which_charts_go_and_both_name_the_same(node: Node) -> None:
    number = a_number(next(_orders))
    done = [send(node, who, a_patient(number)) for who in (H1, H2, H2)]
    charts = [one.outcomes[0].chart_key for one in done]
    with node.store.transaction(Duty.CARE) as tx:
        pair = (charts[0], charts[1])
        identity.review.ask(tx, [Question(pair=pair, reason="reported", at=node.clock.now())])
    (key,) = [one.key for one in asked(node, *charts)]

    pair_shown = app.judge_pair(node, reviewer(), key)
    assert [side.chart_key for side in pair_shown.sides] == charts
    with pytest.raises(AssertionRefused):
        app.answer_question(node, reviewer(), key, Says.NOT_SAME, "documents-differ", charts=frozenset(charts))
    for name, named in (("one", charts[:1]), ("two", charts[1:]), ("three", charts[:1])):
        changed = app.answer_question(
            node, reviewer(name), key, Says.NOT_SAME, "documents-differ", charts=frozenset(named)
        )
        assert (changed is not None) is (name == "three")

    first, second, third = whose(node, *charts)
    assert first != second
    assert second == third


def test_an_earlier_finding_is_lifted_by_an_answer_that_says_so(node: Node) -> None:
    number = a_number(next(_orders))
    one = send(node, H1, a_patient(number, name=[{"text": "王芳"}])).outcomes[0].chart_key
    other = send(node, H2, a_patient(number, name=[{"text": "李秀英"}])).outcomes[0].chart_key
    (key,) = [each.key for each in asked(node, one, other)]
    app.answer_question(node, reviewer(), key, Says.NOT_SAME, "documents-differ")
    assert key in {question.key for question, _ in app.review_queue(node, reviewer()).answered}

    app.ask_again(node, reviewer(), key)

    (again,) = asked(node, one, other)
    assert (again.reason, again.reporter) == ("reported", Role.INDEX_REVIEWER)
    assert app.judge_pair(node, reviewer(), again.key).parted
    with pytest.raises(identity.Parted):
        app.answer_question(node, reviewer("two"), again.key, Says.SAME, "mistyped")
    changed = app.answer_question(node, reviewer("two"), again.key, Says.SAME, "mistyped", lifts=True)
    assert changed is not None
    assert len(set(whose(node, one, other))) == 1


def test_past_two_numbers_two_people_lift_and_until_then_the_finding_stands(node: Node, linked: Linked) -> None:
    one, other = linked.charts
    app.report_mine(node, the_resident(linked.ids[0]), frozenset([linked.held(node, 0)[other].id]))
    (question,) = asked(node, one, other)
    for name in ("one", "two"):
        app.answer_question(node, reviewer(name), question.key, Says.NOT_SAME, "documents-differ")
    assert len(set(whose(node, one, other))) == 2
    app.ask_again(node, reviewer("two"), question.key)
    (again,) = asked(node, one, other)

    assert app.answer_question(node, reviewer("one"), again.key, Says.SAME, "mistyped", lifts=True) is None
    assert app.judge_pair(node, reviewer(), again.key).parted
    assert app.answer_question(node, reviewer("two"), again.key, Says.SAME, "mistyped", lifts=True) is not None

    assert len(set(whose(node, one, other))) == 1


def test_nobody_asks_again_what_another_answered(node: Node, linked: Linked) -> None:
    app.report_mine(node, the_resident(linked.ids[0]), frozenset([linked.held(node, 0)[linked.charts[1]].id]))
    (question,) = asked(node, *linked.charts)
    app.answer_question(node, reviewer("one"), question.key, Says.SAME, "asked-the-person")

    with pytest.raises(AssertionRefused):
        app.ask_again(node, reviewer("two"), question.key)


def test_residents_are_told_of_a_link_with_its_institutions_and_of_a_parting_with_none(
    node: Node, linked: Linked
) -> None:
    (told, *_) = app.my_institutions(node, the_resident(linked.ids[0])).told
    assert (told.notice.kind, told.facilities, told.parted) == ("linked", ("H2",), ())

    with node.store.transaction(Duty.CARE) as tx:
        identity.part(tx, [linked.charts[1]], ground="documents-differ", author=TWO, at=node.clock.now())
    while deliver_events(node):
        pass

    for order in (0, 1):
        told = app.my_institutions(node, the_resident(linked.ids[order])).told[0]
        assert (told.notice.kind, told.facilities, told.parted) == ("parted", (), (linked.ids[1 - order],))


def test_a_resident_says_that_what_was_parted_is_theirs_after_all(node: Node, linked: Linked) -> None:
    with pytest.raises(AssertionRefused):
        app.report_parted(node, the_resident(linked.ids[0]), linked.ids[1])
    with node.store.transaction(Duty.CARE) as tx:
        identity.part(tx, [linked.charts[1]], ground="documents-differ", author=TWO, at=node.clock.now())
    while deliver_events(node):
        pass

    app.report_parted(node, the_resident(linked.ids[0]), linked.ids[1])

    (question,) = asked(node, *linked.charts)
    assert (question.claim, question.reporter) == ("same", Role.RESIDENT)
    with pytest.raises(AssertionRefused):
        app.report_parted(node, the_resident(linked.ids[0]), Linked(node).ids[0])

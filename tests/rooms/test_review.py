"""Questions about pairs: who may look, that both residents see it, and what an answer changes and leaves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import pytest

from nodes import a_node, a_number, a_patient, clinician, send, system
from salus import access, app, identity
from salus.access import RegisteredRead
from salus.app import Node
from salus.app import review as review_desk
from salus.identity import AssertionRefused, Parted, Says
from salus.kernel import FixedClock, Purpose, Refused, Role
from salus.parties import Principal, principal
from salus.storage import Duty

H1, H2 = system("H1"), system("H2")
_orders = count(1)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("review"), "H1", "H2", "B1") as opened:
        yield opened


def reviewer(name: str = "one") -> Principal:
    return principal(Role.INDEX_REVIEWER, f"reviewer-{name}", facility="B1", purpose=Purpose.HOPERAT, strong=True)


def under_one_number(node: Node) -> tuple[int, int, int]:
    """Send two people under one number; return the question about them and their charts."""
    number = a_number(next(_orders))
    one = send(node, H1, a_patient(number, name=[{"text": "王芳"}], birthDate="1980-01-01"))
    other = send(node, H2, a_patient(number, name=[{"text": "李秀英"}], birthDate="1980-01-01"))
    asked, _ = app.questions(node, reviewer())
    return asked[-1].key, one.outcomes[0].chart_key, other.outcomes[0].chart_key


def whose(node: Node, *charts: int) -> list[int]:
    with node.store.transaction(Duty.CARE) as tx:
        found = identity.residents_of(tx, charts)
    return [found[chart] for chart in charts]


def seen_by(node: Node, resident: int) -> list[RegisteredRead]:
    with node.store.transaction(Duty.CARE) as tx:
        return access.reads_of(tx, [resident])


def test_a_reviewer_sees_both_sides_and_both_residents_see_it(node: Node) -> None:
    key, one, other = under_one_number(node)

    pair = app.judge_pair(node, reviewer(), key)

    assert [side.chart_key for side in pair.sides] == [one, other]
    assert [side.names for side in pair.sides] == [("王芳",), ("李秀英",)]
    assert pair.question.reason == "same-number-other-name"
    for resident, chart in zip(whose(node, one, other), (one, other), strict=True):
        read = seen_by(node, resident)[0].read
        assert (read.reader_role, read.what, read.chart_keys, read.unwraps) == (
            Role.INDEX_REVIEWER,
            "person",
            (chart,),
            1,
        )


@pytest.mark.parametrize("who", [clinician(), system()], ids=["clinician", "system"])
def test_nobody_else_sees_a_pair(node: Node, who: Principal) -> None:
    key, *_ = under_one_number(node)

    for call in (
        lambda: app.questions(node, who),
        lambda: app.judge_pair(node, who, key),
        lambda: app.answer_question(node, who, key, Says.SAME, "documents-agree"),
    ):
        with pytest.raises(Refused):
            call()


def test_the_same_links_and_ends_the_question(node: Node) -> None:
    key, one, other = under_one_number(node)

    changed = app.answer_question(node, reviewer(), key, Says.SAME, "asked-the-person")

    assert changed is not None
    assert len(changed.moved) == 1
    assert len(set(whose(node, one, other))) == 1
    with pytest.raises(AssertionRefused):
        app.judge_pair(node, reviewer(), key)


def test_not_the_same_holds_against_every_later_link(node: Node) -> None:
    key, one, other = under_one_number(node)
    app.answer_question(node, reviewer(), key, Says.NOT_SAME, "documents-differ")

    rule = identity.Author(name="score")
    with node.store.transaction(Duty.CARE) as tx, pytest.raises(Parted):
        identity.link(tx, (one, other), ground="score", author=rule, at=node.clock.now())


def test_whoever_is_parted_off_is_shown_the_looks_of_the_time_before(node: Node) -> None:
    key, one, other = under_one_number(node)
    app.answer_question(node, reviewer(), key, Says.SAME, "asked-the-person")
    (together,) = set(whose(node, one, other))
    looked = access.Read(
        reader_role=Role.CLINICIAN, reader="doctor", facility="H1", resident_key=together, chart_keys=(one, other),
        what="summary", count=4, action=access.Action.READ_SUMMARY, purpose=Purpose.TREAT, ground="care-relation",
        unwraps=2, at=node.clock.now(),
    )  # fmt: skip
    with node.store.transaction(Duty.CARE) as tx:
        access.register(tx, [looked])
        identity.review.ask(tx, [identity.Question(pair=(one, other), reason="reported", at=node.clock.now())])
    again = app.questions(node, reviewer())[0][-1].key

    assert app.answer_question(node, reviewer("two"), again, Says.NOT_SAME, "documents-differ") is None
    assert whose(node, one, other) == [together, together]
    app.answer_question(node, reviewer("three"), again, Says.NOT_SAME, "documents-differ")

    kept, parted = whose(node, one, other)
    assert kept != parted
    (shown,) = [read.read for read in seen_by(node, parted) if read.read.reader == "doctor"]
    assert (shown.chart_keys, shown.ground, shown.at, shown.unwraps) == ((other,), "parted", looked.at, 0)
    assert [read.read for read in seen_by(node, kept) if read.read.reader == "doctor"] == [looked]


def test_past_two_valid_numbers_a_second_reviewer_must_say_so_too(node: Node) -> None:
    charts = [send(node, H1, a_patient(a_number(next(_orders)))).outcomes[0].chart_key for _ in range(2)]
    with node.store.transaction(Duty.CARE) as tx:
        pair = identity.Question(pair=(charts[0], charts[1]), reason="reported", at=node.clock.now())
        identity.review.ask(tx, [pair])
    key = app.questions(node, reviewer())[0][-1].key

    assert app.answer_question(node, reviewer("one"), key, Says.SAME, "mistyped") is None
    assert len(set(whose(node, *charts))) == 2
    with pytest.raises(AssertionRefused):
        app.answer_question(node, reviewer("one"), key, Says.SAME, "mistyped")
    assert app.answer_question(node, reviewer("two"), key, Says.SAME, "mistyped") is not None

    assert len(set(whose(node, *charts))) == 1
    with node.store.transaction(Duty.CARE) as tx:
        said = identity.assertions_of(tx, charts)[-1]
    assert (said.guard, said.author.name, said.author.second) == ("two-numbers", "reviewer-two", "reviewer-one")


def test_who_cannot_tell_leaves_it_to_others_and_is_counted_and_may_come_back(node: Node) -> None:
    key, one, other = under_one_number(node)
    before = whose(node, one, other)
    for name in ("one", "two"):
        assert app.answer_question(node, reviewer(name), key, Says.CANNOT_TELL, "too-little") is None

    (line,) = [each for each in app.review_queue(node, reviewer("two")).waiting if each.question.key == key]
    assert (line.undecided, line.mine) == (2, True)
    assert whose(node, one, other) == before
    with pytest.raises(AssertionRefused):
        app.answer_question(node, reviewer("two"), key, Says.CANNOT_TELL, "too-little")
    assert app.answer_question(node, reviewer("two"), key, Says.NOT_SAME, "documents-differ") is not None


def test_the_queue_is_shown_by_pages(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [under_one_number(node)[0] for _ in range(3)]
    monkeypatch.setattr(review_desk, "PAGE", 2)

    page = app.review_queue(node, reviewer(), keys[0] - 1)
    rest = app.review_queue(node, reviewer(), page.after or 0)

    assert [line.question.key for line in page.waiting] == keys[:2]
    assert [line.question.key for line in rest.waiting] == keys[2:]
    assert rest.after is None


def test_the_queue_tells_age_rate_and_agreement(tmp_path_factory: pytest.TempPathFactory) -> None:
    with a_node(tmp_path_factory.mktemp("figures"), "H1", "H2", "B1") as fresh:
        waits, *_ = under_one_number(fresh)
        judged, *_ = under_one_number(fresh)
        for name in ("one", "two"):
            app.answer_question(fresh, reviewer(name), judged, Says.CANNOT_TELL, "too-little")
        app.answer_question(fresh, reviewer("three"), judged, Says.NOT_SAME, "documents-differ")
        fresh.clock = FixedClock(fresh.clock.now() + timedelta(hours=6))

        asked, figures = app.questions(fresh, reviewer())

    assert [one.key for one in asked] == [waits]
    assert (figures.waiting, figures.oldest, figures.median) == (1, timedelta(hours=6), timedelta(hours=6))
    assert (figures.asked_this_week, figures.answered_this_week, figures.judged, figures.agreed) == (2, 3, 1, 0)
    assert [(pair.one, pair.other, pair.judged, pair.agreed) for pair in figures.pairs] == [
        ("reviewer-one", "reviewer-three", 1, 0),
        ("reviewer-one", "reviewer-two", 1, 1),
        ("reviewer-three", "reviewer-two", 1, 0),
    ]


def test_who_judges_in_two_weeks_agrees_all_the_same(tmp_path_factory: pytest.TempPathFactory) -> None:
    with a_node(tmp_path_factory.mktemp("weeks"), "H1", "H2", "B1") as fresh:
        charts = [send(fresh, H1, a_patient(a_number(900 + order))).outcomes[0].chart_key for order in range(2)]
        with fresh.store.transaction(Duty.CARE) as tx:
            pair = identity.Question(pair=(charts[0], charts[1]), reason="reported", at=fresh.clock.now())
            identity.review.ask(tx, [pair])
        key = app.questions(fresh, reviewer())[0][0].key
        seen = []
        for name, days in (("one", 4), ("two", 4), ("", 4)):
            if name:
                app.answer_question(fresh, reviewer(name), key, Says.SAME, "mistyped")
            fresh.clock = FixedClock(fresh.clock.now() + timedelta(days=days))
            figures = app.questions(fresh, reviewer())[1]
            seen.append((figures.answered_this_week, figures.judged, figures.agreed))

    assert seen == [(1, 0, 0), (1, 1, 1), (0, 0, 0)]


def test_half_of_what_waits_is_as_old_as_the_median(tmp_path_factory: pytest.TempPathFactory) -> None:
    with a_node(tmp_path_factory.mktemp("median"), "H1", "H2", "B1") as fresh:
        for _ in range(3):
            under_one_number(fresh)
            fresh.clock = FixedClock(fresh.clock.now() + timedelta(hours=2))
        figures = app.questions(fresh, reviewer())[1]

    assert (figures.oldest, figures.median) == (timedelta(hours=6), timedelta(hours=4))

"""Links and splits on a real node: what is asserted, what it changes, what it never changes, and how it comes back."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from random import Random
from threading import Barrier

import pytest

from nodes import a_node, a_number, a_patient, an_observation, resident_of, send, system
from salus import identity
from salus.app import Node, check_node
from salus.app.relay import deliver_events
from salus.identity import AssertionRefused, Author, Changed, Evidence, NumbersDiffer, Parted
from salus.identity.linking import checking
from salus.kernel import Role
from salus.storage import Duty

H1, H2 = system("H1"), system("H2")
ONE = Author(name="one", role=Role.CLINICIAN)
BOTH = Author(name="one", role=Role.CLINICIAN, second="two")
RULE = Author(name="score")
SEEN = Evidence(fields=(("name", 11.25), ("birth_date", 9.5), ("telephone", -1.125)), model="ab" * 32)
_orders = count(1)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("links"), "H1", "H2") as opened:
        yield opened


def fresh() -> str:
    order = next(_orders)
    return a_number(order % 1000, f"19{70 + order // 1000}0101")


def a_chart(node: Node, *numbers: str, **more: object) -> int:
    """Send a Patient; return the key of the chart."""
    return send(node, H1, a_patient(*numbers, **more)).outcomes[0].chart_key


def link(node: Node, one: int, other: int, author: Author = ONE) -> Changed:
    with node.store.transaction(Duty.CARE) as tx:
        return identity.link(tx, (one, other), ground="review", author=author, at=node.clock.now(), evidence=SEEN)


def part(node: Node, *charts: int, author: Author = ONE) -> Changed:
    with node.store.transaction(Duty.CARE) as tx:
        return identity.part(tx, charts, ground="review", author=author, at=node.clock.now())


def whose(node: Node, *charts: int) -> list[int]:
    with node.store.transaction(Duty.CARE) as tx:
        found = identity.residents_of(tx, charts)
    return [found[chart] for chart in charts]


def state(node: Node) -> tuple[object, ...]:
    """Everything that is kept of who is who, and of clinical rows."""
    with node.store.transaction(Duty.CARE) as tx:
        return tuple(
            tx.rows(statement)
            for statement in (
                "select * from identity.member order by chart_key",
                "select * from identity.resident order by resident_key",
                "select * from identity.claim order by digest",
                "select * from records.chart order by chart_key",
                "select * from records.resource order by resource_key",
                "select * from records.version order by resource_key, version",
                "select * from records.token order by resource_key, digest",
            )
        )


def test_a_link_makes_the_later_identifier_an_alias_that_resolves(node: Node) -> None:
    one, other = a_chart(node), a_chart(node)
    first, second = whose(node, one, other)
    with node.store.transaction(Duty.CARE) as tx:
        was = identity.resident_by_key(tx, second)
    assert was is not None

    changed = link(node, other, one)

    with node.store.transaction(Duty.CARE) as tx:
        kept = identity.resident_by_key(tx, first)
        found = identity.resident(tx, was.resident_id)
        assert found == kept == identity.resident_by_key(tx, second)
        assert set(identity.known_as(tx, first)) == {first, second}
    assert kept is not None
    assert kept.charts == (one, other)
    assert (changed.kept, changed.others) == (kept.resident_id, (was.resident_id,))
    assert changed.moved == {other: (second, first)}


def test_parting_gives_back_the_identifier_and_moves_no_row(node: Node) -> None:
    done = send(node, H1, a_patient(), a_patient())
    one, other = (outcome.chart_key for outcome in done.outcomes)
    send(node, H1, an_observation(f"Patient/{done.outcomes[1].id}"))
    before = state(node)

    link(node, one, other)
    part(node, other)

    assert state(node) == before


def test_charts_that_came_under_one_number_part_under_a_new_identifier(node: Node) -> None:
    number = fresh()
    one, other = a_chart(node, number), a_chart(node, number)
    (resident,) = set(whose(node, one, other))

    changed = part(node, other)

    assert whose(node, one) == [resident]
    assert whose(node, other) != [resident]
    assert len(changed.others) == 1
    assert whose(node, a_chart(node, number)) == [resident]


def test_what_a_person_parted_no_rule_links_again_until_a_person_lifts_it(node: Node) -> None:
    one, other, third = a_chart(node), a_chart(node), a_chart(node)
    link(node, one, other, RULE)
    part(node, other)
    link(node, third, other, RULE)

    for author in (RULE, ONE, BOTH):
        with pytest.raises(Parted):
            link(node, one, third, author)
    with node.store.transaction(Duty.CARE) as tx:
        with pytest.raises(AssertionRefused):
            identity.lift(tx, (one, third), ground="review", author=RULE, at=node.clock.now())
        assert identity.lift(tx, (one, third), ground="review", author=ONE, at=node.clock.now()) == 1
    assert whose(node, one) != whose(node, third)
    link(node, one, third, RULE)
    assert len(set(whose(node, one, other, third))) == 1


def test_residents_with_two_valid_numbers_are_linked_by_two_people_only(node: Node) -> None:
    one, other = a_chart(node, fresh()), a_chart(node, fresh())

    for author in (RULE, ONE):
        with pytest.raises(NumbersDiffer):
            link(node, one, other, author)
    link(node, one, other, BOTH)

    with node.store.transaction(Duty.CARE) as tx:
        said = identity.assertions_of(tx, [one])[-1]
    assert len(set(whose(node, one, other))) == 1
    assert (said.guard, said.author, said.evidence) == ("two-numbers", BOTH, SEEN)


def test_a_chain_does_not_join_two_numbers(node: Node) -> None:
    one, between, other = a_chart(node, fresh()), a_chart(node), a_chart(node, fresh())
    link(node, one, between, RULE)

    with pytest.raises(NumbersDiffer):
        link(node, between, other, RULE)


@pytest.mark.parametrize("charts", ["none", "all", "of two"])
def test_only_some_charts_of_one_resident_are_parted(node: Node, charts: str) -> None:
    one, other, stranger = a_chart(node), a_chart(node), a_chart(node)
    link(node, one, other)

    with pytest.raises(AssertionRefused):
        part(node, *{"none": (), "all": (one, other), "of two": (one, stranger)}[charts])


def test_two_residents_are_kept_apart_by_a_person(node: Node) -> None:
    one, other = a_chart(node), a_chart(node)
    with node.store.transaction(Duty.CARE) as tx:
        with pytest.raises(AssertionRefused):
            identity.keep_apart(tx, (one, other), ground="review", author=RULE, at=node.clock.now())
        identity.keep_apart(tx, (one, other), ground="review", author=ONE, at=node.clock.now())

    with pytest.raises(Parted):
        link(node, one, other)


def test_a_link_is_taken_back_as_if_it_had_never_been(node: Node) -> None:
    one, other = a_chart(node), a_chart(node)
    before = state(node)
    link(node, one, other, RULE)
    with node.store.transaction(Duty.CARE) as tx:
        key = identity.assertions_of(tx, [one])[-1].key
        identity.withdraw(tx, key, ground="review", author=ONE, at=node.clock.now())

    assert state(node) == before
    assert link(node, one, other, RULE).moved


def test_a_newborn_under_a_guardians_number_is_nobody_else(node: Node) -> None:
    number = fresh()
    newborn = a_chart(node, number, birthDate="2031-02-27")
    mother = a_chart(node, number, birthDate=f"{number[6:10]}-{number[10:12]}-{number[12:14]}")
    second = a_chart(node, number, birthDate="2031-02-28")

    assert len(set(whose(node, newborn, mother, second))) == 3
    with node.store.transaction(Duty.CARE) as tx:
        found = identity.find(tx, node.custodian, identity.IdNumber.read(number))
        assert found is not None
        assert found.charts == (mother,)
        held = tx.rows("select chart_key, holding from identity.number where chart_key >= %s", (newborn,))
    assert dict(held) == {newborn: "guardian", mother: "own", second: "guardian"}


def called(*names: str) -> dict[str, object]:
    return {"name": [{"text": name} for name in names]}


def asked(node: Node, chart: int) -> list[tuple[str, set[int]]]:
    """What people are asked about a chart: reasons, and the charts."""
    with node.store.transaction(Duty.CARE) as tx:
        found = tx.rows(
            "select reason, chart_a, chart_b from identity.question join identity.unanswered using (question)"
            " where %s in (chart_a, chart_b) order by question",
            (chart,),
        )
    return [(reason, {one, other}) for reason, one, other in found]


def test_the_same_number_with_another_name_opens_a_resident_and_asks_a_person(node: Node) -> None:
    number = fresh()
    holder, stranger = a_chart(node, number, **called("王芳")), a_chart(node, number, **called("李秀英"))
    again = a_chart(node, number, **called("LI Xiuying"))
    nameless, in_parts = a_chart(node, number), a_chart(node, number, name=[{"family": "Wang", "given": ["Fang"]}])

    assert len(set(whose(node, holder, in_parts))) == 1
    assert len(set(whose(node, stranger, again))) == 1
    assert len(set(whose(node, holder, stranger, nameless))) == 3
    assert asked(node, stranger)[0] == ("same-number-other-name", {holder, stranger})
    assert {reason for reason, _ in asked(node, nameless)} == {"number-of-another"}


def test_who_says_no_name_is_the_holder_of_the_number_while_only_one_person_has_it(node: Node) -> None:
    number = fresh()
    nameless, holder = a_chart(node, number), a_chart(node, number, **called("王芳"))
    assert whose(node, nameless) == whose(node, holder)

    stranger = a_chart(node, number, **called("李秀英"))

    assert len(set(whose(node, nameless, holder, stranger))) == 3


def test_another_writing_of_a_name_is_no_other_name(node: Node) -> None:
    number = fresh()
    charts = [a_chart(node, number, **called(name)) for name in ("張偉", "张伟", "ZHANG, Wei", "Wei Zhang")]

    assert len(set(whose(node, *charts))) == 1


def test_a_batch_of_two_names_under_one_number_is_two_residents(node: Node) -> None:
    number = fresh()
    done = send(node, H1, *(a_patient(number, **called(name)) for name in ("王芳", "李秀英", "王芳", "李秀英")))
    charts = [outcome.chart_key for outcome in done.outcomes]

    found = whose(node, *charts)
    assert found[0] == found[2] != found[1] == found[3]


def test_strangers_to_the_holder_who_come_at_once_find_each_other(node: Node) -> None:
    together = Barrier(4)

    def race(place: int, number: str) -> int:
        together.wait()
        return resident_of(node, send(node, (H1, H2)[place % 2], a_patient(number, **called("李秀英"))))

    with ThreadPoolExecutor(4) as pool:
        for _ in range(6):
            number = fresh()
            holder = a_chart(node, number, **called("王芳"))
            ends = set(pool.map(race, range(4), [number] * 4))

            assert len(ends) == 1
            assert ends != set(whose(node, holder))


def test_charts_that_come_while_their_resident_is_linked_are_never_left_behind(node: Node) -> None:
    """Charts arrive under a number while its resident is linked to another and parted again."""
    number = fresh()
    one, other = a_chart(node), a_chart(node, number)

    def arrive(_: int) -> int:
        return a_chart(node, number)

    with ThreadPoolExecutor(3) as pool:
        coming = [pool.submit(arrive, n) for n in range(12)]
        for _ in range(6):
            link(node, one, other)
            part(node, one)
            with node.store.transaction(Duty.CARE) as tx:
                identity.lift(tx, (one, other), ground="review", author=ONE, at=node.clock.now())
        charts = [future.result() for future in coming]

    assert set(whose(node, *charts)) == set(whose(node, other))
    assert [finding for finding in check_node(node) if finding.code == "INDEX-DIFFERS"] == []


def test_the_index_is_checked_by_pages_and_nothing_is_missed_between_them(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other, third = a_chart(node), a_chart(node), a_chart(node)
    link(node, one, other, RULE)
    part(node, other)
    link(node, third, other, RULE)
    monkeypatch.setattr(checking, "PAGE", 1)
    assert [finding for finding in check_node(node) if finding.code == "INDEX-DIFFERS"] == []

    with node.store.connect(Duty.MIGRATION, "salus") as owner:
        owner.execute("update identity.member set resident_key = resident_key + 1 where chart_key = %s", (third,))
    wrong = [finding.where for finding in check_node(node) if finding.code == "INDEX-DIFFERS"]
    with node.store.connect(Duty.MIGRATION, "salus") as owner:
        owner.execute("update identity.member set resident_key = resident_key - 1 where chart_key = %s", (third,))
    assert wrong == [f"chart {third}"]


def test_residents_are_told_of_links_and_splits(node: Node) -> None:
    one, other = a_chart(node), a_chart(node)
    first, second = whose(node, one, other)
    link(node, one, other)
    part(node, other)
    while deliver_events(node):
        pass

    with node.store.transaction(Duty.CARE) as tx:
        for resident, another in ((first, second), (second, first)):
            told = identity.notices(tx, resident)
            found = identity.resident_by_key(tx, another)
            assert found is not None
            assert [(one.kind, one.others) for one in told] == [
                ("parted", (found.resident_id,)),
                ("linked", (found.resident_id,)),
            ]


def test_what_is_kept_is_a_replay_and_the_check_finds_what_is_not(node: Node) -> None:
    one, other = a_chart(node), a_chart(node)
    link(node, one, other)
    assert [finding for finding in check_node(node) if finding.code == "INDEX-DIFFERS"] == []

    with node.store.connect(Duty.MIGRATION, "salus") as owner:
        owner.execute("update identity.member set resident_key = resident_key - 1 where chart_key = %s", (other,))
    wrong = [finding.where for finding in check_node(node) if finding.code == "INDEX-DIFFERS"]
    with node.store.connect(Duty.MIGRATION, "salus") as owner:
        owner.execute("update identity.member set resident_key = resident_key + 1 where chart_key = %s", (other,))
        owner.execute("update identity.assertion set total = total + 1 where chart_b = %s", (other,))
    summed = [finding.text for finding in check_node(node) if finding.code == "INDEX-DIFFERS"]
    with node.store.connect(Duty.MIGRATION, "salus") as owner:
        owner.execute("update identity.assertion set total = total - 1 where chart_b = %s", (other,))

    assert wrong == [f"chart {other}"]
    assert summed == ["its bits do not sum to its total"]


def _undo(node: Node, dice: Random, charts: list[int]) -> None:
    """Link and part at random, several times, and go all the way back: by parting, or by withdrawing."""
    made: list[tuple[int, int]] = []
    for _ in range(dice.randint(1, 4)):
        one, other = dice.sample(charts, 2)
        with node.store.transaction(Duty.CARE) as tx:
            try:
                identity.link(tx, (one, other), ground="review", author=RULE, at=node.clock.now(), evidence=SEEN)
            except (Parted, NumbersDiffer):
                continue
            made.append((identity.assertions_of(tx, [one])[-1].key, one))
    for key, _ in dice.sample(made, len(made)):
        with node.store.transaction(Duty.CARE) as tx:
            identity.withdraw(tx, key, ground="review", author=ONE, at=node.clock.now())


@pytest.mark.parametrize("groups", [2, pytest.param(50, marks=pytest.mark.slow)])
def test_random_links_and_splits_restore_the_exact_state(node: Node, groups: int) -> None:
    """Twenty sequences for each group of charts: of fifty groups a thousand."""
    dice = Random(groups)
    for _ in range(groups):
        number = fresh()
        charts = [a_chart(node), a_chart(node), a_chart(node, number), a_chart(node, number), a_chart(node, fresh())]
        before = state(node)

        for _ in range(20):
            _undo(node, dice, charts)

        assert state(node) == before
    assert [finding for finding in check_node(node) if finding.code == "INDEX-DIFFERS"] == []

"""Contests on a real database: what is kept, who may answer, what reaches the log, and which index each query has."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest

from nodes import START, a_node, a_patient, resident_of, send, system
from reads import a_read
from salus import access, appeals, ledger
from salus.app import Node
from salus.appeals import (
    About,
    AnsweredAlready,
    Contest,
    Contested,
    ContestUnknown,
    NothingToContest,
    Outcome,
    OwnJudge,
)
from salus.appeals.contests import store as sql
from salus.storage import Duty

SUBJECT = "q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k="


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("appeals"), "H1") as opened:
        yield opened


@pytest.fixture
def resident(node: Node) -> int:
    return resident_of(node, send(node, system(), a_patient()))


def contested(subject: str = SUBJECT, *organisations: str) -> Contested:
    return Contested(
        about=About.DECISION, subject=subject, organisations=organisations or ("Site", "Laboratory"), shown="{}"
    )


def opened(node: Node, resident: int, subject: str = SUBJECT, words: str = "not me") -> Contest:
    with node.store.transaction(Duty.CARE) as tx:
        return appeals.open_contest(tx, node.custodian, resident, contested(subject), words, node.clock.now())


def answered(node: Node, contest: Contest, organisation: str = "Board") -> Contest:
    with node.store.transaction(Duty.CARE) as tx:
        return appeals.answer_contest(
            tx,
            node.custodian,
            contest,
            officer="officer-1",
            organisation=organisation,
            outcome=Outcome.STANDS,
            reason="The evidence holds.",
            at=node.clock.now(),
        )


def leaves(node: Node, kind: str) -> list[dict[str, object]]:
    node.sequencer.close_batch()
    return [dict(leaf.body) for _, leaf in ledger.leaves(node.store, kind)]


def test_opening_hands_a_leaf_over_that_only_the_receipt_explains(node: Node, resident: int) -> None:
    contest = opened(node, resident)

    assert contest.deadline == START + timedelta(hours=48)
    assert contest.words == "not me"
    said = [leaf for leaf in leaves(node, "appeal-opened") if leaf["deadline"] == "2031-03-03T08:00:00Z"]
    assert len({leaf["appeal"] for leaf in said}) == len(said)
    with node.store.transaction(Duty.CARE) as tx:
        assert appeals.contest_by_receipt(tx, node.custodian, contest.receipt.short.lower()) == contest
        assert appeals.contest_by_appeal(tx, node.custodian, contest.receipt.hash) == contest


def test_the_same_thing_is_contested_once_and_keeps_its_first_clock(node: Node, resident: int) -> None:
    first, before = opened(node, resident), len(leaves(node, "appeal-opened"))

    assert opened(node, resident, words="again") == first
    assert len(leaves(node, "appeal-opened")) == before


def test_a_resident_contests_several_things_and_another_resident_the_same(node: Node, resident: int) -> None:
    other = resident_of(node, send(node, system(), a_patient()))
    named = {opened(node, who, subject).receipt.hash for who in (resident, other) for subject in (SUBJECT, "4-0")}

    assert len(named) == 4
    with node.store.transaction(Duty.CARE) as tx:
        assert {one.resident_key for one in appeals.contests_of(tx, node.custodian, other)} == {other}


def test_no_organisation_answers_for_itself_whoever_asks(node: Node, resident: int) -> None:
    contest = opened(node, resident)

    for organisation in ("Site", "Laboratory"):
        assert not appeals.independent(contest, organisation)
        with pytest.raises(OwnJudge):
            answered(node, contest, organisation)
    assert appeals.independent(contest, "Board")


def test_a_contest_has_one_answer(node: Node, resident: int) -> None:
    contest = answered(node, opened(node, resident))
    said = len(leaves(node, "appeal-closed"))

    with pytest.raises(AnsweredAlready):
        answered(node, contest, "Other")
    assert contest.answer is not None
    assert contest.answer.reason == "The evidence holds."
    assert len(leaves(node, "appeal-closed")) == said


def opened_at(node: Node, resident: int, subject: str, hours: int) -> Contest:
    with node.store.transaction(Duty.CARE) as tx:
        at = START + timedelta(hours=hours)
        return appeals.open_contest(tx, node.custodian, resident, contested(subject, "Board"), "", at)


def shown_to(node: Node, organisation: str, hours: int) -> list[Contest]:
    with node.store.transaction(Duty.CARE) as tx:
        return appeals.waiting_for(tx, node.custodian, organisation, START + timedelta(hours=hours))


def test_an_officer_is_shown_the_soonest_due_first_and_nothing_of_the_own_organisation(
    node: Node, resident: int
) -> None:
    second, first = opened_at(node, resident, "5-0", 1), opened_at(node, resident + 1_000, "5-1", 0)

    other = [one for one in shown_to(node, "Other", 2) if one in (first, second)]
    assert other == [first, second]
    assert not {first.receipt.hash, second.receipt.hash} & {one.receipt.hash for one in shown_to(node, "Board", 2)}


def test_nobodys_many_contests_come_before_anothers_first_and_late_ones_come_last(node: Node, resident: int) -> None:
    many = [opened_at(node, resident + 2_000, f"6-{number}", 100) for number in range(3)]
    one = opened_at(node, resident + 3_000, "7-0", 101)
    late = [opened_at(node, resident + 4_000, f"8-{number}", number) for number in range(2)]

    ours = {contest.receipt.hash for contest in (*many, one, *late)}
    shown = [contest.receipt.hash for contest in shown_to(node, "Other", 102) if contest.receipt.hash in ours]
    assert shown.index(one.receipt.hash) == 1
    assert set(shown[:4]) == {contest.receipt.hash for contest in (*many, one)}
    assert shown[4:] == [contest.receipt.hash for contest in reversed(late)]


def test_an_answered_contest_waits_no_longer(node: Node, resident: int) -> None:
    contest = answered(node, opened(node, resident))

    assert contest.receipt.hash not in {one.receipt.hash for one in shown_to(node, "Other", 1)}


def test_what_is_kept_says_nothing_in_the_clear(node: Node, resident: int) -> None:
    opened(node, resident, "987654321-7", words="a planted secret")
    with node.store.connect(Duty.MIGRATION) as owner:
        rows = owner.execute("select c::text from appeals.contest c").fetchall()

    assert rows
    assert not [row for (row,) in rows if "planted" in row or "987654321" in row]


@pytest.mark.parametrize("statement", ["update appeals.{} set {} = {}", "delete from appeals.{}"])
@pytest.mark.parametrize(("table", "column"), [("contest", "deadline"), ("answer", "outcome")])
def test_nothing_is_ever_changed_or_deleted(node: Node, statement: str, table: str, column: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), node.store.transaction(Duty.CARE) as tx:
        tx.run(statement.format(table, column, column))


def test_no_deadline_is_stored_but_the_one_of_48_hours(node: Node, resident: int) -> None:
    contest = opened(node, resident)
    for hours in (1, 47, 49, 4800):
        row = sql.Row(
            appeal=bytes(31) + bytes([hours % 256]),
            resident_key=resident,
            about="look",
            organisations=("X",),
            content=b"x",
            opened_at=START,
            deadline=START + timedelta(hours=hours),
            pending_id=contest.pending_id,
            answer=None,
        )
        with pytest.raises(psycopg.errors.CheckViolation), node.store.transaction(Duty.CARE) as tx:
            sql.add_contest(tx, row, bytes([hours % 256]) * 16, bytes([hours % 256]) * 16)


def test_words_and_reasons_have_a_length(node: Node, resident: int) -> None:
    with pytest.raises(NothingToContest):
        opened(node, resident, words="x" * 2_001)
    with pytest.raises(NothingToContest), node.store.transaction(Duty.CARE) as tx:
        appeals.answer_contest(
            tx, node.custodian, opened(node, resident), officer="o", organisation="Board",
            outcome=Outcome.ENDED, reason=" ", at=START,
        )  # fmt: skip


def test_what_nobody_opened_is_unknown(node: Node) -> None:
    with node.store.transaction(Duty.CARE) as tx:
        for ask in (lambda: appeals.contest_by_appeal(tx, node.custodian, bytes(32)),
                    lambda: appeals.contest_by_receipt(tx, node.custodian, "no receipt"),
                    lambda: appeals.contest_by_receipt(tx, node.custodian, "0" * 26)):  # fmt: skip
            with pytest.raises(ContestUnknown):
                ask()


def test_a_look_is_shown_to_its_own_resident_alone(node: Node, resident: int) -> None:
    with node.store.transaction(Duty.CARE) as tx:
        batch = access.register(tx, [a_read(resident)])

    seen = appeals.look(node.store, [resident], (batch, 0), node.clock.now())
    assert seen is not None
    assert (seen.batch, seen.item, seen.proved) == (batch, 0, False)
    assert appeals.look(node.store, [resident + 1], (batch, 0), node.clock.now()) is None
    assert appeals.look(node.store, [resident], (batch, 1), node.clock.now()) is None


def test_queries_have_their_index_at_size(node: Node) -> None:
    with node.store.connect(Duty.MIGRATION) as owner:
        owner.execute(
            "insert into appeals.contest (appeal, resident_key, about, subject, receipt, organisations, content,"
            " opened_at, deadline, pending_id) select sha256(n::text::bytea), n, 'look', decode(md5(n::text), 'hex'),"
            " decode(md5(n::text), 'hex'), array['X'], ''::bytea, now() + n * interval '1 second',"
            " now() + n * interval '1 second' + interval '48 hours',"
            " gen_random_uuid() from generate_series(1000000, 1020000) n"
        )
        owner.execute("analyze appeals.contest")
        (half,) = owner.execute("select max(deadline) - interval '1 hour' from appeals.contest").fetchone() or (None,)
        plans = {
            "mine": owner.execute("explain " + sql.MINE, (1_000_005,)).fetchall(),
            "in time": owner.execute("explain " + sql.IN_TIME, (["Board"], half, 200)).fetchall(),
            "late": owner.execute("explain " + sql.LATE, (["Board"], half, 200)).fetchall(),
        }
        owner.execute("delete from appeals.contest where resident_key >= 1000000")

    assert "contest_resident_key_subject_key" in str(plans["mine"])
    assert "contest_by_deadline" in str(plans["in time"])
    assert "contest_by_deadline" in str(plans["late"])

"""Ask people about pairs, keep what they answer, and assert what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from salus.identity import linking
from salus.identity.assertions import Author, Question
from salus.identity.errors import AssertionRefused, NumbersDiffer
from salus.identity.linking import Changed
from salus.identity.review import store
from salus.identity.review.model import REPORTED, Answer, Figures, Says, Waiting
from salus.kernel import Role
from salus.storage import Transaction

_WEEK = timedelta(days=7)
_DECIDING = (Says.SAME, Says.NOT_SAME)


def ask(tx: Transaction, questions: Sequence[Question]) -> None:
    """Put pairs into the queue. A pair that was asked about for the same reason before is not asked about again.

    Only a report may come again, once the one before it was answered.
    """
    store.insert(tx, questions)


def ask_again(tx: Transaction, key: int, role: Role, at: datetime) -> None:
    """Put a pair that was judged into the queue again, as a report. Raises AssertionRefused for an unknown question."""
    found = store.any_question(tx, key)
    if found is None:
        raise AssertionRefused("there is no such question")
    store.insert(tx, [replace(found, reason=REPORTED, at=at, reporter=role, claim=None, key=0)])


def waiting(tx: Transaction, limit: int = 50) -> list[Question]:
    """Return the questions that wait, the oldest first."""
    return [one.question for one in store.waiting(tx, "", 0, limit)]


def queue(tx: Transaction, name: str, after: int, limit: int) -> list[Waiting]:
    """Return a page of the questions that wait, the oldest first, from the one that comes after `after` on."""
    return store.waiting(tx, name, after, limit)


def answered_by(tx: Transaction, name: str, at: datetime, limit: int = 20) -> list[tuple[Question, Answer]]:
    """Return what somebody answered in the last week and waits no more, the newest first."""
    return store.answered_by(tx, name, at - _WEEK, limit)


def question(tx: Transaction, key: int) -> tuple[Question, list[Answer]]:
    """Return a question that waits, and what was answered so far. Raises AssertionRefused for any other."""
    found = store.question(tx, key, lock=False)
    if found is None:
        raise AssertionRefused("this question does not wait for an answer any more")
    return found, store.answers(tx, key)


def answer(tx: Transaction, key: int, given: Answer) -> Changed | None:
    """Keep an answer and assert what follows; return what it changed, or None while another person is needed.

    `same` links, and past two valid numbers only when a second person says so too; an earlier finding of two people
    stands against it unless the answer lifts it. `not-same` keeps two residents apart; where one resident has both it
    parts the charts that the answer names, else the later one, once a second person names the same: what released that
    resident from a measure may lie in them. Whoever cannot tell leaves the question to others, and may come back to it;
    nobody else answers it twice. Raises AssertionRefused, and Parted where a person found otherwise before.
    """
    found = store.question(tx, key, lock=True)
    if found is None:
        raise AssertionRefused("this question does not wait for an answer any more")
    before = store.answers(tx, key)
    if any(one.author.name == given.author.name and one.says in (given.says, *_DECIDING) for one in before):
        raise AssertionRefused("you answered this question; it waits for somebody else")
    given = _named(tx, found, given)
    store.insert_answer(tx, key, given)
    changed = _follow(tx, found, given, before)
    if changed is not None:
        store.close(tx, key)
    return changed


def _follow(tx: Transaction, asked: Question, given: Answer, before: Sequence[Answer]) -> Changed | None:
    if given.says is Says.CANNOT_TELL:
        return None
    agreeing = [one.author.name for one in before if one.agrees(given)]
    author = Author(name=given.author.name, role=given.author.role, second=agreeing[0]) if agreeing else given.author
    if given.says is Says.SAME:
        return _link(tx, asked, given, author)
    if linking.together(tx, asked.pair):
        if author.second is None:
            return None
        return linking.part(tx, given.charts, ground=given.reason, author=author, at=given.at)
    linking.keep_apart(tx, asked.pair, ground=given.reason, author=given.author, at=given.at)
    return Changed()


def _named(tx: Transaction, asked: Question, given: Answer) -> Answer:
    """Say which charts an answer parts, if it parts any: those that it names, or the later one of the pair."""
    if given.says is not Says.NOT_SAME or not linking.together(tx, asked.pair):
        return replace(given, charts=frozenset())
    named = given.charts or frozenset(asked.pair[1:])
    whose = linking.charts_beside(tx, asked.pair[0])
    if not named < set(whose):
        raise AssertionRefused("name some, but not all, of the charts of this resident")
    return replace(given, charts=named)


def _link(tx: Transaction, asked: Question, given: Answer, author: Author) -> Changed | None:
    """Link; where the guard wants two people, with the one who said so before, or not yet. Nothing is lifted before."""
    ground, at = given.reason, given.at
    try:
        with tx.savepoint():
            if given.lifts:
                linking.lift(tx, asked.pair, ground=ground, author=author, at=at)
            return linking.link(tx, asked.pair, ground=ground, author=author, at=at, evidence=asked.evidence)
    except NumbersDiffer:
        return None


def figures(tx: Transaction, at: datetime) -> Figures:
    """Return how the queue stands at an instant."""
    since = at - _WEEK
    count, oldest, median = store.queue(tx)
    pairs = store.agreement(tx, since)
    judged, agreed = store.agreed(tx, since)
    return Figures(
        waiting=count,
        oldest=at - oldest if oldest else None,
        median=at - median if median else None,
        asked_this_week=store.asked_since(tx, since),
        answered_this_week=store.answered_since(tx, since),
        judged=judged,
        agreed=agreed,
        pairs=tuple(pairs),
    )

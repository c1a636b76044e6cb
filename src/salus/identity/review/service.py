"""Ask people about pairs, keep what they answer, and assert what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from salus.identity import linking
from salus.identity.assertions import Author, Question
from salus.identity.errors import AssertionRefused, NumbersDiffer
from salus.identity.linking import Changed
from salus.identity.review import store
from salus.identity.review.model import Answer, Figures, Says
from salus.storage import Transaction

_WEEK = timedelta(days=7)
ENOUGH = 2
"""So many people who cannot tell end a question."""


def ask(tx: Transaction, questions: Sequence[Question]) -> None:
    """Put pairs into the queue. A pair that was asked about for the same reason before is not asked about again."""
    store.insert(tx, questions)


def waiting(tx: Transaction, limit: int = 50) -> list[Question]:
    """Return the questions that wait, the oldest first."""
    return store.waiting(tx, limit)


def question(tx: Transaction, key: int) -> tuple[Question, list[Answer]]:
    """Return a question that waits, and what was answered so far. Raises AssertionRefused for any other."""
    found = store.question(tx, key, lock=False)
    if found is None:
        raise AssertionRefused("this question does not wait for an answer any more")
    return found, store.answers(tx, key)


def answer(tx: Transaction, key: int, given: Answer) -> Changed | None:
    """Keep an answer and assert what follows; return what it changed, or None while another person is needed.

    `same` links, and past two valid numbers only when a second person says so too. `not-same` keeps two residents
    apart; where one resident has both it parts the later chart, once a second person says so too: what released that
    resident from a measure may lie in it. Two who cannot tell end the question. Nobody answers a question twice.
    Raises AssertionRefused, and Parted where a person found otherwise before.
    """
    found = store.question(tx, key, lock=True)
    if found is None:
        raise AssertionRefused("this question does not wait for an answer any more")
    before = store.answers(tx, key)
    if any(one.author.name == given.author.name for one in before):
        raise AssertionRefused("you answered this question; it waits for somebody else")
    store.insert_answer(tx, key, given)
    changed = _follow(tx, found, given, before)
    if changed is not None:
        store.close(tx, key)
    return changed


def _follow(tx: Transaction, asked: Question, given: Answer, before: Sequence[Answer]) -> Changed | None:
    agreeing = [one.author.name for one in before if one.says is given.says]
    author = Author(name=given.author.name, role=given.author.role, second=agreeing[0]) if agreeing else given.author
    if given.says is Says.CANNOT_TELL:
        return Changed() if len(agreeing) + 1 >= ENOUGH else None
    if given.says is Says.SAME:
        return _link(tx, asked, given, author)
    if linking.together(tx, asked.pair):
        if author.second is None:
            return None
        return linking.part(tx, [asked.pair[1]], ground=given.reason, author=author, at=given.at)
    linking.keep_apart(tx, asked.pair, ground=given.reason, author=given.author, at=given.at)
    return Changed()


def _link(tx: Transaction, asked: Question, given: Answer, author: Author) -> Changed | None:
    """Link; where the guard wants two people, with the one who said so before, or not yet."""
    try:
        return linking.link(tx, asked.pair, ground=given.reason, author=author, at=given.at, evidence=asked.evidence)
    except NumbersDiffer:
        return None


def figures(tx: Transaction, at: datetime) -> Figures:
    """Return how the queue stands at an instant."""
    since = at - _WEEK
    count, oldest = store.queue(tx)
    judged, agreed = store.agreement(tx, since)
    return Figures(
        waiting=count,
        oldest=at - oldest if oldest else None,
        asked_this_week=store.asked_since(tx, since),
        answered_this_week=store.answered_since(tx, since),
        judged=judged,
        agreed=agreed,
    )

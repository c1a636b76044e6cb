"""SQL of the review queue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from salus.identity.assertions import Author, Evidence, Question
from salus.identity.review.model import Answer, Says
from salus.kernel import Role
from salus.storage import Transaction

_ASKED = "q.question, q.chart_a, q.chart_b, q.reason, q.fields, q.bits, q.model, q.at"


def insert(tx: Transaction, questions: Iterable[Question]) -> None:
    """Put questions into the queue; one that was asked before, answered or not, is not asked again."""
    statement = (
        "with asked as (insert into identity.question (chart_a, chart_b, reason, fields, bits, total, model, at)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing returning question)"
        " insert into identity.unanswered (question) select question from asked"
    )
    tx.many(statement, [(*one.pair, one.reason, *_weighed(one.evidence), one.at) for one in questions])


def waiting(tx: Transaction, limit: int) -> list[Question]:
    """Return the questions that wait, the oldest first."""
    found = tx.rows(
        f"select {_ASKED} from (select question from identity.unanswered order by question limit %s) u"  # noqa: S608
        " join identity.question q using (question) order by q.question",
        (limit,),
    )
    return [_question(row) for row in found]


def question(tx: Transaction, key: int, *, lock: bool) -> Question | None:
    """Return a question that waits; with `lock` for this transaction alone to answer."""
    if lock:
        tx.row("select pg_advisory_xact_lock(%s, %s)", (7_305_817, key % 2**31))
    row = tx.row(
        f"select {_ASKED} from identity.question q join identity.unanswered u using (question)"  # noqa: S608
        " where q.question = %s",
        (key,),
    )
    return _question(row) if row else None


def answers(tx: Transaction, key: int) -> list[Answer]:
    """Return what was answered to a question, in order."""
    found = tx.rows(
        "select says, reason, author_role, author, at from identity.answer where question = %s order by answer", (key,)
    )
    return [
        Answer(says=Says(says), reason=reason, author=Author(name=author, role=Role(role)), at=at)
        for says, reason, role, author, at in found
    ]


def insert_answer(tx: Transaction, key: int, given: Answer) -> None:
    """Keep an answer."""
    role = given.author.role.value if given.author.role else None
    tx.run(
        "insert into identity.answer (question, says, reason, author_role, author, at) values (%s, %s, %s, %s, %s, %s)",
        (key, given.says.value, given.reason, role, given.author.name, given.at),
    )


def close(tx: Transaction, key: int) -> None:
    """Take a question out of the queue."""
    tx.run("delete from identity.unanswered where question = %s", (key,))


def queue(tx: Transaction) -> tuple[int, datetime | None]:
    """Return how many questions wait, and since when the oldest does."""
    count = tx.row("select count(*) from identity.unanswered")
    oldest = tx.row(
        "select at from identity.question where question ="
        " (select question from identity.unanswered order by question limit 1)"
    )
    return (count[0] if count else 0), (oldest[0] if oldest else None)


def asked_since(tx: Transaction, since: datetime) -> int:
    """Count what was asked from an instant on."""
    row = tx.row("select count(*) from identity.question where at >= %s", (since,))
    return int(row[0]) if row else 0


def answered_since(tx: Transaction, since: datetime) -> int:
    """Count what was answered from an instant on."""
    row = tx.row("select count(*) from identity.answer where at >= %s", (since,))
    return int(row[0]) if row else 0


def agreement(tx: Transaction, since: datetime) -> tuple[int, int]:
    """Of the questions answered from an instant on by two or more, return how many, and how many with one answer."""
    row = tx.row(
        "select count(*), count(*) filter (where kinds = 1) from (select question, count(distinct says) kinds"
        " from identity.answer where at >= %s group by question having count(*) > 1) told",
        (since,),
    )
    return (int(row[0]), int(row[1])) if row else (0, 0)


def _weighed(seen: Evidence | None) -> tuple[object, ...]:
    if seen is None:
        return (None, None, None, None)
    return ([name for name, _ in seen.fields], [bits for _, bits in seen.fields], seen.total, seen.model)


def _question(row: Sequence[Any]) -> Question:
    key, a, b, reason, fields, bits, model, at = row
    evidence = Evidence(fields=tuple(zip(fields, bits, strict=True)), model=model) if model else None
    return Question(key=key, pair=(a, b), reason=reason, evidence=evidence, at=at)

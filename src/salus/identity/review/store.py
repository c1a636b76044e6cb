"""SQL of the review queue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import orjson

from salus.identity.assertions import Author, Evidence, Question
from salus.identity.review.model import Answer, Says, Together, Waiting
from salus.kernel import Role
from salus.storage import Transaction

_WRITTEN = (
    "chart_a", "chart_b", "reason", "fields", "bits", "total", "model", "at", "reporter_role", "claim", "concerns",
)  # fmt: skip
_ASKED = (
    "q.question, q.chart_a, q.chart_b, q.reason, q.fields, q.bits, q.model, q.at, q.reporter_role, q.claim, q.concerns"
)
_ANSWERED = "a.says, a.reason, a.author_role, a.author, a.at, a.charts, a.lifts"


def insert(tx: Transaction, questions: Iterable[Question]) -> None:
    """Put questions into the queue in their order, in one statement.

    One that was asked before is not asked again, a report not while it waits.
    """
    written = [dict(zip(_WRITTEN, _written(one), strict=True)) for one in questions]
    tx.run(
        f"with asked as (insert into identity.question ({', '.join(_WRITTEN)}) select {', '.join(_WRITTEN)}"  # noqa: S608
        " from rows from (json_to_recordset(%s::json) as (chart_a bigint, chart_b bigint, reason text, fields text[],"
        " bits double precision[], total double precision, model text, at timestamptz, reporter_role text, claim text,"
        f" concerns bigint[])) with ordinality n({', '.join(_WRITTEN)}, place) where reason <> 'reported' or not exists"
        " (select from identity.question q join identity.unanswered u using (question)"
        " where q.chart_a = n.chart_a and q.chart_b = n.chart_b and q.reason = 'reported')"
        " order by place on conflict do nothing returning question)"
        " insert into identity.unanswered (question) select question from asked",
        (orjson.dumps(written).decode(),),
    )


def waiting(tx: Transaction, name: str, after: int, limit: int) -> list[Waiting]:
    """Return the questions that wait, the oldest first, from `after` on, each as it stands for a reviewer."""
    found = tx.rows(
        f"select {_ASKED}, (select count(distinct a.author) from identity.answer a"  # noqa: S608
        " where a.question = q.question and a.says = 'cannot-tell'),"
        " exists (select from identity.answer a where a.question = q.question and a.author = %s) from"
        " (select question from identity.unanswered where question > %s order by question limit %s) u"
        " join identity.question q using (question) order by q.question",
        (name, after, limit),
    )
    return [Waiting(question=_question(row), undecided=undecided, mine=mine) for *row, undecided, mine in found]


def any_question(tx: Transaction, key: int) -> Question | None:
    """Return a question, whether it waits or not."""
    row = tx.row(f"select {_ASKED} from identity.question q where q.question = %s", (key,))  # noqa: S608
    return _question(row) if row else None


def answered_by(tx: Transaction, name: str, since: datetime, limit: int) -> list[tuple[Question, Answer]]:
    """Return what somebody answered from an instant on and waits no more, the newest first."""
    found = tx.rows(
        f"select {_ASKED}, {_ANSWERED} from (select * from identity.answer a where a.author = %s and a.at >= %s"  # noqa: S608
        " order by a.at desc limit %s) a join identity.question q using (question)"
        " where not exists (select from identity.unanswered u where u.question = a.question)"
        " order by a.at desc, a.answer desc",
        (name, since, limit),
    )
    return [(_question(row[:11]), _answer(row[11:])) for row in found]


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
        f"select {_ANSWERED} from identity.answer a where a.question = %s order by a.answer",  # noqa: S608
        (key,),
    )
    return [_answer(row) for row in found]


def insert_answer(tx: Transaction, key: int, given: Answer) -> None:
    """Keep an answer."""
    role = given.author.role.value if given.author.role else None
    tx.run(
        "insert into identity.answer (question, says, reason, author_role, author, at, charts, lifts)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s)",
        (key, given.says.value, given.reason, role, given.author.name, given.at, sorted(given.charts), given.lifts),
    )


def close(tx: Transaction, key: int) -> None:
    """Take a question out of the queue."""
    tx.run("delete from identity.unanswered where question = %s", (key,))


def queue(tx: Transaction) -> tuple[int, datetime | None, datetime | None]:
    """Return how many questions wait, since when the oldest does, and since when the one in the middle."""
    row = tx.row("select count(*) from identity.unanswered")
    count = int(row[0]) if row else 0
    return count, _asked_at(tx, 0), _asked_at(tx, count // 2)


def _asked_at(tx: Transaction, place: int) -> datetime | None:
    """Return when the question at a place of the queue was asked."""
    row = tx.row(
        "select at from identity.question where question ="
        " (select question from identity.unanswered order by question offset %s limit 1)",
        (place,),
    )
    return row[0] if row else None


def asked_since(tx: Transaction, since: datetime) -> int:
    """Count what was asked from an instant on."""
    row = tx.row("select count(*) from identity.question where at >= %s", (since,))
    return int(row[0]) if row else 0


def answered_since(tx: Transaction, since: datetime) -> int:
    """Count what was answered from an instant on."""
    row = tx.row("select count(*) from identity.answer where at >= %s", (since,))
    return int(row[0]) if row else 0


def agreed(tx: Transaction, since: datetime) -> tuple[int, int]:
    """Of the questions answered since then, and by two people, return how many, and how many with one answer.

    Also an answer from before counts: otherwise a pair judged by two in two weeks would be seen in neither.
    """
    row = tx.row(
        "select count(*), count(*) filter (where kinds = 1) from (select count(distinct says) kinds from"
        " (select distinct on (question, author) question, author, says from identity.answer"
        " where question = any(array(select distinct question from identity.answer where at >= %s))"
        " order by question, author, answer desc) last"
        " group by question having count(*) > 1) told",
        (since,),
    )
    return (int(row[0]), int(row[1])) if row else (0, 0)


def agreement(tx: Transaction, since: datetime) -> list[Together]:
    """Return for each two people who answered one question, of those with an answer since then, how often alike."""
    found = tx.rows(
        "select a.author, b.author, count(distinct a.question),"
        " count(distinct a.question) filter (where a.says = b.says) from identity.answer a"
        " join lateral (select author, says from identity.answer b where b.question = a.question) b"
        " on a.author < b.author"
        " where a.question = any(array(select distinct question from identity.answer where at >= %s))"
        " group by 1, 2 order by 3 desc, 1, 2 limit 20",
        (since,),
    )
    return [Together(one=one, other=other, judged=judged, agreed=alike) for one, other, judged, alike in found]


def _weighed(seen: Evidence | None) -> tuple[object, ...]:
    if seen is None:
        return (None, None, None, None)
    return ([name for name, _ in seen.fields], [bits for _, bits in seen.fields], seen.total, seen.model)


def _written(one: Question) -> tuple[object, ...]:
    role = one.reporter.value if one.reporter else None
    return (*one.pair, one.reason, *_weighed(one.evidence), one.at, role, one.claim, sorted(one.concerns))


def _answer(row: Sequence[Any]) -> Answer:
    says, reason, role, author, at, charts, lifts = row
    return Answer(
        says=Says(says),
        reason=reason,
        author=Author(name=author, role=Role(role)),
        at=at,
        charts=frozenset(charts),
        lifts=lifts,
    )


def _question(row: Sequence[Any]) -> Question:
    key, a, b, reason, fields, bits, model, at, role, claim, concerns = row
    return Question(
        key=key,
        pair=(a, b),
        reason=reason,
        evidence=Evidence(fields=tuple(zip(fields, bits, strict=True)), model=model) if model else None,
        at=at,
        reporter=Role(role) if role else None,
        claim=claim,
        concerns=frozenset(concerns),
    )

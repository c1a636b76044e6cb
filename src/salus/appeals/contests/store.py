"""SQL of the tables that appeals owns. Contests and answers are only ever inserted and read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from salus.storage import Transaction

AnswerRow = tuple[str, str, str, bytes, datetime, UUID]
"""Outcome, organisation, officer, sealed reason, when, and the name under which the leaf waited."""

_FOUND = """
select c.appeal, c.resident_key, c.about, c.organisations, c.content, c.opened_at, c.deadline, c.pending_id,
    a.outcome, a.organisation, a.officer, a.content, a.answered_at, a.pending_id
from appeals.contest c left join appeals.answer a on a.appeal = c.appeal
"""
_OPEN = "a.appeal is null and not c.organisations && %s::text[]"
# Everybody's first contest comes before anybody's second: one who opens many keeps nobody else waiting.
IN_TIME = (
    f"{_FOUND} where {_OPEN} and c.deadline > %s"
    " order by row_number() over (partition by c.resident_key order by c.deadline, c.appeal), c.deadline, c.appeal"
    " limit %s"
)
LATE = f"{_FOUND} where {_OPEN} and c.deadline <= %s order by c.deadline desc, c.appeal limit %s"
MINE = f"{_FOUND} where c.resident_key = %s order by c.opened_at desc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A contest and its answer as they are stored."""

    appeal: bytes
    resident_key: int
    about: str
    organisations: tuple[str, ...]
    content: bytes = field(repr=False)
    opened_at: datetime
    deadline: datetime
    pending_id: UUID
    answer: AnswerRow | None = field(repr=False)


def add_contest(tx: Transaction, row: Row, subject: bytes, receipt: bytes) -> bool:
    """Insert a contest; False where this resident contests the same thing already."""
    return bool(
        tx.run(
            "insert into appeals.contest (appeal, resident_key, about, subject, receipt, organisations, content,"
            " opened_at, deadline, pending_id) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " on conflict (resident_key, subject) do nothing",
            (
                row.appeal,
                row.resident_key,
                row.about,
                subject,
                receipt,
                list(row.organisations),
                row.content,
                row.opened_at,
                row.deadline,
                row.pending_id,
            ),
        )
    )


def add_answer(tx: Transaction, appeal: bytes, answer: AnswerRow) -> bool:
    """Insert the answer; False where there is one."""
    return bool(
        tx.run(
            "insert into appeals.answer (appeal, outcome, organisation, officer, content, answered_at, pending_id)"
            " values (%s, %s, %s, %s, %s, %s, %s) on conflict (appeal) do nothing",
            (appeal, *answer),
        )
    )


def by_subject(tx: Transaction, resident_key: int, subject: bytes) -> Row | None:
    """Return a resident's contest of one thing."""
    return _one(tx.row(f"{_FOUND} where c.resident_key = %s and c.subject = %s", (resident_key, subject)))


def by_receipt(tx: Transaction, receipt: bytes) -> Row | None:
    """Return the contest with this digest of a receipt."""
    return _one(tx.row(f"{_FOUND} where c.receipt = %s", (receipt,)))


def by_appeal(tx: Transaction, appeal: bytes) -> Row | None:
    """Return a contest by its name in the public log."""
    return _one(tx.row(f"{_FOUND} where c.appeal = %s", (appeal,)))


def of_resident(tx: Transaction, resident_key: int) -> list[Row]:
    """Return a resident's contests, newest first."""
    return [_row(found) for found in tx.rows(MINE, (resident_key,))]


def kept(tx: Transaction) -> list[tuple[bytes, datetime, str | None, str | None]]:
    """Return name, deadline, outcome and answering organisation of every contest."""
    rows = tx.rows(
        "select c.appeal, c.deadline, a.outcome, a.organisation from appeals.contest c"
        " left join appeals.answer a on a.appeal = c.appeal"
    )
    return [(bytes(appeal), deadline, outcome, organisation) for appeal, deadline, outcome, organisation in rows]


def waiting(tx: Transaction, organisations: Sequence[str], at: datetime, most: int) -> list[Row]:
    """Return unanswered contests that are about none of these organisations' work.

    Those that are in time come first, one of each resident, then the next of each; then those that are late, the
    newest first.
    """
    found = [_row(one) for one in tx.rows(IN_TIME, (list(organisations), at, most))]
    if len(found) < most:
        found += [_row(one) for one in tx.rows(LATE, (list(organisations), at, most - len(found)))]
    return found


def _one(found: Sequence[Any] | None) -> Row | None:
    return _row(found) if found else None


def _row(found: Sequence[Any]) -> Row:
    appeal, resident, about, organisations, content, opened_at, deadline, pending_id, *answer = found
    outcome, organisation, officer, reason, at, closing = answer
    return Row(
        appeal=bytes(appeal),
        resident_key=resident,
        about=about,
        organisations=tuple(organisations),
        content=bytes(content),
        opened_at=opened_at,
        deadline=deadline,
        pending_id=pending_id,
        answer=(outcome, organisation, officer, bytes(reason), at, closing) if outcome else None,
    )

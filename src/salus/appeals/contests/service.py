"""Open a contest, find it, answer it, in the caller's transaction of duty CARE. Edits and deletes nothing.

A correction of a record is a new record by the facility that wrote it, never an edit; an answer here says only whether
what was contested stands.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from salus.access import Action, Kind, Request, permit
from salus.appeals.contests import store
from salus.appeals.contests.model import (
    BLIND_BYTES,
    MOST_WORDS,
    RECEIPT_BYTES,
    About,
    Answer,
    Contest,
    Contested,
    Outcome,
    Receipt,
    read_short_form,
)
from salus.appeals.errors import AnsweredAlready, ContestUnknown, NothingToContest, OwnJudge
from salus.kernel import Purpose, Role, canonical, format_instant
from salus.keys import Custodian
from salus.ledger import Leaf, append
from salus.storage import Transaction

MOST_SHOWN = 200
_CONTENT, _REASON, _SUBJECT, _RECEIPT = "appeals.content", "appeals.reason", "appeals.subject", "appeals.receipt"

Random = Callable[[int], bytes]


def open_contest(
    tx: Transaction,
    custodian: Custodian,
    resident_key: int,
    contested: Contested,
    words: str,
    at: datetime,
    random: Random = secrets.token_bytes,
) -> Contest:
    """Open a contest and hand its leaf over, or return the one that this resident opened about the same thing before.

    Whether there is "any need to contest" is never asked: what was shown is enough. `words` are the resident's own, at
    most 2,000 characters, and may be empty. The deadline is 48 h on, counted from the whole second.
    """
    if len(words) > MOST_WORDS:
        raise NothingToContest(f"write at most {MOST_WORDS} characters, and tell the rest to the officer")
    receipt = Receipt(
        about=contested.about,
        subject=contested.subject,
        blind=random(BLIND_BYTES),
        opened=at.replace(microsecond=0),
    )
    subject = custodian.digest(_SUBJECT, f"{contested.about} {contested.subject}".encode())
    with suppress(_Twice), tx.savepoint():  # of two that come at once, one leaf goes to the log
        row = _row(
            custodian, resident_key, contested, receipt, words, append(tx, _opened(receipt.hash, receipt.deadline)).id
        )
        if not store.add_contest(tx, row, subject, custodian.digest(_RECEIPT, receipt.blind[:RECEIPT_BYTES])):
            raise _Twice
    return _told(custodian, store.by_subject(tx, resident_key, subject))


def _row(
    custodian: Custodian, resident_key: int, contested: Contested, receipt: Receipt, words: str, pending_id: UUID
) -> store.Row:
    content = canonical(
        {
            "blind": base64.b64encode(receipt.blind).decode(),
            "subject": receipt.subject,
            "words": words,
            "shown": contested.shown,
        }
    )
    return store.Row(
        appeal=receipt.hash,
        resident_key=resident_key,
        about=contested.about.value,
        organisations=tuple(sorted(set(contested.organisations))),
        content=custodian.seal(_CONTENT, content, receipt.hash),
        opened_at=receipt.opened,
        deadline=receipt.deadline,
        pending_id=pending_id,
        answer=None,
    )


class _Twice(Exception):
    """The same thing is contested already."""


def answer_contest(
    tx: Transaction,
    custodian: Custodian,
    contest: Contest,
    *,
    officer: str,
    organisation: str,
    outcome: Outcome,
    reason: str,
    at: datetime,
) -> Contest:
    """Answer a contest and hand the closing leaf over.

    Raises OwnJudge where the officer's organisation is one of those whose work is contested, whatever the caller has
    checked, and AnsweredAlready for a second answer. An answer after the deadline is kept, and changes nothing.
    """
    if not independent(contest, organisation):
        raise OwnJudge("your organisation took part in what is contested: another organisation has to answer")
    if not reason.strip() or len(reason) > MOST_WORDS:
        raise NothingToContest(f"say why, in 1 to {MOST_WORDS} characters; the resident is shown it")
    appeal = contest.receipt.hash
    sealed = custodian.seal(_REASON, reason.encode(), appeal)
    with tx.savepoint():
        pending = append(tx, _closed(appeal, outcome, organisation))
        if not store.add_answer(tx, appeal, (outcome.value, organisation, officer, sealed, at, pending.id)):
            raise AnsweredAlready("this contest has its answer; a contest is answered once")
    return _told(custodian, store.by_appeal(tx, appeal))


def independent(contest: Contest, organisation: str) -> bool:
    """Tell whether policy lets an appeal officer of this organisation answer: none may judge its own work."""
    request = Request(
        role=Role.APPEAL_OFFICER,
        purpose=Purpose.PATRQT,
        action=Action.ANSWER_APPEAL,
        kind=Kind.RECORD,
        independent=organisation not in contest.organisations,
    )
    return organisation not in contest.organisations and permit(request).allowed


def contests_of(tx: Transaction, custodian: Custodian, resident_key: int) -> list[Contest]:
    """Return what a resident contests, newest first."""
    return [_told(custodian, row) for row in store.of_resident(tx, resident_key)]


def contest_of(tx: Transaction, custodian: Custodian, resident_key: int, about: About, subject: str) -> Contest | None:
    """Return a resident's contest of one thing, if there is one."""
    row = store.by_subject(tx, resident_key, custodian.digest(_SUBJECT, f"{about} {subject}".encode()))
    return _told(custodian, row) if row else None


def contest_by_appeal(tx: Transaction, custodian: Custodian, appeal: bytes) -> Contest:
    """Return a contest by its name in the public log. Raises ContestUnknown."""
    return _told(custodian, store.by_appeal(tx, appeal))


def contest_by_receipt(tx: Transaction, custodian: Custodian, text: str) -> Contest:
    """Return a contest by the short form of its receipt, as it was typed. Raises ContestUnknown."""
    receipt = read_short_form(text)
    if receipt is None:
        raise ContestUnknown("no contest has this receipt; check it letter by letter")
    return _told(custodian, store.by_receipt(tx, custodian.digest(_RECEIPT, receipt)))


def waiting_for(tx: Transaction, custodian: Custodian, organisation: str, at: datetime) -> list[Contest]:
    """Return up to 200 contests that this organisation may answer and nobody has.

    The soonest due come first, but nobody's second before anybody's first; late ones, whose answer changes nothing any
    more, come last.
    """
    return [_told(custodian, row) for row in store.waiting(tx, [organisation], at, MOST_SHOWN)]


def kept_leaves(tx: Transaction) -> list[Leaf]:
    """Return the leaf that the log has to have for each contest and each answer that is kept."""
    found = []
    for appeal, deadline, outcome, organisation in store.kept(tx):
        found.append(_opened(appeal, deadline))
        if outcome is not None and organisation is not None:
            found.append(_closed(appeal, Outcome(outcome), organisation))
    return found


def _opened(appeal: bytes, deadline: datetime) -> Leaf:
    body = {"appeal": base64.b64encode(appeal).decode(), "deadline": format_instant(deadline)}
    return Leaf(kind="appeal-opened", body=body)


def _closed(appeal: bytes, outcome: Outcome, organisation: str) -> Leaf:
    named = base64.b64encode(appeal).decode()
    return Leaf(kind="appeal-closed", body={"appeal": named, "outcome": outcome.value, "organisation": organisation})


def _told(custodian: Custodian, row: store.Row | None) -> Contest:
    if row is None:
        raise ContestUnknown("there is no such contest here, or it is not yours to see")
    content = json.loads(custodian.open_sealed(_CONTENT, row.content, row.appeal))
    return Contest(
        receipt=Receipt(
            about=About(row.about),
            subject=content["subject"],
            blind=base64.b64decode(content["blind"]),
            opened=row.opened_at,
        ),
        resident_key=row.resident_key,
        organisations=row.organisations,
        words=content["words"],
        shown=content["shown"],
        opened_at=row.opened_at,
        pending_id=row.pending_id,
        answer=_answer(custodian, row.appeal, row.answer),
    )


def _answer(custodian: Custodian, appeal: bytes, row: store.AnswerRow | None) -> Answer | None:
    if row is None:
        return None
    outcome, organisation, officer, sealed, at, pending_id = row
    return Answer(
        outcome=Outcome(outcome),
        organisation=organisation,
        officer=officer,
        reason=custodian.open_sealed(_REASON, sealed, appeal).decode(),
        at=at,
        pending_id=pending_id,
    )

"""Contest and answer: what a resident was shown goes to an appeal officer of another organisation, with a clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from salus import access, appeals
from salus.access import Action, Kind, Read
from salus.app.facts import decide, read_by, refuse
from salus.app.node import Node
from salus.app.residents import Own, own
from salus.app.vouching import vouched_at
from salus.appeals import (
    About,
    AnsweredAlready,
    Contest,
    Contested,
    ContestUnknown,
    NothingToContest,
    Outcome,
    OwnJudge,
    Standing,
)
from salus.kernel import canonical, format_instant
from salus.parties import Principal
from salus.storage import Duty, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A contest, how it stands now, and whether and when witnesses vouched for its opening and its answer."""

    contest: Contest
    stands: Standing
    logged_at: datetime | None
    closed_at: datetime | None


def contest_look(node: Node, who: Principal, place: tuple[int, int], words: str) -> Contest:
    """Contest an entry of the own register: "I do not know this look". Raises NothingToContest if it is not theirs."""
    mine = own(node, who, Action.CONTEST)
    seen = appeals.own_look(node.store, mine.known_as, place, node.clock.now())
    if seen is None:
        raise NothingToContest("there is no such entry in your list of who looked")
    read = seen.read
    shown = {
        "at": format_instant(read.at),
        "reader": read.reader,
        "role": read.reader_role.value,
        "facility": read.facility,
        "what": read.what,
        "count": read.count,
        "action": read.action,
        "purpose": read.purpose.value,
        "ground": read.ground,
    }
    organisation = node.facility(read.facility).organisation if read.facility else node.name
    contested = Contested(
        about=About.LOOK,
        subject=f"{place[0]}-{place[1]}",
        organisations=(organisation,),
        shown=canonical(shown).decode(),
    )
    return open_contest(node, who, mine, contested, words)


def open_contest(node: Node, who: Principal, mine: Own, contested: Contested, words: str) -> Contest:
    """Open a contest for the resident who asks, once for all their identifiers; it stands in their register too."""
    at = node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        opened = _contest_of(tx, node, mine.known_as, contested.about, contested.subject)
        opened = opened or appeals.open_contest(tx, node.custodian, mine.minted, contested, words, at)
        access.register(tx, [_entry(who, mine.key, Action.CONTEST, "own-record", at)])
    return opened


def my_contests(node: Node, who: Principal) -> list[Followed]:
    """Return what the resident contests, newest first."""
    mine = own(node, who, Action.CONTEST)
    with node.store.transaction(Duty.CARE) as tx:
        found = [one for key in mine.known_as for one in appeals.contests_of(tx, node.custodian, key)]
    return [follow(node, one) for one in sorted(found, key=lambda one: one.opened_at, reverse=True)]


def my_contest(node: Node, who: Principal, appeal: bytes) -> Followed:
    """Return one of the resident's own contests. Raises ContestUnknown for any other."""
    mine = own(node, who, Action.CONTEST)
    with node.store.transaction(Duty.CARE) as tx:
        found = appeals.contest_by_appeal(tx, node.custodian, appeal)
    if found.resident_key not in mine.known_as:
        raise ContestUnknown("there is no such contest here, or it is not yours to see")
    return follow(node, found)


def waiting_contests(node: Node, who: Principal) -> list[Contest]:
    """Return the contests that the officer's organisation may answer, the soonest due first. None names anybody."""
    organisation = _organisation(node, who)
    with node.store.transaction(Duty.CARE) as tx:
        return appeals.waiting_for(tx, node.custodian, organisation, node.clock.now())


def judge_contest(node: Node, who: Principal, appeal: bytes) -> Followed:
    """Return a contest with what the resident was shown; a registered read of that resident.

    Raises OwnJudge, and keeps the refusal, where the officer's organisation took part in what is contested; and
    AnsweredAlready for every organisation but the one that answered: nobody needs to see it any more.
    """
    organisation, at = _organisation(node, who), node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        found = appeals.contest_by_appeal(tx, node.custodian, appeal)
        ground = _ground(node, who, found, organisation)
        if found.answer and found.answer.organisation != organisation:
            raise AnsweredAlready("this contest was answered; only the organisation that answered it sees it again")
        access.register(tx, [_entry(who, found.resident_key, Action.ANSWER_APPEAL, ground, at)])
    return follow(node, found)


def answer_contest(node: Node, who: Principal, appeal: bytes, outcome: Outcome, reason: str) -> Followed:
    """Answer a contest. What was contested by then is void stays void, whatever the answer."""
    organisation, at = _organisation(node, who), node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        found = appeals.contest_by_appeal(tx, node.custodian, appeal)
        ground = _ground(node, who, found, organisation)
        answered = appeals.answer_contest(
            tx,
            node.custodian,
            found,
            officer=who.subject,
            organisation=organisation,
            outcome=outcome,
            reason=reason,
            at=at,
        )
        access.register(tx, [_entry(who, found.resident_key, Action.ANSWER_APPEAL, ground, at)])
    return follow(node, answered)


def follow(node: Node, contest: Contest) -> Followed:
    """Say how a contest stands now, from the clock and from what the witnesses vouched for."""
    answer = contest.answer
    closed_at = vouched_at(node, answer.pending_id) if answer else None
    outcome = answer.outcome if answer else None
    return Followed(
        contest=contest,
        stands=appeals.standing(contest.deadline, outcome, closed_at, node.clock.now()),
        logged_at=vouched_at(node, contest.pending_id),
        closed_at=closed_at,
    )


def contest_of(node: Node, known_as: Sequence[int], about: About, subject: str) -> Followed | None:
    """Return how a resident's contest of one thing stands, if there is one under any of their keys."""
    with node.store.transaction(Duty.CARE) as tx:
        found = _contest_of(tx, node, known_as, about, subject)
    return follow(node, found) if found else None


def _contest_of(tx: Transaction, node: Node, known_as: Sequence[int], about: About, subject: str) -> Contest | None:
    found = (appeals.contest_of(tx, node.custodian, key, about, subject) for key in known_as)
    return next((one for one in found if one), None)


def unanswered(contest: Contest, at: datetime) -> Standing:
    """Say how a contest without an answer stands."""
    return appeals.standing(contest.deadline, None, None, at)


def _organisation(node: Node, who: Principal) -> str:
    if who.facility is None or not decide(node, who, Action.ANSWER_APPEAL, Kind.RECORD, independent=True).allowed:
        raise refuse(node, who, Action.ANSWER_APPEAL, "only an appeal officer answers, because a resident asked for it")
    return node.facility(who.facility).organisation


def _ground(node: Node, who: Principal, contest: Contest, organisation: str) -> str:
    independent = appeals.independent(contest, organisation)
    decision = decide(node, who, Action.ANSWER_APPEAL, Kind.RECORD, independent=independent)
    if not decision.allowed:
        refuse(node, who, Action.ANSWER_APPEAL)
        raise OwnJudge("your organisation took part in what is contested: another organisation has to answer")
    return decision.ground


def _entry(who: Principal, key: int, action: Action, ground: str, at: datetime) -> Read:
    return read_by(who, resident_key=key, what="contest", action=action, ground=ground, at=at)

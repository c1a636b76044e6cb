"""Take in messages of HL7 v2: whom they are from, what they change, one durable commit, then the answer.

Messages that arrive together, over one connection or several, share a transaction, as long as no two are about the same
numbers; where one of them cannot be taken, each half has one of its own, until that one stands alone. What is about the
same numbers is taken in the order in which it came. Nothing is answered AA before its commit is durable.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from salus import access, identity, records
from salus.access import Action, Kind
from salus.app.at_hand import AtHand, register_undone
from salus.app.attempts import refuse_body
from salus.app.facts import decide, read_by, refuse
from salus.app.node import Node
from salus.app.own_charts import Ambiguous, Linking, NotOwn, Side, link_own_charts
from salus.app.own_work import declare
from salus.app.sending import Peer, Senders
from salus.app.taking_turns import Turn, Turns, apart
from salus.app.turning_away import turn_away
from salus.app.writing import accept_in
from salus.kernel import Invalid, Refused, SalusError, Unavailable
from salus.parties import Principal
from salus.records import Accepted, Conflict, Gone, Named, NotFound, Outcome, RecordRefused, messages, v2
from salus.records.messages import Before, Marked
from salus.records.v2 import Answer, Plan, V2Refused
from salus.storage import Duty, Met, StoreDown, Transaction

log = logging.getLogger("salus.receiving")
SOURCE = "v2"
_TOO_OFTEN = 429
_AGAIN = "the same control identifier and time came with another message; give each message its own"
_OF_A_MERGE = {
    Linking.LINKED: "linked as one person's; nothing was merged, and both charts stay",
    Linking.ALREADY: "already one person's; nothing changed",
    Linking.ASKED: "something speaks against it; nothing was linked, and a person will judge it",
}
_SIDES = {Side.SOURCE: "MRG^1^1", Side.TARGET: "PID^1^3"}
_NOT_OWN = {
    Side.SOURCE: "MRG-1 names no patient of yours here: there is nothing to link, and nothing was changed",
    Side.TARGET: "PID-3 names no patient of yours here: send the patient first (A28), then this message anew",
}
_BROKEN = "this node could not take the message; nothing was stored, send it again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One message as it came, and what is known of who sent it."""

    raw: bytes = field(repr=False)
    peer: Peer


@dataclass(slots=True, eq=False, kw_only=True)
class _Case(Turn):
    """A message that was read and may be taken."""

    principal: Principal
    marked: Marked
    plan: Plan | None = None
    outcomes: list[Outcome] = field(default_factory=list)


@dataclass(slots=True, eq=False, kw_only=True)
class _Merge(Turn):
    """A hospital's word that two of its charts are one person's (A40). What PID says besides is not read."""

    principal: Principal
    given_up: Sequence[Named] = field(repr=False)
    kept: Sequence[Named] = field(repr=False)


class Receiver:
    """Takes the messages of all connections of a node."""

    def __init__(self, node: Node, threads: int = 2) -> None:
        self._node = node
        self._senders = Senders(node)
        broken = _refusal(Unavailable(_BROKEN), ())
        self._turns: Turns[Incoming, Turn] = Turns(self._read_each, self._take_each, broken, threads)

    def submit(self, incoming: Incoming) -> asyncio.Future[Answer]:
        """Let one message take its turn, behind all that came before; it is answered once it is stored, or refused."""
        return self._turns.submit(incoming)

    def close(self) -> None:
        """Finish what runs; what has not begun is not answered, and its sender will send it again."""
        self._turns.close()

    def receive(self, incoming: Sequence[Incoming]) -> list[Answer]:
        """Answer messages in order. Those about the same numbers are taken one after the other, as they stand."""
        read = self._read_each(incoming)
        waiting = [one for one in read if one.answer is None]
        while waiting:
            together = apart(waiting)
            self._take_each(together)
            waiting = [one for one in waiting if one not in together]
        return [one.answer or _refusal(Unavailable(_BROKEN), ()) for one in read]

    def _read_each(self, incoming: Sequence[Incoming]) -> list[Turn]:
        return [self._read(one) for one in incoming]

    def _take_each(self, turns: Sequence[Turn]) -> None:
        """Take turns that are about different numbers; whatever becomes of them, each has an answer then."""
        cases = [one for one in turns if isinstance(one, _Case)]
        if cases:
            self._take(cases)
        for one in turns:
            if isinstance(one, _Merge):
                self._merge(one)

    def _read(self, incoming: Incoming) -> Turn:
        who: Principal | None = None
        try:
            message = v2.parse(incoming.raw)
            who = self._senders.principal(message, incoming.peer)
            self._check(message, who)
            if v2.event_of(message)[1] == v2.MERGE:
                return self._merger(message, who)
            return self._case(message, who, incoming.raw)
        except Exception as error:  # whatever broke, the sender is answered and the connection lives on
            return Turn(answer=self._unread(who, error))

    def _unread(self, who: Principal | None, error: Exception) -> Answer:
        if isinstance(error, SalusError):
            return self._turned_away(who, error, _refusal(error, ()))
        log.exception("a message could not be read: %s", type(error).__name__, exc_info=False)
        return _refusal(Unavailable(_BROKEN), ())

    def _case(self, message: v2.Message, who: Principal, raw: bytes) -> _Case:
        suspect = not message.literal or records.may_hold_measure(message.text)
        marked = messages.mark(self._node.custodian, who.facility or "", message, raw)
        for told in marked.mapped.told:
            self._check_scope(who, told.type)
            if suspect:
                refuse_body(self._node, who, told.resource)
        return _Case(principal=who, marked=marked, locks=marked.locks)

    def _check(self, message: v2.Message, who: Principal) -> None:
        """Refuse what is not for this node, or not for this sender to write."""
        processing = message.header.text(11)
        if processing != "P" and not self._node.demo:
            raise V2Refused("this node takes MSH-11 P alone; tests go to a demo node", v2.NO_PROCESSING, "MSH^1^11",
                            rejected=True)  # fmt: skip
        if not message.header.text(10):
            raise V2Refused("MSH-10 is what a message is known by; number each", v2.REQUIRED, "MSH^1^10")
        if not decide(self._node, who, Action.UPDATE, Kind.RECORD, own_facility=True).allowed:
            raise refuse(self._node, who, Action.UPDATE, "only a place of care writes records by messages")

    def _merger(self, message: v2.Message, who: Principal) -> _Merge:
        self._check_scope(who, "Patient")
        facility = who.facility or ""
        given_up, kept = v2.map_merge(message, facility)
        locks = messages.locks(self._node.custodian, facility, [("Patient", *one) for one in (*given_up, *kept)])
        return _Merge(principal=who, locks=locks, given_up=_named(given_up), kept=_named(kept))

    def _merge(self, merge: _Merge) -> None:
        """Link two charts in a transaction of its own. Said again it changes nothing, so that it is not kept."""
        try:
            became = link_own_charts(self._node, merge.principal, merge.given_up, merge.kept)
            merge.answer = Answer(code="AA", notes=(("MRG^1^1", _OF_A_MERGE[became]),), at=self._node.clock.now())
        except Exception as error:
            merge.answer = self._unread(merge.principal, _of_merge(error))

    def _check_scope(self, who: Principal, kind: str) -> None:
        if not (who.in_scope(kind, "c") and who.in_scope(kind, "u")):
            raise refuse(self._node, who, Action.CREATE, f"this system's scopes do not cover system/{kind}.cu")

    def _take(self, cases: Sequence[_Case], tries: int = 3) -> None:
        """Take messages in one transaction; where that fails, each half in one of its own, down to the one at fault.

        One that met another writer is tried again by itself.
        """
        try:
            self._commit(cases)
            return
        except Exception as error:
            if len(cases) == 1:
                if isinstance(error, Met) and tries > 1:
                    _forget(cases)
                    self._take(cases, tries - 1)
                else:
                    cases[0].answer = self._failed(cases[0], error)
                return
        _forget(cases)
        first, second = cases[: len(cases) // 2], cases[len(cases) // 2 :]
        self._take(first)
        if _could_not(first[-1]):  # nor will the others now; they hear at once that they are to be sent again
            for case in second:
                case.answer = first[-1].answer
        else:
            self._take(second)

    def _failed(self, case: _Case, error: Exception) -> Answer:
        if isinstance(error, Refused):
            try:
                refuse(self._node, case.principal, Action.CREATE, error.text)
            except SalusError as down:  # the refusal could not be kept: the sender is to come again
                error = down
        if isinstance(error, SalusError):
            return self._turned_away(case.principal, error, _refusal(error, case.plan.elements if case.plan else ()))
        log.warning("a message could not be taken: %s", type(error).__name__)
        return _refusal(Unavailable(_BROKEN), ())

    def _turned_away(self, who: Principal | None, error: SalusError, answer: Answer) -> Answer:
        """Count a refusal under its sender, if that is known, with HL7's condition."""
        if who is not None and error.status < 500 and answer.salus:
            turn_away(self._node, who, SOURCE, [(answer.salus, str(answer.condition or ""))])
        return answer

    def _commit(self, cases: Sequence[_Case]) -> None:
        at_hand = AtHand(self._node.keys)
        try:
            self._commit_with(cases, at_hand)
        except StoreDown:
            raise
        except Exception:
            self._tell_undone(cases, at_hand)
            raise

    def _tell_undone(self, cases: Sequence[_Case], at_hand: AtHand) -> None:
        """Tell of keys opened for nothing: by one sender as theirs, else as the node's, which tries each again."""
        senders = {case.principal.subject: case.principal for case in cases}
        if len(senders) == 1:
            with self._node.store.transaction(Duty.CARE) as tx:
                register_undone(tx, cases[0].principal, at_hand.opened, self._node.clock.now())
        else:
            declare(self._node, "messages", at_hand.opened)

    def _commit_with(self, cases: Sequence[_Case], at_hand: AtHand) -> None:
        node = self._node
        with node.store.transaction(Duty.CARE) as tx:
            at = node.clock.now()
            messages.guard(tx, [case.marked for case in cases])
            came = messages.before(tx, [case.marked for case in cases])
            for case in cases:
                case.answer = _as_before(case, came.get(case.marked.message))
            fresh = [case for case in cases if case.answer is None]
            found = messages.known(tx, node.custodian, at_hand, [case.marked for case in fresh])
            for serial, case in enumerate(fresh):
                case.plan = v2.plan(case.marked.mapped, found.get(case.marked.facility, {}), serial)
            for who, group in _by_sender(fresh):
                self._accept(tx, who, group, at, at_hand)
            if fresh:
                messages.note(
                    tx,
                    [(case.marked, case.plan.notes if case.plan else ()) for case in fresh],
                    {case.marked.message: case.outcomes for case in fresh},
                    at,
                )
        for case in fresh:
            case.answer = _taken(case, at)

    def _accept(self, tx: Transaction, who: Principal, cases: Sequence[_Case], at: datetime, at_hand: AtHand) -> None:
        intents = [(case, intent) for case in cases if case.plan for intent in case.plan.intents]
        accepted: Accepted | None = None
        if intents:
            numbered = [replace(intent, entry=n) for n, (_, intent) in enumerate(intents)]
            accepted = accept_in(tx, self._node, who, numbered, at, SOURCE, at_hand)
            for (case, _), outcome in zip(intents, accepted.outcomes, strict=True):
                case.outcomes.append(outcome)
        written = {outcome.chart_key for outcome in accepted.outcomes} if accepted else set()
        _register_opened(tx, who, cases, written, at)


def _named(side: Sequence[tuple[str, str]]) -> list[Named]:
    return [Named(system=system, value=value) for system, value in side]


def _forget(cases: Sequence[_Case]) -> None:
    """Forget what a transaction that was undone said of these messages."""
    for case in cases:
        case.plan, case.outcomes, case.answer = None, [], None


def _by_sender(cases: Sequence[_Case]) -> list[tuple[Principal, list[_Case]]]:
    groups: dict[str, tuple[Principal, list[_Case]]] = {}
    for case in cases:
        groups.setdefault(case.principal.subject, (case.principal, []))[1].append(case)
    return list(groups.values())


def _register_opened(tx: Transaction, who: Principal, cases: Sequence[_Case], written: set[int], at: datetime) -> None:
    """Register what was opened to compare it and then stayed as it was: whoever looks is shown, also where nothing
    changes.
    """
    charts = sorted({one.chart_key for case in cases if case.plan for one in case.plan.opened} - written)
    residents = identity.residents_of(tx, charts) if charts else {}
    reads = [
        read_by(
            who,
            resident_key=residents.get(chart),
            chart_keys=(chart,),
            what="Patient",
            action=Action.UPDATE,
            ground="own-facility",
            unwraps=1,
            at=at,
        )
        for chart in charts
    ]
    if reads:
        access.register(tx, reads)


def _as_before(case: _Case, came: Before | None) -> Answer | None:
    if came is None:
        return None
    if not came.same:
        return Answer(code="AE", condition=v2.DUPLICATE_KEY, element="MSH^1^10", salus=V2Refused.code, text=_AGAIN)
    return Answer(code="AA", notes=came.notes, seal=case.marked.message, at=came.at)


def _taken(case: _Case, at: datetime) -> Answer:
    return Answer(code="AA", notes=case.plan.notes if case.plan else (), seal=case.marked.message, at=at)


def _could_not(case: _Case) -> bool:
    return case.answer is not None and case.answer.salus == StoreDown.code


def _of_merge(error: Exception) -> Exception:
    """Say in the words of an A40 what is wrong with the charts that it names, and at which of the two."""
    if isinstance(error, NotOwn):
        return V2Refused(_NOT_OWN[error.side], v2.UNKNOWN_KEY, _SIDES[error.side])
    if isinstance(error, Ambiguous):
        if error.side is None:
            return V2Refused("MRG-1 and PID-3 name one and the same patient", v2.UNKNOWN_KEY, _SIDES[Side.SOURCE])
        text = "these numbers do not name one patient: several, or each another"
        return V2Refused(text, v2.UNKNOWN_KEY, _SIDES[error.side])
    return error


def _refusal(error: SalusError, elements: Sequence[str]) -> Answer:
    """Say what a refusal is in HL7's words: AE for what a message says, AR for how or by whom it was sent.

    A sender takes 207 as "send it again", so nothing has it that would fail again as it is.
    """
    if isinstance(error, V2Refused):
        return _answer(error, error.condition, error.where, rejected=error.rejected)
    if isinstance(error, RecordRefused):
        entry = error.problems[0].entry
        return _answer(error, v2.DATATYPE, elements[entry] if entry is not None and entry < len(elements) else None)
    if isinstance(error, Conflict):
        return _answer(error, v2.LOCKED)
    if isinstance(error, Refused) and error.status != _TOO_OFTEN:
        return _answer(error, v2.UNKNOWN_KEY, "MSH^1^4", rejected=True)
    if isinstance(error, NotFound | Gone):
        return _answer(error, v2.UNKNOWN_KEY)
    if isinstance(error, Invalid):
        return _answer(error, v2.DATATYPE)
    return _answer(error, v2.INTERNAL, rejected=True)


def _answer(error: SalusError, condition: int, where: str | None = None, *, rejected: bool = False) -> Answer:
    code = "AR" if rejected else "AE"
    return Answer(code=code, condition=condition, element=where, salus=error.code, text=error.text)


__all__ = ["Incoming", "Receiver"]

"""Judge whether two records are one person's: what is asked, both sides of it, and the answer. Each look is shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from salus import access, identity, records
from salus.access import Action, Kind, Read
from salus.app.certificates import void_parted
from salus.app.facts import decide, purpose_of, refuse
from salus.app.node import Node
from salus.identity import Answer, Assertion, Author, Changed, Figures, Question, Says, review
from salus.parties import Principal
from salus.records import Personal
from salus.storage import Duty, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One question with both sides: what each chart says of who it is, what was asserted, who answered what so far.

    `one_resident` tells whether both charts are one resident's now: then "not the same" parts the later chart.
    """

    question: Question
    sides: tuple[Personal, ...] = field(repr=False)
    asserted: tuple[Assertion, ...]
    answers: tuple[Answer, ...]
    one_resident: bool


def questions(node: Node, who: Principal) -> tuple[list[Question], Figures]:
    """Return what waits to be judged, the oldest first, and how the queue stands. It names nobody."""
    _ground(node, who)
    with node.store.transaction(Duty.CARE) as tx:
        return review.waiting(tx), review.figures(tx, node.clock.now())


def judge_pair(node: Node, who: Principal, key: int) -> Pair:
    """Show both records of a question, as far as they say who it is: a read that both residents see.

    Raises Refused for anybody but a reviewer, AssertionRefused for a question that does not wait.
    """
    ground, at = _ground(node, who), node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        asked, answers = review.question(tx, key)
        whose = identity.residents_of(tx, asked.pair)
        people = records.patients(tx, asked.pair)
        _register(tx, who, whose, ground, "person", at, opened=True)
        asserted = [one for one in identity.assertions_of(tx, asked.pair) if one.pair == asked.pair]
    keys = node.keys.unwrap(asked.pair)
    return Pair(
        question=asked,
        sides=tuple(records.personal(one, keys) for one in sorted(people, key=lambda one: one.chart_key)),
        asserted=tuple(asserted),
        answers=tuple(answers),
        one_resident=len(set(whose.values())) == 1,
    )


def answer_question(node: Node, who: Principal, key: int, says: Says, reason: str) -> Changed | None:
    """Answer a question; None while another person is needed. Both residents see that it was judged.

    What follows is asserted in the same transaction; clinical rows stay where they are, with their charts. Whose chart
    is parted off from another's is shown the looks at it that the other was shown.
    """
    ground, at = _ground(node, who), node.clock.now()
    given = Answer(says=says, reason=reason, author=Author(name=who.subject, role=who.role), at=at)
    with node.store.transaction(Duty.CARE) as tx:
        asked, _ = review.question(tx, key)
        _register(tx, who, identity.residents_of(tx, asked.pair), ground, "judgement", at, opened=False)
        changed = review.answer(tx, key, given)
        if changed and says is Says.NOT_SAME:
            for chart, (before, now) in sorted(changed.moved.items()):
                access.tell_of_earlier(tx, [chart], before, now)
            void_parted(tx, node, {one for change in changed.moved.values() for one in change}, at)
        return changed


def _ground(node: Node, who: Principal) -> str:
    decision = decide(node, who, Action.JUDGE_IDENTITY, Kind.RECORD)
    if not decision.allowed:
        raise refuse(node, who, Action.JUDGE_IDENTITY, "an index reviewer judges whether two records are one person's")
    return decision.ground


def _register(
    tx: Transaction, who: Principal, whose: dict[int, int], ground: str, what: str, at: datetime, *, opened: bool
) -> None:
    """Write one entry for each resident whom the pair concerns."""
    charts: dict[int, list[int]] = {}
    for chart, resident in sorted(whose.items()):
        charts.setdefault(resident, []).append(chart)
    reads = [
        Read(
            reader_role=who.role,
            reader=who.subject,
            facility=who.facility,
            resident_key=resident,
            chart_keys=tuple(mine),
            what=what,
            count=len(mine),
            action=Action.JUDGE_IDENTITY,
            purpose=purpose_of(who),
            ground=ground,
            unwraps=len(mine) if opened else 0,
            at=at,
        )
        for resident, mine in charts.items()
    ]
    access.register(tx, reads)


__all__ = ["Pair", "answer_question", "judge_pair", "questions"]

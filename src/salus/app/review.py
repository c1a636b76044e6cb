"""Judge whether two records are one person's: what is asked, both sides of it, and the answer. Each look is shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from salus import access, identity, records
from salus.access import Action, Kind
from salus.app.certificates import void_parted
from salus.app.facts import decide, read_by, refuse
from salus.app.node import Node
from salus.identity import (
    Answer,
    Assertion,
    AssertionRefused,
    Author,
    Changed,
    Figures,
    Question,
    Says,
    Waiting,
    review,
)
from salus.parties import Principal
from salus.records import Personal
from salus.storage import Duty, Transaction

MOST_SIDES = 12
PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One question with both sides: what each chart says of who it is, what was asserted, who answered what so far.

    `one_resident` tells whether both charts are one resident's now: then `sides` are that resident's charts, and "not
    the same" parts some of them. `parted` tells that a person found before that the two residents are two people.
    """

    question: Question
    sides: tuple[Personal, ...] = field(repr=False)
    asserted: tuple[Assertion, ...]
    answers: tuple[Answer, ...]
    one_resident: bool
    parted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A page of what waits, the oldest first, how the queue stands, and what the asker answered in the last week.

    `after` names the last question of the page where more come after it.
    """

    waiting: tuple[Waiting, ...]
    after: int | None
    figures: Figures
    answered: tuple[tuple[Question, Answer], ...]


def questions(node: Node, who: Principal) -> tuple[list[Question], Figures]:
    """Return what waits to be judged, the oldest first, and how the queue stands. It names nobody."""
    found = review_queue(node, who)
    return [one.question for one in found.waiting], found.figures


def review_queue(node: Node, who: Principal, after: int = 0) -> Queue:
    """Return a page of what waits to be judged, from the question that comes after `after` on. It names nobody."""
    _ground(node, who)
    at = node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        found = review.queue(tx, who.subject, after, PAGE + 1)
        return Queue(
            waiting=tuple(found[:PAGE]),
            after=found[PAGE - 1].question.key if len(found) > PAGE else None,
            figures=review.figures(tx, at),
            answered=tuple(review.answered_by(tx, who.subject, at)),
        )


def judge_pair(node: Node, who: Principal, key: int) -> Pair:
    """Show both records of a question, as far as they say who it is: a read that both residents see.

    Raises Refused for anybody but a reviewer, AssertionRefused for a question that does not wait.
    """
    ground, at = _ground(node, who), node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        asked, answers = review.question(tx, key)
        charts = _shown(tx, asked)
        whose = identity.residents_of(tx, charts)
        sight = access.whole(charts)  # who somebody is said to be, and nothing clinical
        people = records.patients(tx, sight)
        _register(tx, who, whose, ground, "person", at, opened=True)
        asserted = [one for one in identity.assertions_of(tx, asked.pair) if one.pair == asked.pair]
        parted = identity.parted_by_people(tx, asked.pair)
    keys = node.keys.unwrap(charts)
    return Pair(
        question=asked,
        sides=tuple(records.personal(one, keys, sight) for one in sorted(people, key=lambda one: one.chart_key)),
        asserted=tuple(asserted),
        answers=tuple(answers),
        one_resident=len(set(whose.values())) == 1,
        parted=parted,
    )


def answer_question(
    node: Node,
    who: Principal,
    key: int,
    says: Says,
    reason: str,
    *,
    charts: frozenset[int] = frozenset(),
    lifts: bool = False,
) -> Changed | None:
    """Answer a question; None while another person is needed. Both residents see that it was judged.

    What follows is asserted in the same transaction; clinical rows stay where they are, with their charts. `charts` go
    to another person where one resident has all; `lifts` takes back that somebody found two people before. Whose chart
    is parted off from another's is shown the looks at it that the other was shown.
    """
    ground, at = _ground(node, who), node.clock.now()
    author = Author(name=who.subject, role=who.role)
    given = Answer(says=says, reason=reason, author=author, at=at, charts=charts, lifts=lifts)
    with node.store.transaction(Duty.CARE) as tx:
        asked, _ = review.question(tx, key)
        _register(tx, who, identity.residents_of(tx, asked.pair), ground, "judgement", at, opened=False)
        changed = review.answer(tx, key, given)
        if changed and says is Says.NOT_SAME:
            for chart, (before, now) in sorted(changed.moved.items()):
                access.tell_of_earlier(tx, [chart], before, now)
            void_parted(tx, {one for change in changed.moved.values() for one in change}, at)
        return changed


def ask_again(node: Node, who: Principal, key: int) -> None:
    """Put a pair that the asker judged in the last week into the queue again. Both residents see it."""
    ground, at = _ground(node, who), node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        mine = next((asked for asked, _ in review.answered_by(tx, who.subject, at) if asked.key == key), None)
        if mine is None:
            raise AssertionRefused("you did not answer this question in the last week, or it waits again")
        _register(tx, who, identity.residents_of(tx, mine.pair), ground, "judgement", at, opened=False)
        review.ask_again(tx, key, who.role, at)


def _shown(tx: Transaction, asked: Question) -> list[int]:
    """Return the charts that a reviewer is shown: the pair's; of one resident the others too, while they fit."""
    beside = identity.charts_beside(tx, asked.pair[0])
    if asked.pair[1] not in beside:
        return list(asked.pair)
    first = [*asked.pair, *sorted(asked.concerns & set(beside))]
    return sorted(list(dict.fromkeys([*first, *beside]))[:MOST_SIDES])


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
        read_by(
            who,
            resident_key=resident,
            chart_keys=tuple(mine),
            what=what,
            count=len(mine),
            action=Action.JUDGE_IDENTITY,
            ground=ground,
            unwraps=len(mine) if opened else 0,
            at=at,
        )
        for resident, mine in charts.items()
    ]
    access.register(tx, reads)


__all__ = ["Pair", "Queue", "answer_question", "ask_again", "judge_pair", "questions", "review_queue"]

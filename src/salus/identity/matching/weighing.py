"""The verdict on two people as the index knows them: the trained scorer and its guards, and what a number adds. Pure.

The scorer compares one number and one telephone of each; here the one that both have. Beyond what the batch decides: an
equal number links where no guard stands against it and however little else is said, also a chart that says no name; a
number of somebody else never links; and an equal number that does not link is asked about.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from salus.identity.linkage import Row
from salus.identity.linkage.people import PROVEN, Answer, Judge, Verdict, Within, class_of, guards, people_weights
from salus.identity.linkage.people.preparing import series
from salus.identity.matching.model import Person

BORROWED, ANOTHERS, BY_WEIGHT, NAMELESS = "borrowed-number", "number-of-another", "weight", "never-by-itself"
"""Reasons beside the guards' codes: a number of somebody else, one that another holds, bits that are too few."""
LOST = "number-taken-away"
"""The reason where a chart had a valid number and has none now: what it says else may be made to look like another."""
ANOTHER_NAME = "another-name"
"""The code of the guard of pairs that asks for names that sound alike where no number is the same."""
IN_ONE_CLUSTER = frozenset(guard.code for guard in guards() if guard.within is Within.CLUSTER)


def judge_of(people: int = PROVEN) -> Judge:
    """Return the judge under the weights that come with Salus, for a register of so many people."""
    return _judge(class_of(people))


@cache
def _judge(people: int) -> Judge:
    return Judge(people_weights(people))


def weigh(a: Person, b: Person, judge: Judge | None = None) -> Verdict:
    """Judge two people; their order does not matter. Without a judge it is that of a million people."""
    one, two, shared = facing(a, b)
    found = (judge or judge_of())(one, two)
    if shared and (not found.reason or (found.reason == NAMELESS and by_number(a, b))):
        found = _but(found, Answer.LINK, "")
    if found.answer is Answer.LINK and (a.lost or b.lost) and not shared:
        return _but(found, Answer.REVIEW, LOST)
    if found.answer is Answer.LINK:
        return _but(found, Answer.REVIEW, BORROWED) if lent(a, b) else found
    if shared and found.answer is not Answer.REVIEW:
        return _but(found, Answer.REVIEW, found.reason or ANOTHERS)
    return found


def against(a: Person, b: Person) -> str:
    """Return why two may not stand in one cluster, whoever else does and whatever they weigh: a guard's code, or ""."""
    one, two, _ = facing(a, b)
    return judge_of().against([one], [two])


def by_number(a: Person, b: Person) -> bool:
    """Tell whether an equal number links a chart that says no name: one of two is such, and no valid numbers differ."""
    one, two = a.features, b.features
    nameless = one.sound is None or two.sound is None
    differ = one.citizen is not None and two.citizen is not None and one.citizen != two.citizen
    return nameless and not differ


def lent(a: Person, b: Person) -> bool:
    """Tell whether one goes by a number that is the other's."""
    return not set(a.guardians).isdisjoint(b.numbers) or not set(b.guardians).isdisjoint(a.numbers)


def facing(a: Person, b: Person) -> tuple[Row, Row, bool]:
    """Return both as the scorer takes them, with the number and the telephone that they share, and if they share one.

    Where they share none, and not both have a resident's, numbers of one series face each other. A resident's number is
    never hidden by that: two that differ stay a reason against it.
    """
    one, two = a.features._asdict(), b.features._asdict()
    number = _of_both(a.numbers, b.numbers)
    if number is not None:
        for row in (one, two):
            row["typed"], row["series"] = number, series(number)
            if "." not in number:
                row["citizen"] = number
    elif one["citizen"] is None or two["citizen"] is None:
        _face_in_series(one, two, a.numbers, b.numbers)
    phone = _of_both(a.phones, b.phones)
    if phone is not None:
        one["phone"] = two["phone"] = phone
    return one, two, number is not None


def _face_in_series(one: dict[str, Any], two: dict[str, Any], some: tuple[str, ...], others: tuple[str, ...]) -> None:
    """Compare numbers of one series, the first that both have: a difference there says more than two kinds of card."""
    if len(some) < 2 > len(others):
        return
    mine, theirs = ({series(number): number for number in reversed(numbers)} for numbers in (some, others))
    place = min((mine.keys() & theirs.keys()) - {0}, default=0)
    if place:
        one["typed"], two["typed"] = mine[place], theirs[place]
        one["series"] = two["series"] = place


def _of_both(some: tuple[str, ...], others: tuple[str, ...]) -> Any:
    if len(some) == 1 == len(others):
        return some[0] if some == others else None
    return min(set(some).intersection(others), default=None)


def _but(found: Verdict, answer: Answer, reason: str) -> Verdict:
    return Verdict(answer=answer, reason=reason, scored=found.scored)


def spelt_reason(found: Verdict) -> str:
    """Return why a pair is not linked, as a word of the closed list."""
    return found.reason or BY_WEIGHT

"""Whoever asks for whatever, some things never happen: invariants over a hundred thousand generated questions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from itertools import product
from random import Random

import pytest

from permits import spoken_of
from salus.access import Action, Decision, Kind, Request, load_policy
from salus.kernel import Purpose, Role

SOME, QUESTIONS = 10_000, 100_000
FACTS = ("own_facility", "relation_open", "own_record", "care_facility", "independent", "closed")
WRITES = {Action.CREATE, Action.UPDATE, Action.DELETE, Action.IMPORT}
READS = {Action.READ, Action.SEARCH, Action.READ_SUMMARY, Action.READ_IDENTITY}
PERSONS_OF_CARE = {Role.CLINICIAN, Role.RECEPTION}
CARE = {Role.HOSPITAL_SYSTEM, *PERSONS_OF_CARE}
COUNTING = {Role.DEPARTMENT_SYSTEM, Role.EPIDEMIOLOGIST, Role.COMMANDER}
SIGNAL_ACTIONS = {Action.READ_SIGNALS, Action.VERIFY_SIGNAL, Action.READ_SITUATION, Action.COMMAND}
NOBODY_IS_ASKED = {Action.EXPLAIN_LINKS}
"""It is done by command on the machine, and only written down."""
Invariant = Callable[[Request, Decision], bool]


def _only(allowed: bool, condition: bool) -> bool:
    return condition or not allowed


INVARIANTS: dict[str, Invariant] = {
    "no commander, epidemiologist or department reads or writes a record": lambda q, d: _only(
        d.allowed, q.role not in COUNTING or q.kind is not Kind.RECORD
    ),
    "no auditor and no operator may do anything at all": lambda q, d: _only(
        d.allowed, q.role not in (Role.AUDITOR, Role.OPERATOR)
    ),
    "nothing is allowed without a purpose of use, or for one that is not of the role": lambda q, d: _only(
        d.allowed, q.purpose in PURPOSES_OF[q.role]
    ),
    "emergency and research open nothing by themselves": lambda q, d: _only(
        d.allowed, q.purpose not in (Purpose.HRESCH, Purpose.ETREAT) or q.role is Role.CLINICIAN
    ),
    "what is closed stays closed, whatever else holds": lambda q, d: _only(
        d.allowed, not (q.closed and q.kind is Kind.RECORD)
    ),
    "a resident does nothing but with the own record, and shows a code that was given": lambda q, d: _only(
        d.allowed,
        q.role is not Role.RESIDENT or q.own_record or (q.action is Action.SHOW_GIVEN_CODE and q.relation_open),
    ),
    "care by persons needs an open relation, but for opening one and for the own facility's work list": lambda q, d: (
        _only(
            d.allowed,
            q.role not in PERSONS_OF_CARE
            or q.kind is not Kind.RECORD
            or q.relation_open
            or q.action in (Action.RESOLVE_CODE, Action.OPEN_RELATION, Action.READ_WORK_LIST)
            or q.purpose is Purpose.ETREAT,
        )
    ),
    "a hospital's software reads the own facility's records, or in an open relation": lambda q, d: _only(
        d.allowed,
        q.role is not Role.HOSPITAL_SYSTEM
        or q.action not in READS
        or q.kind is not Kind.RECORD
        or q.own_facility
        or q.relation_open,
    ),
    "only a facility's software writes records, and only its own facility's": lambda q, d: _only(
        d.allowed,
        q.action not in WRITES
        or (q.role in (Role.HOSPITAL_SYSTEM, Role.SAMPLING_SITE, Role.LABORATORY) and q.own_facility),
    ),
    "an identity code is read at a place of care, and by nobody else": lambda q, d: _only(
        d.allowed, q.action is not Action.RESOLVE_CODE or (q.role in CARE and q.care_facility)
    ),
    "a person opens a care relation, never software": lambda q, d: _only(
        d.allowed, q.action is not Action.OPEN_RELATION or (q.role in PERSONS_OF_CARE and q.care_facility)
    ),
    "a desk reads nothing clinical": lambda q, d: _only(
        d.allowed,
        q.role is not Role.RECEPTION or q.action not in (Action.READ, Action.SEARCH, Action.READ_SUMMARY),
    ),
    "the register of a person's reads is that person's": lambda q, d: _only(
        d.allowed, q.action is not Action.READ_REGISTER or (q.role is Role.RESIDENT and q.own_record)
    ),
    "a notice is read by its holder, and opened where the holder is": lambda q, d: (
        _only(d.allowed, q.action is not Action.READ_NOTICE or (q.role is Role.RESIDENT and q.own_record))
        and _only(
            d.allowed,
            q.action is not Action.OPEN_NOTICE or (q.role is Role.CLINICIAN and q.relation_open and q.care_facility),
        )
    ),
    "consent is changed by its resident alone": lambda q, d: _only(
        d.allowed, q.action is not Action.CHANGE_CONSENT or (q.role is Role.RESIDENT and q.own_record)
    ),
    "nobody answers a contest of the own organisation's work": lambda q, d: _only(
        d.allowed, q.action is not Action.ANSWER_APPEAL or (q.role is Role.APPEAL_OFFICER and q.independent)
    ),
    "an appeal officer answers and an index reviewer judges, and neither does anything else": lambda q, d: (
        _only(d.allowed, q.role is not Role.APPEAL_OFFICER or q.action is Action.ANSWER_APPEAL)
        and _only(d.allowed, q.role is not Role.INDEX_REVIEWER or q.action is Action.JUDGE_IDENTITY)
    ),
    "a site and a laboratory read nothing": lambda q, d: _only(
        d.allowed, q.role not in (Role.SAMPLING_SITE, Role.LABORATORY) or q.action not in READS
    ),
    "signals and commands are of counts, and never of a record": lambda q, d: _only(
        d.allowed, q.action not in SIGNAL_ACTIONS or q.kind is Kind.COUNTS
    ),
    "an answer names its ground": lambda q, d: bool(d.ground),
}
PURPOSES_OF: dict[Role, set[Purpose]] = {
    **{role: {Purpose.TREAT} for role in Role},
    Role.CLINICIAN: {Purpose.TREAT, Purpose.ETREAT},
    Role.HOSPITAL_SYSTEM: {Purpose.TREAT, Purpose.HOPERAT},
    Role.RESIDENT: {Purpose.PATRQT},
    Role.APPEAL_OFFICER: {Purpose.PATRQT},
    Role.INDEX_REVIEWER: {Purpose.HOPERAT},
    Role.ACCESS_REVIEWER: {Purpose.HOPERAT},
    **{role: {Purpose.PUBHLTH} for role in COUNTING},
    Role.AUDITOR: set(),
    Role.OPERATOR: set(),
}


Answered = tuple[Request, Decision]


def answered(count: int, seed: int) -> Iterator[Answered]:
    """Yield questions of any role, purpose, action, kind and facts, each with its answer."""
    policy, random = load_policy(), Random(seed)
    for _ in range(count):
        question = generated(random)
        yield question, policy.permit(question)


@pytest.fixture(scope="module")
def some() -> list[Answered]:
    return list(answered(SOME, 20310301))


@pytest.mark.parametrize("invariant", INVARIANTS)
def test_it_holds_for_every_generated_question(some: list[Answered], invariant: str) -> None:
    holds = INVARIANTS[invariant]

    assert [(question, decision) for question, decision in some if not holds(question, decision)] == []


@pytest.mark.slow
def test_all_of_them_hold_for_a_hundred_thousand_questions() -> None:
    reached, allowed = 0, set[tuple[Role, Action]]()
    for question, decision in answered(QUESTIONS, 7):
        broken = [words for words, holds in INVARIANTS.items() if not holds(question, decision)]
        assert broken == [], question
        reached += 1
        if decision.allowed:
            allowed.add((question.role, question.action))

    assert reached == QUESTIONS
    assert {action for _, action in allowed} == set(Action) - NOBODY_IS_ASKED
    assert {role for role, _ in allowed} == set(Role) - {Role.AUDITOR, Role.OPERATOR}


def test_no_action_sets_a_measure() -> None:
    assert not [action for action in Action if "measure" in action or "set" in action.split("-")]


@pytest.mark.parametrize("invariant", list(INVARIANTS)[:-1])
def test_each_invariant_can_be_broken(invariant: str) -> None:
    everything = Decision(allowed=True, ground="never")
    random = Random(7)

    assert any(not INVARIANTS[invariant](generated(random), everything) for _ in range(20_000))


def generated(random: Random) -> Request:
    """Return a question; every second is one that the head of a permit fits, and each fact holds or not by a coin."""
    role, kind, action = random.choice(_spoken_of()) if random.random() < 0.5 else _anything(random)
    return Request(
        role=role,
        purpose=random.choice([*PURPOSES_OF[role], *PURPOSES_OF[role], *Purpose, None]),
        action=action,
        kind=kind,
        **{fact: random.random() < 0.5 for fact in FACTS},
    )


def _anything(random: Random) -> tuple[Role, Kind, Action]:
    return random.choice(list(Role)), random.choice([Kind.RECORD, *Kind]), random.choice(list(Action))


@cache
def _spoken_of() -> list[tuple[Role, Kind, Action]]:
    return [asked for asked in product(Role, Kind, Action) if spoken_of(*asked)]

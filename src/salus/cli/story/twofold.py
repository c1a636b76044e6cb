"""Chapter seven: two people come under one number. No rule decides it, a reviewer does, and both see the look."""

from __future__ import annotations

from uuid import UUID

from salus import app, identity, records
from salus.cli.story.stage import Stage
from salus.identity import Question, Says
from salus.kernel import Role
from salus.parties import Principal
from salus.storage import Duty

STRANGERS = (("Ouyang Minghui", "欧阳明慧"), ("Situ Yuanhang", "司徒远航"))
_MOST = 10_000
_CARD = "urn:oid:2.16.156.10011.1.3"


def tell_two_people(stage: Stage) -> None:
    """Let two strangers come under residents' numbers; judge the one pair, and leave the other to the visitor."""
    named = [(name, holder, number) for name, holder in stage.offered() for number in _number(stage, name, holder)][-2:]
    if len(named) < 2:
        stage.say("too few are offered here for somebody to come under another's number")
        return
    reviewer = stage.at_work(Role.INDEX_REVIEWER, "RB1")
    (name, holder, number), (other, _, others) = named
    stranger, asked = _arrives(stage, number, STRANGERS[0][1])
    stage.say(
        f"a hospital sends {STRANGERS[0][0]} under the number of {name}: no rule links the two,"
        f" {'and a reviewer is asked' if asked else 'as a reviewer found before'}"
    )
    if asked:
        app.judge_pair(stage.node, reviewer, asked.key)
        app.answer_question(stage.node, reviewer, asked.key, Says.NOT_SAME, "documents-differ")
        stage.say(f"{reviewer.name_en} sees both records side by side, and finds two people; no rule links them now")
    mine, theirs = (_looks(stage, one) for one in (holder, stage.holder(stranger)))
    stage.say(f"the reviewer's looks stand in the list of {name}: {mine}, and in that of the other one: {theirs}")
    _, waits = _arrives(stage, others, STRANGERS[1][1])
    if waits:
        stage.say(f"{STRANGERS[1][0]} comes under the number of {other}: that pair waits for you at /review")


def _number(stage: Stage, name: str, holder: Principal) -> list[str]:
    """Return the number of a resident who is offered; several of the country may have their name."""
    called = [index for index, one in enumerate(stage.country.residents) if one.pinyin == name]
    return [stage.country.residents[index].number for index in called if stage.resident(index) == holder.resident]


def _arrives(stage: Stage, number: str, called: str) -> tuple[UUID, Question | None]:
    """Let a hospital send somebody; return who that is in the index, and what is asked about them."""
    person = {
        "resourceType": "Patient",
        "identifier": [{"system": _CARD, "value": number}],
        "name": [{"text": called}],
    }
    system = stage.at_work(Role.HOSPITAL_SYSTEM, "H1")
    accepted = app.accept(stage.node, system, [records.of_resource(person, "Patient")])
    chart = accepted.outcomes[0].chart_key
    with stage.node.store.transaction(Duty.CARE) as tx:
        found = identity.resident_by_key(tx, accepted.residents[chart])
        asked = identity.review.waiting(tx, _MOST)
    assert found is not None  # noqa: S101  whoever was accepted is known here
    return found.resident_id, next((one for one in asked if chart in one.pair), None)


def _looks(stage: Stage, holder: Principal) -> int:
    looked = app.who_looked(stage.node, holder).looks
    return sum(one.role is Role.INDEX_REVIEWER for one in looked)


__all__ = ["tell_two_people"]

"""Chapter five: two residents contest; one is answered by another organisation, one by nobody: late is void."""

from __future__ import annotations

from datetime import timedelta

from salus import app
from salus.appeals import Contest, Outcome
from salus.cli.story.stage import Stage, civil
from salus.healthcode import measures
from salus.kernel import Role
from salus.parties import Principal

Holder = tuple[str, Principal, measures.HeldNotice]


def tell_contests(stage: Stage) -> None:
    """Contest two notices; answer one in time, let the other one's clock run out."""
    holders = _holders(stage)
    if len(holders) < 2:
        stage.say("nobody who is offered here holds a notice that could be contested")
        return
    answered, late = holders[0], holders[1]
    first = _contested(stage, answered)
    second = _contested(stage, late)
    stage.settle()
    officer = stage.at_work(Role.APPEAL_OFFICER, "RB1")
    app.judge_contest(stage.node, officer, first.receipt.hash)
    reason = "The specimens were mixed up at the site."
    app.answer_contest(stage.node, officer, first.receipt.hash, Outcome.ENDED, reason)
    stage.settle()
    stage.say(
        f"{answered[0]} contests; {officer.name_en} of another organisation answers within the 48 hours:"
        f" {_now(stage, answered)} from then on"
    )
    stage.advance(second.deadline - stage.now + timedelta(minutes=1))
    stage.settle()
    tally = app.contest_tally(stage.node)
    stage.say(
        f"{late[0]} contests; nobody answers until {civil(second.deadline)}: {_now(stage, late)};"
        f" {tally.late} late, counted in public"
    )


def _holders(stage: Stage) -> list[Holder]:
    """Return residents who are offered here and hold a notice that nobody contested yet."""
    found: list[Holder] = []
    for name, holder in stage.told():
        contested = {one.contest.receipt.subject for one in app.my_contests(stage.node, holder)}
        fresh = [one for one in app.my_notices(stage.node, holder).notices if one.commitment not in contested]
        found += [(name, holder, one) for one in fresh[:1]]
    return found


def _contested(stage: Stage, holder: Holder) -> Contest:
    _, who, notice = holder
    return app.contest_notice(stage.node, who, notice.file, "I was never at that sampling site.")


def _now(stage: Stage, holder: Holder) -> str:
    """Say what a resident is shown now of what was contested."""
    _, who, contested = holder
    found = [one for one in app.my_notices(stage.node, who).notices if one.commitment == contested.commitment]
    return str(found[0].found.measure) if found else "none"


__all__ = ["tell_contests"]

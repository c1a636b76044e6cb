"""A measure can be contested, and a late answer ends it: 48 hours on, unless somebody who took no part upheld it.

An answer counts once witnesses have vouched for it, before the deadline. What came too late is void and stays void,
whatever is answered then; it is counted in public, from the log. Nobody answers for the own organisation. How a contest
stands is stored nowhere, so there is nothing to change.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contesting import HOUR, Scene, contesting, judging
from naming import columns
from salus import appeals
from salus.access import Action, Request, load_policy
from salus.app import contest_tally
from salus.appeals import ANSWER_WITHIN, OwnJudge
from salus.kernel import Purpose, Role
from salus.rules import Measure
from salus.storage import Duty, Store

NONE = "Nothing is asked of you"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with contesting(tmp_path_factory.mktemp("late")) as opened:
        yield opened


def test_a_measure_ends_when_nobody_answers_within_48_hours(scene: Scene) -> None:
    person = scene.infected()
    person.contest_notice()
    scene.measuring.advance(ANSWER_WITHIN - HOUR)
    file = person.file
    assert scene.recomputed(file).measure is Measure.PRECAUTION

    scene.measuring.advance(HOUR)

    assert NONE in person.notice
    assert scene.recomputed(file).fault == "APPEAL-OVERDUE"


def test_an_answer_that_comes_late_does_not_revive_it_and_is_counted_in_public(scene: Scene) -> None:
    person = scene.infected()
    address, _ = person.contest_notice()
    scene.measuring.advance(ANSWER_WITHIN)
    late = contest_tally(scene.node).late
    assert late

    assert scene.answer(address, "COURT", "stands").status_code == 303
    scene.measuring.advance(HOUR)

    assert NONE in person.notice
    assert contest_tally(scene.node).late == late
    assert f"Contests overdue {late} " in scene.power()


def test_without_a_contest_the_same_measure_stands(scene: Scene) -> None:
    """The control: it is the contest that ends it, not the 48 hours."""
    person = scene.infected()
    scene.measuring.advance(ANSWER_WITHIN)

    assert NONE not in person.notice
    assert scene.recomputed(person.file).measure is Measure.PRECAUTION


def test_nobody_answers_for_the_own_organisation(scene: Scene) -> None:
    person = scene.infected()
    address, _ = person.contest_notice()
    asked = {"role": Role.APPEAL_OFFICER, "purpose": Purpose.PATRQT, "action": Action.ANSWER_APPEAL}

    assert not load_policy().permit(Request(**asked)).allowed  # type: ignore[arg-type]
    assert load_policy().permit(Request(**asked, independent=True)).allowed  # type: ignore[arg-type]
    for facility in ("S1", "L1"):
        assert scene.answer(address, facility, "stands").status_code == 403
    with scene.node.store.transaction(Duty.CARE) as tx:
        contest = appeals.contest_by_appeal(tx, scene.node.custodian, bytes.fromhex(address.rpartition("/")[2]))
    assert {"city-sampling", "green-laboratories", "Group", scene.node.name} <= set(contest.organisations)
    for organisation in contest.organisations:
        with pytest.raises(OwnJudge), scene.node.store.transaction(Duty.CARE) as tx:
            appeals.answer_contest(
                tx,
                scene.node.custodian,
                contest,
                officer="whoever",
                organisation=organisation,
                outcome=appeals.Outcome.STANDS,
                reason="Because.",
                at=scene.node.clock.now(),
            )
    assert judging(address)


def test_how_a_contest_stands_is_stored_nowhere(store: Store) -> None:
    kept = {name for table, name in columns(store) if table.startswith("appeals.")}

    assert not kept & {"standing", "state", "status", "late", "overdue", "void", "closed_at"}
    assert "outcome" in kept  # what was answered; whether it counts is computed from the log and the clock

"""An attested exposure asks whoever brings it for a test, for 48 hours at most; nobody can put one on a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from exposures import an_invented_word, table_with_exposures, tracing
from measures import ALIVE, HOUR
from nodes import the_resident
from salus import app
from salus.access import Action
from salus.healthcode.slips import SlipRefused
from salus.kernel import Refused, Role
from salus.ledger import KINDS
from salus.rules import EvidenceKind, Exposure, Measure, Result, lint, recompute_slip
from salus.storage import Duty
from slipping import Slipping, desk, slipping


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slipping]:
    with slipping(tmp_path_factory.mktemp("exposures")) as opened:
        yield opened


def rows(world: Slipping, sql: str) -> list[tuple[Any, ...]]:
    """Ask the database as its owner."""
    with world.node.store.connect(Duty.MIGRATION, "salus") as owner:
        return [tuple(row) for row in owner.execute(sql).fetchall()]


def everything(world: Slipping) -> dict[str, int]:
    """How many rows each table has."""
    named = rows(world, "select table_schema || '.' || table_name from information_schema.tables"
                        " where table_type = 'BASE TABLE' and table_schema !~ '^pg_|information_schema'")  # fmt: skip
    return {name: rows(world, f"select count(*) from {name}")[0][0] for (name,) in named}


def changed(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    """What came to each table in between."""
    return {name: count - before[name] for name, count in after.items() if count != before[name]}


def test_no_rule_makes_a_precaution_of_an_exposure_or_lets_it_last() -> None:
    """A table's row for exposures has no field for what it gives, and 48 hours are the longest that it can name."""
    assert not lint(table_with_exposures())
    for more in ({"gives": "precaution"}, {"lasts_hours": 49}, {"within_days": 15}, {"released_by": []}):
        assert lint(table_with_exposures(**more)), more
    assert "exposure" not in set(EvidenceKind)


def test_an_exposure_names_neither_a_person_nor_a_place_nor_how_they_met() -> None:
    assert set(KINDS["exposure"]) == {"index", "number", "commitment", "signatures", "word"}
    assert set(Exposure.__dataclass_fields__) == {"name", "disease", "index", "day", "attested", "ended"}
    told: dict[str, Any] = tracing().attest().opening["exposure"]
    assert set(told) == {"attested", "blind", "day", "disease", "index", "subject"}


def test_no_table_has_a_column_for_whose_an_exposure_is(world: Slipping) -> None:
    """What a node keeps of exposures is what the log shows, and which cases are none any more."""
    told = {
        table: {name for (name,) in rows(world, f"select column_name from information_schema.columns where {where}")}
        for table, where in (
            ("exposure", "table_schema = 'healthcode' and table_name = 'exposure'"),
            ("exposure_end", "table_schema = 'healthcode' and table_name = 'exposure_end'"),
        )
    }

    assert told == {
        "exposure": {"commitment", "tag", "number", "entry", "pending_id"},
        "exposure_end": {"tag", "ended_at"},
    }
    others = "select table_name from information_schema.columns where column_name ~ 'exposure|slip|contact'"
    assert not rows(world, others)


def test_reading_a_slip_leaves_nothing_behind_and_signed_in_a_look_at_ones_own_notices(world: Slipping) -> None:
    """Neither the case nor the desk nor who holds the database learns that a slip was read, or by whom."""
    tag, _ = world.case()
    slip, me = world.slip(tag), the_resident(world.world.resident(world.number()))
    world.hand_over(slip)
    world.world.close()
    before = everything(world)

    asked = world.read(slip).found
    unsigned = everything(world)
    app.my_notices(world.node, me)
    looked = everything(world)
    world.read(slip, who=me)
    signed = everything(world)

    assert asked.measure is Measure.ADVISE
    assert unsigned == before
    assert changed(looked, signed) == changed(unsigned, looked)
    told = rows(world, "select what, action, ground from access.entry order by batch desc, item desc limit 2")
    assert told[0] == told[1]  # the register has the same words for both looks


def test_only_a_disease_control_desk_hands_exposures_over_and_no_role_reads_whose_they_are(world: Slipping) -> None:
    tag, _ = world.case()
    slip = world.slip(tag)

    for facility in ("CDC1", "P1", "H1", "L1", "S1"):
        for role in set(Role) - {Role.RESIDENT, Role.AUDITOR, Role.OPERATOR}:
            if (facility, role) == ("CDC1", Role.EPIDEMIOLOGIST):
                continue
            with pytest.raises(Refused):
                world.hand_over(slip, who=desk(facility, role))

    assert world.hand_over(slip).taken == 1
    assert [action for action in Action if "exposure" in action] == [Action.HAND_EXPOSURES_OVER]


def test_a_slip_goes_through_the_log_before_it_asks_anything_and_its_case_stands_there(world: Slipping) -> None:
    tag, _ = world.case()
    slip = world.slip(tag)

    with pytest.raises(SlipRefused, match="NO-WORD"):
        world.hand_over(world.slip("A" * 43 + "="))
    world.hand_over(slip)
    waiting = world.read(slip).found
    world.world.close()

    assert waiting.measure is Measure.NONE
    assert world.read(slip).found.measure is Measure.ADVISE


def test_nobody_makes_a_slip_without_the_word_that_the_case_alone_has(world: Slipping) -> None:
    """Investigators who agree with each other learn one answer, whether there is a case, and whatever it rests on.

    Until the word was given nothing is opened for them, so that the node itself does not look.
    """
    positive, _ = world.case()
    indeterminate, _ = world.case(Result.INDETERMINATE)
    told = []
    for tag in (positive, indeterminate, "A" * 43 + "="):
        before = everything(world)
        with pytest.raises(SlipRefused) as refused:
            world.hand_over(world.slip(tag, word=an_invented_word()))
        told.append((refused.value.text, changed(before, everything(world))))

    assert told[0] == told[1] == told[2]
    assert told[0][0].startswith("NO-WORD")
    assert world.hand_over(world.slip(positive)).taken == 1


def test_a_slip_comes_to_advice_and_to_nothing_two_days_later() -> None:
    world = tracing()
    slip = world.attest()
    world.log(slip)
    attested = ALIVE + 8 * HOUR

    found = [
        recompute_slip(world.raw(slip), world.world.log.trust, attested + hours * HOUR).measure
        for hours in (2, 24, 47, 48, 200)
    ]

    assert found == [Measure.ADVISE, Measure.ADVISE, Measure.ADVISE, Measure.NONE, Measure.NONE]

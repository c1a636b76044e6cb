"""An attested exposure asks whoever brings it for a test, for 48 hours at most; nobody can put one on a person."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import salus
from exposures import table_with_exposures, tracing
from measures import ALIVE, HOUR
from salus.ledger import KINDS
from salus.rules import EvidenceKind, Exposure, Measure, lint, recompute_slip

SOURCE = Path(salus.__file__).parent


def test_no_rule_makes_a_precaution_of_an_exposure_or_lets_it_last() -> None:
    """A table's row for exposures has no field for what it gives, and 48 hours are the longest that it can name."""
    assert not lint(table_with_exposures())
    for more in ({"gives": "precaution"}, {"lasts_hours": 49}, {"within_days": 15}, {"released_by": []}):
        assert lint(table_with_exposures(**more)), more
    assert "exposure" not in set(EvidenceKind)


def test_an_exposure_names_neither_a_person_nor_a_place_nor_how_they_met() -> None:
    assert set(KINDS["exposure"]) == {"index", "number", "commitment", "signatures"}
    assert set(Exposure.__dataclass_fields__) == {"name", "disease", "index", "day", "attested", "ended"}
    told: dict[str, Any] = tracing().attest().opening["exposure"]
    assert set(told) == {"attested", "blind", "day", "disease", "index", "subject"}


def test_no_node_keeps_whose_an_exposure_is() -> None:
    """Outside of the pure rooms, the log's form and the command that reads a slip, nothing knows of one."""
    knowing = set()
    for path in SOURCE.rglob("*.py"):
        names = {one.id for one in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(one, ast.Name)}
        if names & {"Exposure", "recompute_slip", "check_attested"}:
            knowing.add(path.relative_to(SOURCE).parts[0])

    assert knowing == {"rules", "cli"}
    assert not [path for path in SOURCE.rglob("*.sql") if "exposure" in path.read_text("utf-8")]


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

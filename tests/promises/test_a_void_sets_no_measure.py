"""Voiding a certificate sets no measure and ends none: it says that a piece of paper is not good, and nothing else.

Whoever may void certificates (their holders, a correction, a parting) must not come by a way to ask anything of
anybody.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from measuring import Measuring, measuring
from nodes import a_number, the_resident
from salus import ledger
from salus.app import my_notices
from salus.healthcode import certificates
from salus.healthcode.certificates import Fact, VoidReason
from salus.ledger import KINDS
from salus.rules import Measure, Result
from salus.storage import Duty

FREE, BOUND = a_number(1), a_number(2)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measuring]:
    with measuring(tmp_path_factory.mktemp("voids")) as opened:
        for number, result in ((FREE, Result.NEGATIVE), (BOUND, Result.POSITIVE)):
            opened.result(opened.specimen(number), result)
        opened.settle()
        yield opened


def shown(world: Measuring, number: str) -> list[tuple[bytes, Any]]:
    return [(one.file, one.found) for one in my_notices(world.node, the_resident(world.resident(number))).notices]


def state(world: Measuring) -> list[Any]:
    """What is shown to both, what is decided, and what waits to be decided."""
    logged = [(index, leaf.body) for index, leaf in ledger.leaves(world.node.store, "decision")]
    with world.node.store.connect(Duty.MIGRATION, "salus") as owner:
        tables = [
            owner.execute(f"select * from healthcode.{table} order by 1").fetchall()  # two of ours
            for table in ("decision", "undecided")
        ]
    measures = [[found.measure for _, found in shown(world, number)] for number in (FREE, BOUND)]
    return [measures, logged, *tables]


def whose(world: Measuring, number: str) -> int:
    world.patient(number)
    return world.residents[number]


def taken(world: Measuring, number: str) -> tuple[Any, Any]:
    """Take a certificate of a test for somebody, and return its name and the entry that it rests on."""
    at = world.now
    fact = Fact(resource=uuid4(), kind="test", disease="covid-19", at=at - timedelta(hours=2))
    with world.node.store.transaction(Duty.CARE) as tx:
        mine = certificates.take(tx, world.node.custodian, whose(world, number), fact, None, at=at)
    return mine, fact.resource


@pytest.mark.parametrize("number", [FREE, BOUND], ids=["of-whom-nothing-is-asked", "of-whom-something-is"])
@pytest.mark.parametrize("reason", VoidReason)
def test_a_void_of_any_reason_changes_no_measure(world: Measuring, number: str, reason: VoidReason) -> None:
    mine, resource = taken(world, number)
    before = state(world)

    with world.node.store.transaction(Duty.CARE) as tx:
        if reason is VoidReason.HOLDER:
            certificates.void(tx, [whose(world, number)], mine, world.now)
        elif reason is VoidReason.SUPERSEDED:
            certificates.void_corrected(tx, [resource], world.now)
        else:
            certificates.void_parted(tx, [mine], world.now)
    voids = len(ledger.leaves(world.node.store, "void"))
    world.settle()

    assert len(ledger.leaves(world.node.store, "void")) == voids + 1
    assert state(world) == before
    assert before[0] == [[], [Measure.PRECAUTION]]


def test_what_the_log_is_told_of_a_void_has_no_field_for_a_measure_or_a_person() -> None:
    assert set(KINDS["void"]) == {"commitment"}
    assert set(KINDS["voids"]) == {"month", "reason", "count"}
    assert not {str(one) for one in VoidReason} & {str(one) for one in Measure}

"""Every measure that a node came to is written again, byte for byte, from its holder's own file, without the node."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from measuring import Measuring, measuring
from nodes import a_number, the_resident
from salus import ledger
from salus.app import my_notices
from salus.cli import main
from salus.kernel import format_instant
from salus.rules import EvidenceKind, Result

pytestmark = pytest.mark.slow

RESIDENTS, MINUTES = 100, timedelta(minutes=10)


def evidence(world: Measuring, order: int) -> None:
    """Two kinds of tests at different times; one in ten holders has a second positive, and then a second measure."""
    kind = EvidenceKind.ANTIGEN if order % 3 == 0 else EvidenceKind.NUCLEIC_ACID
    first = world.specimen(a_number(order), taken=world.now - (order % 5) * MINUTES)
    world.result(first, Result.POSITIVE, kind=kind)
    if order % 10 == 0:
        world.result(world.specimen(a_number(order), subject=first.body["subject"]), Result.POSITIVE)


def test_every_measure_that_was_issued_rederives_byte_for_byte_from_its_holders_file(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with measuring(tmp_path_factory.mktemp("country")) as world:
        for order in range(1, RESIDENTS + 1):
            evidence(world, order)
        world.settle()
        at, trust = format_instant(world.now), str(world.witnesses.trust)
        logged = {leaf.encoded for _, leaf in ledger.leaves(world.node.store, "decision")}
        held = [
            one
            for order in range(1, RESIDENTS + 1)
            for one in my_notices(world.node, the_resident(world.resident(a_number(order)))).notices
        ]
    (tmp_path / "policy.txt").write_text(trust)
    written, answers = set(), []
    for number, one in enumerate(held):
        file = tmp_path / f"{number}.json"
        file.write_bytes(one.file)
        given = ["code", "explain", str(file), "--trust", str(tmp_path / "policy.txt"), "--at", at, "--json"]
        ran = CliRunner().invoke(main, given)
        told = json.loads(ran.stdout)
        written.add(told["entry"].encode())
        answers.append((ran.exit_code, told["measure"], told["ends"], told["decision"]))
        assert {name: told[name] for name in one.found.as_json()} == one.found.as_json()

    assert len(held) >= 100
    assert written == logged
    assert answers == [
        (0, str(one.found.measure), format_instant(one.found.ends) if one.found.ends else None, one.commitment)
        for one in held
    ]

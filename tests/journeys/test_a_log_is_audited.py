"""A stranger audits the log of a real node with the auditor's own command: clean, until somebody does what none may."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from audited import hash_of
from measures import DAY, HOUR
from measuring import Measuring, measuring
from nodes import a_number, asking, the_resident
from salus import ledger
from salus.app import close_batch, my_notices
from salus.kernel import format_instant
from salus.ledger import Leaf, append
from salus.rules import Result
from salus.storage import Duty


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measuring]:
    with measuring(tmp_path_factory.mktemp("audited")) as opened:
        yield opened


def audit(world: Measuring, *more: str) -> tuple[int, dict[str, Any]]:
    """Run the command over the node's published files, with the keys that a stranger was told."""
    policy = world.node.settings.data / "policy-of-a-stranger.txt"
    policy.write_text(str(world.witnesses.trust), "utf-8")
    given = [str(world.node.settings.data / "log"), "--trust", str(policy), "--at", format_instant(world.now), "--json"]
    ended = subprocess.run(
        [sys.executable, "-m", "salus_audit", *given, *more], capture_output=True, text=True, check=False
    )
    assert ended.returncode in (0, 1), ended.stderr
    return ended.returncode, json.loads(ended.stdout)


def test_the_log_of_a_node_is_clean_and_a_bare_decision_is_found(world: Measuring, tmp_path: Path) -> None:
    number = a_number(1)
    specimen = world.specimen(number)
    world.advance(HOUR)
    world.result(specimen, Result.POSITIVE)
    world.settle()
    world.specimen(a_number(2))
    world.advance(2 * HOUR)
    file = _file(world, number, tmp_path)

    code, told = audit(world, "--file", str(file), "--sample", "1")

    assert (code, told["findings"]) == (0, []), told
    assert told["counts"]["decision"] == 1
    assert told["counts"]["specimen"] == 2
    assert told["files"][str(file)]["measure"] == "precaution"
    assert told["heads"] > 5

    with asking(world.node) as client:
        heads = client.ask("GET", "/log/heads/000")
    assert (heads.status_code, heads.headers["cache-control"]) == (200, "no-cache")
    assert heads.content == (world.node.settings.data / "log" / "heads" / "000").read_bytes()

    rules = next(body for body in _leaves(world, "publication") if body["kind"] == "assignment-rules")["digest"]
    for each in ("one", "two"):
        with world.node.store.transaction(Duty.LEDGER) as tx:
            body = {"rules": rules, "commitment": hash_of(each), "tag": hash_of(f"tag {each}")}
            append(tx, Leaf(kind="decision", body=body))
    world.advance(HOUR)
    close_batch(world.node)

    code, told = audit(world, "--file", str(file))

    assert code == 1
    assert {one["code"] for one in told["findings"]} == {"EVID-MISSING"}
    assert len(told["findings"]) == 2

    world.witnesses.advance(2 * DAY)  # and nobody closes a batch
    assert "LOG-STALE" in {one["code"] for one in audit(world)[1]["findings"]}


def _leaves(world: Measuring, kind: str) -> list[dict[str, Any]]:
    return [dict(leaf.body) for _, leaf in ledger.leaves(world.node.store, kind)]


def _file(world: Measuring, number: str, folder: Path) -> Path:
    (notice,) = my_notices(world.node, the_resident(world.resident(number))).notices
    path = folder / "measure.json"
    path.write_bytes(notice.file)
    return path

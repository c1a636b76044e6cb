"""The keys count every opening of a chart's key, the register tells of every one, and the two sums are one number."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from hl7_messages import a_receiving_node
from nodes import asking
from salus import access
from salus.app import Node, Receiver, check_node
from salus.kernel import Role
from salus.storage import Duty
from workload import Workload

OPERATIONS = int(os.environ.get("SALUS_UNWRAP_OPERATIONS", "1200"))
"""How many operations the random workload has. 100,000 take about an hour."""


@pytest.fixture
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_receiving_node(tmp_path_factory.mktemp("unwraps"), "H1", "H2") as opened:
        yield opened


def sums(node: Node) -> tuple[int, int]:
    """Return what the keys counted, and what the register tells of."""
    with node.store.transaction(Duty.CARE) as tx:
        return node.keys.unwraps(), access.unwraps(tx)


def unexplained(node: Node) -> list[str]:
    return [one.text for one in check_node(node) if one.code == "UNWRAP-UNEXPLAINED"]


def test_the_sums_of_keys_and_register_are_equal_after_a_random_workload(node: Node, tmp_path: Path) -> None:
    receiver = Receiver(node)
    with asking(node, Role.HOSPITAL_SYSTEM) as h1, asking(node, Role.HOSPITAL_SYSTEM, "H2") as h2:
        workload = Workload(node=node, h1=h1, h2=h2, receiver=receiver, folder=tmp_path, random=Random(7))
        for _ in range(20):
            before = dict(workload.done)
            workload.run(max(OPERATIONS // 20, 1))

            counted, told = sums(node)
            assert counted == told, {kind: n - before.get(kind, 0) for kind, n in workload.done.items()}
    receiver.close()

    assert counted > OPERATIONS / 10
    assert unexplained(node) == []

"""`salus index explain`: why charts are held to be one person's, bit by bit, with nobody's name, and shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import fsum
from typing import Any

import pytest
from click.testing import CliRunner

from nodes import a_node, a_number, a_patient, send, system
from salus import access, identity
from salus.app import Node
from salus.cli import main
from salus.identity import Author, Evidence, pair_of
from salus.kernel import Role
from salus.storage import Duty

PARTS = (("prior", -17.25), ("names", 11.5), ("births", 9.125), ("phones", 8.0625))
MODEL = "ab" * 32
JUDGE = Author(name="reviewer-one", role=Role.INDEX_REVIEWER, second="reviewer-two")


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("explained"), "H1", "H2") as opened:
        yield opened


def explain(node: Node, *ids: object) -> dict[str, Any]:
    done = CliRunner().invoke(main, ["index", "explain", *map(str, ids), "--data", str(node.settings.data), "--json"])
    assert done.exit_code == 0, done.output
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_a_link_is_explained_bit_by_bit_and_the_resident_sees_that_it_was_asked(node: Node) -> None:
    person = a_patient(name=[{"text": "欧阳明月"}], birthDate="1980-05-06")
    one, other = (send(node, system(place), person).outcomes[0] for place in ("H1", "H2"))
    pair = pair_of(one.chart_key, other.chart_key)
    with node.store.transaction(Duty.CARE) as tx:
        weighed = Evidence(fields=PARTS, model=MODEL)
        if not identity.assertions_of(tx, pair):
            rule = Author(name="weighed")
            identity.link(tx, pair, ground="weighed", author=rule, at=node.clock.now(), evidence=weighed)
        (key,) = set(identity.residents_of(tx, pair).values())

    told = explain(node, one.id)

    (resident,) = told["residents"]
    assert sorted(resident["patients"]) == sorted([str(one.id), str(other.id)])
    (said,) = told["assertions"]
    assert (said["verdict"], said["stands"], said["holds"], said["role"]) == ("same", True, True, None)
    assert fsum(part["bits"] for part in said["fields"]) == said["bits"]
    assert len(said["model"]) == 64
    assert "欧阳" not in json.dumps(told, ensure_ascii=False)
    assert "1980-05-06" not in json.dumps(told)
    with node.store.transaction(Duty.CARE) as tx:
        read = access.reads_of(tx, [key])[0].read
    assert (read.reader_role, read.what, read.ground, read.unwraps) == (Role.OPERATOR, "links", "node-operator", 0)
    assert explain(node, resident["resident"])["assertions"] == told["assertions"]


def test_what_was_taken_back_and_what_was_overridden_is_told(node: Node) -> None:
    charts = [send(node, system(), a_patient(a_number(n))).outcomes[0] for n in (11, 12)]
    pair = pair_of(charts[0].chart_key, charts[1].chart_key)
    with node.store.transaction(Duty.CARE) as tx:
        identity.link(tx, pair, ground="mistyped", author=JUDGE, at=node.clock.now())
        (key,) = {one.key for one in identity.assertions_of(tx, pair)}
        identity.withdraw(tx, key, ground="documents-differ", author=JUDGE, at=node.clock.now())

    told = explain(node, charts[0].id)

    linked, withdrawn = told["assertions"]
    assert (linked["overridden"], linked["second"], linked["stands"]) == ("two-numbers", "reviewer-two", False)
    assert (withdrawn["verdict"], withdrawn["supersedes"]) == ("withdrawn", [key])
    assert len(told["residents"][0]["patients"]) == 1
    with node.store.transaction(Duty.CARE) as tx:
        whose = identity.residents_of(tx, pair)
        looks = [access.reads_of(tx, [resident])[0].read.what for resident in whose.values()]
    assert looks == ["links", "links"]


def test_people_read_it_as_lines(node: Node) -> None:
    done = send(node, system(), a_patient(a_number(21)))

    told = CliRunner().invoke(main, ["index", "explain", str(done.outcomes[0].id), "--data", str(node.settings.data)])

    assert told.exit_code == 0
    assert f"Patient/{done.outcomes[0].id}" in told.output


@pytest.mark.parametrize(("asked", "code"), [("00000000-0000-4000-8000-000000000000", 1), ("王小明", 2)])
def test_nobody_is_refused_and_nonsense_is_wrong_use(node: Node, asked: str, code: int) -> None:
    told = CliRunner().invoke(main, ["index", "explain", asked, "--data", str(node.settings.data)])

    assert told.exit_code == code

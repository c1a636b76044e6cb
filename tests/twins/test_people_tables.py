"""A table of people prepared and judged in SQL, against the functions that serve one record online."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salus.identity.documents import check_character
from salus.identity.linkage.people import COLUMNS, Answer, Features, Judge, features, guards, people_weights
from salus.identity.linkage.people.matching import JUDGED, match_people
from salus.identity.linkage.people.tables import prepare_people
from salus.identity.linkage.tables import opened
from salus.synth import records

Record = dict[str, str]


def loaded(connection: object, rows: Iterable[Record]) -> None:
    table = list(rows)
    columns = ", ".join(f"unnest(?::varchar[]) as {column}" for column in COLUMNS)
    values = [[row.get(column) for row in table] for column in COLUMNS]
    connection.execute(f"create or replace table raw as select {columns}", values)  # type: ignore[attr-defined]


def in_sql(rows: list[Record]) -> dict[str, tuple[object, ...]]:
    with opened() as connection:
        loaded(connection, rows)
        prepare_people(connection, "raw", "prepared")
        found = connection.execute(f"select record_id, {', '.join(Features._fields)} from prepared").fetchall()
    return {row[0]: tuple(tuple(one) if isinstance(one, list) else one for one in row[1:]) for row in found}


def online(rows: list[Record]) -> dict[str, tuple[object, ...]]:
    return {row["record_id"]: tuple(features(row)) for row in rows}


def numbers() -> st.SearchStrategy[str]:
    digits = st.text("0123456789", min_size=17, max_size=17)
    valid = digits.map(lambda body: body + check_character(body))
    dated = st.builds(
        lambda area, day, order: f"{area}{day}{order}" + check_character(f"{area}{day}{order}"),
        st.sampled_from(["920226", "000000", "123456", "110105", "010203"]),
        st.dates().map(lambda day: day.isoformat().replace("-", "")),
        st.text("0123456789", min_size=3, max_size=3),
    )
    runs = st.sampled_from(["123456789012345678", "111111111111111111", "11010519491231002X", "98765432109876543X"])
    return st.one_of(valid, dated, runs, digits, st.text(max_size=20), st.text("0123456789X", max_size=19))


phones = st.one_of(
    st.text("0123456789", min_size=11, max_size=11),
    st.text("12", max_size=8).map(lambda tail: f"138{tail:0<8}"[:11]),
    st.sampled_from(["13800138000", "13912345678", "13987654321", "13901010101", "13900000000", "+86 139-7126-4482"]),
    st.text(max_size=15),
)
addresses = st.one_of(st.text("松路号-0１2三a 村", max_size=12), st.text(max_size=30))
days = st.one_of(
    st.dates().map(lambda day: day.isoformat()),
    st.text("0123456789-", min_size=10, max_size=10),
    st.sampled_from(["1990-02-30", "1900-01-01", "2025-01-05T09:00:00Z", "2025-01-05T09:00:00+08:00", "1990年1月5日"]),
    st.text(max_size=12),
)
near = st.dates(date(1880, 1, 1), date(2030, 1, 1)).flatmap(
    lambda born: st.tuples(
        st.one_of(
            st.integers(-70, 70).map(lambda days: born + timedelta(days=days)),
            st.integers(-11, 11).map(lambda years: born.replace(day=min(born.day, 28), year=born.year + years)),
            st.just(born.replace(month=1, day=1)),
            st.integers(1, 28).map(lambda on: born.replace(day=on)),
        ).map(lambda stated: stated.isoformat()),
        st.just(f"920226{born:%Y%m%d}014").map(lambda body: body + check_character(body)),
    )
)
names = st.one_of(
    st.text("王小明欧阳·Lü?□ ", max_size=6), st.text("王单吕司马翟乐曾行長无婴㐀", max_size=4), st.text(max_size=12)
)
RECORD = st.fixed_dictionaries({
    "name": names,
    "sex": st.sampled_from(["male", "female", "男", "", "x", "F"]),
    "birth_date": days,
    "id_type": st.sampled_from(["resident-id", "passport", "military", "temporary", "none", "", "hospital-card", "x"]),
    "id_number": numbers(),
    "phone": phones,
    "county": st.one_of(st.sampled_from(["920226", "920226001", "", "x"]), st.text(max_size=8)),
    "address": addresses,
    "recorded_at": days,
})  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(RECORD, min_size=1, max_size=40))
def test_odd_records_are_prepared_alike_in_a_table_and_online(rows: list[Record]) -> None:
    for at, row in enumerate(rows):
        row["record_id"], row["source"] = str(at), "county"

    assert in_sql(rows) == online(rows)


@settings(max_examples=20, deadline=None)
@given(st.lists(near, min_size=20, max_size=60))
def test_a_number_near_the_stated_birth_date_is_ones_own_or_borrowed_alike(pairs: list[tuple[str, str]]) -> None:
    rows = [
        {"record_id": str(at), "name": "王小明", "birth_date": stated, "id_type": "resident-id", "id_number": number}
        for at, (stated, number) in enumerate(pairs)
    ]

    assert in_sql(rows) == online(rows)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_register_is_prepared_alike_in_a_table_and_online(seed: int) -> None:
    rows = [row._asdict() for row in records(seed, 1_500)]

    assert in_sql(rows) == online(rows)


RARE = {"births-apart", "name-alone", "neighbouring-documents", "two-documents"}
"""Guards that a small register need not meet."""


@pytest.mark.parametrize(
    ("homes", "people", "unmet"),
    [
        (True, 1_000_000, RARE | {"common-name"}),
        (False, 1_000_000, RARE | {"another-name"}),
        (False, 64_000_000, RARE | {"another-name"}),
    ],
)
def test_every_scored_pair_is_judged_and_weighed_alike_in_a_table_and_online(
    homes: bool, people: int, unmet: set[str]
) -> None:
    nowhere = {} if homes else {"county": "", "address": ""}
    register = {row.record_id: {**row._asdict(), **nowhere} for row in records(3, 6_000)}
    judged = judged_alike(register, people)

    assert len(judged) > 4_000
    assert {reason for *_, reason in judged} >= {guard.code for guard in guards()} - unmet


@pytest.mark.parametrize(
    ("id_type", "first", "reasons"),
    [
        ("birth-certificate", "Q110000", {"", "two-certificates", "same-number-other-name"}),
        ("passport", "E12360", {"", "neighbouring-documents", "same-number-other-name", "siblings"}),
    ],
)
def test_numbers_of_a_series_are_judged_alike_in_a_table_and_online(
    id_type: str, first: str, reasons: set[str]
) -> None:
    said = {"source": "county", "sex": "male", "birth_date": "2025-11-25", "phone": "13971264482", "county": "920226"}
    rows = {
        f"{name} {number}": {**said, "name": name, "id_type": id_type, "id_number": f"{first}{number:03}"}
        for name in ("张伟", "张玮", "張偉", "张强", "ZHANG Wei")
        for number in range(96, 106)
    }
    judged = judged_alike({key: {**row, "record_id": key, "recorded_at": "2026-01-05"} for key, row in rows.items()})

    assert len(judged) == 50 * 49 // 2
    assert {reason for *_, reason in judged} == reasons


def test_slips_in_passports_are_judged_alike_in_a_table_and_online() -> None:
    said = {"source": "county", "sex": "male", "birth_date": "1990-03-07", "phone": "13971264482", "county": "920226"}
    rows = {
        f"{name} {number}": {**said, "name": name, "id_type": "passport", "id_number": number}
        for name in ("张伟", "张玮", "ZHANG Wei")
        for number in ("E12360788", "E72360788", "E21360788", "E12360388", "E72360789", "E1236788", "12360788")
    }
    judged = judged_alike({key: {**row, "record_id": key, "recorded_at": "2026-01-05"} for key, row in rows.items()})

    assert len(judged) == 21 * 20 // 2
    assert {reason for *_, reason in judged} == {"", "neighbouring-documents"}


def test_birth_dates_beside_one_number_are_judged_alike_in_a_table_and_online() -> None:
    said = {"source": "county", "sex": "male", "phone": "13971264482", "county": "920226", "recorded_at": "2026-01-05"}
    body = "92022619900307015"
    valid = body + check_character(body)
    numbered = (valid, body[:-1] + "6" + valid[-1], valid[:6] + valid[8:17], "")
    slips = ("1990-03-07", "1990-03-17", "1980-03-07", "1990-07-03", "1990-01-01", "1990-04-02", "1980-08-07")
    rows = {
        f"{name} {number} {born}": {**said, "name": name, "birth_date": born, "id_number": number,
                                    "id_type": "resident-id" if number else "none"}
        for name in ("王志伟", "王智伟", "王志美")
        for number in numbered
        for born in slips
    }  # fmt: skip

    judged = judged_alike({key: {**row, "record_id": key} for key, row in rows.items()})

    assert len(judged) > 2_500
    assert {reason for *_, reason in judged} >= {"", "births-apart", "siblings"}


def judged_alike(rows: dict[str, Record], people: int = 1) -> list[tuple[str, str, float, str]]:
    """Judge all pairs in a table, hold each against the verdict online, and return them."""
    weights = people_weights(people)
    judge = Judge(weights)
    with opened() as connection:
        loaded(connection, rows.values())
        match_people(connection, "raw", weights=weights)
        judged = connection.execute(
            f"select a.record_id, b.record_id, bits, reason from {JUDGED} join linkage_records a on a.n = l"
            " join linkage_records b on b.n = r"
        ).fetchall()
    prepared = {record_id: features(row)._asdict() for record_id, row in rows.items()}

    for one, other, bits, reason in judged:
        verdict = judge(prepared[one], prepared[other])
        assert abs(verdict.scored.bits - bits) < 1e-9
        assert verdict.reason == reason
        assert (verdict.answer is Answer.LINK) == (reason == "" and bits >= 8)
    return judged

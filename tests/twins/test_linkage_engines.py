"""One comparison, two engines: every test, level and blocking key says the same in DuckDB and in Python."""

from __future__ import annotations

import string
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from salus.identity.linkage import Blocking, Comparison, Kind, Level, Part, Test, keys
from salus.identity.linkage.comparing import gamma, gamma_sql
from salus.identity.linkage.keys import keys_sql
from salus.identity.linkage.model import LIMITED

near = st.text(alphabet="ab1 ", min_size=1, max_size=7)
anything = st.text(alphabet=string.printable, min_size=1, max_size=20)
texts = st.one_of(st.none(), near, anything)
days = st.one_of(
    st.none(), st.tuples(*(st.sampled_from(["1980", "1981"]), *[st.sampled_from(["01", "02", "12"])] * 2)).map("".join)
)
lists = st.one_of(
    st.none(), st.lists(st.sampled_from(["a", "b", "c", "dd", "e 1"]), min_size=1, max_size=4, unique=True).map(tuple)
)
numbers = st.one_of(st.none(), st.integers(-4, 4), st.integers(-(2**31), 2**31))
records = st.fixed_dictionaries({"text": texts, "other": texts, "day": days, "words": lists, "number": numbers})
COLUMN = {
    Kind.WITHIN: "number",
    Kind.IS: "number",
    Kind.SHARED: "words",
    Kind.CONTAINED: "words",
    Kind.DATE_PARTS: "day",
    Kind.DATE_SWAPPED: "day",
}


@st.composite
def all_kinds(draw: st.DrawFn) -> Test:
    kind = draw(st.sampled_from(list(Kind)))
    column = COLUMN.get(kind) or draw(st.sampled_from(["text", "other", "day"]))
    other = {"text": "other"}.get(column, "text") if kind is Kind.SWAPPED else ""
    return Test(kind=kind, column=column, other=other, limit=draw(st.integers(1, 4)) if kind in LIMITED else 0)


@st.composite
def comparisons(draw: st.DrawFn) -> Comparison:
    levels = draw(st.lists(st.lists(all_kinds(), min_size=1, max_size=2), min_size=1, max_size=4))
    needs = draw(st.lists(st.sampled_from(["text", "other", "day", "words", "number"]), min_size=1, max_size=2))
    named = tuple(Level(name=str(at), tests=tuple(tests)) for at, tests in enumerate(levels))
    return Comparison(name="one", needs=tuple(needs), levels=named)


@pytest.fixture(scope="module")
def database() -> Any:
    with duckdb.connect() as connection:
        columns = "text varchar, other varchar, day varchar, words varchar[], number bigint"
        for side in "lr":
            connection.execute(f"create table {side} (id integer, {columns})")
        yield connection


def stored(database: Any, table: str, rows: list[dict[str, Any]]) -> None:
    database.execute(f"delete from {table}")
    for at, row in enumerate(rows):
        words = None if row["words"] is None else list(row["words"])
        values = [at, row["text"], row["other"], row["day"], words, row["number"]]
        database.execute(f"insert into {table} values (?, ?, ?, ?, ?, ?)", values)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(comparison=comparisons(), pairs=st.lists(st.tuples(records, records), min_size=1, max_size=12))
def test_both_engines_reach_the_same_level(database: Any, comparison: Comparison, pairs: list[Any]) -> None:
    stored(database, "l", [one for one, _ in pairs])
    stored(database, "r", [two for _, two in pairs])
    expression = gamma_sql(comparison, lambda column: f"l.{column}", lambda column: f"r.{column}")

    found = database.execute(f"select {expression} from l join r using (id) order by id").fetchall()
    reached = gamma(comparison)

    assert [number for (number,) in found] == [reached(one, two) for one, two in pairs]
    assert [reached(two, one) for one, two in pairs] == [reached(one, two) for one, two in pairs]


parts = st.one_of(
    st.builds(Part, column=st.sampled_from(["text", "other", "day", "number"])),
    st.integers(0, 4).flatmap(
        lambda start: st.builds(Part, column=st.sampled_from(["text", "day"]), start=st.just(start),
                                end=st.integers(start + 1, start + 4))
    ),
)  # fmt: skip
entries = st.builds(Part, column=st.just("words"), each=st.integers(1, 2))


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    plain=st.lists(parts, max_size=2),
    entry=st.one_of(st.none(), entries),
    rows=st.lists(records, min_size=1, max_size=8),
)
def test_both_engines_make_the_same_keys(
    database: Any, plain: list[Part], entry: Part | None, rows: list[dict[str, Any]]
) -> None:
    rule = Blocking(name="one", parts=tuple([*plain, entry] if entry else plain) or (Part(column="text"),))
    stored(database, "l", rows)

    found = database.execute(f"select record_id, key from ({keys_sql(rule, 'l', 'id')}) order by all").fetchall()

    assert found == sorted((at, key) for at, row in enumerate(rows) for key in keys(rule, row))

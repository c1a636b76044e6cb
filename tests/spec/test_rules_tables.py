"""What an assignment table may hold, and the word under which the linter refuses each construct that it may not."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exposures import table_with_exposures
from salus.rules import SETS, EvidenceKind, Measure, Result, TableRefused, lint, shipped_table, table_of
from salus_audit.recomputing.linting import faults_of

Change = Callable[[dict[str, Any]], Any]


def row(table: dict[str, Any], place: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = table["rows"][place]
    return found


def put(**fields: Any) -> Change:
    return lambda table: table.update(fields)


def in_row(place: int = 0, **fields: Any) -> Change:
    return lambda table: row(table, place).update(fields)


def in_example(**fields: Any) -> Change:
    return lambda table: table["examples"][1]["evidence"][0].update(fields)


POSITIVE, NEGATIVE, INDETERMINATE = 0, 1, 2
MUTANTS: list[tuple[str, Change]] = [
    # What somebody would like to decide by: there is no such input.
    ("PLACE", in_row(county="900101")),
    ("PLACE", in_row(venue="square")),
    ("PLACE", in_example(place="900101")),
    ("MOVEMENT", in_row(travel="yes")),
    ("MOVEMENT", put(itinerary=["900101"])),
    ("MOVEMENT", in_row(scan="code")),
    ("KINSHIP", in_row(household="same")),
    ("KINSHIP", in_row(contact="close")),
    ("FINANCE", in_row(bank="depositor")),
    ("FINANCE", in_row(petition="filed")),
    ("OCCUPATION", in_row(occupation="courier")),
    ("REGISTRATION", in_row(hukou="rural")),
    ("ETHNICITY", in_row(ethnicity="one")),
    ("IDENTIFIER", in_row(id_number="x")),
    ("IDENTIFIER", in_row(person="x")),
    ("IDENTIFIER", put(bloom="x")),
    ("FREE-TEXT", in_row(condition="age > 60")),
    ("FREE-TEXT", in_row(regex=".*")),
    ("UNKNOWN-FIELD", in_row(priority=1)),
    # Lists of people, however they are written down.
    ("LIST-TOO-LONG", lambda table: table["clauses"].update({f"c{n}": row(table) for n in range(33)})),
    ("LIST-TOO-LONG", lambda table: table["examples"].extend([table["examples"][0]] * 40)),
    ("LIST-TOO-LONG", lambda table: row(table).update(released_by=row(table)["released_by"] * 40)),
    ("HASH", lambda table: table["clauses"]["infectious"].update(en="see d2a84f4b8b650937ec8f73cd8be2c74add5a911b")),
    ("HASH", lambda table: table["clauses"].update({"q83vEjRWeJCrze8SNFZ4kKvN7xI0Vnix": {"en": "a", "zh": "b"}})),
    ("HASH", put(name="deadbeefdeadbeef")),
    ("NUMBER", lambda table: table["clauses"]["infectious"].update(zh="身份证号900101198001011234者")),
    ("NUMBER", in_row(lasts_hours=90_010_119)),
    ("NUMBER", in_row(within_hours=-1)),
    ("TEXT", lambda table: table["clauses"]["infectious"].update(en="hidden\u200btext\u0007")),
    ("TEXT-TOO-LONG", lambda table: table["clauses"]["infectious"].update(en="word " * 200)),
    # A catch-all clause was how codes could be turned by hand.
    ("CATCH-ALL", in_row(kind="other")),
    ("CATCH-ALL", in_row(kind="*")),
    ("CATCH-ALL", in_row(result="any")),
    ("CATCH-ALL", in_row(kind="其他")),
    ("CATCH-ALL", lambda table: table["clauses"].update({"others": {"en": "a", "zh": "b"}})),
    ("UNKNOWN-WORD", in_row(kind="clinician-says-so")),
    ("UNKNOWN-WORD", in_row(gives="red")),
    ("UNKNOWN-WORD", in_row(result=["positive"])),
    # No end, or none in time.
    ("NO-END", lambda table: table.pop("longest_hours")),
    ("NO-END", lambda table: row(table).pop("lasts_hours")),
    ("OVERLONG", put(longest_hours=15 * 24)),
    ("OVERLONG", in_row(lasts_hours=15 * 24)),
    ("OVERLONG", in_row(lasts_hours=241)),
    ("OVERLONG", in_row(INDETERMINATE, lasts_hours=169)),
    ("OVERLONG", in_row(lasts_hours=0)),
    ("OVERLONG", in_row(within_hours=169)),
    ("OVERLONG", lambda table: row(table)["released_by"][0].update(after_hours=73)),
    ("NO-RELEASE", in_row(released_by=[])),
    # A measure without a positive, or whatever was found.
    ("WITHOUT-POSITIVE", in_row(INDETERMINATE, gives="precaution")),
    (
        "WITHOUT-POSITIVE",
        lambda table: row(table, NEGATIVE).update({**row(table), "result": "negative"}),
    ),
    ("UNCONDITIONAL", lambda table: table.update(rows=[{**row(table), "result": str(one)} for one in Result])),
    ("NOT-TOTAL", lambda table: table["rows"].pop()),
    ("TWICE", lambda table: table["rows"].append(row(table))),
    ("CONTRADICTION", in_row(NEGATIVE, lasts_hours=5)),
    # Words and examples.
    ("CLAUSE", in_row(clause="unwritten")),
    ("CLAUSE", in_row(clause=None)),
    ("CLAUSE", lambda table: table["clauses"]["infectious"].pop("zh")),
    ("CLAUSE", lambda table: table["clauses"]["infectious"].update(en=" ")),
    ("EXAMPLES", put(examples=[])),
    ("EXAMPLES", put(examples=["none"])),
    ("EXAMPLE-FAILS", lambda table: table["examples"][1].update(gives="none", ends_in_hours=None)),
    ("EXAMPLE-FAILS", lambda table: table["examples"][1].update(ends_in_hours=9)),
    ("MISSING", lambda table: table.pop("disease")),
    ("TYPE", in_row(lasts_hours=10.5)),
    ("TYPE", put(rows={})),
    ("TYPE", put(disease=["covid-19"])),
    ("TYPE", in_row(lasts_hours=True)),
]


@pytest.mark.parametrize("name", SETS)
def test_the_tables_of_this_release_are_accepted_with_their_examples(name: str) -> None:
    assert lint(shipped_table(name)) == ()
    table = table_of(shipped_table(name))

    assert {row.gives for row in table.rows} == set(Measure)


@pytest.mark.parametrize(("word", "change"), MUTANTS, ids=[f"{n}-{word}" for n, (word, _) in enumerate(MUTANTS)])
def test_each_forbidden_construct_is_refused_under_its_word(word: str, change: Change) -> None:
    table = copy.deepcopy(shipped_table("covid-19"))
    change(table)

    with pytest.raises(TableRefused) as refused:
        table_of(table)

    assert word in {fault.partition(" ")[0] for fault in refused.value.faults}


@pytest.mark.parametrize("value", [None, [], "table", 3, {}, {"rows": [{}]}, {"rows": [None], "clauses": []}])
def test_whatever_is_no_table_is_refused(value: object) -> None:
    with pytest.raises(TableRefused):
        table_of(value)


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(place=st.sampled_from(["name", "disease", "longest_hours", "clauses", "rows", "examples", "more"]), value=junk)
def test_junk_in_any_place_of_a_table_is_refused_and_breaks_nothing(place: str, value: Any) -> None:
    table = {**copy.deepcopy(shipped_table("measles")), place: value}

    with_junk = lint(table)

    assert with_junk or value == shipped_table("measles")[place] or place in ("name", "disease", "longest_hours")


@pytest.mark.parametrize("clause", [[], {}, ["test"], {"test": "test"}])
def test_a_row_for_exposures_whose_clause_is_no_name_is_refused_under_its_word(clause: object) -> None:
    table = table_with_exposures(clause=clause)

    assert ("CLAUSE", "table.exposure") in {(one.word, one.where) for one in lint(table)}
    assert faults_of(table)


@given(place=st.sampled_from(["clause", "within_days", "lasts_hours", "released_by", "more"]), value=junk)
def test_junk_in_any_place_of_a_row_for_exposures_is_refused_and_breaks_nothing(place: str, value: Any) -> None:
    whole, changed = table_with_exposures(), table_with_exposures(**{place: value})

    assert not lint(whole)
    assert not faults_of(whole)
    assert (
        (lint(changed) and faults_of(changed))
        or value == whole["exposure"].get(place)
        or place in ("within_days", "lasts_hours")
    )


def test_kinds_of_evidence_results_and_measures_are_these() -> None:
    assert [str(one) for one in EvidenceKind] == ["nucleic-acid-test", "antigen-test", "antibody-test", "culture"]
    assert [str(one) for one in Result] == ["positive", "negative", "indeterminate"]
    assert [str(one) for one in Measure] == ["none", "advise", "precaution"]

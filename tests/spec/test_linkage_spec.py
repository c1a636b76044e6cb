"""What a linkage specification may say, and how raw text is prepared: by example."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salus.identity.linkage import SpecRefused, Value, read_spec
from salus.identity.linkage.model import Kind, Part, Reads
from salus.identity.linkage.preparing import prepare
from salus.identity.linkage.specs import read_part, read_test

SPECS = sorted((Path(__file__).parents[2] / "bench" / "specs").glob("*.toml"))
HOW_TO = Path(__file__).parents[2] / "docs" / "how-to" / "link-a-file.md"
SMALL = """
name = "small"
[columns]
surname = "letters"
[[comparisons]]
name = "surname"
levels = ["equal surname", "damerau surname 1"]
frequencies = "surname"
[[blocking]]
on = ["surname[0:2]"]
at_most = 50
"""


@pytest.mark.parametrize(
    ("reads", "raw", "prepared"),
    [
        (Reads.LETTERS, "  José  Muñoz-Pérez ", "jose munoz perez"),
        (Reads.LETTERS, "Ōta Straße Łódź O'Brien", "ota strasse lodz obrien"),
        (Reads.LETTERS, "ＡＢＣ", "abc"),
        (Reads.LETTERS, "王", "u738b"),
        (Reads.LETTERS, " - ", None),
        (Reads.WORDS, "Ann Mary ann", ("ann", "mary")),
        (Reads.WORDS, "...", None),
        (Reads.DIGITS, "+86 (10) 1234", "86101234"),
        (Reads.DIGITS, "none", None),
        (Reads.CODE, "TQ13 8DF", "tq138df"),
        (Reads.DATE, "1980-02-01", "19800201"),
        (Reads.DATE, "1980/2/1", "19800201"),
        (Reads.DATE, "19800201", "19800201"),
        (Reads.DATE, "1980年2月1日", "19800201"),
        (Reads.DATE, "1980-02-31 00:00:00", "19800231"),
        (Reads.DATE, "sometime", None),
        (Reads.INTEGER, " -7 ", -7),
        (Reads.INTEGER, "7.0", 7),
        (Reads.INTEGER, "7.5", None),
        (Reads.CODE, None, None),
    ],
)
def test_raw_text_is_prepared(reads: Reads, raw: str | None, prepared: Value) -> None:
    assert prepare(reads, raw) == prepared


@given(reads=st.sampled_from(list(Reads)), raw=st.text(max_size=40))
def test_prepared_text_is_ascii_and_never_empty(reads: Reads, raw: str) -> None:
    value = prepare(reads, raw)
    texts = value if isinstance(value, tuple) else (value,)

    assert value != ()
    assert all(text is None or isinstance(text, int) or (text and text.isascii()) for text in texts)


@given(raw=st.text(alphabet=string.ascii_letters + " 'éüß王", max_size=20), reads=st.sampled_from([*Reads]))
def test_preparing_text_twice_changes_nothing(raw: str, reads: Reads) -> None:
    once = prepare(reads, raw)

    if isinstance(once, str):
        assert prepare(reads, once) == once


def test_a_small_specification_is_read() -> None:
    spec = read_spec(SMALL)

    assert [level.name for level in spec.comparisons[0].levels] == ["equal surname", "damerau surname 1"]
    assert spec.comparisons[0].needs == ("surname",)
    assert spec.weighed_by_frequency == ("surname",)
    assert spec.blocking[0].parts == (Part(column="surname", start=0, end=2),)
    assert spec.blocking[0].at_most == 50


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_each_specification_of_the_bench_is_read(path: Path) -> None:
    assert read_spec(path.read_text("utf-8")).comparisons


def test_the_specification_that_is_shown_to_users_is_read() -> None:
    [shown] = re.findall(r"```toml\n(.*?)```", HOW_TO.read_text("utf-8"), re.DOTALL)

    assert [one.name for one in read_spec(shown).comparisons] == ["surname", "born", "town"]


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ('name = "small"', "", "no 'name'"),
        ('name = "small"', 'name = "small"\nlinks = 3', "unknown entries: links"),
        ('name = "small"', 'name = "small"\nlink = "high"', "'link' has a value of the wrong kind"),
        ('name = "small"', 'name = "small"\nlink = 1\nreview = 2', "threshold for review lies above"),
        ('name = "small"', 'name = "small"\nper_source = 1', "names the source"),
        ('"letters"', '"runes"', "'runes' is none of letters"),
        ("damerau surname 1", "damerau surname", "takes 2 words"),
        ("damerau surname 1", "damerau surname one", "ends in a number"),
        ("damerau surname 1", "damerau surname 0", "limit of at least 1"),
        ("damerau surname 1", "soundex surname", "'soundex' is none of"),
        ("damerau surname 1", "damerau given_name 1", "compared but not read: given_name"),
        ("damerau surname 1", "equal surname", "names a level twice"),
        ('frequencies = "surname"', 'chance = { "equal town" = 0.1 }', "levels that it has not: equal town"),
        ('frequencies = "surname"', 'chance = { "equal surname" = 2 }', "no probability"),
        ('frequencies = "surname"', 'chance = { "equal surname" = "some" }', "no probability"),
        ('frequencies = "surname"', 'frequencies = "town"', "to weigh by frequency"),
        ("surname[0:2]", "surname[2:0]", "impossible slice"),
        ("surname[0:2]", "surname[first]", "is no key"),
        ("at_most = 50", "at_most = 1", "a block of at least 2"),
        ('on = ["surname[0:2]"]', "", "has no 'on'"),
        ("[[blocking]]", "[[rules]]", "unknown entries: rules"),
        ("[columns]", "[columns", "not TOML"),
    ],
)
def test_what_a_specification_may_not_say_is_refused_by_name(was: str, becomes: str, told: str) -> None:
    with pytest.raises(SpecRefused, match=r".") as refused:
        read_spec(SMALL.replace(was, becomes))

    assert told in refused.value.text


@pytest.mark.parametrize("name", ["surname_l", "Surname", "sur name", "", "x" * 60, 'a"; drop table people; --'])
def test_a_column_that_sql_would_read_otherwise_is_refused(name: str) -> None:
    with pytest.raises(SpecRefused):
        read_test(f"equal {name}")
    with pytest.raises(SpecRefused):
        read_part(name)


def test_every_kind_of_test_can_be_written() -> None:
    written = {
        "equal a", "swapped a b", "levenshtein a 1", "damerau a 1", "prefix a 3", "within a 0", "date-swapped a",
        "date-parts a 2", "shared a 1", "contained a", "is a 1",
    }  # fmt: skip

    assert {read_test(text).kind for text in written} == set(Kind)

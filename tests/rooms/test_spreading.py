"""What a run of tests begins with, and what stays together in it."""

from __future__ import annotations

import ast

import spreading
from support import REPOSITORY


def test_every_file_that_is_named_is_there() -> None:
    named = {*spreading.LONGEST, *spreading.APART}

    assert [one for one in sorted(named) if not (REPOSITORY / one).is_file()] == []
    assert len(set(spreading.LONGEST)) == len(spreading.LONGEST)
    assert set(spreading.APART) <= set(spreading.LONGEST)


def test_the_suite_on_another_server_has_every_test_of_queries() -> None:
    named = (REPOSITORY / ".ci" / "postgres15").read_text("utf-8").split()
    queries = (REPOSITORY / "tests" / "rooms").glob("test_*_queries.py")

    assert [one for one in named if not (REPOSITORY / one).is_file()] == []
    assert {str(one.relative_to(REPOSITORY)) for one in queries} <= set(named)


def test_files_whose_tests_are_dealt_one_by_one_make_nothing_for_all_of_them() -> None:
    for one in spreading.APART:
        tree = ast.parse((REPOSITORY / one).read_text("utf-8"))
        shared = [word.value for word in ast.walk(tree) if isinstance(word, ast.keyword) and word.arg == "scope"]

        assert shared == [], one

"""CertLogic: the public test suites and the national rules, in Python and in the browser's engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from certlogic_cases import in_python, in_the_browsers_engine, national, odd, suite
from salus.rules import RuleRefused
from salus.rules.certlogic import MOST_DEPTH, MOST_STEPS, evaluate, issues
from support import corpus

# Malta's VR-MT-0005 gives `if` a fourth operand, which the specification has not; no test of the corpus is about it.
MALFORMED = {"MT/VR-MT-0005"}


def same(left: Any, right: Any) -> bool:
    """Tell whether two answers are one value: true is not 1, but 1 and 1.0 are one number of JSON."""
    return bool(left == right) and spelt(left) == spelt(right)


def spelt(value: Any) -> str:
    """Write a value so that only the kind of number is lost."""
    return json.dumps(value, sort_keys=True).replace(".0", "")


def test_the_whole_test_suite_comes_out_as_its_authors_say(tmp_path: Path) -> None:
    cases = list(suite())
    browser = in_the_browsers_engine([(rule, data) for _, rule, data, _ in cases], tmp_path)

    wrong = [name for name, rule, data, expected in cases if not same(in_python(rule, data), {"is": expected})]
    assert wrong == []
    assert [name for (name, _, _, expected), told in zip(cases, browser, strict=True) if told != {"is": expected}] == []
    print(f"CertLogic suite: Python {len(cases)}/{len(cases)}, browser's engine {len(cases)}/{len(cases)}")
    assert len(cases) == 232


def test_every_test_of_the_national_rules_comes_out_as_its_authors_say(tmp_path: Path) -> None:
    rules, cases = national()
    browser = in_the_browsers_engine([(rule, data) for _, rule, data, _ in cases], tmp_path)

    assert [name for name, rule, data, expected in cases if in_python(rule, data) != {"is": expected}] == []
    assert [name for (name, _, _, expected), told in zip(cases, browser, strict=True) if told != {"is": expected}] == []
    print(f"national rules: {len(rules)} rules, {len(cases)}/{len(cases)} tests in both engines")
    assert len(cases) == 750


def test_every_national_rule_is_well_formed_but_one() -> None:
    rules, _ = national()

    assert {name for name, rule in rules.items() if issues(rule["Logic"])} == MALFORMED


def test_the_validation_suite_finds_the_issues_that_its_authors_name() -> None:
    for path in sorted((corpus("certlogic") / "validation-testSuite").glob("*.json")):
        for case in json.loads(path.read_text("utf-8"))["cases"]:
            found = [{"expr": one.expression, "message": one.message} for one in issues(case["certLogicExpression"])]

            assert found == case["issues"], case


def test_both_engines_agree_on_rules_that_nobody_meant(tmp_path: Path) -> None:
    cases = odd(30_000, seed=6)
    browser = in_the_browsers_engine(cases, tmp_path)
    python = [in_python(rule, data) for rule, data in cases]

    differ = [case for case, one, other in zip(cases, python, browser, strict=True) if not same(one, other)]
    assert differ == []
    answered = sum("is" in one for one in python)
    print(f"{len(cases):,} odd rules: {answered:,} answered, {len(cases) - answered:,} refused, alike in both")
    assert answered > 3_000


@pytest.mark.parametrize(
    ("start", "amount", "unit", "wanted"),
    [
        ("2020-02-29", 1, "year", "2021-02-28"),
        ("2020-02-29", 4, "year", "2024-02-29"),
        ("2021-01-31", 1, "month", "2021-02-28"),
        ("2021-03-31", -1, "month", "2021-02-28"),
        ("2021-12-31", 1, "day", "2022-01-01"),
        ("2004-02", 0, "day", "2004-02-29"),
        ("2004", 0, "hour", "2004-12-31"),
        ("2021-06-01T00:30:00+01:00", 0, "day", "2021-05-31T23:30:00Z"),
        ("2021-06-01T00:00:00.9999Z", 0, "day", "2021-06-01T00:00:00.999Z"),
    ],
)
def test_times_are_added_as_calendars_have_them(start: str, amount: int, unit: str, wanted: str) -> None:
    moved, told = {"plusTime": [start, amount, unit]}, {"plusTime": [wanted, 0, "day"]}

    assert evaluate({"and": [{"not-after": [moved, told]}, {"not-before": [moved, told]}]}, None) is True


def test_a_rule_that_is_too_deep_or_too_long_is_refused() -> None:
    deep: Any = True
    for _ in range(MOST_DEPTH + 2):
        deep = {"!": [deep]}
    counted = {"reduce": [{"var": ""}, {"+": [{"var": "accumulator"}, 1]}, 0]}

    assert evaluate(counted, [0] * 100) == 100
    for rule, data in ((deep, None), (counted, [0] * MOST_STEPS)):
        with pytest.raises(RuleRefused, match="SALUS-U004"):
            evaluate(rule, data)
    assert issues(deep)


def test_a_list_cannot_grow_in_a_loop() -> None:
    with pytest.raises(RuleRefused):
        evaluate({"reduce": [{"var": ""}, [{"var": "accumulator"}, {"var": "accumulator"}], []]}, [1, 2])

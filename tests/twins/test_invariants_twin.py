"""The invariants, compiled to Python, answer as `fhirpathpy` does, which interprets HL7's expressions as they are.

On HL7's examples, and on nodes made at random of every shape that has a rule, with the words that its rules mention.
"""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import fhirpathpy
import pytest
from fhirpathpy.engine.nodes import ResourceNode
from fhirpathpy.models import models
from hypothesis import given, settings
from hypothesis import strategies as st

from salus.records.fhir.definitions import definitions
from salus.records.fhir.invariants import compiled, rules
from salus.records.fhir.invariants.logic import Held, at_most
from support import corpus

TYPES: dict[str, Any] = definitions()["types"]
UCUM = "http://unitsofmeasure.org"
NOT_ANSWERED = {
    ("Range", "rng-2"): "fhirpathpy 2.2 cannot compare two quantities: tried below by a table",
    ("Questionnaire.item.enableWhen", "que-7"): "it takes Boolean for a type of its own and no answer for one",
    ("ElementDefinition", "eld-19"): "its matches() is content with a part; the reference validator wants the whole",
}
RULES = [(shape, key) for shape in rules() for key in compiled(shape) if (shape, key) not in NOT_ANSWERED]
EXPRESSIONS = {(shape, key): expression for shape, told in rules().items() for key, _, expression in told}


@cache
def _interpreted(expression: str) -> Callable[..., list[Any]]:
    # It has no hasValue(); without primitives that are extensions alone, which are not made here, exists() is the same.
    plain = re.sub(r"\.trace\('[a-z]+'\)", "", expression.replace(".hasValue()", ".exists()"))
    found: Callable[..., list[Any]] = fhirpathpy.compile(plain, models["r4"])
    return found


def _theirs(shape: str, key: str, node: dict[str, Any], resource: dict[str, Any]) -> bool:
    names = {"resource": resource, "context": node, "ucum": UCUM, "rootResource": resource}
    of = node if "resourceType" in node else ResourceNode.create_node(node, shape)
    return _interpreted(EXPRESSIONS[shape, key])(of, names) == [True]


def _nodes(node: dict[str, Any], shape: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield shape, node
    for key, element in TYPES.get(shape, {}).items():
        for kind in element[0] if isinstance(element[0], list) else [element[0]]:
            found = node.get(_name(key, kind))
            if kind in TYPES and found is not None:
                for one in found if isinstance(found, list) else [found]:
                    yield from _nodes(one, kind)


def _name(key: str, kind: str) -> str:
    return key[:-3] + kind[0].upper() + kind[1:] if key.endswith("[x]") else key


def test_on_the_examples_both_answer_alike() -> None:
    compared = 0
    with gzip.open(corpus("fhir/r4-examples-patch-fhirpath.ndjson.gz"), "rt", encoding="utf-8") as file:
        texts = [one["text"] for one in map(json.loads, file) if "/examples/" in one["id"] and one["text"][0] == "{"]
    for resource in map(json.loads, texts):
        for shape, node in _nodes(resource, resource.get("resourceType", "")):
            for key, holds in compiled(shape).items():
                if (shape, key) not in NOT_ANSWERED:
                    assert holds(node, Held(resource)) == _theirs(shape, key, node, resource), (shape, key)
                    compared += 1

    assert compared >= 500


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**32))
@pytest.mark.parametrize(("shape", "key"), RULES, ids=str)
def test_on_nodes_made_at_random_both_answer_alike(shape: str, key: str, seed: int) -> None:
    _compare(shape, key, seed)


@pytest.mark.slow
def test_on_a_hundred_nodes_for_each_rule_both_answer_alike() -> None:
    told = dict.fromkeys((True, False), 0)
    for shape, key in RULES:
        for seed in range(100):
            told[_compare(shape, key, seed)] += 1

    assert min(told.values()) >= 2_000


def _compare(shape: str, key: str, seed: int) -> bool:
    chance = random.Random(seed)
    words = re.findall(r"'([^'\\]*)'", EXPRESSIONS[shape, key]) or ["x"]
    node = _made(shape, chance, words, 0)
    root = shape.partition(".")[0]
    resource = node if root == shape else _made(root, chance, words, 2) | {"resourceType": root}
    ours = compiled(shape)[key](node, Held(resource))

    assert ours == _theirs(shape, key, node, resource), (shape, key, seed)
    return ours


def _made(shape: str, chance: random.Random, words: list[str], depth: int) -> dict[str, Any]:
    """Make a node of the right shape: required elements, some of the others, one of each choice."""
    node: dict[str, Any] = {"resourceType": shape} if shape in definitions()["resources"] else {}
    for key, (kinds, least, most, *listed) in TYPES.get(shape, {}).items():
        if key in ("contained", "extension", "modifierExtension", "text", "meta"):
            continue
        kind = chance.choice(kinds) if isinstance(kinds, list) else kinds
        if not (least or chance.random() < (0.5 if depth < 3 else 0.1)) or (depth > 5 and not least):
            continue
        size = 1 if most == 1 else chance.choice((1, 1, 2, 3))
        made = [_value(kind, listed, chance, words, depth) for _ in range(size)]
        node[_name(key, kind)] = made[0] if most == 1 else made
    return node


def _value(kind: str, listed: list[str], chance: random.Random, words: list[str], depth: int) -> Any:
    if kind == "Resource":
        return {"resourceType": chance.choice(["Composition", "MessageHeader", "Patient"])}
    if kind in TYPES:
        return _made(kind, chance, words, depth + 1)
    if listed and chance.random() < 0.5:
        return chance.choice(definitions()["codes"][listed[0]])
    match kind:
        case "boolean":
            return chance.random() < 0.5
        case "integer" | "unsignedInt" | "positiveInt":
            return chance.choice((0, 1, 2, 7))
        case "decimal":
            return chance.choice((-1, 0, 0.5, 3, 100, 101))
        case "date" | "dateTime" | "instant":
            return chance.choice(("2024-02-29", "2024-03-01", "2025-01-01"))
        case "time":
            return chance.choice(("08:00:00", "09:30:00"))
    return chance.choice([*words, *words, UCUM, "a", "b.c", "*", "1", "http://x.example/y", "%"])


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        ({"value": 1}, {"value": 2}, True),
        ({"value": 2}, {"value": 2}, True),
        ({"value": 3}, {"value": 2}, False),
        ({"value": 3, "unit": "mg"}, {"value": 2, "unit": "mg"}, False),
        ({"value": 3, "unit": "mg"}, {"value": 2, "unit": "g"}, True),
        ({"unit": "mg"}, {"value": 2, "unit": "mg"}, True),
    ],
)
def test_quantities_are_compared_within_one_unit_only(low: Any, high: Any, expected: bool) -> None:
    assert at_most([low], [high]) is expected


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2024-01-02", "2024-01-01", False),
        ("2024-01", "2024-01-01", True),
        ("2024-01-31", "2024-01", True),
        ("2024-02-01", "2024-01", False),
        ("2024-01-01T10:00:00+08:00", "2024-01-01T02:00:00Z", True),
        ("2024-01-01T10:00:01+08:00", "2024-01-01T02:00:00Z", False),
    ],
)
def test_dates_are_out_of_order_only_where_that_is_sure(start: str, end: str, expected: bool) -> None:
    assert at_most([start], [end]) is expected

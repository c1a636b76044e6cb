"""Visit a resource whose shape is right and tell which rules it breaks, and where.

A first walk only asks whether all is well, since nearly always it is; the second, which keeps paths, runs if not.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from salus.records.fhir.definitions import definitions, resource_types
from salus.records.fhir.invariants import (
    compiled_a_to_d,
    compiled_e_to_p,
    compiled_q_to_s,
    compiled_t_to_z,
    compiled_types,
)
from salus.records.fhir.invariants.by_hand import BY_HAND, TEXTS, aims_at, bound_to
from salus.records.fhir.invariants.in_words import IN_WORDS
from salus.records.fhir.invariants.in_words import TEXTS as TEXTS_IN_WORDS
from salus.records.fhir.invariants.logic import Held, Holds, Node
from salus.records.fhir.invariants.terms import required, targets

_TEXTS = TEXTS | TEXTS_IN_WORDS
_AT = {"ref-1": ".reference", "target": ".reference", "code-system": ".code", "txt-1": ".div", "txt-2": ".div"}
_COMPILED = (compiled_types, compiled_a_to_d, compiled_e_to_p, compiled_q_to_s, compiled_t_to_z)


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """One rule that does not hold: its key, where, and what it says, in the words of R4."""

    rule: str
    path: str
    text: str


@dataclass(slots=True)
class _Plan:
    """What is tried on the nodes of one shape, and the shapes of what they hold."""

    shape: str
    rules: list[tuple[str, Holds]]
    checks: tuple[Holds, ...]
    children: dict[str, _Plan] = field(default_factory=dict, repr=False)


def breaches(resource: Node, root: Node | None = None) -> list[Breach]:
    """Return the rules that a resource breaks; `root` is the resource that contains it.

    Resources inside it are not visited: they are resources of their own.
    """
    plan, held = _plan(resource["resourceType"], ""), Held(resource, root)
    if _sound(held, plan, held):
        return []
    found: list[Breach] = []
    _collect(held, plan, held, resource["resourceType"], found)
    return found


def _sound(node: Node, plan: _Plan, held: Held) -> bool:
    for holds in plan.checks:
        if not holds(node, held):
            return False
    children = plan.children
    for key, value in node.items():
        kind = value.__class__
        if kind is str:
            continue
        if kind is dict:
            child = children.get(key)
            if child is not None and (_is_bare(node, key, value) or not _sound(value, child, held)):
                return False
        elif kind is list and not _sound_list(node, key, value, children.get(key), held):
            return False
    return True


def _sound_list(node: Node, key: str, values: list[Any], child: _Plan | None, held: Held) -> bool:
    if child is None:
        return None not in values or _is_paired(node, key, values)
    nulls = False
    for item in values:
        if item is None:
            nulls = True
        elif (len(item) == 1 and "id" in item) or not _sound(item, child, held):
            return False
    return not nulls or _is_paired(node, key, values)


def _is_bare(node: Node, key: str, value: Node) -> bool:
    """Tell whether there is nothing in an element but its id, and no primitive beside it (ele-1)."""
    return len(value) == 1 and "id" in value and (key[0] != "_" or key[1:] not in node)


def _is_paired(node: Node, key: str, values: list[Any]) -> bool:
    """Tell whether each null in a list has something in the list beside it, which is that of values or extensions."""
    beside = node.get(key[1:] if key[0] == "_" else f"_{key}")
    if not isinstance(beside, list):
        return False
    return all(n < len(beside) and beside[n] is not None for n, one in enumerate(values) if one is None)


def _collect(node: Node, plan: _Plan, held: Held, path: str, found: list[Breach]) -> None:
    broken = [key for key, holds in plan.rules if not holds(node, held)]
    if "one-choice" in broken and "ext-1" in broken:
        broken.remove("ext-1")
    found += [Breach(rule=key, path=path + _AT.get(key, ""), text=_text(plan.shape, key)) for key in broken]
    for key, value in node.items():
        child = plan.children.get(key)
        shown = key.lstrip("_")
        if isinstance(value, dict) and child is not None:
            if _is_bare(node, key, value):
                found.append(Breach(rule="ele-1", path=f"{path}.{shown}", text=_text("Element", "ele-1")))
            _collect(value, child, held, f"{path}.{shown}", found)
        elif isinstance(value, list):
            if None in value and not _is_paired(node, key, value):
                found.append(Breach(rule="null", path=f"{path}.{shown}", text=TEXTS["null"]))
            for position, item in enumerate(value):
                if isinstance(item, dict) and child is not None:
                    inner = f"{path}.{shown}[{position}]"
                    if len(item) == 1 and "id" in item:
                        found.append(Breach(rule="ele-1", path=inner, text=_text("Element", "ele-1")))
                    _collect(item, child, held, inner, found)


@cache
def rules() -> dict[str, list[list[str]]]:
    """Return R4's invariants by shape: key, text, FHIRPath."""
    loaded: dict[str, list[list[str]]] = json.loads(
        (files("salus.records.fhir.invariants") / "rules.json").read_text("utf-8")
    )
    return loaded


@cache
def compiled(shape: str) -> dict[str, Holds]:
    """Return the conditions that were compiled for a shape, by key."""
    return {key: holds for module in _COMPILED for key, holds in module.COMPILED.get(shape, {}).items()}


def in_words_and_by_hand() -> list[tuple[str, str, str]]:
    """Return the rules that R4 says in words, not in FHIRPath: where, key, text."""
    anywhere = {"target": "Reference", "binding": "CodeableConcept, Coding", "null": "lists of primitives"}
    placed = [(shape, key) for told in (BY_HAND, IN_WORDS) for shape, held in told.items() for key in held]
    placed += [(shape, key) for key, shape in anywhere.items()]
    return [(shape, key, _TEXTS[key]) for shape, key in placed if key in _TEXTS]


def _text(shape: str, key: str) -> str:
    for name in (shape, "DomainResource"):
        for told, text, _ in rules().get(name, ()):
            if told == key:
                return text
    return _TEXTS[key]


@cache
def _plan(shape: str, path: str) -> _Plan:
    """Return the plan of a shape, with what R4 says of the element at a path where it says more than of its shape."""
    rules_here = _rules_of(shape, path)
    plan = _Plan(shape, rules_here, tuple(holds for _, holds in rules_here))
    _plans_in_making[shape, path] = plan
    for key, element in definitions()["types"][shape].items():
        kinds = element[0] if isinstance(element[0], list) else [element[0]]
        for kind in kinds:
            name = key[:-3] + kind[0].upper() + kind[1:] if key.endswith("[x]") else key
            if kind in definitions()["types"]:
                plan.children[name] = _child(kind, f"{shape}.{key}")
            elif kind != "Resource":
                plan.children[f"_{name}"] = _child("Element", "")
    return plan


_plans_in_making: dict[tuple[str, str], _Plan] = {}


def _child(kind: str, path: str) -> _Plan:
    special = path if (kind == "Reference" and targets(path)) or (kind != "Reference" and required(path)) else ""
    return _plans_in_making.get((kind, special)) or _plan(kind, special)


def _rules_of(shape: str, path: str) -> list[tuple[str, Holds]]:
    found = [*BY_HAND.get(shape, {}).items(), *IN_WORDS.get(shape, {}).items()]
    if shape in resource_types() and shape not in ("Bundle", "Parameters", "Binary"):
        found += BY_HAND["DomainResource"].items()
    found += compiled(shape).items()
    aimed, bound = (targets(path), required(path)) if path else (None, None)
    if shape == "Reference" and aimed:
        found.append(("target", aims_at(aimed)))
    elif bound:
        found.append(("binding", bound_to(bound)))
    return found

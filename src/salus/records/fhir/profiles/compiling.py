"""Compile a profile's tree into one closure: values in, what deviates out. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from salus.records.fhir.invariants import Breach
from salus.records.fhir.profiles.around import Around
from salus.records.fhir.profiles.model import R4_BASE, Element
from salus.records.fhir.profiles.rules import RULES

Values = Sequence[tuple[str, Any]]
"""The values of one element with their paths."""
Check = Callable[[Values, str, Around], Iterator[Breach]]
Conforms = Callable[[Any, Sequence[str], Around], bool]
"""Tells whether a resource conforms to one of these profiles; where none is known, whether its type is theirs."""


def compiled(element: Element, name: str, conforms: Conforms) -> Check:
    """Return the check of an element; `name` is the profile's, which each deviation names with its kind."""
    parts = [part(element, name, conforms) for part in (_number, _values, _kinds, _children, _slices)]
    checks = [part for part in parts if part is not None]

    def check(values: Values, path: str, around: Around) -> Iterator[Breach]:
        for one in checks:
            yield from one(values, path, around)

    return check


def _number(element: Element, name: str, _: Conforms) -> Check | None:
    least, most = element.least, element.most
    if not least and most is None:
        return None

    def number(values: Values, path: str, _: Around) -> Iterator[Breach]:
        if len(values) < least:
            yield _breach(
                name, "least", path, f"must stand here at least {least} times" if least > 1 else "is required"
            )
        if most is not None and len(values) > most:
            text = f"may stand here {most} times at most" if most else "may not stand here"
            yield _breach(name, "most", path, text)

    return number


def _values(element: Element, name: str, _: Conforms) -> Check | None:
    pattern, codes, rules = element.pattern, element.codes, element.rules
    if pattern is None and codes is None and not rules:
        return None

    def each(values: Values, _: str, __: Around) -> Iterator[Breach]:
        for path, value in values:
            if pattern is not None and not matches(value, pattern):
                yield _breach(name, "pattern", path, "is not the value that the profile fixes")
            if codes is not None and not _bound(value, codes):
                yield _breach(name, "binding", path, "is not one of the codes that the profile requires")
            for key in rules:
                text, holds = RULES[key]
                if not holds(value):
                    yield Breach(rule=key, path=path, text=text)

    return each


def _kinds(element: Element, name: str, conforms: Conforms) -> Check | None:
    targets, profiles = element.targets, element.profiles
    if not targets and not profiles:
        return None

    def kinds(values: Values, _: str, around: Around) -> Iterator[Breach]:
        for path, value in values:
            if profiles and not conforms(value, profiles, around):
                yield _why(name, path, value, profiles, around)
            if targets and isinstance(value, dict) and not leads_to(value, targets, around, conforms):
                yield _breach(name, "target", path, f"does not lead to {_short(targets)}")

    return kinds


def _why(name: str, path: str, value: Any, profiles: Sequence[str], around: Around) -> Breach:
    """Return the first reason why a resource does not conform, where there is one profile only to tell it by."""
    reason = around.reasons.get((id(value), profiles[0])) if len(profiles) == 1 else None
    if reason is None:
        return _breach(name, "profile", path, f"does not conform to {_short(profiles)}")
    inside = reason.path.partition(".")[2]
    return Breach(rule=reason.rule, path=f"{path}.{inside}" if inside else path, text=reason.text)


def leads_to(reference: Mapping[str, Any], targets: Sequence[str], around: Around, conforms: Conforms) -> bool:
    """Tell whether a Reference leads to one of these profiles; out of the Bundle only the type is known, or nothing."""
    found = around.resolve(reference)
    if found is not None:
        return conforms(found, targets, around)
    kind = around.type_of(reference)
    return (
        kind is None
        or kind == "Resource"
        or conforms(
            {"resourceType": kind},
            targets,
            Around({}),
        )
    )


def _children(element: Element, name: str, conforms: Conforms) -> Check | None:
    found = [(key, compiled(child, name, conforms), child.types) for key, child in element.children.items()]
    if not found:
        return None

    def children(values: Values, _: str, around: Around) -> Iterator[Breach]:
        for path, value in values:
            if isinstance(value, dict):
                for key, check, types in found:
                    below, wrong = held(value, key, path, types)
                    if wrong:
                        yield _breach(name, "type", f"{path}.{wrong}", "has a type that the profile does not allow")
                    yield from check(below, f"{path}.{key.removesuffix('[x]')}", around)

    return children


def _slices(element: Element, name: str, conforms: Conforms) -> Check | None:
    if not element.slices or not element.discriminators:
        return None
    found = [(one, compiled(said, name, conforms), said) for one, said in element.slices.items()]
    closed, discriminators = element.closed, element.discriminators

    def slices(values: Values, path: str, around: Around) -> Iterator[Breach]:
        taken: dict[str, list[tuple[str, Any]]] = {one: [] for one, _, _ in found}
        for place, value in values:
            home = next((one for one, _, said in found if _is_in(value, said, discriminators, around, conforms)), None)
            if home is not None:
                taken[home].append((place, value))
            elif closed:
                yield _breach(name, "closed", place, "is in none of the slices that the profile allows")
        for one, check, said in found:
            # One that must be there, and is there by its type alone: what is wrong in it says more than its absence.
            almost = values if said.least and not taken[one] and len(discriminators) > 1 else ()
            meant = [
                v for v in almost if _is_in(v[1], said, [d for d in discriminators if d[0] == "type"], around, conforms)
            ]
            yield from check(taken[one] or meant, f"{path}:{one}", around)

    return slices


def _is_in(
    value: Any, said: Element, discriminators: Sequence[tuple[str, str]], around: Around, conforms: Conforms
) -> bool:
    """Tell whether a value is in a slice, by all discriminators."""
    return all(_agrees(value, said, kind, path, around, conforms) for kind, path in discriminators)


def _agrees(value: Any, said: Element, kind: str, path: str, around: Around, conforms: Conforms) -> bool:
    steps = [step for step in path.split(".") if step != "$this"]
    resolving = bool(steps) and steps[-1] == "resolve()"
    steps = steps[:-1] if resolving else steps
    told = list(said.at(steps))
    reached = [value]
    for step in steps:
        reached = [one for node in reached if isinstance(node, dict) for _, one in held(node, step, "", ())[0]]
    if kind in ("value", "pattern"):
        return any(_fits(one, element) for element in told for one in reached)
    for element in told:
        wanted = element.targets if resolving else element.profiles
        led = [around.resolve(one) for one in reached] if resolving else reached
        tried = _types_of(wanted) if kind == "type" else wanted
        if any(one is not None and conforms(one, tried, around) for one in led):
            return True
    return False


def _types_of(profiles: Sequence[str]) -> list[str]:
    """Return the base definitions of R4 whose types these profiles are of."""
    return [
        f"{R4_BASE}{url.removeprefix(R4_BASE)}" if url.startswith(R4_BASE) else f"type of {url}" for url in profiles
    ]


def _fits(value: Any, element: Element) -> bool:
    if element.pattern is not None:
        return matches(value, element.pattern)
    return element.codes is not None and _bound(value, element.codes)


def held(node: Mapping[str, Any], key: str, path: str, types: Sequence[str]) -> tuple[Values, str | None]:
    """Return what an object holds under an element's name, and the name of a choice whose type is not among `types`.

    A primitive that has only extensions is there, too.
    """
    if not key.endswith("[x]"):
        return _listed(node, key, path), None
    stem = key[:-3]
    names = {name.lstrip("_") for name in node if name.lstrip("_").startswith(stem) and _is_type(name, stem)}
    allowed = {stem + one[0].upper() + one[1:] for one in types}
    wrong = next((name for name in sorted(names) if types and name not in allowed), None)
    return [pair for name in sorted(names) for pair in _listed(node, name, path)], wrong


def _is_type(name: str, stem: str) -> bool:
    rest = name.lstrip("_")[len(stem) :]
    return rest[:1].isupper()


def _listed(node: Mapping[str, Any], key: str, path: str) -> Values:
    value, beside = node.get(key), node.get(f"_{key}")
    if isinstance(value, list) or isinstance(beside, list):
        values, more = value or [], beside or []
        count = max(len(values), len(more))
        pairs = [(values[n] if n < len(values) else None, more[n] if n < len(more) else None) for n in range(count)]
        return [(f"{path}.{key}[{n}]", one if one is not None else other) for n, (one, other) in enumerate(pairs)]
    found = value if value is not None else beside
    return [] if found is None else [(f"{path}.{key}", found)]


def matches(value: Any, pattern: Any) -> bool:
    """Tell whether a value has all that a pattern has (FHIR R4, ElementDefinition.pattern).

    A Coding given as the pattern of a CodeableConcept is one of its codings.
    """
    if isinstance(pattern, dict) and isinstance(value, dict):
        if "coding" in value and "coding" not in pattern and "code" in pattern:
            return any(matches(one, pattern) for one in value["coding"])
        return all(key in value and matches(value[key], wanted) for key, wanted in pattern.items())
    if isinstance(pattern, list) and isinstance(value, list):
        return all(any(matches(one, wanted) for one in value) for wanted in pattern)
    return bool(value == pattern)


def _bound(value: Any, codes: frozenset[str]) -> bool:
    if isinstance(value, dict):
        codings = value.get("coding", [value])
        return any(one.get("code") in codes for one in codings)
    return value in codes


def _short(urls: Sequence[str]) -> str:
    return " or ".join(url.rpartition("/")[2].rpartition(":")[2] for url in urls)


def _breach(name: str, kind: str, path: str, text: str) -> Breach:
    return Breach(rule=f"{name}#{kind}", path=path, text=text)

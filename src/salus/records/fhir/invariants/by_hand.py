"""The invariants that no translation reaches, and rules of R4 that are said in words: choices, targets, bindings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from salus.records.fhir.definitions import resource_types
from salus.records.fhir.invariants.logic import Held, Holds, Node, distinct
from salus.records.fhir.invariants.terms import systems
from salus.records.fhir.narrative import allowed, says_something

_VALUE = re.compile(r"_?value[A-Z]")
_LITERAL = re.compile(r"(?:^|/)([A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?$")


def _one_of_two(n: Node, _: Held) -> bool:
    if len(n) == 2 and "url" in n and "id" not in n:
        return True  # nearly always so: the other key is a value or extensions, as its shape allows nothing else
    return ("extension" in n) != any(_VALUE.match(key) for key in n)


def _one_value(n: Node, _: Held) -> bool:
    return len(n) < 3 or len({key.lstrip("_") for key in n if _VALUE.match(key)}) < 2


def _resolves_inside(n: Node, r: Held) -> bool:
    reference = n.get("reference")
    if reference is None or reference[:1] != "#":
        return True
    return reference[1:] in r.contained or (reference == "#" and r.root is not r)


def _of_its_system(n: Node, _: Held) -> bool:
    system = n.get("system")
    if system is None or not system.startswith("http://hl7.org/fhir/") or "code" not in n:
        return True
    codes = systems().get(system)
    return codes is None or n["code"] in codes


def _contains_flat(n: Node, _: Held) -> bool:
    return all("contained" not in one for one in n.get("contained") or ())


def _contains_unversioned(n: Node, _: Held) -> bool:
    metas = [one.get("meta") or {} for one in n.get("contained") or ()]
    return all("versionId" not in meta and "lastUpdated" not in meta for meta in metas)


def _contains_unlabelled(n: Node, _: Held) -> bool:
    return all("security" not in (one.get("meta") or {}) for one in n.get("contained") or ())


def _contains_referred(n: Node, _: Held) -> bool:
    contained = n.get("contained")
    if not contained:
        return True
    inner = set(_fragments(n))
    return all(f"#{one.get('id')}" in inner or "#" in set(_fragments(one)) for one in contained)


def _fragments(value: Node) -> Iterator[str]:
    """Yield every text that begins with `#`: a reference, a canonical or a uri where it leads to something."""
    waiting: list[Any] = [value]
    while waiting:
        node = waiting.pop()
        for inner in node.values() if isinstance(node, dict) else node:
            kind = inner.__class__
            if kind is str:
                if inner[:1] == "#":
                    yield inner
            elif kind is dict or kind is list:
                waiting.append(inner)


def _codes_once(n: Node, _: Held) -> bool:
    return distinct([one["code"] for one in _tree(n, "concept") if "code" in one])


def _links_once(n: Node, _: Held) -> bool:
    return distinct([one["linkId"] for one in _tree(n, "item") if "linkId" in one])


def _tree(n: Node, key: str) -> Iterator[Node]:
    for one in n.get(key) or ():
        yield one
        yield from _tree(one, key)


def _on_behalf(n: Node, r: Held) -> bool:
    reference = (n.get("member") or {}).get("reference", "")
    member = r.contained.get(reference[1:]) if reference[:1] == "#" else None
    return "onBehalfOf" not in n or member is None or member["resourceType"] == "Practitioner"


def aims_at(targets: frozenset[str]) -> Holds:
    """Return a rule: a reference leads to one of these types, as far as it says itself where it leads."""

    def holds(n: Node, r: Held) -> bool:
        reference = n.get("reference")
        told = n.get("type")
        if told in resource_types() and told not in targets:
            return False
        if reference is None or reference.partition("/")[0] in targets:
            return True
        return _target(reference, r) in (None, *targets)

    return holds


def _target(reference: str, r: Held) -> str | None:
    if reference[:1] == "#":
        kind = r.contained.get(reference[1:], {}).get("resourceType")
        return str(kind) if kind else None
    match = _LITERAL.search(reference.partition("?")[0])
    return match[1] if match and match[1] in resource_types() else None


def bound_to(codes: dict[str, frozenset[str]]) -> Holds:
    """Return a rule: a coding, or one coding of a concept, is of a value set that is required."""

    def holds(n: Node, _: Held) -> bool:
        if not {"coding", "text", "code"} & n.keys():
            return "extension" in n  # it says why there is none
        codings = (n,) if "code" in n else n.get("coding", ())
        return any(one.get("code") in codes.get(one.get("system", ""), ()) for one in codings)

    return holds


BY_HAND: dict[str, dict[str, Holds]] = {
    "Extension": {"one-choice": _one_value, "ext-1": _one_of_two},
    "Reference": {"ref-1": _resolves_inside},
    "Coding": {"code-system": _of_its_system},
    "DomainResource": {
        "dom-2": _contains_flat,
        "dom-3": _contains_referred,
        "dom-4": _contains_unversioned,
        "dom-5": _contains_unlabelled,
    },
    "Narrative": {"txt-1": lambda n, _: allowed(n.get("div")), "txt-2": lambda n, _: says_something(n.get("div"))},
    "CodeSystem": {"csd-1": _codes_once},
    "Questionnaire": {"que-2": _links_once},
    "CareTeam.participant": {"ctm-1": _on_behalf},
}
TEXTS = {
    "one-choice": "Only one value of a choice may be given",
    "code-system": "The code is not one of its code system, which R4 defines and lists",
    "target": "The reference leads to a type that may not stand here",
    "binding": "One coding must be from the value set that R4 requires here",
    "null": "A null stands only where an extension stands for it, or a value",
}

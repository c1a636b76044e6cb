"""A profile's constraints as a tree, as its differential says them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

R4_BASE = "http://hl7.org/fhir/StructureDefinition/"


@dataclass(slots=True)
class Element:
    """What a profile says of one element, or of one slice of it."""

    least: int = 0
    most: int | None = None
    types: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    pattern: Any = None
    codes: frozenset[str] | None = None
    rules: tuple[str, ...] = ()
    discriminators: tuple[tuple[str, str], ...] = ()
    closed: bool = False
    children: dict[str, Element] = field(default_factory=dict)
    slices: dict[str, Element] = field(default_factory=dict)

    def at(self, steps: Sequence[str]) -> Iterator[Element]:
        """Yield what is said at a path below, if anything is."""
        if not steps:
            yield self
        elif steps[0] in self.children:
            yield from self.children[steps[0]].at(steps[1:])


def tree(definition: Mapping[str, Any]) -> Element:
    """Read a StructureDefinition's differential; `id` says where each element stands."""
    root = Element()
    for told in definition["differential"]["element"]:
        node = root
        for step in told["id"].split(".")[1:]:
            name, _, slice_ = step.partition(":")
            node = node.children.setdefault(name, Element())
            if slice_:
                node = node.slices.setdefault(slice_, Element())
        _say(node, told)
    return root


def _say(node: Element, told: Mapping[str, Any]) -> None:
    node.least = told.get("min", node.least)
    if told.get("max", "*") != "*":
        node.most = int(told["max"])
    types = told.get("type", ())
    node.types = tuple(one["code"] for one in types if "code" in one) or node.types
    node.targets = tuple(url for one in types for url in one.get("targetProfile", ())) or node.targets
    node.profiles = tuple(url for one in types for url in one.get("profile", ())) or node.profiles
    patterns = [value for key, value in told.items() if key.startswith(("pattern", "fixed"))]
    node.pattern = patterns[0] if patterns else node.pattern
    node.codes = frozenset(told["codes"]) if "codes" in told else node.codes
    constraints = [one if isinstance(one, str) else one["key"] for one in told.get("constraint", ())]
    node.rules = tuple(constraints) or node.rules
    if slicing := told.get("slicing"):
        node.discriminators = tuple((one["type"], one["path"]) for one in slicing["discriminator"])
        node.closed = slicing["rules"] == "closed"

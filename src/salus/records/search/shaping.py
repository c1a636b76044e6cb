"""Cut a resource to what a search asked to see of it: a summary, its text, its data, or some elements. Pure.

What is cut says so by the tag SUBSETTED. What must be there by R4 stays, so that the rest can still be read.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from salus.records.fhir.definitions import definitions
from salus.records.fhir.parse import dump, parse
from salus.records.search.asking import Shape

_SUBSETTED: Final = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}
_ALWAYS: Final = ("resourceType", "id", "meta")
_EVERY: Final = ("implicitRules", "language")


def shaped(body: bytes, shape: Shape) -> bytes:
    """Return a resource's JSON as a search answers it; whole, byte for byte, where nothing was asked."""
    if shape.summary in ("false", "count") and not shape.elements:
        return body
    resource = parse(body)
    name = resource["resourceType"]
    if shape.summary == "data":
        kept = {key: value for key, value in resource.items() if key != "text"}
    elif shape.summary == "text":
        kept = _of(resource, {"text", *_required(name)})
    elif shape.elements:
        choices = {f"{one}[x]" for one in shape.elements}
        kept = _of(resource, {*shape.elements, *choices, *_required(name)})
    else:
        kept = _summary(resource, name)
    meta = dict(kept.get("meta") or {})
    meta["tag"] = [*(meta.get("tag") or ()), _SUBSETTED]
    return dump({"resourceType": name, "id": resource["id"], **kept, "meta": meta})


def _of(node: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    wanted = {*names, *_ALWAYS}
    return {key: value for key, value in node.items() if _stem(key, wanted)}


def _stem(key: str, wanted: Collection[str]) -> bool:
    """Tell whether a key is wanted: by its name, its extensions' name, or as a choice of types."""
    name = key.removeprefix("_")
    return name in wanted or any(
        name.startswith(one) and name[len(one) : len(one) + 1].isupper() and f"{one}[x]" in wanted
        for one in _stems(name)
    )


def _stems(name: str) -> list[str]:
    """Return the beginnings that end before a capital: valueQuantity may be a choice called value."""
    return [name[:at] for at, letter in enumerate(name) if letter.isupper()]


def _summary(node: dict[str, Any], shape: str) -> dict[str, Any]:
    """Return what R4 marks as summary of an element, and of the elements inside it."""
    names = {*_summaries().get(shape, ()), *(_EVERY if "." not in shape else ())}
    kept = _of(node, names) if "." not in shape else {k: v for k, v in node.items() if _stem(k, names)}
    return {key: _each(value, f"{shape}.{key}") for key, value in kept.items()}


def _each(value: Any, shape: str) -> Any:
    if shape not in definitions()["types"]:
        return value
    found = [_summary(one, shape) if isinstance(one, dict) else one for one in _listed(value)]
    return found if isinstance(value, list) else found[0]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _required(name: str) -> list[str]:
    """Return the elements that must be there, choices with their mark."""
    return [element for element, told in definitions()["types"][name].items() if told[1]]


@cache
def _summaries() -> dict[str, list[str]]:
    loaded: dict[str, list[str]] = json.loads((files("salus.records.search") / "summaries.json").read_text("utf-8"))
    return loaded

"""What R4 fixes beside its shapes: targets of references, value sets required for concepts, its own code systems.

`bindings.json` is written by tools/compile_rules.py; source: FHIR R4 (4.0.1), CC0.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def _facts() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((files("salus.records.fhir") / "bindings.json").read_text("utf-8"))
    return loaded


@cache
def systems() -> dict[str, frozenset[str]]:
    """Return FHIR's own complete code systems, with their codes."""
    return {url: frozenset(codes) for url, codes in _facts()["systems"].items()}


@cache
def targets(path: str) -> frozenset[str] | None:
    """Return the types to which references in an element may lead; None where R4 does not say."""
    found = _facts()["targets"].get(path)
    return frozenset(found) if found else None


def required(path: str) -> dict[str, frozenset[str]] | None:
    """Return the codes by system that R4 requires in an element; None where it requires none that can be listed."""
    name = _facts()["bound"].get(path)
    return {system: frozenset(codes) for system, codes in _facts()["concepts"][name].items()} if name else None

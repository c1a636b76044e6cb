"""What stands around a resource that is checked: the Bundle that its references may lead into. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from salus.records.fhir.invariants import Breach

_LITERAL = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/.*)?", re.ASCII)
_BASE = re.compile(r"(https?://\S+)/[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}", re.ASCII)


class Around:
    """Resolves references among the entries of a Bundle, and remembers what conforms to what."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        entries = root.get("entry") or () if root.get("resourceType") == "Bundle" else ()
        self._found = {e["fullUrl"]: e["resource"] for e in entries if "fullUrl" in e and "resource" in e}
        bases = (_BASE.fullmatch(address) for address in self._found)
        self._bases = {match[1] for match in bases if match}
        self.conforms: dict[tuple[int, str], bool] = {}
        self.reasons: dict[tuple[int, str], Breach] = {}

    def resolve(self, reference: Any) -> dict[str, Any] | None:
        """Return the entry that a Reference leads to, or None where it leads out of the Bundle."""
        text = reference.get("reference") if isinstance(reference, dict) else None
        if not isinstance(text, str):
            return None
        found: dict[str, Any] | None = self._found.get(text)
        if found is None and ":" not in text:
            found = next(
                (self._found[f"{b}/{text}"] for b in sorted(self._bases) if f"{b}/{text}" in self._found), None
            )
        return found

    def type_of(self, reference: Any) -> str | None:
        """Return the type that a Reference leads to, by its entry, by its words or by its address."""
        found = self.resolve(reference)
        if found is not None:
            return str(found.get("resourceType"))
        if not isinstance(reference, dict):
            return None
        match = _LITERAL.fullmatch(reference.get("reference") or "")
        return reference.get("type") or (match[1] if match else None)

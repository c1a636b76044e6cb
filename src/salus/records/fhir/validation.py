"""Validation: JSON Schemas of our own, built from the R4 shapes and run by jsonschema-rs; then R4's invariants.

Catches what HL7's published schema lets pass: a missing required primitive, a text where an object belongs, two
values of one choice. Messages name element and rule and never repeat what was sent. Rules are tried on a resource whose
shape is right, so that one mistake is not told twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import jsonschema_rs

from salus.records.errors import Problem
from salus.records.fhir import profiles
from salus.records.fhir.definitions import definitions, resource_types
from salus.records.fhir.invariants import Breach, breaches
from salus.records.fhir.invariants.terms import required
from salus.records.fhir.parse import names_an_element

MOST_PROBLEMS = 100
MOST_CHARACTERS = 1024 * 1024
_STRING = {
    "type": "string",
    "minLength": 1,
    "maxLength": MOST_CHARACTERS,
    "pattern": r"^[^\x00-\x08\x0b\x0c\x0e-\x1f]*$",
}
_YEAR = "([0-9]([0-9]([0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)"
_LEAP = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][48]|[2468]0|[13579][26])00)"
_MONTH_DAY = "((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
_DAY = f"({_YEAR}-{_MONTH_DAY}|{_LEAP}-02-29)"
_ZONE = r"(Z|[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?"
# RFC 9562 reads both cases; the type uuid and HL7's own examples differ.
_UUID = "urn:uuid:[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_OID = r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+"


def _uri() -> str:
    """Return a pattern of URIs in which what begins as a UUID or an OID is one. Without looking ahead: that is slow."""
    ways = [_UUID, _OID, r"urn:([^\suo]\S*)?"]
    for name in ("urn:uuid:", "urn:oid:"):
        ways += [rf"{name[:n]}([^\s{name[n]}]\S*)?" for n in range(1, len(name)) if n != 4]
    return rf"^([^\su]\S*|{'|'.join(dict.fromkeys(ways))})$"


_PRIMITIVES: dict[str, dict[str, Any]] = {
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
    "unsignedInt": {"type": "integer", "minimum": 0, "maximum": 2**31 - 1},
    "positiveInt": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1},
    "decimal": {"type": "number"},
    "string": _STRING,
    "markdown": _STRING,
    "xhtml": _STRING,
    "base64Binary": {
        "type": "string",
        "minLength": 1,
        "pattern": r"^\s*([A-Za-z0-9+/]{4}\s*)*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\s*$",
    },
    "code": {"type": "string", "pattern": r"^[^\s]+( [^\s]+)*$"},
    "id": {"type": "string", "pattern": r"^[A-Za-z0-9\-.]{1,64}$"},
    "date": {"type": "string", "pattern": f"^({_YEAR}(-(0[1-9]|1[0-2]))?|{_DAY})$"},
    "dateTime": {"type": "string", "pattern": f"^({_YEAR}(-(0[1-9]|1[0-2]))?|{_DAY}(T{_TIME}{_ZONE})?)$"},
    "instant": {"type": "string", "pattern": f"^{_DAY}T{_TIME}{_ZONE}$"},
    "time": {"type": "string", "pattern": f"^{_TIME}$"},
    "oid": {"type": "string", "pattern": f"^{_OID}$"},
    "uuid": {"type": "string", "pattern": f"^{_UUID.replace('A-F', '')}$"},
    **{name: {"type": "string", "pattern": _uri()} for name in ("uri", "url", "canonical")},
}
# Required bindings to more codes than a list holds (ISO 4217, BCP 13): what their codes look like.
_LOOKS = {
    "Money.currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
    "Attachment.contentType": {"type": "string", "pattern": r"^[^\s/;]+/[^\s/;]+( ?;.*)?$"},
}
_ISSUES = {"one-choice": "structure", "null": "structure", "binding": "code-invalid", "code-system": "code-invalid"}
_RULES = {
    "Type": "has the wrong JSON type",
    "Pattern": "is not written as its FHIR type asks",
    "Enum": "is not one of the codes its required binding allows",
    "MinLength": "is empty",
    "MaxLength": "is longer than its type allows",
    "MinItems": "is an empty list",
    "MinProperties": "is an empty object",
    "Minimum": "is below its smallest value",
    "Maximum": "is above its largest value",
}


def problems(resource: dict[str, Any], entry: int | None = None, root: dict[str, Any] | None = None) -> list[Problem]:
    """Return what is wrong with a resource, contained and nested resources included; at most 100.

    `root` is the resource that contains it, to which its references beginning with `#` are.
    """
    name = resource.get("resourceType")
    if not isinstance(name, str):
        return [Problem(where="resourceType", text="is missing", code="required", entry=entry)]
    if name not in resource_types():
        shown = name if names_an_element(name) else "this"
        return [Problem(where="resourceType", text=f"{shown} is no FHIR R4 type", code="not-supported", entry=entry)]
    found = [] if is_shaped(resource, name) else shape_problems(resource, name, entry)
    found = found or [_breach(one, entry) for one in breaches(resource, root)]
    found = found or [_breach(one, entry) for one in profiles.claimed(resource, root)]
    for path, inner in _nested(resource, name):
        if len(found) >= MOST_PROBLEMS:
            break
        around = (root or resource) if ".contained[" in path else None
        found += [_inside(problem, path) for problem in problems(inner, entry, around)]
    return found[:MOST_PROBLEMS]


def deviations(resource: dict[str, Any], url: str) -> list[Problem]:
    """Return in what a resource of a right shape deviates from a known profile."""
    return [_breach(one, None) for one in profiles.deviations(resource, url)]


def shape_problems(value: dict[str, Any], name: str, entry: int | None = None) -> list[Problem]:
    """Return what is wrong with the shape of a resource of this type; nothing inside a nested resource is looked at."""
    return [_problem(error, name, entry) for error in _some(shape_of(name).iter_errors(value))]


def is_shaped(value: dict[str, Any], name: str) -> bool:
    """Tell whether the shape of a resource of this type is right; nothing inside a nested resource is looked at."""
    return bool(shape_of(name).is_valid(value))


def _breach(one: Breach, entry: int | None) -> Problem:
    code = _ISSUES.get(one.rule, "invariant")
    return Problem(where=one.path, text=one.text, code=code, entry=entry, rule=one.rule)


def _inside(problem: Problem, path: str) -> Problem:
    where = problem.where.partition(".")[2] or problem.where
    return replace(problem, where=f"{path}.{where}")


def _nested(resource: dict[str, Any], name: str) -> list[tuple[str, dict[str, Any]]]:
    found = _objects(resource, name, "contained")
    if name == "Bundle":
        found += _resources(_objects(resource, name, "entry"))
    elif name == "Parameters":
        found += _resources(_objects(resource, name, "parameter"))
    return found


def _objects(node: dict[str, Any], path: str, key: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the objects in a list that is not yet known to be one, with their paths."""
    values = node.get(key)
    listed = values if isinstance(values, list) else []
    return [(f"{path}.{key}[{n}]", value) for n, value in enumerate(listed) if isinstance(value, dict)]


def _resources(holders: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
    """Return the resources of entries or parameters, those inside a parameter's parts included."""
    found = [(f"{path}.resource", one["resource"]) for path, one in holders if isinstance(one.get("resource"), dict)]
    for path, one in holders:
        found += _resources(_objects(one, path, "part"))
    return found


def _some(errors: Any) -> list[Any]:
    return [error for error, _ in zip(errors, range(MOST_PROBLEMS), strict=False)]


def _problem(error: Any, name: str, entry: int | None) -> Problem:
    where = name + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.instance_path)
    kind = _kind_of(error.kind)
    if kind == "Required":
        return Problem(where=f"{where}.{error.kind.property}", text="is required", code="required", entry=entry)
    if kind == "AnyOf":
        ways = [one.kind for way in error.kind.context for one in way]
        if not all(_kind_of(one) == "Required" for one in ways):  # an item, which might be null
            return Problem(where=where, text=_RULES["Pattern"], code="value", entry=entry)
        return _missing(error, [one.property for one in ways], where, entry)
    if kind == "AdditionalProperties":
        names = [n for n in error.kind.unexpected if names_an_element(n)]
        told = f"no such element: {', '.join(names[:3])}" if names else "an element that does not exist here"
        return Problem(where=where, text=told, code="structure", entry=entry)
    if kind == "Not":
        names = error.kind.schema["required"]
        told = f"has two values of one choice: {', '.join(names)}"
        return Problem(where=f"{where}.{_stem(error, names)}", text=told, code="structure", entry=entry)
    return Problem(where=where, text=_RULES.get(kind, "breaks the shape of its type"), code="value", entry=entry)


def _kind_of(kind: Any) -> str:
    return type(kind).__name__.rpartition("_")[2]


def _missing(error: Any, wanted: Sequence[str], where: str, entry: int | None) -> Problem:
    """Name the element that is not there: a primitive, or a choice of which none is."""
    names = [name for name in wanted if not name.startswith("_")]
    if len(names) == 1:
        return Problem(where=f"{where}.{names[0]}", text="is required", code="required", entry=entry)
    told = f"is required, as one of {', '.join(names[:3])}{', …' if names[3:] else ''}"
    return Problem(where=f"{where}.{_stem(error, names)}", text=told, code="required", entry=entry)


def _stem(error: Any, names: Sequence[str]) -> str:
    """Return what the names of a choice begin with, as R4 calls the element."""
    stems: list[str] = [key[:-3] for key in definitions()["types"][error.schema_path[1]] if key.endswith("[x]")]
    return max((stem for stem in stems if all(name.startswith(stem) for name in names)), key=len)


@cache
def shape_of(name: str) -> Any:
    """Return the validator of the shape of a resource type; what is inside a contained one is not looked at."""
    needed: set[str] = set()
    _collect(name, needed)
    _collect("Element", needed)
    schema = {"$ref": f"#/$defs/{name}", "$defs": {shape: _shape(shape) for shape in needed}}
    return jsonschema_rs.Draft202012Validator(schema)


def _collect(name: str, needed: set[str]) -> None:
    if name in needed:
        return
    needed.add(name)
    for element in definitions()["types"][name].values():
        for kind in element[0] if isinstance(element[0], list) else [element[0]]:
            if kind in definitions()["types"]:
                _collect(kind, needed)


@cache
def _shape(name: str) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    rules: list[dict[str, Any]] = []
    for key, element in definitions()["types"][name].items():
        if key.endswith("[x]"):
            _choice(name, key[:-3], element, properties, rules)
        else:
            _element(name, key, element, properties, rules)
    schema: dict[str, Any] = {"type": "object", "minProperties": 1, "additionalProperties": False}
    if name in resource_types():
        properties["resourceType"] = {"const": name}
    return schema | {"properties": properties} | ({"allOf": rules} if rules else {})


def _element(shape: str, key: str, element: list[Any], properties: dict[str, Any], rules: list[dict[str, Any]]) -> None:
    kind, least, most = element[:3]
    primitive = kind in _PRIMITIVES
    one = _codes(f"{shape}.{key}", element) if primitive else _reference(kind)
    if most == 1:
        properties[key] = one
    else:
        items = {"anyOf": [one, {"type": "null"}]} if primitive else one
        properties[key] = {"type": "array", "minItems": 1, "items": items}
    if primitive:
        properties[f"_{key}"] = _sibling(most)
    if least:
        rules.append({"anyOf": [{"required": [key]}, {"required": [f"_{key}"]}]} if primitive else {"required": [key]})


def _choice(shape: str, stem: str, element: list[Any], properties: dict[str, Any], rules: list[dict[str, Any]]) -> None:
    names = []
    for kind in element[0]:
        key = stem + kind[0].upper() + kind[1:]
        names.append(key)
        properties[key] = _PRIMITIVES.get(kind) or _reference(kind)
        if kind in _PRIMITIVES:
            properties[f"_{key}"] = _sibling(1)
    if len(names) <= 20:
        for position, key in enumerate(names):
            rules += [{"not": {"required": [key, other]}} for other in names[position + 1 :]]
    if element[1]:
        rules.append({"anyOf": [{"required": [k]} for key in names for k in (key, f"_{key}") if k in properties]})


def _codes(path: str, element: list[Any]) -> dict[str, Any]:
    if len(element) > 3:
        return {"enum": definitions()["codes"][element[3]]}
    listed = required(path)
    if listed:
        return {"enum": sorted({code for codes in listed.values() for code in codes})}
    if path in _LOOKS:
        return _LOOKS[path]
    return _PRIMITIVES[element[0]]


def _sibling(most: int) -> dict[str, Any]:
    one = {"$ref": "#/$defs/Element"}
    return one if most == 1 else {"type": "array", "minItems": 1, "items": {"anyOf": [one, {"type": "null"}]}}


def _reference(kind: str) -> dict[str, Any]:
    if kind == "Resource":
        return {"type": "object", "required": ["resourceType"]}
    return {"$ref": f"#/$defs/{kind}"}

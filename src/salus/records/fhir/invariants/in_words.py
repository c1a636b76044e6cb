"""Rules that R4 says in words of bundles and of terms: full addresses, links, documents, supplements, properties."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from salus.records.fhir.definitions import definitions, resource_types
from salus.records.fhir.invariants.logic import Held, Holds, Node, distinct

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_RESTFUL = re.compile(r"(https?://\S+)/([A-Za-z]+)/([A-Za-z0-9\-.]{1,64})")
_RELATIVE = re.compile(r"([A-Za-z]+/[A-Za-z0-9\-.]{1,64})(?:/_history/([A-Za-z0-9\-.]{1,64}))?")
_PAGES = ("self", "first", "previous", "prev", "next", "last")


def _address_is_absolute(n: Node, _: Held) -> bool:
    return "fullUrl" not in n or _ABSOLUTE.fullmatch(n["fullUrl"]) is not None


def _address_is_of_resource(n: Node, _: Held) -> bool:
    match, resource = _RESTFUL.fullmatch(n.get("fullUrl", "")), n.get("resource", {})
    if match is None or match[2] not in resource_types() or "id" not in resource:
        return True
    return (match[2], match[3]) == (resource.get("resourceType"), resource["id"])


def _found_has_id(n: Node, r: Held) -> bool:
    resource = n.get("resource")
    return r.get("type") != "searchset" or resource is None or "id" in resource or _is_note(resource)


def _is_note(resource: Node) -> bool:
    return resource.get("resourceType") in ("OperationOutcome", "Parameters")


def _links_once(n: Node, _: Held) -> bool:
    return distinct([link["relation"] for link in n.get("link") or () if link.get("relation") in _PAGES])


def _document_is_whole(n: Node, _: Held) -> bool:
    """Tell whether what a document's Composition refers to stands in the document, once."""
    entries = n.get("entry") or ()
    if n.get("type") != "document" or not entries:
        return True
    listed: Counter[tuple[str, str | None]] = Counter()
    for entry in entries:
        version = (entry.get("resource", {}).get("meta") or {}).get("versionId")
        listed.update({(entry.get("fullUrl", ""), None), (entry.get("fullUrl", ""), version)})
    own = _RESTFUL.fullmatch(entries[0].get("fullUrl", ""))
    return all(_leads_once(told, own[1] if own else None, listed) for told in _told(entries[0].get("resource")))


def _leads_once(reference: str, base: str | None, listed: Counter[tuple[str, str | None]]) -> bool:
    match = _RELATIVE.fullmatch(reference)
    if reference.startswith("urn:"):
        return listed[reference, None] == 1
    if match is None or base is None:
        return True  # to another server, or relative where nothing says to what: not decided here
    return listed[f"{base}/{match[1]}", match[2]] == 1


def _told(composition: Node | None) -> Iterator[str]:
    """Yield the references of a Composition that R4 wants in the document: whose, by whom, and each section's."""
    if not isinstance(composition, dict):
        return
    held = [composition.get("subject"), *(composition.get("author") or ())]
    sections = list(composition.get("section") or ())
    while sections:
        section = sections.pop()
        held += [section.get("focus"), *(section.get("entry") or ())]
        sections += section.get("section") or ()
    yield from (one["reference"] for one in held if isinstance(one, dict) and "reference" in one)


def _supplement_says_so(n: Node, _: Held) -> bool:
    return ("supplements" not in n) or n.get("content") == "supplement"


def _properties_once(n: Node, _: Held) -> bool:
    declared = n.get("property") or ()
    return all(distinct([one[key] for one in declared if key in one]) for key in ("code", "uri"))


def _system_is_absolute(n: Node, _: Held) -> bool:
    return "system" not in n or _ABSOLUTE.fullmatch(n["system"]) is not None


def _composite_has_parts(n: Node, _: Held) -> bool:
    return n.get("type") != "composite" or len(n.get("component") or ()) > 1


def _paths_exist(n: Node, _: Held) -> bool:
    """Tell whether a constraint on a type of R4 speaks of elements that the type has; others are not judged."""
    shape = str(n.get("type"))
    if n.get("derivation") != "constraint" or shape not in definitions()["types"]:
        return True
    elements = (n.get("differential") or {}).get("element") or ()
    return all(_exists(shape, str(one["path"]).split(".")[1:]) for one in elements if "path" in one)


def _exists(shape: str, steps: list[str]) -> bool:
    types = definitions()["types"]
    if not steps or shape not in types:
        return True
    name, rest = steps[0], steps[1:]
    if name in types[shape]:
        kinds = types[shape][name][0]
        return any(_exists(kind, rest) for kind in (kinds if isinstance(kinds, list) else [kinds]))
    if name in ("id", "extension", "modifierExtension", "meta", "implicitRules", "language", "text", "contained"):
        return True
    chosen = [
        kind
        for key, element in types[shape].items()
        if key.endswith("[x]")
        for kind in element[0]
        if name == key[:-3] + kind[0].upper() + kind[1:]
    ]
    return any(_exists(kind, rest) for kind in chosen)


def _expression_is_fhirpath(n: Node, _: Held) -> bool:
    """Tell whether a filter whose value is an expression says it in FHIRPath, as value sets with parameters do."""
    told = (n.get("_value") or {}).get("extension") or ()
    expressions = [one["valueExpression"] for one in told if str(one.get("url", "")).endswith("/cqf-expression")]
    return all(one.get("language") == "text/fhirpath" for one in expressions)


IN_WORDS: dict[str, dict[str, Holds]] = {
    "Bundle": {"bundle-links": _links_once, "bundle-document": _document_is_whole},
    "Bundle.entry": {
        "bundle-address": _address_is_absolute,
        "bundle-address-of": _address_is_of_resource,
        "bundle-found": _found_has_id,
    },
    "CodeSystem": {"codesystem-supplement": _supplement_says_so, "codesystem-properties": _properties_once},
    "ValueSet.compose.include": {"valueset-system": _system_is_absolute},
    "ValueSet.compose.include.filter": {"valueset-expression": _expression_is_fhirpath},
    "StructureDefinition": {"constraint-path": _paths_exist},
    "SearchParameter": {"search-composite": _composite_has_parts},
}
TEXTS = {
    "bundle-links": "Each of self, first, previous, next and last may be linked to once",
    "bundle-document": "What a document's Composition refers to must stand in the document, once",
    "bundle-address": "fullUrl must be an absolute address",
    "bundle-address-of": "A fullUrl that names a type and an id must end with those of its resource",
    "bundle-found": "What a search found has an id",
    "codesystem-supplement": "A code system that supplements another has the content supplement",
    "codesystem-properties": "A property may be declared once, by code and by uri",
    "valueset-system": "The system of a value set's codes is an absolute address",
    "valueset-expression": "An expression that stands for a filter's value is in FHIRPath",
    "constraint-path": "A constraint on a type of R4 speaks of elements that the type has",
    "search-composite": "A composite parameter has two components or more",
}

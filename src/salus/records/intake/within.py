"""Whom the resources inside a resource are about: those in a Bundle's entries, in Parameters, and contained ones. Pure.

Who is written about inside of something else sees it read like all else: it lies in that person's chart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from salus.identity import DOCUMENT_SYSTEMS
from salus.records.fhir.facts import meant, patient_references
from salus.records.fhir.parse import names_an_element

HOLDERS: Final = frozenset({"Bundle", "Parameters"})
"""Types that are nothing but what they hold."""
_ESCAPED = str.maketrans({mark: f"\\{mark}" for mark in "\\|,$"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """The addresses of the entries of all Bundles around a resource: of Patients, and of whatever else."""

    patients: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()


@dataclass(slots=True)
class Within:
    """Who is meant inside: references to Patients, with their places, and the places where nobody is said who is here.

    A Patient inside is who has its identifier, or its id, and is stored: that reference stands in no resource.
    """

    people: list[tuple[dict[str, Any], str]] = field(default_factory=list)
    unnamed: list[str] = field(default_factory=list)


def within(resource: Mapping[str, Any]) -> Within:
    """Return whom the resources inside a resource of a right shape are about; nearly always there are none."""
    found = Within()
    name = resource["resourceType"]
    if name not in HOLDERS and "contained" not in resource:
        return found
    for one, path, around in _inside(resource, name):
        if one["resourceType"] == "Patient":
            _patient(one, path, found)
        else:
            _about(one, path, around, found)
    if name == "Parameters":
        found.people += _values(resource.get("parameter"), name)
    if name not in HOLDERS and (found.people or patient_references(dict(resource))):
        found.unnamed = []  # a bystander in what is about somebody, who sees it read
    return found


def holds_people(resource: Mapping[str, Any]) -> bool:
    """Tell whether something is about a person in the resources inside of it."""
    found = within(resource)
    return bool(found.people or found.unnamed)


def _inside(resource: Mapping[str, Any], name: str) -> Iterator[tuple[dict[str, Any], str, Around]]:
    """Yield each resource inside of one, at any depth: nothing but a resource has a resourceType."""
    waiting: list[tuple[Any, str, Around]] = [(resource, name, Around())]
    while waiting:
        node, path, around = waiting.pop()
        if isinstance(node, list):
            waiting += [(one, f"{path}[{place}]", around) for place, one in enumerate(node)]
            continue
        if not isinstance(node, dict):
            continue
        if isinstance(node.get("resourceType"), str) and node is not resource:
            yield node, path, around
        if node.get("resourceType") == "Bundle":
            around = _beside(node, around)
        waiting += [
            (one, f"{path}.{key if names_an_element(key) else '?'}", around)
            for key, one in node.items()
            if isinstance(one, dict | list)
        ]


def _beside(bundle: Mapping[str, Any], around: Around) -> Around:
    """Return what a Bundle's entries are called, those of the Bundles around it too (R4, bundle: resolving references).

    What is no Patient cannot be called one's: else what is written about a person could be passed off as about nobody.
    """
    patients, others = set(around.patients), set(around.others)
    for entry in bundle.get("entry") or ():
        inner, full_url = entry.get("resource"), entry.get("fullUrl")
        if isinstance(inner, dict):
            name, id_ = inner.get("resourceType"), inner.get("id")
            names = {full_url, f"{name}/{id_}" if id_ else None} - {None}
            if isinstance(full_url, str) and full_url.startswith("http"):
                names.add("/".join(full_url.rsplit("/", 2)[-2:]))
            (patients if name == "Patient" else others).update(str(one) for one in names)
    return Around(patients=frozenset(patients), others=frozenset(others))


def _patient(patient: Mapping[str, Any], path: str, found: Within) -> None:
    """Note who a Patient inside is: one's identifier of an institution says it, then a document's, then the id."""
    told = [one for one in patient.get("identifier") or () if one.get("system") and one.get("value")]
    told.sort(key=lambda one: one["system"] in DOCUMENT_SYSTEMS)
    if told:
        token = "|".join(told[0][part].translate(_ESCAPED) for part in ("system", "value"))
        found.people.append(({"reference": f"Patient?identifier={quote(token, safe='')}"}, path))
    elif "id" in patient:
        found.people.append(({"reference": f"Patient/{patient['id']}"}, path))
    else:
        found.unnamed.append(path)


def _about(one: dict[str, Any], path: str, around: Around, found: Within) -> None:
    """Note whom a resource inside is about, unless that is a Patient beside it, which is noted for itself."""
    before = len(found.people)
    for value, element, whose in meant(one):
        reference = value.get("reference") if isinstance(value, dict) else None
        where = f"{path}.{element}"
        if not isinstance(reference, str):
            if whose:
                found.unnamed.append(where)
            continue
        named = reference.partition("/_history/")[0]
        if named in around.patients or named.startswith("#"):
            continue
        elsewhere = named.startswith("urn:") and named not in around.others
        if elsewhere or named.startswith(("Patient/", "Patient?")) or ("://" in named and "/Patient/" in named):
            found.people.append((value, where))
    if one["resourceType"] == "Person" and len(found.people) == before:
        found.unnamed.append(path)


def _values(parameters: Any, path: str) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield the references to Patients that Parameters give as values, in parts of parts too."""
    waiting = [(one, f"{path}.parameter[{place}]") for place, one in enumerate(parameters or ())]
    while waiting:
        one, at = waiting.pop()
        value = one.get("valueReference")
        if isinstance(value, dict) and str(value.get("reference", "")).startswith(("Patient/", "Patient?")):
            yield value, f"{at}.valueReference"
        waiting += [(part, f"{at}.part[{place}]") for place, part in enumerate(one.get("part") or ())]

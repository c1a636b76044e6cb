"""Whom the resources inside a resource are about: those in a Bundle's entries, in Parameters, and contained ones. Pure.

Who is written about inside of something else sees it read like all else: it lies in that person's chart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from salus.records.fhir.definitions import DIRECTORY, resource_types
from salus.records.fhir.facts import meant
from salus.records.fhir.parse import names_an_element

HOLDERS: Final = frozenset({"Bundle", "Parameters"})
"""Types that are nothing but what they hold."""
_PEOPLE: Final = frozenset({"Patient", "Person", "RelatedPerson"})
_ESCAPED = str.maketrans({mark: f"\\{mark}" for mark in "\\|,$"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a resource's entries and contained ones are called: Patients, and whatever else; and what is around it.

    Each keeps its own alone and is asked level by level, so that a Bundle of Bundles costs no more than its length.
    """

    patients: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()
    outer: Around | None = None

    def patient(self, name: str) -> bool:
        return name in self.patients or (self.outer is not None and self.outer.patient(name))

    def other(self, name: str) -> bool:
        return name in self.others or (self.outer is not None and self.outer.other(name))


@dataclass(slots=True, kw_only=True)
class Told:
    """A Patient inside: references to whom its identifiers, or its id, name. They stand in no resource.

    One at least must be stored, and all that are must be one person's. `name` is what it is called if it is contained.
    """

    references: list[dict[str, Any]] = field(repr=False)
    path: str
    name: str | None = None


@dataclass(slots=True)
class Within:
    """Who is meant inside: references to Patients, with their places; Patients; and where nobody is said who is here.

    `about` are the names of contained Patients whom something inside is about.
    """

    people: list[tuple[dict[str, Any], str]] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    unnamed: list[str] = field(default_factory=list)
    about: set[str] = field(default_factory=set)

    def settle(self, resource: dict[str, Any]) -> None:
        """Leave out who is a bystander in what is about somebody, who sees it read.

        Where the resource itself names a Patient, that is each contained one about whom nothing inside is.
        """
        if resource["resourceType"] in HOLDERS or not (self.told or self.unnamed):
            return
        named = resource["resourceType"] == "Patient" or any(map(_leads_to_one, meant(resource)))
        if named and resource["resourceType"] not in DIRECTORY:
            self.told = [one for one in self.told if one.name is None or one.name in self.about]
        if named or self.people or self.told:
            self.unnamed = []


def within(resource: Mapping[str, Any]) -> Within:
    """Return whom the resources inside a resource of a right shape are about; nearly always there are none."""
    found = Within()
    name = resource["resourceType"]
    if name not in HOLDERS and "contained" not in resource:
        return found
    for one, path, around in _inside(resource, name):
        if one is resource and name != "Parameters":
            continue
        if one["resourceType"] == "Patient":
            found.told.append(_patient(one, path))
        elif one["resourceType"] == "Parameters":
            _values(one.get("parameter"), path, around, found)
        else:
            _about(one, path, around, found)
    found.unnamed += [one.path for one in found.told if not one.references]
    found.told = [one for one in found.told if one.references]
    return found


def holds_people(resource: Mapping[str, Any]) -> bool:
    """Tell whether something is about a person in the resources inside of it."""
    found = within(resource)
    return bool(found.people or found.told or found.unnamed)


def _inside(resource: Mapping[str, Any], name: str) -> Iterator[tuple[dict[str, Any], str, Around]]:
    """Yield a resource, and each inside of it at any depth: nothing but a resource has a resourceType."""
    waiting: list[tuple[Any, str, Around]] = [(resource, name, Around())]
    while waiting:
        node, path, around = waiting.pop()
        if isinstance(node, list):
            waiting += [(one, f"{path}[{place}]", around) for place, one in enumerate(node)]
            continue
        if not isinstance(node, dict):
            continue
        if isinstance(node.get("resourceType"), str):
            if node["resourceType"] == "Bundle" or "contained" in node:
                around = _beside(node, around)
            yield node, path, around
        waiting += [
            (one, f"{path}.{key if names_an_element(key) else '?'}", around)
            for key, one in node.items()
            if isinstance(one, dict | list)
        ]


def _beside(resource: Mapping[str, Any], around: Around) -> Around:
    """Return what a Bundle's entries, and what is contained, are called (R4, bundle: resolving references).

    What is no Patient cannot be called one's: else what is written about a person could be passed off as about nobody.
    """
    patients: set[str] = set()
    others: set[str] = set()
    for entry in resource.get("entry") or () if resource["resourceType"] == "Bundle" else ():
        inner, full_url = entry.get("resource"), entry.get("fullUrl")
        if isinstance(inner, dict):
            name, id_ = inner.get("resourceType"), inner.get("id")
            names = {full_url, f"{name}/{id_}" if id_ else None} - {None}
            if isinstance(full_url, str) and full_url.startswith("http"):
                names.add("/".join(full_url.rsplit("/", 2)[-2:]))
            (patients if name == "Patient" else others).update(str(one) for one in names)
    for one in resource.get("contained") or ():
        (patients if one.get("resourceType") == "Patient" else others).add(f"#{one.get('id')}")
    return Around(patients=frozenset(patients), others=frozenset(others), outer=around)


def _patient(patient: Mapping[str, Any], path: str) -> Told:
    """Say who a Patient inside is: each identifier says it that is not of old, else the id, which contained is none."""
    references = []
    for one in patient.get("identifier") or ():
        if one.get("system") and one.get("value") and one.get("use") != "old":
            token = "|".join(one[part].translate(_ESCAPED) for part in ("system", "value"))
            references.append({"reference": f"Patient?identifier={quote(token, safe='')}"})
    contained = path.rpartition(".")[2].startswith("contained[")
    if "id" in patient and not (references or contained):
        references.append({"reference": f"Patient/{patient['id']}"})
    return Told(references=references, path=path, name=f"#{patient.get('id')}" if contained else None)


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
        if around.patient(named):
            found.about.add(named)
        elif _a_person(named, around):
            found.people.append((value, where))
        elif whose and not _nobody(named, around):
            found.unnamed.append(where)
    if one["resourceType"] == "Person" and len(found.people) == before:
        found.unnamed.append(path)


def _leads_to_one(told: tuple[Any, str, bool]) -> bool:
    reference = told[0].get("reference") if isinstance(told[0], dict) else None
    return isinstance(reference, str) and reference.startswith(("Patient/", "Patient?"))


def _a_person(named: str, around: Around) -> bool:
    """Tell whether a reference that leads to no Patient beside it must lead to one who is stored."""
    if named.startswith("urn:"):
        return not around.other(named)
    return named.startswith(("Patient/", "Patient?")) or ("://" in named and "/Patient/" in named)


def _nobody(named: str, around: Around) -> bool:
    """Tell whether what a reference leads to is no person by its type, which is R4's, or by what lies there."""
    address, _, asked = named.partition("?")
    kind = (address if asked else address.rpartition("/")[0]).rpartition("/")[2]
    return named == "#" or around.other(named) or kind in resource_types() - _PEOPLE


def _values(parameters: Any, path: str, around: Around, found: Within) -> None:
    """Note the references to Patients that Parameters give as values, in parts of parts too."""
    waiting = [(one, f"{path}.parameter[{place}]") for place, one in enumerate(parameters or ())]
    while waiting:
        one, at = waiting.pop()
        value = one.get("valueReference")
        named = str(value.get("reference", "")).partition("/_history/")[0] if isinstance(value, dict) else ""
        if not around.patient(named) and _a_person(named, around):
            found.people.append((value, f"{at}.valueReference"))
        waiting += [(part, f"{at}.part[{place}]") for place, part in enumerate(one.get("part") or ())]

"""Which profiles are known, and in what a resource deviates from one. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import Any

from salus.records.fhir.invariants import Breach
from salus.records.fhir.profiles.around import Around
from salus.records.fhir.profiles.compiling import Check, compiled
from salus.records.fhir.profiles.model import R4_BASE, tree

MOST = 100
_FILES = ("core.json", "ips.json")


@cache
def _definitions() -> Mapping[str, Mapping[str, Any]]:
    folder = files("salus.records.fhir.profiles")
    loaded = [one for name in _FILES for one in json.loads((folder / name).read_text("utf-8"))]
    return {one["url"]: one for one in loaded}


def known(url: str) -> str | None:
    """Return the type that a known profile is of; None for one that is not known here. A version may follow `|`."""
    found = _definitions().get(url.partition("|")[0])
    return str(found["type"]) if found else None


def known_profiles() -> tuple[str, ...]:
    """Return the addresses of all known profiles, the core ones first."""
    return tuple(_definitions())


def definition(url: str) -> Mapping[str, Any]:
    """Return what is held of a known profile's StructureDefinition."""
    return _definitions()[url]


def of_type(name: str) -> tuple[str, ...]:
    """Return the known profiles of a type."""
    return tuple(url for url, one in _definitions().items() if one["type"] == name)


def deviations(resource: Mapping[str, Any], url: str, root: Mapping[str, Any] | None = None) -> list[Breach]:
    """Return in what a resource of a right shape deviates from a known profile; at most 100.

    `root` is the Bundle in which it stands, by which its references are resolved.
    """
    around = Around(root if root is not None else resource)
    return list(islice(_deviations(resource, url.partition("|")[0], around), MOST))


def claimed(resource: Mapping[str, Any], root: Mapping[str, Any] | None = None) -> Iterator[Breach]:
    """Yield in what a resource deviates from those profiles of its own claims (meta.profile) that are known here."""
    for url in _claims(resource):
        if known(url):
            yield from deviations(resource, url, root)


def unknown_claims(resource: Mapping[str, Any]) -> list[str]:
    """Return where a resource claims a profile that is not known here, as element paths."""
    name = str(resource.get("resourceType"))
    return [
        f"{name}.meta.profile[{n}]"
        for n, url in enumerate(_claims(resource))
        if not known(url) and url.partition("|")[0] != R4_BASE + name
    ]


def _claims(resource: Mapping[str, Any]) -> Sequence[str]:
    meta = resource.get("meta")
    found = meta.get("profile") if isinstance(meta, dict) else None
    return [url for url in found if isinstance(url, str)] if isinstance(found, list) else ()


def _deviations(resource: Mapping[str, Any], url: str, around: Around) -> Iterator[Breach]:
    name = str(resource["resourceType"])
    if name != known(url):
        text = f"the profile is one of {known(url)}"
        yield Breach(rule=f"{_name(url)}#type", path=name, text=text)
        return
    yield from _check(url)([(name, resource)], name, around)


@cache
def _check(url: str) -> Check:
    return compiled(tree(_definitions()[url]), _name(url), _conforms)


def _conforms(resource: Any, urls: Sequence[str], around: Around) -> bool:
    """Tell whether a resource conforms to one of these profiles; R4's own stand for their type, as an unknown one does.

    A cycle of references conforms until something in it does not. A resource of which only the type is known conforms
    where its type does.
    """
    kind = resource.get("resourceType")
    return any(_conforms_to(resource, url, kind, around) for url in urls)


def _conforms_to(resource: Mapping[str, Any], url: str, kind: str | None, around: Around) -> bool:
    of_type = url.removeprefix("type of ")
    if url.startswith(R4_BASE):
        return url == R4_BASE + "Resource" or url == f"{R4_BASE}{kind}"
    if known(of_type) != kind or of_type != url or resource.keys() == {"resourceType"}:
        return known(of_type) == kind
    key = (id(resource), url)
    if key not in around.conforms:
        around.conforms[key] = True
        first = next(_deviations(resource, url, around), None)
        around.conforms[key] = first is None
        if first is not None:
            around.reasons[key] = first
    return around.conforms[key]


def _name(url: str) -> str:
    return url.rpartition("/")[2].rpartition(":")[2]

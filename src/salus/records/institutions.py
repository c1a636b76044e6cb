"""Institutions as the directory holds them: an Organization for each body and facility, a Location for each site. Pure.

A site is told of by its county's code, which the registry has published already; coordinates are never kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

BODY: Final = "urn:salus:organisation"
FACILITY: Final = "urn:salus:facility"
REGISTRY: Final = "registry"
"""Whose the directory's institutions are; no facility can have an identifier in small letters."""
_TYPES: Final = "http://terminology.hl7.org/CodeSystem/organization-type"
_KIND: Final = "urn:salus:facility-kind"
_LEVEL: Final = "urn:salus:facility-level"


@dataclass(frozen=True, slots=True, kw_only=True)
class Institution:
    """A registered body, or a facility of one: then with its kind, level, county and the body's identifier."""

    identifier: str
    name_en: str
    name_zh: str
    kind: str = ""
    level: int = 0
    county: str = ""
    body: str = ""

    @property
    def system(self) -> str:
        """The identifier's system."""
        return FACILITY if self.kind else BODY


def organization(one: Institution, body: UUID | None) -> dict[str, Any]:
    """Return the Organization of an institution; `body` is the id of its legal body's."""
    types = [{"coding": [{"system": _TYPES, "code": "prov" if one.kind else "bus"}]}]
    if one.kind:
        types += [
            {"coding": [{"system": _KIND, "code": one.kind}]},
            {"coding": [{"system": _LEVEL, "code": str(one.level)}]},
        ]
    part = {"partOf": {"reference": f"Organization/{body}"}} if body else {}
    return {"resourceType": "Organization", **_named(one), "active": True, "type": types, **part}


def location(one: Institution, owner: UUID) -> dict[str, Any]:
    """Return the Location of a facility; `owner` is the id of its Organization."""
    return {
        "resourceType": "Location",
        **_named(one),
        "status": "active",
        "mode": "instance",
        "physicalType": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/location-physical-type", "code": "si"}]
        },
        "address": {"district": one.county},
        "managingOrganization": {"reference": f"Organization/{owner}"},
    }


def _named(one: Institution) -> dict[str, Any]:
    return {
        "identifier": [{"system": one.system, "value": one.identifier}],
        "name": one.name_zh,
        "alias": [one.name_en],
    }

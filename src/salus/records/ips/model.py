"""What a summary document is made of. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from salus.records.model import Located, SummaryLine

BUNDLE_PROFILE = "http://hl7.org/fhir/uv/ips/StructureDefinition/Bundle-uv-ips"

Chosen = tuple[Located, dict[str, Any], SummaryLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """Who makes a summary document, when, in which language, and what institutions are called in it."""

    base: str
    author: str
    language: str
    at: datetime
    ids: tuple[UUID, UUID, UUID, UUID]
    names: Mapping[str, str]

    @property
    def bundle(self) -> str:
        """The document's own identifier."""
        return f"urn:uuid:{self.ids[0]}"

    @property
    def composition(self) -> str:
        """The address of the Composition in the document."""
        return f"urn:uuid:{self.ids[1]}"

    @property
    def patient(self) -> str:
        """The address of the Patient in the document."""
        return f"urn:uuid:{self.ids[2]}"

    @property
    def organisation(self) -> str:
        """The address of the author in the document."""
        return f"urn:uuid:{self.ids[3]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """One section: its name here, its LOINC code, its titles, what it refers to, and lines that have no entry."""

    name: str
    code: str
    title: str
    chosen: tuple[Chosen, ...] = field(repr=False)
    unreferenced: tuple[SummaryLine, ...] = field(repr=False, default=())

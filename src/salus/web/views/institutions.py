"""What the pages about whose records are held to be one resident's are given: the resident's own, and a clinician's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from salus.web.views import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class InstitutionLine:
    """One institution's record. `key` is what the form sends back; `own` tells that it is surely the resident's."""

    key: str
    facility: Words
    since: datetime
    own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldLine:
    """A notice of a link or a parting. `kind` is `linked` or `parted`; `others` what the form sends back for each."""

    kind: str
    at: datetime
    facilities: tuple[Words, ...]
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MyInstitutions:
    """Whose records are held to be the resident's, and what they were told of it, the newest first."""

    template: ClassVar[str] = "my_institutions.html"
    held: tuple[InstitutionLine, ...]
    told: tuple[ToldLine, ...]
    trouble: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixed:
    """A clinician says that a record mixes two people: which institutions' records are another's. `form` takes it."""

    template: ClassVar[str] = "mixed.html"
    form: str
    back: str
    held: tuple[InstitutionLine, ...]
    trouble: bool = False

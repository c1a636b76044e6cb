"""What a resident brought from certificates of other systems, and the form to bring more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from salus.web.words import noop

BROUGHT_FACTS: Mapping[str, str] = {
    "vaccination": noop("Vaccinated: {disease}"),
    "test": noop("Tested for {disease}"),
    "recovery": noop("Recovered from {disease}"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BroughtLine:
    """One fact: what, of which disease (or the format's own code for it), when."""

    fact: str
    disease: str | None
    code: str
    on: date | datetime | str


@dataclass(frozen=True, slots=True, kw_only=True)
class BroughtCard:
    """The facts of one certificate, who signed it, the hash of its source, and where it is taken out."""

    key: str
    form: str
    issuer: str
    source: str
    at: datetime
    lines: tuple[BroughtLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MyBrought:
    """What was brought, newest first; `why` says why what was just sent was not taken."""

    template: ClassVar[str] = "my_brought.html"
    cards: tuple[BroughtCard, ...]
    why: str | None = None

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
    """The facts of one certificate, its signer, its source's hash, where to take it out, if it is `shown` in care."""

    key: str
    form: str
    issuer: str
    source: str
    at: datetime
    lines: tuple[BroughtLine, ...]
    shown: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MyBrought:
    """What was brought, newest first; `why` says why what was just sent was not taken."""

    template: ClassVar[str] = "my_brought.html"
    cards: tuple[BroughtCard, ...]
    why: str | None = None

"""Full certificates: what a resident has taken and could take in formats of other systems, and one of them to show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import ClassVar

from salus.web.views import Words
from salus.web.views.certificates import STANDINGS, Standing
from salus.web.words import noop

FORMS: Mapping[str, str] = {
    "HC1": noop("HC1, as the EU and the WHO read it"),
    "SHC": noop("SMART Health Card"),
}
FULL_FACTS: Mapping[str, str] = {
    "vaccination": noop("Vaccinated: {disease}"),
    "test": noop("Tested for {disease}: nothing found"),
    "recovery": noop("Recovered from {disease}"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FullLine:
    """One full certificate. `on` is a day, or the hour of a specimen; `link` leads to it while it counts."""

    fact: str
    disease: str
    on: date | datetime
    form: str
    until: datetime
    link: str | None
    standing: Standing

    @property
    def standing_text(self) -> str:
        """Say whether it can be shown, and why not."""
        return STANDINGS[self.standing]


@dataclass(frozen=True, slots=True, kw_only=True)
class FullOffer:
    """One fact, and the formats that it can be taken in; `key` is what the form sends back."""

    key: str
    fact: str
    disease: str
    on: date | datetime
    facility: Words
    forms: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class MyFullCertificates:
    """Those taken, newest first, and what can be taken; not `named` while the record lacks a name or birth date.

    `unagreed` tells that somebody asked for one without saying that they want all of it in it.
    """

    template: ClassVar[str] = "my_full_certificates.html"
    held: tuple[FullLine, ...]
    offers: tuple[FullOffer, ...]
    named: bool
    unagreed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MyFullCertificate:
    """One of them, large; with what stands in it."""

    template: ClassVar[str] = "my_full_certificate.html"
    line: FullLine
    family: str = field(repr=False)
    given: str = field(repr=False)
    born: date = field(repr=False)
    code: str = field(repr=False)

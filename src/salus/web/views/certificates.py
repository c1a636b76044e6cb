"""Certificates: those a resident has taken and could take, one of them to show, and the door's own page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from salus.web.views import Words
from salus.web.words import noop

FACTS: Mapping[str, str] = {
    "vaccination": noop("Vaccinated: {disease}"),
    "test": noop("Tested for {disease}: nothing found"),
    "recovery": noop("Recovered from {disease}"),
}
DISEASES: Mapping[str, str] = {
    "covid-19": noop("COVID-19"),
    "influenza": noop("influenza"),
    "measles": noop("measles"),
    "poliomyelitis": noop("polio"),
    "yellow-fever": noop("yellow fever"),
    "hepatitis-b": noop("hepatitis B"),
    "varicella": noop("chickenpox"),
    "pneumococcal": noop("pneumococcal disease"),
    "tuberculosis": noop("tuberculosis"),
    "human-papillomavirus": noop("human papillomavirus"),
    "cholera": noop("cholera"),
}
VENUES: Mapping[str, str] = {
    "care-home": noop("Care home"),
    "hospital-visit": noop("Visit to a hospital ward"),
    "large-event": noop("Large event"),
    "indoor-leisure": noop("Indoor leisure"),
    "international-departure": noop("International departure"),
}


class Standing(StrEnum):
    """Whether a certificate can still be shown."""

    GOOD = "good"
    EXPIRED = "expired"
    VOIDED = "voided"
    CORRECTED = "corrected"
    PARTED = "parted"


STANDINGS: Mapping[Standing, str] = {
    Standing.GOOD: noop("Can be shown"),
    Standing.EXPIRED: noop("Expired"),
    Standing.VOIDED: noop("Void: you asked for it"),
    Standing.CORRECTED: noop("Void: the entry in your record was corrected"),
    Standing.PARTED: noop("Void: the entry was found to be another person’s"),
}


VOID_BY: Mapping[str, Standing] = {
    "asked": Standing.VOIDED,
    "corrected": Standing.CORRECTED,
    "parted": Standing.PARTED,
}
"""How a certificate stands by the ground on which it is void."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateHint:
    """What helps to match a card: initials, a day of birth without its year, the number's last two characters."""

    initials: str
    born: date
    last_two: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateLine:
    """One certificate as its holder sees it. `on` is a day, or the hour of a specimen; `address` where it is shown.

    One that is `bound` is shown by the phone that it was taken on, and by nothing else.
    """

    fact: str
    disease: str
    on: date | datetime
    until: datetime
    standing: Standing
    hint: CertificateHint | None
    address: str
    bound: bool = False

    @property
    def standing_text(self) -> str:
        """What to say of whether it can still be shown."""
        return STANDINGS[self.standing]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One fact of the record that a certificate can be taken of. `key` is what the form sends back."""

    key: str
    fact: str
    disease: str
    on: date | datetime
    facility: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class MyCertificates:
    """Certificates taken, newest first, and facts that one can be taken of; `hinted` if a hint can be made."""

    template: ClassVar[str] = "my_certificates.html"
    held: tuple[CertificateLine, ...]
    offers: tuple[Offer, ...]
    hinted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MyCertificate:
    """One certificate, large, to show or to print as a card."""

    template: ClassVar[str] = "my_certificate.html"
    line: CertificateLine
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnceCertificate:
    """One of a day's batch, large, to be shown at one door. `number` counts from 1, `next` is the one after it."""

    template: ClassVar[str] = "once_certificate.html"
    line: CertificateLine
    code: str = field(repr=False)
    number: int
    count: int
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnPhone:
    """The page on which a phone shows certificates bound to it. The same for everybody; a script does the rest."""

    template: ClassVar[str] = "certificates_on_phone.html"
    facts: Mapping[str, str] = field(default_factory=lambda: FACTS)
    diseases: Mapping[str, str] = field(default_factory=lambda: DISEASES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verify:
    """The door's page. `command` is how the same is done without a browser."""

    template: ClassVar[str] = "verify.html"
    command: str
    venues: Mapping[str, str] = field(default_factory=lambda: VENUES)
    facts: Mapping[str, str] = field(default_factory=lambda: FACTS)
    diseases: Mapping[str, str] = field(default_factory=lambda: DISEASES)

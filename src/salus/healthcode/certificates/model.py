"""A certificate as its holder keeps it, and what one is made of. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

from salus.codec.certificates import (
    LONGEST,
    Certificate,
    CertificateKind,
    Disease,
    Hint,
    day_number,
    hour_number,
    instant,
)
from salus.healthcode.certificates.errors import CertificateRefused

LASTS: Final = {
    CertificateKind.VACCINATION: timedelta(days=90),
    CertificateKind.TEST: LONGEST[CertificateKind.TEST],
    CertificateKind.RECOVERY: LONGEST[CertificateKind.RECOVERY],
}
"""How long a certificate lives that is taken now; from the specimen or the finding where it is a test or a recovery."""
CIVIL_TIME: Final = timedelta(hours=8)
_CHINESE = re.compile("[\u4e00-\u9fff]")
_LETTER = re.compile("[A-Z]")
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What a record says, in the words of the closed lists; `at` in UTC. `resource` is the entry that says it."""

    resource: UUID
    kind: str
    disease: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One certificate of a resident: its text for the picture, its content, and since when it is void, if it is.

    One that is `bound` is shown by the telephone whose key it names; its text alone is of no use at a door.
    """

    certificate_id: UUID
    resource: UUID
    certificate: Certificate
    text: str = field(repr=False)
    taken: datetime
    voided: datetime | None
    ground: str | None
    bound: bool = False

    def good(self, at: datetime) -> bool:
        """Tell whether a door would be shown it at this instant."""
        return self.voided is None and at < self.certificate.expires


def hint_of(name: str | None, born: date | None, last_two: str | None) -> Hint | None:
    """Make the hint that helps to match a card, or None where something of it is not known.

    The initials of a name in letters are its words' first ones, at most four; of a Chinese name, its first character.
    """
    initials = _initials(name or "")
    if not initials or born is None or last_two is None:
        return None
    return Hint(initials=initials, month=born.month, day=born.day, last_two=last_two)


def certificate_of(fact: Fact, hint: Hint | None, list_number: int, index: int, at: datetime) -> Certificate:
    """Make the certificate of a fact; CertificateRefused if it is too old to be of use, or says another thing."""
    try:
        kind, disease = CertificateKind[fact.kind.upper()], Disease[fact.disease.upper().replace("-", "_")]
    except KeyError:
        raise CertificateRefused("there is no certificate of this kind or disease") from None
    issued = instant(hour_number(at) * 3600)
    begins = issued if kind is CertificateKind.VACCINATION else fact.at
    expires = min(instant(hour_number(begins + LASTS[kind]) * 3600), issued + LONGEST[kind])
    if expires <= at:
        raise CertificateRefused("this is too long ago for a certificate; your record still shows it")
    civil = (fact.at.astimezone(UTC) + CIVIL_TIME).date()
    return Certificate(
        kind=kind,
        disease=disease,
        when=hour_number(fact.at) if kind is CertificateKind.TEST else day_number(civil),
        issued=issued,
        expires=expires,
        list_number=list_number,
        index=index,
        hint=hint,
    )


def _initials(name: str) -> str:
    chinese = _CHINESE.search(name)
    if chinese:
        return chinese[0]
    firsts = [letters[0] for word in name.upper().split() if (letters := _LETTER.search(word))]
    return "".join(firsts[:4])

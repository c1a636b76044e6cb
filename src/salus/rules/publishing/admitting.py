"""Which places give care or make evidence: a published document of facilities, each with its class of licence. Pure.

The classes are a closed list of health care. There is none for police, security, a prison, a court, a petition office,
a bank, a school or an employer; whatever such a body calls its clinic, a quorum has to say in public that it is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from salus.rules.errors import PublicationRefused
from salus.rules.publishing.model import Document, PublicationKind
from salus.rules.tables.lint import is_long_number, lint_text

ADMISSION_NOTICE: Final = timedelta(hours=72)
ADMISSION_LASTS: Final = timedelta(days=5 * 366)
MOST_ADMITTED: Final = 256
_FIELDS = {"facility", "organisation", "licence", "county"}
_FACILITY = re.compile(r"[A-Z][A-Z0-9-]{0,31}", re.ASCII)
_ORGANISATION = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}", re.ASCII)
_COUNTY = re.compile(r"[0-9]{6}", re.ASCII)


class Licence(StrEnum):
    """What a facility can be licensed as. A closed list of places of care, of laboratories and their sampling sites."""

    HOSPITAL = "hospital"
    CLINIC = "clinic"
    COMMUNITY_HEALTH_CENTRE = "community-health-centre"
    TOWNSHIP_HEALTH_CENTRE = "township-health-centre"
    VILLAGE_CLINIC = "village-clinic"
    MATERNAL_AND_CHILD_CENTRE = "maternal-and-child-centre"
    EMERGENCY_CENTRE = "emergency-centre"
    LABORATORY = "laboratory"
    SAMPLING_SITE = "sampling-site"


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """One facility by its id, with the organisation that runs it, what it is licensed as, and its county."""

    facility: str
    organisation: str
    licence: Licence
    county: str

    @classmethod
    def of(cls, value: object) -> Admitted:
        """Read one entry; PublicationRefused if it says anything else."""
        if not isinstance(value, Mapping) or set(value) != _FIELDS:
            raise PublicationRefused("FORM", f"an admitted facility has exactly the fields {sorted(_FIELDS)}")
        facility, organisation, licence, county = (
            value[name] for name in ("facility", "organisation", "licence", "county")
        )
        if not all(isinstance(one, str) for one in value.values()):
            raise PublicationRefused("FORM", "an admitted facility is told in words")
        if (
            not _FACILITY.fullmatch(facility)
            or not _ORGANISATION.fullmatch(organisation)
            or not _COUNTY.fullmatch(county)
        ):
            raise PublicationRefused(
                "FORM", "a facility and its organisation are named by their ids, a county by six digits"
            )
        if any(is_long_number(one) or _hides_a_hash(one) for one in (facility, organisation)):
            raise PublicationRefused("FORM", "an id holds no number that a person could have, and no hash")
        if licence not in set(Licence):
            raise PublicationRefused("LICENCE", f"there is no such class of licence; there are {', '.join(Licence)}")
        return cls(facility=facility, organisation=organisation, licence=Licence(licence), county=county)


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Facilities that are admitted for starts <= t < ends. Of one name the highest version that has begun counts."""

    name: str
    version: int
    admitted: tuple[Admitted, ...]
    starts: datetime
    ends: datetime

    @classmethod
    def of(cls, document: Document) -> Admission:
        """Read an admission's document; PublicationRefused if it says anything else."""
        listed = document.body.get("facilities")
        if document.kind is not PublicationKind.ADMISSION or set(document.body) != {"facilities"}:
            raise PublicationRefused("FORM", "an admission has exactly the field facilities")
        if not isinstance(listed, list) or len(listed) > MOST_ADMITTED:
            raise PublicationRefused("FORM", f"an admission lists at most {MOST_ADMITTED} facilities")
        found = tuple(Admitted.of(one) for one in listed)
        if len({one.facility for one in found}) != len(found):
            raise PublicationRefused("FORM", "an admission names a facility once")
        return cls(
            name=document.name, version=document.version, admitted=found, starts=document.starts, ends=document.ends
        )


def _hides_a_hash(text: str) -> bool:
    """Tell whether one of the words of an id could be a hash; a short number, as that of a county, may be in it."""
    return any(fault.word == "HASH" for fault in lint_text(text.replace("-", " "), "admission"))


def admitted_at(found: Iterable[Admission], at: datetime) -> Mapping[str, frozenset[Admitted]]:
    """Return what is admitted at an instant, by the facility's id.

    A later version of a document stands for the earlier ones, also where it lists fewer facilities or has ended: so
    signers take a place off. Of two of one number the first that is given counts, which is the one the log had first.
    """
    newest: dict[str, Admission] = {}
    for one in found:
        known = newest.get(one.name)
        if one.starts <= at and (known is None or known.version < one.version):
            newest[one.name] = one
    told: dict[str, set[Admitted]] = {}
    for one in newest.values():
        for each in one.admitted if at < one.ends else ():
            told.setdefault(each.facility, set()).add(each)
    return MappingProxyType({name: frozenset(each) for name, each in told.items()})

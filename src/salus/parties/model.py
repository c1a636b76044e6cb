"""Who takes part: organisations, facilities, systems, accounts, and the principal that a request acts as. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from salus.kernel import Purpose, Role
from salus.parties.errors import PartyInvalid, PurposeRefused
from salus.parties.scopes import Scope

# Constants that carry rights or safety; none is a setting.
ACCESS_TOKEN_LASTS = timedelta(minutes=5)
LONGEST_TOKEN = timedelta(hours=24)
ASSERTION_LASTS = timedelta(minutes=5)
SESSION_IDLE = timedelta(minutes=30)
SESSION_LASTS = timedelta(hours=12)
CEREMONY_LASTS = timedelta(minutes=5)
INVITATION_LASTS = timedelta(hours=72)
FAILURES_ALLOWED = 5
FAILURE_WINDOW = timedelta(minutes=15)
DISABLED_WITHIN = timedelta(seconds=60)
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 256

#: Purposes of use by role; the first is the role's default.
ROLE_PURPOSES: Mapping[Role, tuple[Purpose, ...]] = MappingProxyType(
    {
        Role.HOSPITAL_SYSTEM: (Purpose.TREAT, Purpose.HOPERAT),
        Role.SAMPLING_SITE: (Purpose.TREAT,),
        Role.LABORATORY: (Purpose.TREAT,),
        Role.DEPARTMENT_SYSTEM: (Purpose.PUBHLTH,),
        Role.CLINICIAN: (Purpose.TREAT, Purpose.ETREAT),
        Role.RECEPTION: (Purpose.TREAT,),
        Role.RESIDENT: (Purpose.PATRQT,),
        Role.EPIDEMIOLOGIST: (Purpose.PUBHLTH,),
        Role.COMMANDER: (Purpose.PUBHLTH,),
        Role.APPEAL_OFFICER: (Purpose.PATRQT,),
        Role.INDEX_REVIEWER: (Purpose.HOPERAT,),
        Role.ACCESS_REVIEWER: (Purpose.HOPERAT,),
        Role.AUDITOR: (),
        Role.OPERATOR: (),
    }
)
_FACILITY_STAFF = frozenset(
    {
        Role.CLINICIAN,
        Role.RECEPTION,
        Role.EPIDEMIOLOGIST,
        Role.COMMANDER,
        Role.APPEAL_OFFICER,
        Role.INDEX_REVIEWER,
        Role.ACCESS_REVIEWER,
    }
)
#: Roles that act at a facility.
FACILITY_ROLES = _FACILITY_STAFF | {role for role in Role if role.software}
#: Roles of named persons who work for a facility or the node.
STAFF_ROLES = _FACILITY_STAFF | {Role.AUDITOR, Role.OPERATOR}

_FACILITY_ID = re.compile(r"[A-Z][A-Z0-9-]{0,31}", re.ASCII)
_ORGANISATION_ID = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}", re.ASCII)
_COUNTY = re.compile(r"[0-9]{6}", re.ASCII)
_LONGEST_NAME = 200


class FacilityKind(StrEnum):
    """The closed list of what a facility can be: places of care, laboratories and their sampling sites, offices."""

    HOSPITAL = "hospital"
    CLINIC = "clinic"
    COMMUNITY_HEALTH_CENTRE = "community-health-centre"
    TOWNSHIP_HEALTH_CENTRE = "township-health-centre"
    VILLAGE_CLINIC = "village-clinic"
    MATERNAL_AND_CHILD_CENTRE = "maternal-and-child-centre"
    EMERGENCY_CENTRE = "emergency-centre"
    LABORATORY = "laboratory"
    SAMPLING_SITE = "sampling-site"
    DISEASE_CONTROL_CENTRE = "disease-control-centre"
    COMMAND_CENTRE = "command-centre"
    REVIEW_BOARD = "review-board"
    DEPARTMENT = "department"

    @property
    def care(self) -> bool:
        """Tell whether people are treated in such a facility."""
        return self not in _NOT_CARE

    @property
    def system_role(self) -> Role:
        """What the software of such a facility acts as."""
        return _SYSTEM_ROLES.get(self, Role.HOSPITAL_SYSTEM)


_OFFICES = frozenset(
    {
        FacilityKind.DISEASE_CONTROL_CENTRE,
        FacilityKind.COMMAND_CENTRE,
        FacilityKind.REVIEW_BOARD,
        FacilityKind.DEPARTMENT,
    }
)
_NOT_CARE = _OFFICES | {FacilityKind.LABORATORY, FacilityKind.SAMPLING_SITE}
_SYSTEM_ROLES = {
    FacilityKind.LABORATORY: Role.LABORATORY,
    FacilityKind.SAMPLING_SITE: Role.SAMPLING_SITE,
    FacilityKind.DEPARTMENT: Role.DEPARTMENT_SYSTEM,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """A legal body that runs facilities."""

    organisation_id: str
    name_en: str
    name_zh: str

    def __post_init__(self) -> None:
        if not _ORGANISATION_ID.fullmatch(self.organisation_id):
            raise PartyInvalid("an organisation's id is a letter and up to 63 letters, digits or hyphens")
        _check_names(self.name_en, self.name_zh)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facility:
    """A place of care, a laboratory or an office. `county` is a six-digit GB/T 2260 code.

    `level` is China's grade of hospitals, 1 to 3; of an office, whether it serves a county, a prefecture or more.
    A `sandbox` is a place of care for trying: its people are fictional, and it is none for everybody else.
    """

    facility_id: str
    name_en: str
    name_zh: str
    level: int
    kind: FacilityKind
    county: str
    organisation: str
    sandbox: bool = False

    def __post_init__(self) -> None:
        if not _FACILITY_ID.fullmatch(self.facility_id):
            raise PartyInvalid("a facility's id is a capital letter and up to 31 capitals, digits or hyphens")
        if self.level not in (1, 2, 3):
            raise PartyInvalid("a facility's level is 1, 2 or 3")
        if not _COUNTY.fullmatch(self.county):
            raise PartyInvalid("a county is written as six digits")
        if self.sandbox and not self.kind.care:
            raise PartyInvalid("a sandbox is a place of care; evidence, counts and orders have none")
        _check_names(self.name_en, self.name_zh)

    @property
    def care(self) -> bool:
        """Tell whether this is a place of care, which may resolve identity codes. A sandbox is none."""
        return self.kind.care and not self.sandbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Graced:
    """A place of care as it was registered before admissions came."""

    facility: str
    organisation: str
    kind: str
    county: str


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A facility's software, known by its public keys. `client_id` is random."""

    client_id: UUID
    facility: str
    jwks: Mapping[str, object] = field(repr=False)
    scopes: tuple[Scope, ...]
    disabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """A named person who works at a facility, or for the node (auditor, operator)."""

    staff_id: UUID
    role: Role
    name_en: str
    name_zh: str
    facility: str | None = None
    disabled: bool = False

    def __post_init__(self) -> None:
        if self.role not in STAFF_ROLES:
            raise PartyInvalid(f"{self.role} is not a role of staff")
        if (self.facility is not None) != (self.role in FACILITY_ROLES):
            raise PartyInvalid(f"{self.role} {'needs a' if self.facility is None else 'belongs to no'} facility")
        _check_names(self.name_en, self.name_zh)


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyUse:
    """When a passkey was added, and when it last signed its owner in, if it ever did."""

    added: datetime
    used: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who a request acts as. `purpose` is None until one is named; `strong` means passkey, or password with TOTP.

    Names are institutional: a resident's are empty. `scopes` bind systems only.
    """

    role: Role
    subject: str
    name_en: str
    name_zh: str
    facility: str | None
    resident: UUID | None
    purposes: frozenset[Purpose]
    purpose: Purpose | None
    strong: bool
    scopes: tuple[Scope, ...] = ()

    def __post_init__(self) -> None:
        if not self.subject:
            raise PartyInvalid("a principal has a subject")
        if (self.facility is not None) != (self.role in FACILITY_ROLES):
            raise PartyInvalid(f"{self.role} {'needs a' if self.facility is None else 'belongs to no'} facility")
        if (self.resident is not None) != (self.role is Role.RESIDENT):
            raise PartyInvalid("a resident, and nobody else, acts for a resident")
        if not self.purposes <= set(ROLE_PURPOSES[self.role]) or (self.purpose and self.purpose not in self.purposes):
            raise PurposeRefused(f"{self.role} has no such purpose of use")

    def for_purpose(self, purpose: Purpose) -> Principal:
        """Return this principal acting for a purpose. Raises PurposeRefused if its role has no such purpose."""
        return replace(self, purpose=purpose)

    def in_scope(self, kind: str, interaction: str) -> bool:
        """Tell whether a system's scopes cover an interaction (one of c r u d s) on a FHIR type; others need none."""
        if not self.role.software:
            return True
        return any(scope.allows(kind, interaction) for scope in self.scopes)


def principal(
    role: Role,
    subject: str,
    *,
    name_en: str = "",
    name_zh: str = "",
    facility: str | None = None,
    resident: UUID | None = None,
    purpose: Purpose | None = None,
    strong: bool = False,
    scopes: tuple[Scope, ...] = (),
) -> Principal:
    """Make a principal with all purposes of its role."""
    return Principal(
        role=role,
        subject=subject,
        name_en=name_en,
        name_zh=name_zh,
        facility=facility,
        resident=resident,
        purposes=frozenset(ROLE_PURPOSES[role]),
        purpose=purpose,
        strong=strong,
        scopes=scopes,
    )


def default_purpose(role: Role) -> Purpose | None:
    """Return the role's first purpose, or None for a role that has none."""
    return next(iter(ROLE_PURPOSES[role]), None)


def _check_names(*names: str) -> None:
    for name in names:
        if not 1 <= len(name.strip()) <= _LONGEST_NAME or not name.isprintable():
            raise PartyInvalid(f"a name has 1 to {_LONGEST_NAME} printable characters, in English and in Chinese")

"""The registry's verbs: register organisations, facilities, systems and accounts; disable; look up."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from salus.kernel import Role, new_id
from salus.parties import store as rows
from salus.parties.errors import PartyExists, PartyInvalid, PartyUnknown
from salus.parties.model import (
    Facility,
    FacilityKind,
    Graced,
    Organisation,
    Principal,
    Staff,
    System,
    default_purpose,
    principal,
)
from salus.parties.scopes import parse_scopes
from salus.parties.tokens.jwks import public_key_set
from salus.storage import Duty, Store

ALL_SCOPES = "system/*.cruds"


def add_organisation(store: Store, *, organisation_id: str, name_en: str, name_zh: str) -> Organisation:
    """Register an organisation. Raises PartyExists or PartyInvalid."""
    added = Organisation(organisation_id=organisation_id, name_en=name_en, name_zh=name_zh)
    with store.transaction(Duty.REGISTRY) as tx:
        if not rows.add_organisation(tx, added):
            raise PartyExists(f"organisation {organisation_id} is registered already")
    return added


def organisations(store: Store) -> list[Organisation]:
    """Return all organisations, by id."""
    with store.transaction(Duty.REGISTRY) as tx:
        return rows.organisations(tx)


def add_facility(
    store: Store,
    *,
    facility_id: str,
    name_en: str,
    name_zh: str,
    level: int,
    kind: FacilityKind | str,
    county: str,
    organisation: str,
    sandbox: bool = False,
) -> Facility:
    """Register a facility of a registered organisation. Raises PartyExists, PartyUnknown or PartyInvalid."""
    if kind not in set(FacilityKind):
        raise PartyInvalid(f"a facility is one of: {', '.join(FacilityKind)}")
    added = Facility(
        facility_id=facility_id,
        name_en=name_en,
        name_zh=name_zh,
        level=level,
        kind=FacilityKind(kind),
        county=county,
        organisation=organisation,
        sandbox=sandbox,
    )
    with store.transaction(Duty.REGISTRY) as tx:
        if not rows.add_facility(tx, added):
            if rows.facility(tx, facility_id):
                raise PartyExists(f"facility {facility_id} is registered already")
            raise PartyUnknown("the facility's organisation is not registered; register it first")
    return added


def register_facility(store: Store, added: Facility, jwks: object) -> System:
    """Register a facility with its system, and its organisation where that is new: all of it, or nothing.

    Raises PartyExists for a facility that is there, PartyInvalid for a key set that is none.
    """
    system = System(
        client_id=new_id(), facility=added.facility_id, jwks=public_key_set(jwks), scopes=parse_scopes(ALL_SCOPES)
    )
    body = Organisation(organisation_id=added.organisation, name_en=added.name_en, name_zh=added.name_zh)
    with store.transaction(Duty.REGISTRY) as tx:
        rows.add_organisation(tx, body)
        if not rows.add_facility(tx, added):
            raise PartyExists(f"facility {added.facility_id} is registered already")
        rows.add_system(tx, system)
    return system


def facilities(store: Store) -> list[Facility]:
    """Return all facilities, by id."""
    with store.transaction(Duty.REGISTRY) as tx:
        return rows.facilities(tx)


def facility(store: Store, facility_id: str) -> Facility:
    """Return one facility. Raises PartyUnknown."""
    with store.transaction(Duty.REGISTRY) as tx:
        found = rows.facility(tx, facility_id)
    if found is None:
        raise PartyUnknown("there is no such facility")
    return found


def graced(store: Store) -> list[Graced]:
    """Return the places of care that were registered before admissions came, as they were then, by id."""
    with store.transaction(Duty.REGISTRY) as tx:
        return rows.graced(tx)


def add_system(store: Store, facility_id: str, jwks: object, *, scopes: str = ALL_SCOPES) -> System:
    """Register a facility's software by its public keys (a JWKS as text or object), under a random client id.

    `scopes` is the most it may ask for. Raises PartyInvalid for a key set with private keys or none of use.
    """
    added = System(client_id=new_id(), facility=facility_id, jwks=public_key_set(jwks), scopes=parse_scopes(scopes))
    with store.transaction(Duty.REGISTRY) as tx:
        if not rows.add_system(tx, added):
            raise PartyUnknown("there is no such facility")
    return added


def systems(store: Store, facility_id: str) -> list[System]:
    """Return a facility's systems, disabled ones too, in order of registration."""
    with store.transaction(Duty.REGISTRY) as tx:
        return rows.systems(tx, facility_id)


def replace_keys(store: Store, client_id: UUID, jwks: object) -> None:
    """Replace a system's public keys; assertions signed by the old ones are refused from now on."""
    checked = public_key_set(jwks)
    with store.transaction(Duty.REGISTRY) as tx:
        if not rows.replace_jwks(tx, client_id, checked):
            raise PartyUnknown("there is no such system")


def disable_system(store: Store, client_id: UUID, at: datetime) -> None:
    """Refuse a system from now on: new tokens at once, tokens in use within 60 seconds."""
    with store.transaction(Duty.REGISTRY) as tx:
        if not rows.disable_system(tx, client_id, at):
            raise PartyUnknown("there is no such system")


def add_staff(store: Store, *, role: Role, name_en: str, name_zh: str, facility: str | None = None) -> Staff:
    """Register a clinician or receptionist of a facility, or an auditor or operator of the node, without credential."""
    added = Staff(staff_id=new_id(), role=role, name_en=name_en, name_zh=name_zh, facility=facility)
    with store.transaction(Duty.REGISTRY) as tx:
        if facility is not None and rows.facility(tx, facility) is None:
            raise PartyUnknown("there is no such facility")
        rows.add_account(tx, added)
    return added


def staff(store: Store, facility: str | None) -> list[Staff]:
    """Return a facility's staff, or the node's own for None, in order of registration."""
    with store.transaction(Duty.REGISTRY) as tx:
        return rows.staff(tx, facility)


def staff_member(store: Store, staff_id: UUID) -> Staff:
    """Return one member of staff, disabled or not. Raises PartyUnknown."""
    with store.transaction(Duty.REGISTRY) as tx:
        found = rows.staff_member(tx, staff_id)
    if found is None:
        raise PartyUnknown("there is no such member of staff")
    return found


def resident_account(store: Store, resident: UUID) -> UUID:
    """Return the account of a resident; it is opened on first use."""
    with store.transaction(Duty.REGISTRY) as tx:
        rows.add_account(tx, None, (new_id(), resident))
        found = rows.account_of(tx, resident)
    if found is None:
        raise PartyUnknown("there is no such account")
    return found


def disable_account(store: Store, account: UUID, at: datetime) -> None:
    """Refuse a member of staff or a resident's account: sessions at once, tokens in use within 60 seconds."""
    with store.transaction(Duty.REGISTRY) as tx:
        if not rows.disable_account(tx, account, at):
            raise PartyUnknown("there is no such account")


def system_principal(system: System, at: Facility) -> Principal:
    """Return the principal of a system at its facility, with its registered scopes and default purpose.

    The facility's kind says what its software acts as, such as a laboratory's as laboratory.
    """
    return principal(
        at.kind.system_role,
        str(system.client_id),
        name_en=at.name_en,
        name_zh=at.name_zh,
        facility=system.facility,
        purpose=default_purpose(at.kind.system_role),
        strong=True,
        scopes=system.scopes,
    )


def staff_principal(member: Staff, *, strong: bool) -> Principal:
    """Return the principal of a member of staff; no purpose is named yet."""
    return principal(
        member.role,
        str(member.staff_id),
        name_en=member.name_en,
        name_zh=member.name_zh,
        facility=member.facility,
        strong=strong,
    )


def resident_principal(account: UUID, resident: UUID, *, strong: bool) -> Principal:
    """Return the principal of a resident, acting for the own request."""
    return principal(
        Role.RESIDENT, str(account), resident=resident, purpose=default_purpose(Role.RESIDENT), strong=strong
    )

"""SQL of the registry: organisations, facilities, systems, accounts, and used client assertions."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from salus.kernel import Role
from salus.parties.model import Facility, FacilityKind, Graced, Organisation, Staff, System
from salus.parties.scopes import format_scopes, parse_scopes
from salus.storage import Transaction

_FACILITY = "select id, name_en, name_zh, level, kind, county, organisation, sandbox from parties.facility"
_SYSTEM = "select client_id, facility, jwks, scopes, disabled is not null from parties.system"
_STAFF = (
    "select id, role, name_en, name_zh, facility, disabled is not null from parties.account where role <> 'resident'"
)
_ADD_FACILITY = """
insert into parties.facility (id, name_en, name_zh, level, kind, county, sandbox, organisation)
select %s, %s, %s, %s, %s, %s, %s, id from parties.organisation where id = %s
on conflict do nothing
"""
_ADD_SYSTEM = """
insert into parties.system (client_id, facility, jwks, scopes)
select %s, id, %s, %s from parties.facility where id = %s
"""
_ADD_ACCOUNT = """
insert into parties.account (id, role, name_en, name_zh, facility, resident)
values (%s, %s, %s, %s, %s, %s) on conflict do nothing
"""
_DISABLED = """
select client_id from parties.system where disabled is not null
union all select id from parties.account where disabled is not null
"""


def add_organisation(tx: Transaction, organisation: Organisation) -> bool:
    """Insert an organisation; False if the id is taken."""
    return bool(
        tx.run(
            "insert into parties.organisation (id, name_en, name_zh) values (%s, %s, %s) on conflict do nothing",
            (organisation.organisation_id, organisation.name_en, organisation.name_zh),
        )
    )


def organisations(tx: Transaction) -> list[Organisation]:
    """Return all organisations by id."""
    found = tx.rows("select id, name_en, name_zh from parties.organisation order by id")
    return [Organisation(organisation_id=id_, name_en=en, name_zh=zh) for id_, en, zh in found]


def add_facility(tx: Transaction, facility: Facility) -> bool:
    """Insert a facility; False if the id is taken or the organisation unknown."""
    f = facility
    values = (f.facility_id, f.name_en, f.name_zh, f.level, f.kind.value, f.county, f.sandbox, f.organisation)
    return bool(tx.run(_ADD_FACILITY, values))


def facilities(tx: Transaction) -> list[Facility]:
    """Return all facilities by id."""
    return [_facility(row) for row in tx.rows(_FACILITY + " order by id")]


def facility(tx: Transaction, facility_id: str) -> Facility | None:
    """Return one facility."""
    row = tx.row(_FACILITY + " where id = %s", (facility_id,))
    return _facility(row) if row else None


def graced(tx: Transaction) -> list[Graced]:
    """Return the places of care that were registered before admissions came, by id."""
    found = tx.rows("select facility, organisation, kind, county from parties.grace order by facility")
    return [Graced(facility=id_, organisation=body, kind=kind, county=county) for id_, body, kind, county in found]


def add_system(tx: Transaction, system: System) -> bool:
    """Insert a system; False if its facility is unknown."""
    values = (system.client_id, Jsonb(dict(system.jwks)), format_scopes(system.scopes), system.facility)
    return bool(tx.run(_ADD_SYSTEM, values))


def system(tx: Transaction, client_id: UUID) -> System | None:
    """Return one system, disabled or not."""
    row = tx.row(_SYSTEM + " where client_id = %s", (client_id,))
    return _system(row) if row else None


def systems(tx: Transaction, facility_id: str) -> list[System]:
    """Return a facility's systems, disabled ones too, in order of registration."""
    found = tx.rows(_SYSTEM + " where facility = %s order by registered, client_id", (facility_id,))
    return [_system(row) for row in found]


def replace_jwks(tx: Transaction, client_id: UUID, jwks: dict[str, list[dict[str, str]]]) -> bool:
    """Replace a system's keys; False if there is no such system."""
    return bool(tx.run("update parties.system set jwks = %s where client_id = %s", (Jsonb(jwks), client_id)))


def disable_system(tx: Transaction, client_id: UUID, at: datetime) -> bool:
    """Mark a system disabled, keeping the earliest instant; False if there is no such system."""
    statement = "update parties.system set disabled = coalesce(disabled, %s) where client_id = %s"
    return bool(tx.run(statement, (at, client_id)))


def add_account(tx: Transaction, account: Staff | None, resident: tuple[UUID, UUID] | None = None) -> bool:
    """Insert a staff account, or a resident's (account id, resident id); False if it exists."""
    if account is not None:
        a = account
        return bool(tx.run(_ADD_ACCOUNT, (a.staff_id, a.role.value, a.name_en, a.name_zh, a.facility, None)))
    if resident is None:
        return False
    return bool(tx.run(_ADD_ACCOUNT, (resident[0], Role.RESIDENT.value, "", "", None, resident[1])))


def account_of(tx: Transaction, resident: UUID) -> UUID | None:
    """Return the account of a resident."""
    row = tx.row("select id from parties.account where resident = %s", (resident,))
    return row[0] if row else None


def staff(tx: Transaction, facility_id: str | None) -> list[Staff]:
    """Return a facility's staff, or the node's own for None, in order of registration."""
    where, params = ("facility = %s", (facility_id,)) if facility_id is not None else ("facility is null", ())
    return [_staff(row) for row in tx.rows(f"{_STAFF} and {where} order by registered, id", params)]


def staff_member(tx: Transaction, staff_id: UUID) -> Staff | None:
    """Return one member of staff, disabled or not."""
    row = tx.row(_STAFF + " and id = %s", (staff_id,))
    return _staff(row) if row else None


def disable_account(tx: Transaction, account: UUID, at: datetime) -> bool:
    """Mark an account disabled, keeping the earliest instant, and close its sessions; False if there is none."""
    found = tx.run("update parties.account set disabled = coalesce(disabled, %s) where id = %s", (at, account))
    tx.run("delete from parties.session where account = %s", (account,))
    tx.run("delete from parties.invitation where account = %s", (account,))
    return bool(found)


def disabled(tx: Transaction) -> frozenset[str]:
    """Return every disabled subject."""
    return frozenset(str(subject) for (subject,) in tx.rows(_DISABLED))


def use_assertion(tx: Transaction, client_id: UUID, jti: bytes, expires: datetime) -> bool:
    """Note that an assertion was used; False if it was used before."""
    statement = "insert into parties.assertion (client_id, jti, expires) values (%s, %s, %s) on conflict do nothing"
    return bool(tx.run(statement, (client_id, jti, expires)))


def forget_assertions(tx: Transaction, at: datetime) -> int:
    """Delete the used assertions that have expired anyway; a minute's margin allows for a clock that was set back."""
    return tx.run("delete from parties.assertion where expires < %s::timestamptz - interval '1 minute'", (at,))


def _facility(row: tuple[object, ...]) -> Facility:
    id_, name_en, name_zh, level, kind, county, organisation, sandbox = row
    return Facility(
        facility_id=str(id_),
        name_en=str(name_en),
        name_zh=str(name_zh),
        level=int(str(level)),
        kind=FacilityKind(str(kind)),
        county=str(county),
        organisation=str(organisation),
        sandbox=bool(sandbox),
    )


def _system(row: tuple[object, ...]) -> System:
    client_id, facility_id, jwks, scopes, is_disabled = row
    if not isinstance(client_id, UUID) or not isinstance(jwks, dict):
        raise TypeError("a system's row is not as the migration made it")
    return System(
        client_id=client_id,
        facility=str(facility_id),
        jwks=jwks,
        scopes=parse_scopes(str(scopes)),
        disabled=bool(is_disabled),
    )


def _staff(row: tuple[object, ...]) -> Staff:
    staff_id, role, name_en, name_zh, facility_id, is_disabled = row
    if not isinstance(staff_id, UUID):
        raise TypeError("a staff row is not as the migration made it")
    return Staff(
        staff_id=staff_id,
        role=Role(str(role)),
        name_en=str(name_en),
        name_zh=str(name_zh),
        facility=None if facility_id is None else str(facility_id),
        disabled=bool(is_disabled),
    )

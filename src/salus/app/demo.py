"""What exists on a demo node only: people to step into, and tokens for the asking. Every function refuses elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from salus import identity, parties, records
from salus.app.node import Node, write_private
from salus.identity import IdNumber
from salus.kernel import CLOCK_FILE, Invalid, Purpose, Refused, Role, advance_demo_clock
from salus.parties import Facility, FacilityKind, Principal, issue_token, principal
from salus.records import NotFound
from salus.storage import Duty, Transaction

TOKEN_LASTS = timedelta(hours=12)
_DURATION = re.compile(r"([1-9][0-9]{0,6})([smhd])", re.ASCII)
_UNITS = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


class DemoOnly(Refused):
    """Something that a production node never does."""

    code = "SALUS-A030"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoResident:
    """A fictional resident that a visitor may step into."""

    resident: str
    name_en: str
    name_zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepIn:
    """A role to step into. `key` names it in the form."""

    key: str
    role: Role
    name_en: str
    name_zh: str
    facility: Facility | None


def parse_duration(text: str) -> timedelta:
    """Read a length of time as a whole number and its unit: 45s, 30m, 73h, 2d. Raises Invalid for anything else."""
    found = _DURATION.fullmatch(text)
    if not found:
        raise Invalid(f"{text!r} is no length of time; write 30m, 73h or 2d", code="SALUS-A033")
    return int(found[1]) * _UNITS[found[2]]


def advance_clock(data: Path, by: timedelta) -> datetime:
    """Move the clock of a demo's folder forward, for its node and its witnesses; return the new time.

    Raises DemoOnly where the folder holds another kind of node, and Invalid for going back.
    """
    file = data / "node.json"
    kind = json.loads(file.read_text("utf-8"))["kind"] if file.exists() else None
    if kind != "demo":
        raise DemoOnly(f"{data} holds no demo node; only a demo's clock is moved")
    return advance_demo_clock(data / CLOCK_FILE, by)


def ensure_sandbox(node: Node) -> None:
    """Register the facility H1 on a demo node that has none, so that there is somewhere to send a first record from."""
    _demo_only(node)
    if parties.facilities(node.store):
        return
    names = {"name_en": "Sandbox Hospital", "name_zh": "演示医院"}
    parties.add_organisation(node.store, organisation_id="Sandbox", **names)
    parties.add_facility(
        node.store,
        facility_id="H1",
        name_en=names["name_en"],
        name_zh=names["name_zh"],
        level=3,
        kind=FacilityKind.HOSPITAL,
        county="900101",
        organisation="Sandbox",
    )


def note_residents(node: Node, people: Sequence[DemoResident]) -> None:
    """Keep which fictional residents a visitor may step into."""
    _demo_only(node)
    write_private(node.settings.data / "demo.json", json.dumps([asdict(p) for p in people], ensure_ascii=False))


def demo_roles(node: Node) -> list[StepIn]:
    """Return the roles that a visitor may step into: staff, an auditor, and a few residents."""
    _demo_only(node)
    steps = []
    for place in parties.facilities(node.store):
        for member in parties.staff(node.store, place.facility_id):
            key = f"staff:{member.staff_id}"
            steps.append(
                StepIn(key=key, role=member.role, name_en=member.name_en, name_zh=member.name_zh, facility=place)
            )
    for member in parties.staff(node.store, None):
        key = f"staff:{member.staff_id}"
        steps.append(StepIn(key=key, role=member.role, name_en=member.name_en, name_zh=member.name_zh, facility=None))
    residents = [
        StepIn(key=f"resident:{p.resident}", role=Role.RESIDENT, name_en=p.name_en, name_zh=p.name_zh, facility=None)
        for p in _residents(node)
    ]
    return steps + residents


def step_into(node: Node, key: str) -> tuple[Principal, str]:
    """Return the principal of a role offered by `demo_roles`, and a token for it. Raises NotFound for any other."""
    for step in demo_roles(node):
        if step.key == key:
            _, _, name = key.partition(":")
            if step.role is Role.RESIDENT:
                who = demo_principal(node, step.role, resident=UUID(name))
            else:
                who = parties.staff_principal(parties.staff_member(node.store, UUID(name)), strong=False)
            return who, issue_token(node.issuer, who, node.clock.now(), TOKEN_LASTS)
    raise NotFound("there is no such role here")


def demo_token(node: Node, role: Role, facility: str | None, resident: str | None, purpose: Purpose | None) -> str:
    """Return a bearer token for a role of a demo node. `resident` is what `demo_resident` understands."""
    ensure_sandbox(node)
    who = demo_principal(node, role, facility, demo_resident(node, resident) if resident else None)
    wanted = purpose or parties.default_purpose(role)
    who = who.for_purpose(wanted) if wanted else who
    return issue_token(node.issuer, who, node.clock.now(), TOKEN_LASTS)


def demo_resident(node: Node, named: str) -> UUID:
    """Return the resident named by identifier, by the id of one of their Patients, or by identity number."""
    _demo_only(node)
    id_text = named.removeprefix("Patient/")
    with node.store.transaction(Duty.CARE) as tx:
        try:
            id_ = UUID(id_text)
        except ValueError:
            found = identity.find(tx, node.custodian, IdNumber.read(named))
        else:
            found = identity.resident(tx, id_) or _of_patient(tx, id_)
    if found is None:
        raise NotFound("there is no such resident here")
    return found.resident_id


def _of_patient(tx: Transaction, id_: UUID) -> identity.Resident | None:
    charts = records.charts_of_patients(tx, [id_])
    owners = identity.residents_of(tx, [chart for chart, _ in charts.values()]) if charts else {}
    return next((identity.resident_by_key(tx, key) for key in owners.values()), None)


def demo_principal(node: Node, role: Role, facility: str | None = None, resident: UUID | None = None) -> Principal:
    """Return a principal of a role: the facility's first system or member of staff, made if there is none."""
    _demo_only(node)
    if role is Role.RESIDENT:
        if resident is None:
            raise Invalid("name the resident: --resident ID", code="SALUS-A031")
        return principal(role, str(parties.resident_account(node.store, resident)), resident=resident)
    if role.software:
        place = node.facility(facility or "H1")
        if place.kind.system_role is not role:
            raise Invalid(f"{place.facility_id} is a {place.kind}; its software is no {role}", code="SALUS-A032")
        for system in parties.systems(node.store, place.facility_id):
            return parties.system_principal(system, place)
        _, public = parties.new_client_key("demo")
        return parties.system_principal(parties.add_system(node.store, place.facility_id, public), place)
    at = (facility or "H1") if role not in (Role.AUDITOR, Role.OPERATOR) else None
    for member in parties.staff(node.store, at):
        if member.role is role:
            return parties.staff_principal(member, strong=False)
    name = {"name_en": f"Demo {role.value}", "name_zh": "演示人员"}
    return parties.staff_principal(parties.add_staff(node.store, role=role, facility=at, **name), strong=False)


def _residents(node: Node) -> list[DemoResident]:
    path = node.settings.data / "demo.json"
    return [DemoResident(**told) for told in json.loads(path.read_text("utf-8"))] if path.exists() else []


def _demo_only(node: Node) -> None:
    if not node.demo:
        raise DemoOnly("only a demo node does this; this one holds real records")

"""Register who works at facilities and for the node, list them, and end what they may. Residents are no staff."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import click

from salus import parties
from salus.app import open_node
from salus.cli.output import data_option, ending, json_option, say, settings_option, tell
from salus.cli.settings import settings_of
from salus.kernel import Role
from salus.parties import FacilityKind, PartyInvalid

_WORKS_AT = {
    Role.EPIDEMIOLOGIST: FacilityKind.DISEASE_CONTROL_CENTRE,
    Role.COMMANDER: FacilityKind.COMMAND_CENTRE,
    Role.APPEAL_OFFICER: FacilityKind.REVIEW_BOARD,
    Role.INDEX_REVIEWER: FacilityKind.REVIEW_BOARD,
}
_IN_CARE = {Role.CLINICIAN, Role.RECEPTION}


@click.command()
@click.option("--facility", "facility_id", help="Where the person works; none for auditors and operators.")
@click.option("--role", required=True, type=click.Choice(sorted(role.value for role in parties.STAFF_ROLES)))
@click.option("--name", required=True)
@click.option("--name-zh", required=True)
@data_option
@settings_option
@ending
def invite(
    facility_id: str | None, role: str, name: str, name_zh: str, data: Path | None, settings: Path | None
) -> None:
    """Register a member of staff and print the invitation with which they set up their sign-in."""
    with open_node(settings_of(settings, data=data)) as node:
        if facility_id is not None:
            _check_place(Role(role), parties.facility(node.store, facility_id))
        member = parties.add_staff(node.store, role=Role(role), name_en=name, name_zh=name_zh, facility=facility_id)
        invitation = node.sign_in.invite(member.staff_id, node.clock.now())
        say(f"{node.address}/invitation?key={invitation}")


def _check_place(role: Role, place: parties.Facility) -> None:
    """Raise PartyInvalid for a role at a kind of place where nobody has it: a command centre judges no identities."""
    right = place.kind.care if role in _IN_CARE else _WORKS_AT.get(role, place.kind) is place.kind
    if not right:
        wanted = f"a {_WORKS_AT[role]}" if role in _WORKS_AT else "a place of care"
        raise PartyInvalid(f"{role} works at {wanted}, and {place.facility_id} is a {place.kind}")


@click.command()
@click.argument("staff_id", type=click.UUID)
@data_option
@settings_option
@ending
def reset(staff_id: UUID, data: Path | None, settings: Path | None) -> None:
    """Invite a member of staff anew who lost what they sign in with: it ends, and what they did stays theirs."""
    with open_node(settings_of(settings, data=data)) as node:
        member = parties.staff_member(node.store, staff_id)
        if member.disabled:
            raise PartyInvalid(f"{member.name_en} was dismissed, for good")
        node.sign_in.reset(staff_id)
        say(f"{node.address}/invitation?key={node.sign_in.invite(staff_id, node.clock.now())}")


@click.command()
@click.option("--facility", "facility_id", help="Of which facility; without, the node's own auditors and operators.")
@data_option
@settings_option
@json_option
@ending
def staff(facility_id: str | None, data: Path | None, settings: Path | None, as_json: bool) -> None:
    """List the members of staff of a facility, or the node's own, with the id that `salus facility dismiss` takes."""
    with open_node(settings_of(settings, data=data)) as node:
        if facility_id is not None:
            parties.facility(node.store, facility_id)
        found = parties.staff(node.store, facility_id)
    if as_json:
        tell({"staff": [_told(one) for one in found]})
        return
    for one in found:
        say(f"{one.staff_id} {one.role.value:16} {one.name_en} {one.name_zh}{' (dismissed)' if one.disabled else ''}")


def _told(one: parties.Staff) -> dict[str, str | bool]:
    named = {"id": str(one.staff_id), "role": one.role.value, "name": one.name_en, "name_zh": one.name_zh}
    return {**named, "dismissed": one.disabled}


@click.command()
@click.argument("staff_id", type=click.UUID)
@data_option
@settings_option
@json_option
@ending
def dismiss(staff_id: UUID, data: Path | None, settings: Path | None, as_json: bool) -> None:
    """Let a member of staff do nothing more, for good: they left.

    Sessions end at once, tokens in use within a minute. What they did stays, under their name.
    """
    with open_node(settings_of(settings, data=data)) as node:
        member = parties.staff_member(node.store, staff_id)
        parties.disable_account(node.store, member.staff_id, node.clock.now())
    if as_json:
        tell({"id": str(staff_id), "dismissed": True})
        return
    say(f"{member.name_en} {member.name_zh} ({member.role.value}) can do nothing here any more")

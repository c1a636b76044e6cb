"""Register facilities and the people and systems that work at them."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import click

from salus import parties
from salus.app import Node, notice_keys, open_node, publish_institutions, quality_of, quality_told, write_private
from salus.cli.actors import admission_document
from salus.cli.facility_report import report_lines
from salus.cli.output import data_option, ending, json_option, say, settings_option, tell
from salus.cli.settings import settings_of
from salus.cli.staffing import dismiss, invite, reset, staff
from salus.kernel import Invalid, format_instant, parse_instant
from salus.rules import Admission, Licence


@click.group()
def facility() -> None:
    """Register and list facilities."""


@facility.command()
@click.argument("facility_id")
@click.option("--name", required=True, help="The facility's name in English.")
@click.option("--name-zh", required=True, help="The facility's name in Chinese.")
@click.option("--level", required=True, type=click.IntRange(1, 3))
@click.option("--kind", required=True, type=click.Choice([kind.value for kind in parties.FacilityKind]))
@click.option("--county", required=True, help="Six-digit code of its county.")
@click.option("--organisation", required=True, help="Identifier of the body that runs it; registered if it is new.")
@click.option("--sandbox", is_flag=True, help="For trying: fictional people, in no index and no count.")
@click.option("--jwks", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Its public keys.")
@data_option
@settings_option
@ending
def add(
    facility_id: str,
    name: str,
    name_zh: str,
    level: int,
    kind: str,
    county: str,
    organisation: str,
    sandbox: bool,
    jwks: Path | None,
    data: Path | None,
    settings: Path | None,
) -> None:
    """Register a facility and print what its engineer needs. Without --jwks a key pair is made and shown once."""
    private, public = (None, jwks.read_bytes()) if jwks else parties.new_client_key(facility_id)
    added = parties.Facility(
        facility_id=facility_id,
        name_en=name,
        name_zh=name_zh,
        level=level,
        kind=parties.FacilityKind(kind),
        county=county,
        organisation=organisation,
        sandbox=sandbox,
    )
    with open_node(settings_of(settings, data=data)) as node:
        system = parties.register_facility(node.store, added, public)
        publish_institutions(node)
        say(_sheet(node, added, system, private))


def _sheet(node: Node, added: parties.Facility, system: parties.System, private: dict[str, Any] | None = None) -> str:
    token_url, fhir_url = f"{node.address}/oauth/token", f"{node.address}/fhir"
    return parties.registration_sheet(added, system, token_url=token_url, fhir_url=fhir_url, private_key=private)


@facility.command()
@click.argument("facility_id")
@click.option("--jwks", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), help="New keys.")
@click.option("--system", type=click.UUID, help="The client id, where the facility has several systems.")
@data_option
@settings_option
@ending
def keys(facility_id: str, jwks: Path, system: UUID | None, data: Path | None, settings: Path | None) -> None:
    """Replace the public keys of a facility's system and print what its engineer needs; old keys get no more tokens.

    A facility all of whose systems are disabled, or that has none, gets a new one, with a client id of its own.
    """
    public = jwks.read_bytes()
    with open_node(settings_of(settings, data=data)) as node:
        place = parties.facility(node.store, facility_id)
        found = _system(node, facility_id, system)
        if found is None:
            kept = parties.add_system(node.store, facility_id, public)
        else:
            parties.replace_keys(node.store, found.client_id, public)
            (kept,) = _enabled(node, facility_id, found.client_id)
        say(_sheet(node, place, kept))


@facility.command()
@click.argument("facility_id")
@click.argument("system", type=click.UUID)
@data_option
@settings_option
@json_option
@ending
def disable(facility_id: str, system: UUID, data: Path | None, settings: Path | None, as_json: bool) -> None:
    """Refuse SYSTEM, the client id of a facility's software, from now on: its key was lost, say.

    It gets no more tokens at once, and those in use end within a minute. `salus facility keys` registers another.
    """
    with open_node(settings_of(settings, data=data)) as node:
        _system(node, facility_id, system)
        parties.disable_system(node.store, system, node.clock.now())
    if as_json:
        tell({"facility": facility_id, "system": str(system), "disabled": True})
        return
    say(f"{system} of {facility_id} is refused from now on")


def _enabled(node: Node, facility_id: str, system: UUID | None) -> list[parties.System]:
    """Return a facility's systems that are not disabled, or the one of them that is meant."""
    found = [one for one in parties.systems(node.store, facility_id) if not one.disabled]
    return [one for one in found if system in (None, one.client_id)]


def _system(node: Node, facility_id: str, system: UUID | None) -> parties.System | None:
    """Return the system that is meant; None where none is and the facility has none that is not disabled."""
    found = _enabled(node, facility_id, system)
    if system is not None and not found:
        raise parties.PartyUnknown("this facility has no such system, or it is disabled")
    if len(found) > 1:
        names = ", ".join(str(one.client_id) for one in found)
        raise Invalid(f"this facility has several systems, name one by --system: {names}", code="SALUS-Z090")
    return found[0] if found else None


@facility.command(name="list")
@data_option
@settings_option
@json_option
@ending
def list_(data: Path | None, settings: Path | None, as_json: bool) -> None:
    """List the registered facilities."""
    with open_node(settings_of(settings, data=data)) as node:
        found = [(one, node.admitted(one), node.graced_until(one)) for one in parties.facilities(node.store)]
    if as_json:
        told = [
            {
                "id": f.facility_id,
                "name": f.name_en,
                "level": f.level,
                "kind": f.kind,
                "admitted": admitted,
                "open_until": format_instant(until) if until else None,
            }
            for f, admitted, until in found
        ]
        tell({"facilities": told})
        return
    for one, admitted, until in found:
        out = "" if admitted or one.kind.value not in set(Licence) else " (not admitted)"
        if until:
            out = f" (not admitted, open until {format_instant(until)} because of the upgrade)"
        say(f"{one.facility_id:8} {one.level} {one.kind:24} {one.name_en} {one.name_zh}{out}")


@facility.command()
@click.argument("name")
@click.option("--facility", "facilities", multiple=True, required=True, help="Which one; give all that count.")
@click.option("--version", type=click.IntRange(1, 9999), default=1, show_default=True, help="A later one replaces all.")
@click.option("--starts", required=True, help="From when it counts, at least 72 hours after it is in the log.")
@click.option("--ends", required=True, help="Until when, at most five years later.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Where to write it.")
@data_option
@settings_option
@json_option
@ending
def admission(
    name: str,
    facilities: tuple[str, ...],
    version: int,
    starts: str,
    ends: str,
    out: Path,
    data: Path | None,
    settings: Path | None,
    as_json: bool,
) -> None:
    """Write the admission NAME of registered facilities, for signers to sign; `salus publish` hands it over."""
    with open_node(settings_of(settings, data=data)) as node:
        places = [parties.facility(node.store, one) for one in facilities]
    document = admission_document(name, places, parse_instant(starts), parse_instant(ends), version=version)
    told = Admission.of(document)
    if len(told.admitted) < len(places):
        raise Invalid("an office and a sandbox have no class of licence, so none is admitted", code="SALUS-Z015")
    out.write_bytes(document.encoded)
    if as_json:
        tell({"file": str(out), "facilities": len(told.admitted), "digest": document.digest})
        return
    say(f"{name} {version}: {len(told.admitted)} facilities, to be signed: {out}")


@facility.command()
@click.argument("facility_id")
@click.option("--days", type=click.IntRange(1, 3660), default=90, show_default=True, help="Of how many days.")
@data_option
@settings_option
@json_option
@ending
def report(facility_id: str, days: int, data: Path | None, settings: Path | None, as_json: bool) -> None:
    """Report how a facility sends: what is missing of the core data set, how late, what is refused or sent twice."""
    with open_node(settings_of(settings, data=data)) as node:
        found = quality_of(node, facility_id, days)
    if as_json:
        tell(quality_told(found))
        return
    for line in report_lines(found):
        say(line)


@facility.command(name="notice-keys")
@click.argument("facility_id")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Where to write them.")
@data_option
@settings_option
@ending
def notice_keys_(facility_id: str, out: Path, data: Path | None, settings: Path | None) -> None:
    """Write the keys with which a place of care opens, away from its node, what is shown to it this month and the next.

    The file is a secret of that place: whoever has it opens what residents show there.
    """
    with open_node(settings_of(settings, data=data)) as node:
        octets = notice_keys(node, facility_id)
    write_private(out, octets.decode())
    say(f"{out}: the notice keys of {facility_id}; open with: salus code verify NOTICE --key {out} --trust … --at …")


for _command in (invite, staff, reset, dismiss):
    facility.add_command(_command)

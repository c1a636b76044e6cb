"""Register facilities and the people and systems that work at them."""

from __future__ import annotations

import json
from pathlib import Path

import click

from salus import parties
from salus.app import notice_keys, open_node, publish_institutions, quality_of, quality_told, write_private
from salus.cli.actors import admission_document
from salus.cli.facility_report import report_lines
from salus.cli.output import data_option, ending, json_option, say, settings_option, tell
from salus.cli.settings import settings_of
from salus.kernel import Invalid, Role, format_instant, parse_instant
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
    with open_node(settings_of(settings, data=data)) as node:
        known = {o.organisation_id for o in parties.organisations(node.store)}
        if organisation not in known:
            parties.add_organisation(node.store, organisation_id=organisation, name_en=name, name_zh=name_zh)
        added = parties.add_facility(
            node.store,
            facility_id=facility_id,
            name_en=name,
            name_zh=name_zh,
            level=level,
            kind=parties.FacilityKind(kind),
            county=county,
            organisation=organisation,
            sandbox=sandbox,
        )
        private, public = (None, json.loads(jwks.read_text("utf-8"))) if jwks else parties.new_client_key(facility_id)
        system = parties.add_system(node.store, facility_id, public)
        publish_institutions(node)
        url = node.address
        say(
            parties.registration_sheet(
                added, system, token_url=f"{url}/oauth/token", fhir_url=f"{url}/fhir", private_key=private
            )
        )


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


@facility.command()
@click.option("--facility", "facility_id", help="Where the person works; none for auditors and operators.")
@click.option("--role", required=True, type=click.Choice(["clinician", "reception", "auditor", "operator"]))
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
        member = parties.add_staff(node.store, role=Role(role), name_en=name, name_zh=name_zh, facility=facility_id)
        invitation = node.sign_in.invite(member.staff_id, node.clock.now())
        say(f"{node.address}/invitation?key={invitation}")

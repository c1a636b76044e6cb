"""Fill a demo node: the fictional country's facilities, staff and records, and real test bundles where they are."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from salus import identity, parties, synth
from salus.app import (
    DemoResident,
    Imported,
    Node,
    demo_principal,
    demo_roles,
    import_files,
    note_residents,
)
from salus.cli.filling import Filled, fill
from salus.identity import IdNumber
from salus.kernel import Invalid, Role
from salus.parties import FacilityKind
from salus.records import totals
from salus.storage import Duty

Say = Callable[[str], None]
OFFERED = 12
RECENT = timedelta(hours=70)
"""Results of specimens that are older were made before the rules of the story counted, and lead to nothing."""
_AT_A_TIME = 8
MAP, COUNTRY = "map.json", "country.json"


class DemoUnfinished(Invalid):
    """A demo folder whose first run was cut short."""

    code = "SALUS-Z001"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """One specimen of the country, and the resident of this node whom it was taken from."""

    specimen: synth.Specimen
    resident: UUID
    number: str = field(repr=False)


def register_country(node: Node, seed: int, residents: int, counties: int, say: Say) -> synth.Country:
    """Make a country, register its facilities and staff, and draw its map, saying what happened."""
    country = synth.country(seed, residents, counties)
    _note(node, country)
    _register(node, country, say)
    return country


def take_in(node: Node, country: synth.Country, say: Say) -> None:
    """Take in all records of a registered country, saying what happened."""
    filled = _take_in(node, country, say)
    _import_bundles(node, say)
    note_residents(node, _offered(node, country, filled.vaccinated))


def found_country(node: Node, say: Say) -> synth.Country:
    """Say what an existing demo node holds, and return its country. Raises DemoUnfinished if it was cut short."""
    if not any(step.role is Role.RESIDENT for step in demo_roles(node)):
        raise DemoUnfinished(f"{node.settings.data} was never filled whole; delete it, or name another --data folder")
    with node.store.transaction(Duty.CARE) as tx:
        held = totals(tx)
    say(f"it holds {held['resources']:,} resources in {held['charts']:,} charts from an earlier run")
    return the_country(node)


def the_country(node: Node) -> synth.Country:
    """Make the country of a demo node once more, as it was when the node was filled."""
    told = json.loads((node.settings.data / COUNTRY).read_text("utf-8"))
    return synth.country(told["seed"], told["residents"], told["counties"])


def feeds(country: synth.Country) -> Iterator[synth.Absence]:
    """Yield what the department of education would send: absence from school, by county and school day."""
    return synth.school_absence(country)


def resources(country: synth.Country) -> Iterator[synth.Resources]:
    """Yield what the hospitals would report of their beds and supplies; silent ones report nothing."""
    return synth.resources(country)


def specimens(node: Node, country: synth.Country) -> list[Sampled]:
    """Return the country's specimens whose residents this node knows, in order of collection."""
    found = []
    for specimen in synth.specimens(country):
        number = country.residents[specimen.resident].number
        resident = _resident(node, number)
        if resident:
            found.append(Sampled(specimen=specimen, resident=resident, number=number))
    return found


def _note(node: Node, country: synth.Country) -> None:
    told = {"seed": country.seed, "residents": len(country.residents), "counties": len(country.counties)}
    (node.settings.data / COUNTRY).write_text(json.dumps(told), "utf-8")
    mesh, people = synth.topology(country), synth.population(country)
    for county in mesh["objects"]["counties"]["geometries"]:
        county["properties"]["population"] = people[county["id"]]
    drawn = json.dumps(mesh, ensure_ascii=False, separators=(",", ":"))
    (node.settings.data / MAP).write_text(drawn, "utf-8")


def _register(node: Node, country: synth.Country, say: Say) -> None:
    bodies = {place.organisation: place for place in country.facilities}
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        list(pool.map(lambda place: _add_organisation(node, place), bodies.values()))
        list(pool.map(lambda place: _add_facility(node, place), country.facilities))
    people = synth.workers(country)
    for one in people:
        named = {"name_en": one.name_en, "name_zh": one.name_zh}
        parties.add_staff(node.store, role=Role(one.role), facility=one.facility, **named)
    hospitals = sum(1 for _ in country.hospitals())
    say(
        f"{len(country.residents):,} residents in {len(country.counties):,} counties of"
        f" {len(country.prefectures):,} prefectures and {len(country.provinces)} provinces; the map is in {MAP}"
    )
    say(
        f"{len(country.facilities):,} facilities of {len(bodies):,} organisations registered, each with a key of its"
        f" own: {hospitals:,} hospitals, {len(country.facilities) - hospitals} laboratories, sampling sites and"
        f" offices; {len(people)} people at work"
    )


def _add_organisation(node: Node, place: synth.Facility) -> None:
    names = {"name_en": place.organisation, "name_zh": place.organisation_zh}
    parties.add_organisation(node.store, organisation_id=_body(place), **names)


def _add_facility(node: Node, place: synth.Facility) -> None:
    kind = FacilityKind(place.kind)
    parties.add_facility(
        node.store,
        facility_id=place.facility_id,
        name_en=place.name_en,
        name_zh=place.name_zh,
        level=place.level,
        kind=kind,
        county=place.county,
        organisation=_body(place),
    )
    demo_principal(node, kind.system_role, place.facility_id)


def _body(place: synth.Facility) -> str:
    return place.organisation.replace(" ", "-")


def _take_in(node: Node, country: synth.Country, say: Say) -> Filled:
    """Take in what every hospital sends, mistakes included."""
    began = time.monotonic()
    filled = fill(node, synth.deliveries(country))
    seconds, entries = time.monotonic() - began, sum(filled.entries.values())
    say(
        f"{filled.bundles:,} bundles sent, {entries:,} entries taken in from {len(filled.entries)} hospitals"
        f" in {seconds:.1f} s ({entries / seconds:,.0f} entries/s)"
    )
    for facility, count in filled.entries.most_common(5):
        say(f"    {facility} sent {count:,} entries")
    _mistakes(filled, say)
    return filled


def _mistakes(filled: Filled, say: Say) -> None:
    """Say what was wrong with what was sent, as planted, and what was refused of it, in the words of the refusal."""
    planted = {kind: count for kind, count in sorted(filled.planted.items()) if kind}
    if planted:
        say("    mistakes on the way: " + ", ".join(f"{kind} {count:,}" for kind, count in planted.items()))
    for (kind, reason), count in filled.refused.most_common():
        say(f"    refused {count:,} ({kind or 'no mistake known'}): {reason}")


def _import_bundles(node: Node, say: Say) -> None:
    file = corpora() / "synthea" / "bundles.public.ndjson.gz"
    if not file.exists():
        return
    began = time.monotonic()
    done: Imported = import_files(node, "H1", [file])
    seconds = time.monotonic() - began
    say(
        f"H1 imported {done.lines} real test bundles with {done.entries:,} entries in {seconds:.1f} s"
        f" ({done.entries / seconds:,.0f} entries/s); {done.stripped} home coordinates taken out at the door"
    )


def corpora() -> Path:
    """Return where public test data may be: SALUS_CORPORA, or `shared/corpora` beside the checkout."""
    beside = Path(__file__).resolve().parents[4] / "shared" / "corpora"
    return Path(os.environ.get("SALUS_CORPORA", beside))


def _offered(node: Node, country: synth.Country, vaccinated: Iterable[int]) -> list[DemoResident]:
    """Choose whom a visitor may step into: a dozen with charts at two hospitals, and some whom the story needs.

    These are three who will be told a positive result, the one whose result is corrected, and one who is vaccinated.
    """
    recent = [one for one in synth.specimens(country) if synth.present(country) - RECENT < one.collected]
    needed = [one.resident for one in recent if one.corrected][:1]
    needed += [one.resident for one in recent if one.final == "positive"][:3]
    needed += [index for index in vaccinated if index not in needed][:1]
    chosen = [person.index for person in country.residents if len(person.facilities) > 1][:OFFERED]
    offered = []
    for index in dict.fromkeys(chosen + needed):
        person = country.residents[index]
        resident = _resident(node, person.number)
        if resident:
            offered.append(DemoResident(resident=str(resident), name_en=person.pinyin, name_zh=person.name_zh))
    return offered


def _resident(node: Node, number: str) -> UUID | None:
    with node.store.transaction(Duty.CARE) as tx:
        found = identity.find(tx, node.custodian, IdNumber.read(number))
    return found.resident_id if found else None


__all__ = ["corpora", "feeds", "found_country", "register_country", "resources", "specimens", "take_in", "the_country"]

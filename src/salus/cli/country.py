"""Fill a demo node: the fictional country's facilities, staff and records, and real test bundles where they are."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import orjson

from salus import identity, parties, synth
from salus.app import DemoResident, Imported, Node, accept, demo_principal, import_files, note_residents
from salus.identity import IdNumber
from salus.kernel import Role
from salus.parties import FacilityKind
from salus.records import Intent, parse, take_apart, totals
from salus.storage import Duty

Say = Callable[[str], None]
OFFERED = 12
_CARE_KINDS = {"community-health-centre": FacilityKind.COMMUNITY_HEALTH_CENTRE}
_STAFF = (
    (Role.CLINICIAN, "H1", "Dr Lin Yue", "林悦医生"),
    (Role.RECEPTION, "H1", "Desk of H1", "第一窗口"),
    (Role.CLINICIAN, "H2", "Dr Shen Qiao", "沈乔医生"),
    (Role.RECEPTION, "H2", "Desk of H2", "第二窗口"),
    (Role.AUDITOR, None, "Public auditor", "公众审计员"),
)


def populate(node: Node, seed: int, residents: int, say: Say) -> None:
    """Register the country's facilities and staff and take in all records, saying what happened."""
    country = synth.country(seed, residents)
    _register(node, country, say)
    _take_in(node, country, say)
    _import_bundles(node, say)
    note_residents(node, _offered(node, country))


def found_country(node: Node, say: Say) -> None:
    """Say what an existing demo node holds."""
    with node.store.transaction(Duty.CARE) as tx:
        held = totals(tx)
    say(f"it holds {held['resources']:,} resources in {held['charts']:,} charts from an earlier run")


def _register(node: Node, country: synth.Country, say: Say) -> None:
    for place in country.facilities:
        body = place.organisation.replace(" ", "-")
        if body not in {o.organisation_id for o in parties.organisations(node.store)}:
            name = place.organisation
            parties.add_organisation(node.store, organisation_id=body, name_en=name, name_zh=place.name_zh)
        parties.add_facility(
            node.store,
            facility_id=place.facility_id,
            name_en=place.name_en,
            name_zh=place.name_zh,
            level=place.level,
            kind=_CARE_KINDS.get(place.kind, FacilityKind.HOSPITAL),
            county=place.county,
            organisation=body,
        )
        demo_principal(node, Role.HOSPITAL_SYSTEM, place.facility_id)
    for role, at, name_en, name_zh in _STAFF:
        parties.add_staff(node.store, role=role, name_en=name_en, name_zh=name_zh, facility=at)
    say(f"{len(country.facilities)} hospitals registered, each with a key of its own, and {len(_STAFF)} people at work")


def _take_in(node: Node, country: synth.Country, say: Say) -> None:
    began, counts, bundles = time.monotonic(), Counter[str](), 0
    senders = {f.facility_id: demo_principal(node, Role.HOSPITAL_SYSTEM, f.facility_id) for f in country.facilities}
    for delivery in synth.bundles(country):
        intents: tuple[Intent, ...] = take_apart(parse(orjson.dumps(delivery.bundle))).intents
        accept(node, senders[delivery.facility_id], intents, "import")
        bundles += 1
        counts[delivery.facility_id] += len(intents)
    seconds, entries = time.monotonic() - began, counts.total()
    say(
        f"{bundles:,} bundles with {entries:,} entries about {len(country.residents):,} residents taken in"
        f" in {seconds:.1f} s ({entries / seconds:,.0f} entries/s)"
    )
    for facility, count in sorted(counts.items()):
        say(f"    {facility} sent {count:,} entries")


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


def _offered(node: Node, country: synth.Country) -> list[DemoResident]:
    """Choose residents with charts at two hospitals, whom a visitor may step into."""
    offered: list[DemoResident] = []
    for person in country.residents:
        if len(person.facilities) > 1 and len(offered) < OFFERED:
            with node.store.transaction(Duty.CARE) as tx:
                found = identity.find(tx, node.custodian, IdNumber.read(person.number))
            if found:
                offered.append(
                    DemoResident(resident=str(found.resident_id), name_en=person.pinyin, name_zh=person.name_zh)
                )
    return offered


__all__ = ["corpora", "found_country", "populate"]

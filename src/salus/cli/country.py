"""Fill a demo node: the fictional country's facilities, staff and records, and real test bundles where they are."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson

from salus import identity, parties, synth
from salus.app import (
    DemoResident,
    Imported,
    Node,
    accept,
    demo_principal,
    demo_roles,
    import_files,
    note_residents,
)
from salus.identity import IdNumber
from salus.kernel import Invalid, Role
from salus.parties import FacilityKind
from salus.records import parse, take_apart, totals
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


class DemoUnfinished(Invalid):
    """A demo folder whose first run was cut short."""

    code = "SALUS-Z001"


def populate(node: Node, seed: int, residents: int, say: Say) -> None:
    """Register the country's facilities and staff and take in all records, saying what happened."""
    country = synth.country(seed, residents)
    _register(node, country, say)
    _take_in(node, country, say)
    _import_bundles(node, say)
    note_residents(node, _offered(node, country))


def found_country(node: Node, say: Say) -> None:
    """Say what an existing demo node holds. Raises DemoUnfinished if its first run was cut short."""
    if not any(step.role is Role.RESIDENT for step in demo_roles(node)):
        raise DemoUnfinished(f"{node.settings.data} was never filled whole; delete it, or name another --data folder")
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
    """Take in what each hospital sends, all hospitals at a time, as it would be."""
    began = time.monotonic()
    sent: dict[str, list[dict[str, Any]]] = {f.facility_id: [] for f in country.facilities}
    for delivery in synth.bundles(country):
        sent[delivery.facility_id].append(delivery.bundle)
    with ThreadPoolExecutor(len(sent)) as hospitals:
        counts = dict(zip(sent, hospitals.map(lambda at: _from(node, at, sent[at]), sent), strict=True))
    seconds, entries, bundles = time.monotonic() - began, sum(counts.values()), sum(map(len, sent.values()))
    say(
        f"{bundles:,} bundles with {entries:,} entries about {len(country.residents):,} residents taken in"
        f" in {seconds:.1f} s ({entries / seconds:,.0f} entries/s)"
    )
    for facility, count in sorted(counts.items()):
        say(f"    {facility} sent {count:,} entries")


def _from(node: Node, facility: str, bundles: list[dict[str, Any]]) -> int:
    """Take in one hospital's bundles, each as a transaction of its own; return how many entries they had."""
    sender, entries = demo_principal(node, Role.HOSPITAL_SYSTEM, facility), 0
    for bundle in bundles:
        intents = take_apart(parse(orjson.dumps(bundle))).intents
        entries += len(accept(node, sender, intents, "import").outcomes)
    return entries


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

"""A demo node is filled from the fictional country: everything that may go in does, and what is refused is told."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from saved import ground, settings

from salus import parties, synth
from salus.app import Node, demo_roles, open_node
from salus.cli.country import DemoUnfinished, found_country, register_country, specimens, take_in
from salus.kernel import Role
from salus.records import totals
from salus.storage import Duty

SEED, RESIDENTS = 2, 420


@pytest.fixture(scope="module")
def said() -> list[str]:
    return []


@pytest.fixture(scope="module")
def filled(said: list[str]) -> Iterator[Node]:
    with pytest.MonkeyPatch.context() as patch, ground() as folder:
        patch.setenv("SALUS_CORPORA", "/nonexistent")
        with open_node(settings(folder / "data"), "demo") as node:
            take_in(node, register_country(node, SEED, RESIDENTS, 30, said.append), said.append)
            yield node


@pytest.fixture(scope="module")
def made() -> synth.Country:
    return synth.country(SEED, RESIDENTS)


def test_all_that_is_right_is_stored_and_only_the_mistyped_numbers_are_refused(
    filled: Node, made: synth.Country, said: list[str]
) -> None:
    sent = list(synth.deliveries(made))
    wrong = [delivery for delivery in sent if delivery.planted == "mistyped-number"]
    right = sum(len(delivery.bundle["entry"]) for delivery in sent if delivery not in wrong)
    with filled.store.transaction(Duty.CARE) as tx:
        held = totals(tx)

    assert wrong
    assert held["resources"] == held["versions"] == right
    reason = "the identity number's check character does not fit; check the number"
    assert [line.strip() for line in said if "refused" in line] == [
        f"refused {len(wrong)} (mistyped-number): SALUS-R001 Patient.identifier[0].value: {reason}"
    ]
    assert any(line.startswith(f"{len(sent):,} bundles sent, {right:,} entries taken in") for line in said)


def test_what_it_says_names_no_resident(filled: Node, made: synth.Country, said: list[str]) -> None:
    told = "\n".join(said)

    assert not [person for person in made.residents if person.number in told or person.name_zh in told]


def test_everybody_who_sends_or_works_is_registered(filled: Node, made: synth.Country) -> None:
    registered = parties.facilities(filled.store)
    software = {
        parties.system_principal(parties.systems(filled.store, place.facility_id)[0], place).role
        for place in registered
    }

    assert {place.facility_id for place in registered} == {place.facility_id for place in made.facilities}
    assert software == {Role.HOSPITAL_SYSTEM, Role.SAMPLING_SITE, Role.LABORATORY, Role.DEPARTMENT_SYSTEM}
    assert {step.role for step in demo_roles(filled)} == {
        Role.CLINICIAN, Role.RECEPTION, Role.RESIDENT, Role.EPIDEMIOLOGIST, Role.COMMANDER, Role.APPEAL_OFFICER,
        Role.INDEX_REVIEWER, Role.ACCESS_REVIEWER, Role.AUDITOR,
    }  # fmt: skip


def test_a_visitor_may_be_who_is_ill_who_is_wrongly_told_so_and_who_is_vaccinated(
    filled: Node, made: synth.Country
) -> None:
    offered = {step.key.removeprefix("resident:") for step in demo_roles(filled) if step.role is Role.RESIDENT}
    sampled = {str(one.resident): one for one in specimens(filled, made)}
    numbers = {person.name_zh for person in made.residents}
    vaccinated = {
        made.residents[delivery.resident].pinyin
        for delivery in synth.bundles(made)
        if any(entry["resource"]["resourceType"] == "Immunization" for entry in delivery.bundle["entry"])
    }

    assert sum(sampled[one].specimen.final == "positive" for one in offered & set(sampled)) >= 2
    assert any(sampled[one].specimen.corrected for one in offered & set(sampled))
    assert vaccinated & {step.name_en for step in demo_roles(filled)}
    assert {step.name_zh for step in demo_roles(filled) if step.role is Role.RESIDENT} <= numbers
    assert all(one.number == made.residents[one.specimen.resident].number for one in sampled.values())


def test_the_map_lies_in_the_data_folder(filled: Node, made: synth.Country) -> None:
    drawn = (filled.settings.data / "map.json").read_text("utf-8")
    told = json.loads(drawn)
    people = {
        county["id"]: county["properties"].pop("population") for county in told["objects"]["counties"]["geometries"]
    }

    assert told == synth.topology(made)
    assert people == synth.population(made)
    assert not re.search(r"[0-9]{18}", drawn)


def test_a_later_start_finds_the_same_country(filled: Node, made: synth.Country) -> None:
    lines: list[str] = []

    assert found_country(filled, lines.append) == made
    assert lines[0].startswith("it holds ")


def test_a_node_whose_filling_was_cut_short_says_so(filled: Node) -> None:
    offers = filled.settings.data / "demo.json"
    kept = offers.read_text("utf-8")
    offers.write_text("[]", "utf-8")
    try:
        with pytest.raises(DemoUnfinished, match="never filled whole"):
            found_country(filled, lambda _: None)
    finally:
        offers.write_text(kept, "utf-8")

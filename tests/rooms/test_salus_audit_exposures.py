"""A stranger audits attested exposures by a log's files: honest ones are clean, and each planted fraud is found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from audited import Paper, found_in, hash_of, told_in, witness_leaf
from exposures import Tracing, an_invented_word, tracing
from measures import ALIVE, DAY, DISEASE, HOUR, World, decided
from salus.cli.actors import Party, commit_specimen, new_subject, sign_result
from salus.rules import INVESTIGATOR, Result

AT = ALIVE + 9 * HOUR


@pytest.fixture
def world() -> Tracing:
    world = World()
    world.log.append("node", {"kind": "demo", "name": "paper-node"})
    for witness, organisation in zip(world.log.witnesses, ("court", "press", "university"), strict=True):
        world.log.append("party-key", witness_leaf(witness, organisation))
    return tracing(world)


def paper_of(world: Tracing, folder: Path, at: datetime = AT + 2 * DAY) -> Paper:
    paper = Paper(folder, world.world)
    paper.documents = list(world.world.documents.values())
    paper.at = at
    world.world.log.append("refusals", {"day": "2031-02-25", "action": "read", "count": 1})
    world.world.log.close(paper.at)
    return paper


def add(world: Tracing, *slips: dict[str, object]) -> int:
    for one in slips:
        world.world.log.append("exposure", one)
    world.world.log.close(AT + HOUR)
    return len(world.world.log.entries) - 1


def test_honest_exposures_are_clean_and_counted(world: Tracing, tmp_path: Path) -> None:
    world.log(*(world.attest(number=number) for number in range(1, 13)))
    world.log(world.attest([world.people[2], world.people[3]], number=13), at=AT + HOUR)
    world.end(world.world.laboratory, AT + 2 * HOUR)

    found = paper_of(world, tmp_path).audit()

    assert found.good, told_in(found)
    assert found.as_json()["exposures"] == {
        "cases": 1,
        "most_of_a_case": 13,
        "by_month": [
            {"month": "2031-02", "organisation": "cdc-city", "signed": 12},
            {"month": "2031-02", "organisation": "cdc-province", "signed": 12},
            {"month": "2031-02", "organisation": "together", "signed": 2},
        ],
    }


def beyond_the_cap(world: Tracing) -> tuple[str, int]:
    return "CONTACT-CAP", add(world, world.attest(number=16).leaf)


def sixteen_under_numbers_below(world: Tracing) -> tuple[str, int]:
    """A sixteenth that says it is one of the first comes twice under its number."""
    world.log(*(world.attest(number=number) for number in range(1, 16)))
    return "CONTACT-CAP EVIDENCE-REUSE", add(world, world.attest(number=3).leaf)


def one_alone(world: Tracing) -> tuple[str, int]:
    return "SHORT-QUORUM", add(world, world.attest(world.people[:1]).leaf)


def one_organisation(world: Tracing) -> tuple[str, int]:
    return "SHORT-QUORUM", add(world, world.attest([world.people[0], world.people[4]]).leaf)


def of_no_case(world: Tracing) -> tuple[str, int]:
    return "EVID-MISSING", add(world, world.attest(index=hash_of("nothing")).leaf)


def signed_by_nobody(world: Tracing) -> tuple[str, int]:
    fake = Party.new(world.people[1].name, "cdc-province", INVESTIGATOR)
    return "SIGNATURE", add(world, world.attest([world.people[0], fake]).leaf)


def a_fresh_key(world: Tracing) -> tuple[str, int]:
    fresh = Party.new("investigator-7", "invented-yesterday", INVESTIGATOR)
    world.world.log.append("party-key", fresh.key_leaf)
    world.world.log.close(AT)
    return "SIGNATURE", add(world, world.attest([world.people[0], fresh]).leaf)


def the_same_twice(world: Tracing) -> tuple[str, int]:
    slip = world.attest()
    world.log(slip)
    return "EVIDENCE-REUSE", add(world, slip.leaf)


def without_the_word(world: Tracing) -> tuple[str, int]:
    return "SIGNATURE", add(world, world.attest(word=an_invented_word()).leaf)


def after_its_end(world: Tracing) -> tuple[str, int]:
    world.log(world.attest())
    world.end(world.people[1], AT)
    return "ORDER-VIOLATION", add(world, world.attest(number=2).leaf)


def an_end_by_a_stranger(world: Tracing) -> tuple[str, int]:
    return "SIGNATURE", world.end(Party.new("L1", "green-laboratories", "laboratory"), AT)


def an_end_by_who_signed_nothing(world: Tracing) -> tuple[str, int]:
    world.log(world.attest())
    return "SIGNATURE", world.end(world.people[3], AT)


def an_end_before_its_exposure(world: Tracing) -> tuple[str, int]:
    """Who signs an exposure afterwards had none when ending the case."""
    leaf = world.end(world.people[0], AT)
    add(world, world.attest().leaf)
    return "SIGNATURE", leaf


def an_end_of_no_case(world: Tracing) -> tuple[str, int]:
    return "EVID-MISSING", world.end(world.world.laboratory, AT, hash_of("nothing"))


def logged(world: Tracing, party: Party, at: datetime) -> Party:
    world.world.log.append("party-key", party.key_leaf)
    world.world.log.close(at)
    return party


def an_end_by_a_fresh_key(world: Tracing) -> tuple[str, int]:
    """Of an organisation that signed, made for this."""
    world.log(world.attest())
    return "SIGNATURE", world.end(logged(world, Party.new("investigator-7", "cdc-city", INVESTIGATOR), AT), AT + HOUR)


def an_end_by_a_laboratorys_fresh_key(world: Tracing) -> tuple[str, int]:
    mine = world.world.laboratory
    return "SIGNATURE", world.end(logged(world, Party.new(mine.name, mine.organisation, mine.duty), AT), AT + HOUR)


def an_end_by_a_laboratory_without_a_result(world: Tracing) -> tuple[str, int]:
    """Its key is an old one, and its first result came after the case was decided."""
    other = logged(world, Party.new("L9", "other-laboratories", "laboratory"), AT)
    at = AT + 8 * DAY
    specimen = commit_specimen(world.world.site, disease=DISEASE, taken=at, subject=new_subject())
    world.world.evidence(specimen, at=at + HOUR)
    world.world.evidence(sign_result(other, specimen, Result.NEGATIVE, at + 2 * HOUR), at=at + 2 * HOUR)
    return "SIGNATURE", world.end(other, at + 3 * HOUR)


def after_the_emergency(world: Tracing) -> tuple[str, int]:
    world.world.log.append("exposure", world.attest().leaf)
    world.world.log.close(AT + 40 * DAY)
    return "EMERGENCY-LAPSED", len(world.world.log.entries) - 1


@pytest.mark.parametrize(
    "plant",
    [
        beyond_the_cap,
        sixteen_under_numbers_below,
        one_alone,
        one_organisation,
        of_no_case,
        signed_by_nobody,
        a_fresh_key,
        the_same_twice,
        without_the_word,
        after_its_end,
        an_end_by_a_stranger,
        an_end_by_who_signed_nothing,
        an_end_before_its_exposure,
        an_end_of_no_case,
        an_end_by_a_fresh_key,
        an_end_by_a_laboratorys_fresh_key,
        an_end_by_a_laboratory_without_a_result,
        after_the_emergency,
    ],
)
def test_each_fraud_is_found_at_its_leaf(
    world: Tracing, tmp_path: Path, plant: Callable[[Tracing], tuple[str, int]]
) -> None:
    codes, leaf = plant(world)
    days = {after_the_emergency: 41, an_end_by_a_laboratory_without_a_result: 9}.get(plant, 2)

    found = paper_of(world, tmp_path, AT + days * DAY).audit()

    assert found_in(found) == [(code, leaf) for code in codes.split()], told_in(found)


def test_a_decision_of_an_earlier_release_names_no_key_and_has_no_slips(world: Tracing, tmp_path: Path) -> None:
    rules, tag = world.world.documents["assignment-rules"].digest, hash_of("an old case")
    world.world.log.append("decision", {"rules": rules, "commitment": hash_of("c"), "tag": tag})
    world.world.log.close(AT)
    leaf = add(world, world.attest(index=tag).leaf)

    found = paper_of(world, tmp_path).audit()

    assert ("SIGNATURE", leaf) in found_in(found), told_in(found)


@pytest.mark.parametrize("first", ["end", "slip"])
def test_what_came_in_the_batch_of_the_end_says_nothing_of_the_order(
    world: Tracing, tmp_path: Path, first: str
) -> None:
    if first == "slip":
        world.world.log.append("exposure", world.attest().leaf)
    world.end(world.people[0], None)
    if first == "end":
        world.world.log.append("exposure", world.attest().leaf)
    world.world.log.close(AT)
    together = paper_of(world, tmp_path / "together").audit()
    later = add(world, world.attest(number=2).leaf)
    after = paper_of(world, tmp_path / "after", AT + 3 * DAY).audit()

    assert together.good, told_in(together)
    assert [one for one in found_in(after) if one[0] == "ORDER-VIOLATION"] == [("ORDER-VIOLATION", later)]


def test_investigators_may_be_called_as_they_like(world: Tracing, tmp_path: Path) -> None:
    """Whatever their names come before or after: the fields of a leaf are no signers."""
    named = [Party.new(name, body, INVESTIGATOR) for name, body in (("Ab", "cdc-city"), ("x", "university"))]
    for one in named:
        world.world.log.append("party-key", one.key_leaf)
    world.world.log.close(AT)
    world.world.log.append("exposure", world.attest(named, attested=AT + 8 * DAY).leaf)
    world.world.log.close(AT + 8 * DAY)

    found = paper_of(world, tmp_path, AT + 9 * DAY).audit()

    assert found.good, told_in(found)


def by_another_of_an_organisation_that_signed(world: Tracing) -> Party:
    world.log(world.attest())
    return world.people[4]


def by_its_laboratory(world: Tracing) -> Party:
    return world.world.laboratory


@pytest.mark.parametrize("who", [by_another_of_an_organisation_that_signed, by_its_laboratory])
def test_an_end_by_somebody_whose_case_it_is_is_clean(
    world: Tracing, tmp_path: Path, who: Callable[[Tracing], Party]
) -> None:
    world.end(who(world), AT + HOUR)

    found = paper_of(world, tmp_path).audit()

    assert found.good, told_in(found)


def test_a_new_laboratory_corrects_its_own_in_its_first_week_and_is_clean(world: Tracing, tmp_path: Path) -> None:
    """Its key stood in the log before the case was decided, so that it was not made to end it."""
    new = logged(world, Party.new("L9", "other-laboratories", "laboratory"), AT)
    specimen = commit_specimen(world.world.site, disease=DISEASE, taken=AT, subject=new_subject())
    case = decided(world.world, specimen, sign_result(new, specimen, Result.POSITIVE, AT + 5 * HOUR), at=AT + 6 * HOUR)
    world.end(new, AT + 8 * HOUR, str(case.value["decision"]["tag"]))

    found = paper_of(world, tmp_path).audit()

    assert found.good, told_in(found)


def test_a_further_one_by_four_of_three_organisations_is_clean(world: Tracing, tmp_path: Path) -> None:
    world.log(*(world.attest(number=number) for number in range(1, 16)))
    add(world, world.attest(world.people[:4], number=16).leaf)

    found = paper_of(world, tmp_path).audit()

    assert found.good, told_in(found)


def test_before_its_case_was_seen_nobody_attests_anything(world: Tracing, tmp_path: Path) -> None:
    """Both in one batch: whoever attested knew of the decision before witnesses did."""
    rules = world.world.documents["assignment-rules"].digest
    tag = hash_of("a new case")
    world.world.log.append("decision", {"rules": rules, "commitment": hash_of("c"), "tag": tag})
    leaf = add(world, world.attest(index=tag).leaf)

    found = paper_of(world, tmp_path).audit()

    assert ("ORDER-VIOLATION", leaf) in found_in(found), told_in(found)

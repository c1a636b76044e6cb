"""A measure is a private notice with an end, and exists only if it is publicly provable; what is not proved is none."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from measures import ALIVE, DAY, DECLARED, DISEASE, HOUR, AFile, World, a_file, a_rules, a_world, decided
from salus.access import Action, Kind, Request, permit
from salus.cli.actors import (
    LABORATORY,
    Party,
    commit_specimen,
    new_subject,
    rules_document,
    sign_result,
)
from salus.kernel import Purpose, Role
from salus.rules import Evidence, EvidenceKind, Measure, Result, decide, recompute
from witness_keys import trust_in

SECOND = timedelta(seconds=1)


def shown(file: AFile, raw: bytes | None = None, after: timedelta = timedelta(0)) -> Measure:
    return recompute(raw or file.raw, file.world.log.trust, file.at + after).measure


def test_a_measure_has_a_reason_in_two_languages_and_an_end() -> None:
    file = a_file()

    found = recompute(file.raw, file.world.log.trust, file.at)

    assert found.measure is Measure.PRECAUTION
    assert found.clause is not None
    assert found.clause.en
    assert found.clause.zh
    assert found.ends is not None


@pytest.mark.parametrize("kind", EvidenceKind)
@pytest.mark.parametrize("result", Result)
def test_no_evidence_lasts_longer_than_fourteen_days(kind: EvidenceKind, result: Result) -> None:
    one = Evidence(name="x", disease=DISEASE, kind=kind, result=result, taken=ALIVE, reported=ALIVE + HOUR)

    assert decide([one], a_rules(), ALIVE + 14 * DAY).measure is Measure.NONE


def test_a_measure_ends_by_itself_though_everything_else_is_proved() -> None:
    file, ends = a_file(), ALIVE + 7 * DAY

    assert recompute(file.fresh(ends - HOUR), file.world.log.trust, ends - SECOND).measure is Measure.PRECAUTION
    assert recompute(file.fresh(ends), file.world.log.trust, ends).measure is Measure.NONE


def test_a_proof_older_than_a_day_counts_for_nothing() -> None:
    file = a_file()

    assert shown(file, after=23 * HOUR) is Measure.PRECAUTION
    assert shown(file, after=25 * HOUR) is Measure.NONE


def test_a_negative_that_the_holder_adds_ends_it_whatever_the_node_does() -> None:
    file = a_file()
    world, taken = file.world, ALIVE + 30 * HOUR
    specimen = commit_specimen(world.site, disease=DISEASE, taken=taken, subject=file.specimen.body["subject"])
    negative = sign_result(world.laboratory, specimen, Result.NEGATIVE, taken + HOUR)

    raw = file.later(specimen, negative, at=taken + 2 * HOUR)

    assert recompute(raw, world.log.trust, taken + 3 * HOUR).measure is Measure.NONE


def test_a_corrected_result_ends_it() -> None:
    file = a_file()
    at, wrong = ALIVE + 10 * HOUR, file.result.commitment
    fixed = sign_result(file.world.laboratory, file.specimen, Result.NEGATIVE, at, replaces=wrong)

    raw = file.later(fixed, at=at + HOUR)

    assert recompute(raw, file.world.log.trust, at + 2 * HOUR).measure is Measure.NONE


def test_it_takes_two_organisations_to_make_evidence() -> None:
    world = World(laboratory=Party.new("L1", "city-sampling", LABORATORY))
    for party in world.parties():
        world.log.append("party-key", party.key_leaf)
    world.log.close(DECLARED - HOUR)
    world.publish(*a_world().documents.values())
    specimen = commit_specimen(world.site, disease=DISEASE, taken=ALIVE, subject=new_subject())
    found = sign_result(world.laboratory, specimen, Result.POSITIVE, ALIVE + 5 * HOUR)

    assert shown(decided(world, specimen, found, at=ALIVE + 6 * HOUR)) is Measure.NONE


@pytest.mark.parametrize("notice", [72 * HOUR, 71 * HOUR])
def test_rules_count_only_with_seventy_two_hours_of_notice_by_the_witnesses_clocks(notice: timedelta) -> None:
    world = World()
    for party in world.parties():
        world.log.append("party-key", party.key_leaf)
    world.log.close(DECLARED - 10 * HOUR)
    starts = DECLARED + 3 * DAY
    world.publish(a_world().documents["emergency"], at=DECLARED - 9 * HOUR)
    world.publish(rules_document(DISEASE, starts, starts + 90 * DAY), at=starts - notice)

    assert (shown(a_file(world)) is Measure.PRECAUTION) is (notice == 72 * HOUR)


def test_rules_that_too_few_stand_for_count_for_nothing() -> None:
    world = World()
    for party in world.parties():
        world.log.append("party-key", party.key_leaf)
    world.log.close(DECLARED - HOUR)
    documents = a_world().documents
    world.publish(documents["emergency"])
    world.publish(documents["assignment-rules"], signers=world.signers[:3])

    assert shown(a_file(world)) is Measure.NONE


def test_without_a_quorum_of_independent_witnesses_there_is_no_measure() -> None:
    file = a_file()
    trust = file.world.log.trust
    file.world.log.witnesses = file.world.log.witnesses[:1]

    assert recompute(file.fresh(file.at), trust, file.at).measure is Measure.NONE


def test_witnesses_of_two_organisations_are_too_few() -> None:
    assert shown(a_file(a_world(witnesses=2))) is Measure.NONE
    assert shown(a_file(a_world(witnesses=3))) is Measure.PRECAUTION


def test_five_witnesses_of_one_operator_are_one_witness(tmp_path: Path) -> None:
    """Keys are no organisations: who recomputes a measure says whose each witness is, and no name counts twice."""
    keys = trust_in(5).witnesses
    file = tmp_path / "measure.json"
    file.write_text("{}")
    owners = {
        "SALUS-Z040": [str(one) for one in keys],
        "SALUS-P005": [f"{owner}={one}" for owner, one in zip(("a", "A", " a", "b", "c"), keys, strict=True)],
    }

    for code, named in owners.items():
        words = ["code", "explain", str(file), "--vkey", str(trust_in(5).log)]
        words += [part for one in named for part in ("--witness", one)]
        done = subprocess.run([sys.executable, "-m", "salus", *words], capture_output=True, text=True, check=False)
        assert (done.returncode, code in done.stderr) == (1, True), done.stderr


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.RESIDENT])
@pytest.mark.parametrize("purpose", [*Purpose, None])
def test_nobody_but_its_holder_may_read_a_notice(role: Role, purpose: Purpose | None) -> None:
    asked = Request(
        role=role,
        purpose=purpose,
        action=Action.READ_NOTICE,
        kind=Kind.RECORD,
        own_facility=True,
        relation_open=True,
        own_record=True,
        care_facility=True,
    )

    assert not permit(asked).allowed


def test_the_checks_above_can_fail() -> None:
    """The same file, with nothing missing, proves its measure."""
    assert shown(a_file()) is Measure.PRECAUTION

"""What a slip of an exposure asks of its bearer, the word for each thing it may lack, and attacks with it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from exposures import SECOND, Slip, Tracing, an_invented_word, tracing
from measures import ALIVE, DAY, DISEASE, HOUR, rules_in
from salus.cli import main
from salus.cli.actors import Party, Signed, commit_specimen, new_subject, sign_result
from salus.kernel import canonical, format_instant, parse_instant
from salus.rules import (
    INVESTIGATOR,
    Exposure,
    Measure,
    NotProved,
    PartyKey,
    Recomputed,
    Result,
    check_attested,
    due,
    is_slip,
    recompute,
    recompute_slip,
)

ATTESTED = ALIVE + 8 * HOUR
NOW = ALIVE + 10 * HOUR


@pytest.fixture
def world() -> Tracing:
    return tracing()


def read(world: Tracing, slip: Slip, *own: Signed, hours: float = 2, **more: Any) -> Recomputed:
    at = ATTESTED + hours * HOUR
    return recompute_slip(world.raw(slip, *own), world.world.log.trust, at, **more)


def test_a_slip_asks_its_bearer_for_a_test_in_both_languages_for_two_days(world: Tracing) -> None:
    slip = world.attest()
    world.log(slip)

    found = read(world, slip)

    assert (found.measure, found.fault) == (Measure.ADVISE, None)
    assert (found.starts, found.ends) == (ATTESTED, ATTESTED + 48 * HOUR)
    assert found.clause is not None
    assert "have a test" in found.clause.en
    assert "检测" in found.clause.zh
    assert read(world, slip, hours=48).fault in ("LAPSED", "STALE-PROOF")


def test_a_slip_names_nobody_and_no_place(world: Tracing) -> None:
    slip = world.attest()

    assert set(slip.opening["exposure"]) == {"attested", "blind", "day", "disease", "index", "subject"}
    assert set(slip.leaf) == {"index", "number", "commitment", "signatures", "word"}
    raw = world.log(slip) or world.raw(slip)
    mine = world.case.specimen
    for secret in (mine.body["subject"], mine.commitment, world.case.result.commitment, mine.body["blind"]):
        assert secret.encode() not in raw  # of the case the contact learns its decision's entry, and nothing else
    assert is_slip(raw)


def test_one_own_negative_ends_it_offline_and_a_strangers_does_not(world: Tracing) -> None:
    subject, taken = new_subject(), ATTESTED + HOUR
    slip = world.attest(subject=subject)
    world.log(slip)
    specimen = commit_specimen(world.world.site, disease=DISEASE, taken=taken, subject=subject)
    negative = sign_result(world.world.laboratory, specimen, Result.NEGATIVE, taken + HOUR)
    other = commit_specimen(world.world.site, disease=DISEASE, taken=taken, subject=new_subject())
    others = sign_result(world.world.laboratory, other, Result.NEGATIVE, taken + HOUR)
    world.world.evidence(specimen, other, at=taken + HOUR / 2)
    world.world.evidence(negative, others, at=taken + 2 * HOUR)

    assert read(world, slip, specimen, negative, hours=4).fault == "RELEASED"
    assert read(world, slip, other, others, hours=4).fault == "SUBJECT"
    assert read(world, slip, hours=4).measure is Measure.ADVISE


def test_a_slip_is_no_measure_and_a_measure_no_slip(world: Tracing) -> None:
    slip = world.attest()
    world.log(slip)
    trust = world.world.log.trust

    assert recompute(world.raw(slip), trust, NOW).fault == "FILE"
    assert recompute_slip(world.case.raw, trust, NOW).fault == "FILE"
    for raw in (b"", b"{}", b"[" * 5000, b'{"case":1}'):
        assert recompute_slip(raw, trust, NOW).fault == "FILE"


def cut(*way: str) -> Callable[[dict[str, Any]], None]:
    def change(value: dict[str, Any]) -> None:
        for name in way[:-1]:
            value = value[name]
        value.pop(way[-1])

    return change


def other_day(value: dict[str, Any]) -> None:
    (opening,) = value["openings"].values()
    opening["exposure"]["day"] = "2031-02-23"


def a_place(value: dict[str, Any]) -> None:
    (opening,) = value["openings"].values()
    opening["exposure"]["place"] = "station"


def other_number(value: dict[str, Any]) -> None:
    value["exposure"]["leaf"]["number"] = 2


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (other_day, "COMMITMENT"),
        (a_place, "OPENING"),
        (other_number, "NO-PROOF"),
        (cut("exposure", "leaf", "number"), "NO-PROOF"),
        (cut("case"), "FILE"),
        (lambda value: value["rules"]["keys"].pop(), "SIGNATURE"),
    ],
)
def test_whatever_was_changed_has_its_word(world: Tracing, change: Callable[[dict[str, Any]], None], word: str) -> None:
    slip = world.attest()
    world.log(slip)
    value = copy.deepcopy(world.file(slip))
    change(value)

    assert recompute_slip(canonical(value), world.world.log.trust, NOW).fault == word


# --- Attacks


def alone(world: Tracing) -> Slip:
    return world.attest(world.people[:1])


def one_organisation_twice(world: Tracing) -> Slip:
    return world.attest([world.people[0], world.people[4]])


def the_sixteenth(world: Tracing) -> Slip:
    return world.attest(number=16)


def by_four_of_two(world: Tracing) -> Slip:
    return world.attest([world.people[0], world.people[1], world.people[4]], number=16)


def of_tomorrow(world: Tracing) -> Slip:
    return world.attest(attested=ATTESTED + DAY)


def of_no_case(world: Tracing) -> Slip:
    return world.attest(index=new_subject())


def without_the_word(world: Tracing) -> Slip:
    return world.attest(word=an_invented_word())


def with_the_word_of_another_exposure(world: Tracing) -> Slip:
    """Signed with the word, for one exposure, and copied from the log to another."""
    given, other = world.attest(), world.attest()
    return Slip(other.opening, {**other.leaf, "word": given.leaf["word"]})


def on_a_day_to_come(world: Tracing) -> Slip:
    return world.attest(day="2031-03-01")


def fifteen_days_ago(world: Tracing) -> Slip:
    return world.attest(day="2031-02-08")


@pytest.mark.parametrize(
    ("attack", "word"),
    [
        (alone, "SHORT-QUORUM"),
        (one_organisation_twice, "SHORT-QUORUM"),
        (the_sixteenth, "CONTACT-CAP"),
        (by_four_of_two, "CONTACT-CAP"),
        (of_tomorrow, "BACKDATED"),
        (of_no_case, "NO-EVIDENCE"),
        (without_the_word, "NO-WORD"),
        (with_the_word_of_another_exposure, "NO-WORD"),
        (on_a_day_to_come, "NOT-YET"),
        (fifteen_days_ago, "TOO-OLD"),
    ],
)
def test_what_no_honest_pair_attests_asks_for_nothing(
    world: Tracing, attack: Callable[[Tracing], Slip], word: str
) -> None:
    slip = attack(world)
    world.log(slip)

    assert read(world, slip).fault == word


def test_a_further_exposure_takes_four_people_of_three_organisations(world: Tracing) -> None:
    slip = world.attest(world.people[:4], number=16)
    world.log(slip)

    assert read(world, slip).measure is Measure.ADVISE


def test_one_organisation_under_two_names_is_one_where_key_or_spelling_tell(world: Tracing) -> None:
    same = Party(name="investigator-9", organisation="other", duty=INVESTIGATOR, private=world.people[0].private)
    spelt = Party.new("investigator-8", " CDC-City ", INVESTIGATOR)
    keys = [
        PartyKey(
            party=one.name,
            organisation=one.organisation,
            duty=one.duty,
            key=one.private.public_key().public_bytes_raw(),
            logged_at=ALIVE - 30 * DAY,
        )
        for one in (world.people[0], same, spelt)
    ]
    for second in (same, spelt):
        with pytest.raises(NotProved) as refused:
            check_attested(world.attest([world.people[0], second]).leaf, keys, NOW)
        assert refused.value.fault == "SHORT-QUORUM"


def test_a_key_made_for_the_purpose_attests_nothing_for_seven_days(world: Tracing) -> None:
    fresh = Party.new("investigator-7", "invented-yesterday", INVESTIGATOR)
    world.world.log.append("party-key", fresh.key_leaf)
    world.world.log.close(ATTESTED - DAY)
    world.people.append(fresh)
    slip = world.attest([world.people[0], fresh])
    world.log(slip)

    assert read(world, slip).fault == "SIGNATURE"


def test_a_case_that_turns_out_to_be_none_ends_what_was_attested_of_it(world: Tracing) -> None:
    slip = world.attest()
    world.log(slip)

    assert read(world, slip, ended=[world.index]).fault == "CORRECTED"


def test_a_second_attestation_of_one_case_renews_nothing(world: Tracing) -> None:
    """Two slips of one case, the second a day later: it is over when the first is, whichever comes first."""
    first, second = world.attest(), world.attest(number=2, attested=ATTESTED + DAY)
    met = [
        Exposure(
            name=one.commitment,
            disease=DISEASE,
            index=world.index,
            day=parse_instant("2031-02-22T00:00:00Z"),
            attested=parse_instant(one.opening["exposure"]["attested"]),
        )
        for one in (second, first)
    ]
    rules = rules_in(world.world)

    found = due(met, [], rules, ATTESTED + 30 * HOUR)
    assert (found.measure, found.ends) == (Measure.ADVISE, ATTESTED + 48 * HOUR)
    assert due(met, [], rules, ATTESTED + 48 * HOUR).measure is Measure.NONE


def test_several_slips_of_one_bearer_are_judged_together_wherever_they_are_read(world: Tracing) -> None:
    """Alone the second, attested a day later, would ask for a day more; beside the first it renews nothing."""
    first, second = world.attest(), world.attest(number=2, attested=ATTESTED + DAY)
    world.log(first, at=ATTESTED + HOUR)
    world.log(second, at=ATTESTED + DAY + HOUR)
    one, other = world.raw(first), world.raw(second)

    def until(raw: bytes, *others: bytes, hours: float) -> Recomputed:
        return recompute_slip(raw, world.world.log.trust, ATTESTED + hours * HOUR, others=others)

    assert until(other, hours=30).ends == ATTESTED + 72 * HOUR
    assert until(other, one, hours=30).ends == until(one, other, hours=30).ends == ATTESTED + 48 * HOUR
    assert until(other, one, hours=50).measure is Measure.NONE
    assert until(other, other, b"{}", hours=50).measure is Measure.ADVISE  # itself again, and what is no slip


def test_the_command_takes_further_slips(world: Tracing, tmp_path: Path) -> None:
    first, second = world.attest(), world.attest(number=2, attested=ATTESTED + DAY)
    world.log(first, at=ATTESTED + HOUR)
    world.log(second, at=ATTESTED + DAY + HOUR)
    (tmp_path / "trust.txt").write_text(str(world.world.log.trust), "utf-8")
    for name, slip in (("first", first), ("second", second)):
        (tmp_path / name).write_bytes(world.raw(slip))
    at = format_instant(ATTESTED + 50 * HOUR)
    asked = ["code", "explain", str(tmp_path / "second"), "--trust", str(tmp_path / "trust.txt"), "--at", at]

    alone = CliRunner().invoke(main, asked)
    beside = CliRunner().invoke(main, [*asked, "--slip", str(tmp_path / "first")])

    assert (alone.exit_code, beside.exit_code) == (0, 1)


def test_a_slip_in_other_hands_asks_them_for_a_test_at_most_and_is_ended_by_none_of_theirs(world: Tracing) -> None:
    """Whoever finds one reads advice; their own results are under another secret, and nobody keeps that they had it."""
    slip = world.attest()
    world.log(slip)

    found = read(world, slip)

    assert found.measure is Measure.ADVISE
    assert found.decision is None
    assert found.entry is None  # no entry of the log comes of reading one: there is nothing to look up a person by


def test_a_coerced_investigator_with_27_cases_reaches_405_pieces_of_advice_and_no_precaution(world: Tracing) -> None:
    """Henan's 1,317 would take 88 cases and a second organisation, and get 1,317 papers that oblige nobody."""
    cap = 15
    slips = [world.attest(number=number) for number in range(1, cap + 2)]
    world.log(*slips)

    found = [read(world, one) for one in slips]

    assert [one.measure for one in found[:cap]] == [Measure.ADVISE] * cap
    assert found[cap].fault == "CONTACT-CAP"
    assert 27 * cap == 405 < 1_317
    assert all(one.ends and one.starts and one.ends - one.starts <= timedelta(hours=48) for one in found[:cap])


def test_without_a_living_emergency_or_a_row_for_it_a_slip_asks_for_nothing(world: Tracing) -> None:
    slip = world.attest()
    world.log(slip)
    rules = rules_in(world.world)
    met = Exposure(name="a", disease=DISEASE, index="i", day=ATTESTED - DAY, attested=ATTESTED)

    assert rules.emergency is not None
    assert due([met], [], rules, rules.emergency.ends).measure is Measure.NONE
    assert due([met], [], rules, ATTESTED - SECOND).measure is Measure.NONE


def test_the_command_reads_a_slip_without_any_node(world: Tracing, tmp_path: Path) -> None:
    slip = world.attest()
    world.log(slip)
    path, trust = tmp_path / "slip.json", tmp_path / "trust.txt"
    path.write_bytes(world.raw(slip))
    trust.write_text(str(world.world.log.trust), "utf-8")
    asked = ["code", "explain", str(path), "--trust", str(trust), "--at"]

    due_now = CliRunner().invoke(main, [*asked, format_instant(NOW)])
    over = CliRunner().invoke(main, [*asked, format_instant(NOW + 3 * DAY)])

    assert (due_now.exit_code, over.exit_code) == (0, 1)
    assert "have a test" in due_now.output
    assert "检测" in due_now.output
    assert "nothing is asked" in over.output

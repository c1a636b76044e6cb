"""A region's acceptance rules: how they come to count, for which region, and what they make of a certificate."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from accepting import AT, DAY, FIVE, FOUR, HOUR, OTHERS, SIX, a_door, body, emergency, rules
from doors import Door
from salus.codec.certificates import CertificateKind, Disease, Outcome, verify
from salus.codec.certificates.accepting import TARGETS
from salus.codec.certificates.model import hour_number
from salus.rules import (
    Declaration,
    Document,
    PublicationRefused,
    RegionRules,
    TableRefused,
    Venue,
    check_content,
    rules_for,
)
from salus.rules.publishing.accepting import regions_around

HERE = Venue.CARE_HOME
LOGGED = AT - 40 * DAY
SECOND = timedelta(seconds=1)
GOOD = {"disease": Disease.COVID_19}
TODAY = Door().certificate().when + 30


def outcome(door: Door, at: timedelta = timedelta(0), **certificate: object) -> tuple[Outcome, str | None]:
    verdict = verify(door.text(**certificate), door.read(), AT + at, HERE)
    return verdict.outcome, verdict.reason and str(verdict.reason)


SHOWN = (Outcome.GOOD, None)
NOT_ENOUGH = (Outcome.NOTHING, "not-accepted")


def test_where_no_rules_are_alive_the_declaration_alone_counts() -> None:
    assert outcome(a_door(), when=TODAY - 2, **GOOD) == SHOWN
    assert outcome(a_door((rules(starts=AT - 5 * DAY, lasts=5 * DAY), FOUR)), when=TODAY - 2, **GOOD) == SHOWN
    assert outcome(a_door((rules(starts=AT + SECOND), FOUR)), when=TODAY - 2, **GOOD) == SHOWN


def test_rules_that_are_alive_say_which_certificates_are_good_enough() -> None:
    door = a_door((rules(), FOUR))
    test = {"kind": CertificateKind.TEST, "disease": Disease.COVID_19, "expires": AT + 20 * HOUR}

    assert outcome(door, when=TODAY - 30, **GOOD) == SHOWN
    assert outcome(door, when=TODAY - 13, **GOOD) == NOT_ENOUGH
    assert outcome(door, when=TODAY - 271, **GOOD) == NOT_ENOUGH
    assert outcome(door, **test, when=hour_number(AT - 50 * HOUR)) == SHOWN


def test_rules_end_to_the_second() -> None:
    door = a_door((rules(starts=AT - 2 * DAY, lasts=2 * DAY), FOUR))

    assert outcome(door, -SECOND, when=TODAY - 2, **GOOD) == NOT_ENOUGH
    assert outcome(door, when=TODAY - 2, **GOOD) == SHOWN


def test_a_disease_or_a_kind_that_the_rules_of_a_region_say_nothing_of_is_not_good_enough() -> None:
    door = a_door((rules("measles"), FOUR))

    assert outcome(door, disease=Disease.MEASLES) == SHOWN
    assert outcome(door, disease=Disease.INFLUENZA) == NOT_ENOUGH
    negative = {"kind": CertificateKind.TEST, "disease": Disease.MEASLES, "expires": AT + 20 * HOUR}
    assert outcome(door, **negative, when=hour_number(AT - 5 * HOUR)) == NOT_ENOUGH


def test_every_disease_of_certificates_has_the_code_that_rules_read() -> None:
    assert set(TARGETS) == set(Disease)
    assert len(set(TARGETS.values())) == len(Disease)


@pytest.mark.parametrize(
    ("region", "found"),
    [
        ("900101", NOT_ENOUGH),
        ("900100", NOT_ENOUGH),
        ("900000", NOT_ENOUGH),
        ("country", NOT_ENOUGH),
        ("900102", SHOWN),
        ("900200", SHOWN),
        ("910000", SHOWN),
    ],
)
def test_rules_count_in_their_region_and_in_what_lies_in_it(region: str, found: tuple[Outcome, str | None]) -> None:
    assert outcome(a_door((rules(region=region), FOUR)), when=TODAY - 2, **GOOD) == found


def test_the_narrowest_region_that_has_rules_decides_and_of_its_rules_the_last_to_start() -> None:
    wide, narrow = rules(region="country"), rules("measles", region="900100")
    later = rules(starts=AT - HOUR, version=2, change=lambda told: told["rules"].pop(0))
    read = [RegionRules.of(one) for one in (wide, narrow, rules(), later)]

    assert [one.digest for one in rules_for(read[:2], "900101", AT).values()] == [narrow.digest]
    assert [one.digest for one in rules_for(read, "900101", AT).values()] == [later.digest]
    assert rules_for(read, "country", AT).keys() == {"covid-19"}
    assert regions_around("900101") == ("900101", "900100", "900000", "country")
    assert regions_around("900000") == ("900000", "country")


def test_a_door_for_which_two_declarations_live_shows_what_one_of_their_regions_accepts() -> None:
    elsewhere = dataclasses.replace(Door(), region="910101").document
    door = a_door((rules(), FOUR))
    trust = door.read()
    both = dataclasses.replace(trust, declarations=(*trust.declarations, Declaration.of(elsewhere)))

    assert verify(door.text(when=TODAY - 2, **GOOD), trust, AT, HERE).outcome is Outcome.NOTHING
    assert verify(door.text(when=TODAY - 2, **GOOD), both, AT, HERE).outcome is Outcome.GOOD


def counts(door: Door, count: int = 1) -> bool:
    """Tell whether a door's rules count, and that what does not is told of."""
    trust = door.read()
    assert trust.dropped == count - len(trust.acceptance)
    return bool(trust.acceptance)


def test_rules_take_four_signers_of_three_organisations_72_hours_and_an_end_within_366_days() -> None:
    assert counts(a_door((rules(starts=LOGGED + 3 * DAY, lasts=366 * DAY), FOUR)))
    assert not counts(a_door((rules(starts=LOGGED + 3 * DAY - SECOND), FIVE)))
    assert not counts(a_door((rules(), FOUR[:3])))
    assert not counts(a_door((rules(), (0, 3, 1, 4))))  # four, of two organisations
    assert not counts(a_door((rules(lasts=366 * DAY + SECOND), FOUR)))
    assert not counts(a_door((rules(lasts=DAY - SECOND), FOUR)))


def test_short_notice_takes_a_live_emergency_of_the_disease_six_signers_and_an_end_within_14_days() -> None:
    live = (emergency(LOGGED), FIVE)
    soon = rules(starts=LOGGED + 6 * HOUR, lasts=14 * DAY)

    assert counts(a_door(live, (soon, SIX)))
    assert not counts(a_door((soon, SIX)))
    assert not counts(a_door(live, (soon, FIVE)))
    assert not counts(a_door(live, (rules(starts=LOGGED + 6 * HOUR - SECOND, lasts=14 * DAY), SIX)))
    assert not counts(a_door(live, (rules(starts=LOGGED + 6 * HOUR, lasts=14 * DAY + SECOND), SIX)))
    assert not counts(a_door(live, (rules("measles", starts=LOGGED + 6 * HOUR, lasts=14 * DAY), SIX)))


def test_an_emergency_that_renews_another_wrongly_shortens_no_notice() -> None:
    before = emergency(LOGGED, 2 * DAY)
    soon = rules(starts=LOGGED + 6 * HOUR, lasts=14 * DAY)
    after = emergency(LOGGED + HOUR, 3 * DAY, renews=before)

    trust = a_door((before, FIVE), (after, OTHERS), (soon, SIX)).read()
    assert (len(trust.acceptance), trust.dropped) == (1, 0)
    trust = a_door((before, FIVE), (after, FIVE), (soon, SIX)).read()
    assert (len(trust.acceptance), trust.dropped) == (1, 1)  # the first still lives
    trust = a_door((before, FOUR), (after, OTHERS), (soon, SIX)).read()
    assert (len(trust.acceptance), trust.dropped) == (0, 3)


@pytest.mark.parametrize(
    "body_of",
    [
        {"region": "everywhere"},
        {"region": "9001"},
        {"region": None},
        {"disease": "COVID"},
        {"disease": None},
        {"people": ["x"]},
    ],
    ids=str,
)
def test_rules_name_a_region_and_a_disease_and_nothing_else(body_of: dict[str, object]) -> None:
    document = rules()
    changed = Document.of(document.as_json() | {"body": {**document.body, **body_of}})

    with pytest.raises(PublicationRefused) as refused:
        check_content(changed)
    assert refused.value.fault == "FORM"


def test_published_rules_bring_their_lists_and_periods() -> None:
    for name in ("tables", "periods"):
        document = rules()
        without = {key: value for key, value in document.body.items() if key != name}
        with pytest.raises(PublicationRefused):
            check_content(Document.of(document.as_json() | {"body": without}))


@pytest.mark.parametrize(
    ("word", "path", "value"),
    [
        ("SOURCE", ("tables", "diseases", "source"), " "),
        ("MISSING", ("tables", "diseases", "source"), None),
        ("LIST-TOO-LONG", ("tables", "diseases", "codes"), [f"P{number}" for number in range(33)]),
        ("TWICE", ("tables", "diseases", "codes"), ["840539006", "840539006"]),
        ("HASH", ("tables", "diseases", "codes"), ["d2a84f4b8b650937"]),
        ("NUMBER", ("tables", "diseases", "codes"), ["900101198001011234"]),
        ("FREE-TEXT", ("tables", "diseases", "codes"), ["李明"]),
        ("NUMBER", ("tables", "diseases", "source"), "900101198001011234"),
        ("TYPE", ("tables", "d2a84f4b8b650937"), {"codes": ["x"], "source": "x"}),
        ("VALUE-SET", ("tables", "diseases"), None),
        ("TYPE", ("periods", "test-until", "amount"), 0),
        ("TYPE", ("periods", "test-until", "unit"), "minute"),
        ("PERIOD", ("periods", "test-until", "amount"), 71),
        ("PERIOD", ("periods",), {}),
        ("TYPE", ("periods",), []),
    ],
)
def test_lists_and_periods_are_short_named_and_each_has_its_source(
    word: str, path: tuple[str, ...], value: object
) -> None:
    told = body()
    place = told
    for name in path[:-1]:
        place = place[name]
    if value is None:
        place.pop(path[-1])
    else:
        place[path[-1]] = value

    with pytest.raises(TableRefused) as refused:
        check_content(rules(change=lambda found: found.update(told)))
    assert word in {fault.split(" ")[0] for fault in refused.value.faults}, refused.value.faults


def test_an_example_at_an_instant_that_there_is_not_breaks_nothing() -> None:
    def change(told: dict[str, object]) -> None:
        told["rules"][0]["examples"][0]["at"] = "2031-13-45T99:99:99Z"  # type: ignore[index]

    with pytest.raises(TableRefused):
        check_content(rules(change=change))

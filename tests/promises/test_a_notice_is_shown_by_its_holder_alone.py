"""A notice is shown by its holder, to a clinician of the one place that they chose, and is no token for anybody else

Whether there is a measure or not, what is shown has one length and one form, and ends within a day. A notice of none
proves nothing, and everybody can make one at any time, so that nobody can usefully demand one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import product

import pytest

from measures import DAY, HOUR
from measuring import Measuring, measuring
from nodes import a_number, add_hospital, clinician, the_resident
from salus.access import Action, Kind, Request, permit
from salus.app import NotShown, arrive, notice_keys, open_shown, show_notice, who_looked
from salus.codec import CodecError
from salus.codec.notices import LONGEST_SHOWING, SEALED_OCTETS, open_notice, read_notice_keys
from salus.kernel import Purpose, Refused, Role
from salus.rules import Measure, Result
from salus.web.routes import all_routes

POSITIVE, HEALTHY = a_number(1), a_number(2)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measuring]:
    with measuring(tmp_path_factory.mktemp("shown")) as opened:
        add_hospital(opened.node, "H2")
        opened.result(opened.specimen(POSITIVE), Result.POSITIVE)
        opened.specimen(HEALTHY)
        opened.settle()
        yield opened


def shown(
    world: Measuring, number: str, facility: str = "H1", lasts: timedelta = HOUR, *, empty: bool = False
) -> bytes:
    return show_notice(world.node, the_resident(world.resident(number)), facility, lasts, empty=empty)


def opened(world: Measuring, number: str, octets: bytes, facility: str = "H1") -> list[Measure]:
    """Receive somebody at a desk, and open there what they hand over."""
    here = arrive(world.node, clinician(facility), number)
    return [one.measure for one in open_shown(world.node, clinician(facility), here.resident_id, octets).proved]


def test_a_clinician_to_whom_it_is_shown_sees_what_is_proved(world: Measuring) -> None:
    assert opened(world, POSITIVE, shown(world, POSITIVE)) == [Measure.PRECAUTION]
    assert opened(world, HEALTHY, shown(world, HEALTHY)) == []


def test_nobody_without_the_key_can_tell_whether_there_is_a_measure(world: Measuring) -> None:
    """Length and form are the same; whoever could tell the rest apart would have broken the cipher."""
    made = [shown(world, number, lasts=lasts) for number in (POSITIVE, HEALTHY) for lasts in (HOUR, DAY)]

    assert {len(one) for one in made} == {SEALED_OCTETS}
    assert len({one[:15] for one in made}) == 1
    assert len({one[15:47] for one in made}) == len(made)


def test_no_other_place_can_open_it(world: Measuring) -> None:
    here = arrive(world.node, clinician("H2"), POSITIVE)
    with pytest.raises(CodecError):
        open_shown(world.node, clinician("H2"), here.resident_id, shown(world, POSITIVE, "H1"))
    with pytest.raises(NotShown):
        shown(world, POSITIVE, "L1")
    with pytest.raises(NotShown):
        notice_keys(world.node, "L1")


def test_it_ends_within_a_day_whatever_was_wished(world: Measuring) -> None:
    assert timedelta(hours=24) == LONGEST_SHOWING
    keys = read_notice_keys(notice_keys(world.node, "H1"))
    octets = shown(world, POSITIVE, lasts=30 * DAY)
    found = open_notice(octets, "H1", keys.private, world.now)
    assert found.until - found.made == LONGEST_SHOWING


def test_a_notice_of_none_is_made_by_anybody_at_any_time(world: Measuring) -> None:
    """Whoever is asked for one without a right hands over an empty one, which the clinic can tell from no other."""
    made = [shown(world, POSITIVE, empty=True), shown(world, HEALTHY), shown(world, HEALTHY, empty=True)]
    keys = read_notice_keys(notice_keys(world.node, "H1"))
    inside = {open_notice(one, "H1", keys.private, world.now).files for one in made}

    assert {len(one) for one in made} == {SEALED_OCTETS}
    assert inside == {()}
    assert opened(world, POSITIVE, made[0]) == []


def test_anothers_notice_shows_nothing(world: Measuring) -> None:
    assert opened(world, HEALTHY, shown(world, POSITIVE)) == []


def test_it_takes_a_care_relation_and_the_look_is_shown_to_the_resident(world: Measuring) -> None:
    number = a_number(3)
    octets, resident = shown(world, number), world.resident(number)
    with pytest.raises(Refused):
        open_shown(world.node, clinician("H1"), resident, octets)
    opened(world, number, octets)

    looks = who_looked(world.node, the_resident(resident)).looks
    told = [(one.role, one.what, one.facility) for one in looks if one.what.startswith("notice")]
    assert (Role.CLINICIAN, "notice", "H1") in told
    assert (Role.RESIDENT, "notice-shown", None) in told


def test_a_look_is_registered_though_nothing_could_be_opened(world: Measuring) -> None:
    number = a_number(4)
    world.patient(number)
    here = arrive(world.node, clinician("H1"), number)
    with pytest.raises(CodecError):
        open_shown(world.node, clinician("H1"), here.resident_id, b"no notice")

    looks = who_looked(world.node, the_resident(world.resident(number))).looks
    assert (Role.CLINICIAN, "notice") in [(one.role, one.what) for one in looks]


def test_only_a_clinician_in_care_may_open_one() -> None:
    facts = ("own_facility", "relation_open", "own_record", "care_facility", "independent")
    allowed = set()
    for role, purpose, held in product(Role, [*Purpose, None], product([False, True], repeat=len(facts))):
        told = dict(zip(facts, held, strict=True))
        if permit(Request(role=role, purpose=purpose, action=Action.OPEN_NOTICE, kind=Kind.RECORD, **told)).allowed:
            allowed.add((role, purpose, told["relation_open"], told["care_facility"]))

    assert allowed == {(Role.CLINICIAN, Purpose.TREAT, True, True)}


def test_no_address_takes_one_but_that_of_a_desk() -> None:
    named = {route.path for route in all_routes() if "notice" in getattr(route, "path", "")}

    receipts = {"/me/notice/receipts/{receipt}", "/me/notice/receipts/{receipt}/file"}
    shown = {"/me/notice", "/me/notice/{place}/file", "/me/notice/show", "/desk/{resident}/notice"}
    assert named == shown | receipts  # of what a resident was handed: it is read, and takes nothing


def test_a_result_that_released_it_ends_what_is_shown(world: Measuring) -> None:
    number = a_number(5)
    first = world.specimen(number)
    world.result(first, Result.POSITIVE)
    world.settle()
    octets = shown(world, number, lasts=DAY)
    world.result(first, Result.NEGATIVE, replaces=_result_of(world, first.commitment))
    world.settle()

    assert opened(world, number, octets) == []


def _result_of(world: Measuring, specimen: str) -> str:
    """Return the commitment of the result of a specimen."""
    from salus.healthcode.measures import Seals
    from salus.healthcode.measures import store as tables
    from salus.storage import Duty

    with world.node.store.transaction(Duty.CARE) as tx:
        return next(
            one.commitment
            for one in tables.all_evidence(tx, Seals.of(world.node.keys), 0, 1000)
            if one.kind == "result" and one.specimen == specimen
        )

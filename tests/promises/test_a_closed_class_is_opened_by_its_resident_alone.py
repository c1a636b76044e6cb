"""What is closed stays closed, and nobody but the resident opens it.

Entries about HIV, psychiatry and reproduction that another facility wrote are as if they were not there, even where
care is given, until their resident opens the class. What the resident forbids wins over all that is permitted.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import product

import pytest

from consenting import EVERYTHING, PLAIN, Record, a_record, of_class
from nodes import clinician, system
from salus.access import About, Action, Directive, DirectiveInvalid, Request, Says, load_policy
from salus.app import search
from salus.kernel import FixedClock, Purpose, Role, new_id
from salus.records import parse_query

CLASSES = (About.HIV, About.PSYCHIATRY, About.REPRODUCTION)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    with a_record(tmp_path_factory.mktemp("closed")) as record:
        yield record


@pytest.fixture
def record(kept: Record) -> Iterator[Record]:
    yield kept
    kept.node.clock = FixedClock(kept.node.clock.now() + timedelta(seconds=1))
    kept.take_back()


@pytest.mark.parametrize("who", [clinician("H2"), system("H2")], ids=["clinician", "system"])
def test_a_closed_entry_of_another_facility_is_as_if_it_were_not_there(record: Record, who) -> None:  # type: ignore[no-untyped-def]
    assert record.read(who) == {PLAIN}
    assert record.found(who) == {PLAIN}
    assert record.counted(who) == 1


@pytest.mark.parametrize("who", [clinician("H2"), system("H2")], ids=["clinician", "system"])
def test_no_other_way_of_reading_leads_to_what_is_closed(record: Record, who) -> None:  # type: ignore[no-untyped-def]
    """All of a record, histories, summary documents, and how many a search finds or finds something by."""
    whole = clinician("H2")  # a system without scopes reads a record in parts
    assert record.everything(whole) == record.histories(who) == {PLAIN}
    assert record.document(who) <= {PLAIN}
    assert record.total(who, "Condition") == 1
    assert record.total(who, "Condition", ("code", "B20.1")) == 0
    assert record.total(who, "MedicationRequest") == 0

    record.say(Says.PERMIT, About.HIV)
    assert record.everything(whole) == record.histories(who) == of_class("hiv")
    assert record.total(who, "Condition", ("code", "B20.1")) == 1


def test_what_is_closed_is_included_nowhere(record: Record) -> None:
    query = [("patient", str(record.patient)), ("_include", "Condition:subject")]
    query.append(("_revinclude:iterate", "MedicationRequest:subject"))
    page = search(record.node, clinician("H2"), parse_query("Condition", query, record.node.custodian))

    assert [kind for kind, _, _ in (*page.matches, *page.included)] == ["Condition", "Patient"]


def test_the_facility_that_wrote_it_and_the_resident_see_all(record: Record) -> None:
    assert record.read(system("H1")) == record.found(system("H1")) == EVERYTHING
    assert record.read(record.me) == record.found(record.me) == EVERYTHING
    assert record.counted(record.me) == len(EVERYTHING)
    assert record.everything(record.me) == EVERYTHING
    assert record.histories(system("H1")) == record.histories(record.me) == EVERYTHING


@pytest.mark.parametrize("about", CLASSES)
def test_a_class_that_the_resident_opens_is_open_at_once_and_no_other(record: Record, about: About) -> None:
    record.say(Says.PERMIT, about)

    for who in (clinician("H2"), system("H3")):
        assert record.read(who) == record.found(who) == of_class(about.value)
        assert record.counted(who) == len(of_class(about.value))


def test_a_class_opened_to_one_facility_stays_closed_to_the_others(record: Record) -> None:
    record.say(Says.PERMIT, About.HIV, "H2")

    assert record.read(clinician("H2")) == of_class("hiv")
    assert record.read(clinician("H3")) == {PLAIN}


def test_what_was_opened_until_an_instant_is_closed_from_it_on(record: Record) -> None:
    ends = record.node.clock.now() + timedelta(hours=1)
    record.say(Says.PERMIT, About.HIV, until=ends)

    record.node.clock = FixedClock(ends - timedelta(microseconds=1))
    assert record.found(clinician("H2")) == of_class("hiv")
    record.node.clock = FixedClock(ends)
    assert record.found(clinician("H2")) == {PLAIN}


def test_what_was_opened_is_closed_again_at_once_when_it_is_taken_back(record: Record) -> None:
    record.say(Says.PERMIT, About.PSYCHIATRY)
    record.node.clock = FixedClock(record.node.clock.now() + timedelta(seconds=1))
    record.take_back()

    assert record.read(clinician("H2")) == {PLAIN}


@pytest.mark.parametrize(("permitted", "forbidden"), [*product((None, "H2"), repeat=2)])
def test_a_forbid_wins_whatever_is_permitted_and_whichever_came_first(
    record: Record, permitted: str | None, forbidden: str | None
) -> None:
    record.say(Says.FORBID, About.HIV, forbidden)
    record.say(Says.PERMIT, About.HIV, permitted)
    record.say(Says.PERMIT, About.PSYCHIATRY, permitted)

    assert record.read(clinician("H2")) == record.found(clinician("H2")) == of_class("psychiatry")


def test_who_was_denied_everything_sees_what_it_wrote_and_no_more(record: Record) -> None:
    for about in CLASSES:
        record.say(Says.PERMIT, about)
    record.say(Says.FORBID, About.EVERYTHING, "H2")

    assert record.read(clinician("H2")) == set()
    assert record.counted(clinician("H2")) == 0
    assert record.read(clinician("H3")) == EVERYTHING
    record.say(Says.FORBID, About.EVERYTHING, "H1")
    assert record.read(system("H1")) == EVERYTHING


def test_no_fact_and_no_purpose_lets_policy_pass_what_is_closed() -> None:
    """Every role, purpose and action, with every other fact in its favour."""
    facts = dict.fromkeys(("own_facility", "relation_open", "own_record", "care_facility", "independent"), True)
    asked = [
        Request(role=role, purpose=purpose, action=action, closed=True, **facts)
        for role, purpose, action in product(Role, (*Purpose, None), Action)
    ]

    assert not [one for one in asked if load_policy().permit(one).allowed]


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.RESIDENT}))
def test_nobody_opens_for_somebody_else(record: Record, role: Role) -> None:
    at = record.node.clock.now()
    told = {
        "id": new_id(),
        "resident_key": record.key,
        "about": About.HIV,
        "facility": None,
        "since": at,
        "until": None,
    }

    with pytest.raises(DirectiveInvalid):
        Directive(**told, says=Says.PERMIT, recorded_by="staff", recorded_as=role, paper="A-17")
    facts = dict.fromkeys(("own_facility", "relation_open", "own_record", "care_facility", "independent"), True)
    for purpose in (*Purpose, None):
        assert (
            not load_policy().permit(Request(role=role, purpose=purpose, action=Action.CHANGE_CONSENT, **facts)).allowed
        )

"""What hangs on a resident is found under every identifier, and after a parting each goes with its own again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from uuid import UUID

import pytest

from breaking import in_emergency
from doors import AT
from doors import Door as Paper
from naming import columns
from nodes import START, a_node, a_number, a_patient, clinician, send, system, the_resident
from recognising import card, given, recognition, shc_key
from salus import access, app, healthcode, identity, parties
from salus.access import Action
from salus.access.glass import Category
from salus.app import Node, emergencies
from salus.app.certificates import my_certificates, take_certificate
from salus.app.contests import contest_look, my_contest, my_contests
from salus.app.desk import present_here
from salus.app.facts import relation_by_other
from salus.app.invitations import invite_resident
from salus.app.seeing import standing
from salus.codec.recognising import believe
from salus.healthcode.brought import bring
from salus.healthcode.cards import Agreed
from salus.healthcode.full import Form
from salus.identity import Author, Says
from salus.kernel import FixedClock, Purpose, Refused, Role
from salus.parties import PartyExists, Principal, principal
from salus.rules import recognised_at
from salus.storage import Duty, Store
from telephones import Telephone

KEYS = recognised_at(Paper(recognised=(recognition(shc_key()),)).read().recognised, AT)
H1, H2 = system("H1"), system("H2")
TWO = Author(name="one", role=Role.INDEX_REVIEWER, second="two")
_orders = count(1)

READ_UNDER_ALL_KEYS = {
    "access.directive": "what was said: test_what_was_said_is_found_under_both_identifiers_and_goes_with_its_own",
    "access.entry": "who looked: test_looks_are_found_under_both_identifiers",
    "access.opening": "openings in emergencies: test_openings_are_found_under_both_identifiers_and_go_with_their_own",
    "access.relation": "care relations: test_an_open_relation_counts_for_all_charts_and_goes_with_its_own",
    "appeals.contest": "contests: test_contests_are_found_under_both_identifiers",
    "healthcode.brought": "what was brought: test_brought_facts_are_found_under_both_identifiers",
    "healthcode.card": "cards: test_cards_are_found_under_both_identifiers",
    "healthcode.certificate": "certificates: test_certificates_are_found_under_both_identifiers",
    "healthcode.full_certificate": "full certificates: test_full_certificates_are_found_under_both_identifiers",
    "healthcode.phone": "telephones: test_telephones_are_found_under_both_identifiers",
    "identity.notice": "notices of links and partings: test_notices_are_found_under_both_identifiers",
}
OTHERWISE = {
    "access.disclosed": "from when an entry of the register shows; asked under the same keys as the entry itself",
    "healthcode.code": "each identifier keeps the code that was shown for it; all lead to whom it leads to",
    "identity.member": "whose a chart is now: this is what moves",
    "identity.resident": "the identifiers themselves",
}


def test_every_table_about_a_resident_is_read_under_all_keys_or_says_why_not(store: Store) -> None:
    found = {table for table, column in columns(store) if column == "resident_key"}

    assert found == READ_UNDER_ALL_KEYS.keys() | OTHERWISE.keys()


@dataclass(slots=True)
class Person:
    """A resident with one chart, who signs in under the own identifier."""

    chart: int
    key: int
    resident: UUID
    number: str = field(repr=False)

    @property
    def who(self) -> Principal:
        return the_resident(self.resident)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("known"), "H1", "H2", "B1") as opened:
        yield opened


@pytest.fixture(autouse=True)
def clock(node: Node) -> None:
    """Let a day pass, so that no care relation of an earlier test is open."""
    node.clock = FixedClock(node.clock.now() + timedelta(days=1))


def a_person(node: Node, who: Principal, **more: object) -> Person:
    """Register somebody with a vaccination that a certificate can be taken of."""
    number = a_number(next(_orders))
    vaccination = {
        "resourceType": "Immunization",
        "status": "completed",
        "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "140"}]},
        "occurrenceDateTime": (START - timedelta(days=20)).date().isoformat(),
        "patient": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000001"},
    }
    told = a_patient(
        number, name=[{"text": "王芳"}], birthDate="1980-01-01", fullUrl="urn:uuid:00000000-0000-4000-8000-000000000001"
    )
    done = send(node, who, told, vaccination)
    chart = done.outcomes[0].chart_key
    with node.store.transaction(Duty.CARE) as tx:
        found = identity.resident_by_key(tx, done.residents[chart])
    assert found is not None
    return Person(chart=chart, key=found.key, resident=found.resident_id, number=number)


@pytest.fixture
def two(node: Node) -> tuple[Person, Person]:
    """Two residents; the first was minted first, so that the second becomes an alias."""
    return a_person(node, H1), a_person(node, H2)


def link(node: Node, one: Person, other: Person) -> None:
    with node.store.transaction(Duty.CARE) as tx:
        identity.link(tx, (one.chart, other.chart), ground="mistyped", author=TWO, at=node.clock.now())


def part(node: Node, one: Person, other: Person) -> None:
    """Part two residents as reviewers do."""
    with node.store.transaction(Duty.CARE) as tx:
        asked = identity.Question(pair=(one.chart, other.chart), reason="reported", at=node.clock.now())
        identity.review.ask(tx, [asked])
    reviewers = [
        principal(Role.INDEX_REVIEWER, name, facility="B1", purpose=Purpose.HOPERAT, strong=True) for name in "ab"
    ]
    key = app.questions(node, reviewers[0])[0][-1].key
    for each in reviewers:
        app.answer_question(node, each, key, Says.NOT_SAME, "documents-differ")


def taken(node: Node, person: Person) -> UUID:
    (fact, *_) = my_certificates(node, person.who).facts
    return take_certificate(node, person.who, fact.resource, hinted=False)


def held(node: Node, person: Person) -> set[UUID]:
    return {one.certificate_id for one in my_certificates(node, person.who).held}


def reads(node: Node, person: Person, facility: str) -> bool:
    with node.store.transaction(Duty.CARE) as tx:
        key = identity.residents_of(tx, [person.chart])[person.chart]
        return bool(standing(tx, [(facility, key)], node.clock.now()).open)


def test_certificates_are_found_under_both_identifiers(node: Node, two: tuple[Person, Person]) -> None:
    one, other = two
    first, second = taken(node, one), taken(node, other)

    link(node, one, other)
    for person in two:
        assert held(node, person) == {first, second}
    part(node, one, other)

    assert (held(node, one), held(node, other)) == ({first}, {second})
    assert all(certificate.voided is None for person in two for certificate in my_certificates(node, person.who).held)


def test_full_certificates_are_found_under_both_identifiers(node: Node) -> None:
    one, other = two = tuple(
        a_person(node, who, name=[{"text": name}], birthDate="1980-01-01") for who, name in ((H1, "赵云"), (H2, "李白"))
    )
    names = []
    for person in two:
        (offer, *_) = app.my_full_certificates(node, person.who).offers
        names.append(app.take_full_certificate(node, person.who, offer.fact.resource, Form.SHC))

    link(node, one, other)
    for person in two:
        assert {each.certificate_id for each in app.my_full_certificates(node, person.who).held} == set(names)
    part(node, one, other)

    for person, name in zip(two, names, strict=True):
        assert [each.certificate_id for each in app.my_full_certificates(node, person.who).held] == [name]


def test_cards_are_found_under_both_identifiers(node: Node, two: tuple[Person, Person]) -> None:
    one, other = two
    for person in two:
        app.arrive(node, clinician("H1"), person.number)
        app.order_card(node, clinician("H1"), person.resident, app.Agreement(how=Agreed.SAID))
    apart = [{each.id for each in app.my_cards(node, person.who)} for person in two]

    link(node, one, other)
    for person in two:
        assert {each.id for each in app.my_cards(node, person.who)} == apart[0] | apart[1]
    part(node, one, other)

    assert [{each.id for each in app.my_cards(node, person.who)} for person in two] == apart
    assert all(len(each) == 1 for each in apart)


def test_telephones_are_found_under_both_identifiers(node: Node, two: tuple[Person, Person]) -> None:
    one, other = two
    for person in two:
        app.register_phone(node, person.who, Telephone().point)
    apart = [{each.phone_id for each in app.my_phones(node, person.who)} for person in two]

    link(node, one, other)
    for person in two:
        assert {each.phone_id for each in app.my_phones(node, person.who)} == apart[0] | apart[1]
    part(node, one, other)

    assert [{each.phone_id for each in app.my_phones(node, person.who)} for person in two] == apart
    assert all(len(each) == 1 for each in apart)


def test_brought_facts_are_found_under_both_identifiers(node: Node, two: tuple[Person, Person]) -> None:
    one, other = two
    names = []
    for place, person in enumerate(two):
        told = believe([card(entry=[given(on=f"2031-02-0{place + 1}")])], KEYS, AT)
        with node.store.transaction(Duty.CARE) as tx:
            names.append(bring(tx, node.custodian, person.key, told, node.clock.now()))

    link(node, one, other)
    for person in two:
        assert {each.brought_id for each in app.my_brought(node, person.who)} == set(names)
    part(node, one, other)

    for person, name in zip(two, names, strict=True):
        assert [each.brought_id for each in app.my_brought(node, person.who)] == [name]


def test_what_was_brought_is_shown_as_it_was_said_last_under_whichever_identifier(
    node: Node, two: tuple[Person, Person]
) -> None:
    one, other = two
    told = believe([card(entry=[given(on="2031-02-07")])], KEYS, AT)
    for person in two:
        with node.store.transaction(Duty.CARE) as tx:
            bring(tx, node.custodian, person.key, told, node.clock.now(), shown=True)

    link(node, one, other)
    before = [each.shown for each in app.my_brought(node, one.who) if each.source == told.digest.hex()]
    with node.store.transaction(Duty.CARE) as tx:
        keys = identity.known_as(tx, one.key)
        names = {bring(tx, node.custodian, one.key, told, node.clock.now(), known_as=keys) for _ in range(2)}
    now = [each for each in app.my_brought(node, other.who) if each.source == told.digest.hex()]
    part(node, one, other)

    assert before == [True, True]
    assert [each.shown for each in now] == [False]
    assert names == {each.brought_id for each in now}


def test_what_was_said_is_found_under_both_identifiers_and_goes_with_its_own(
    node: Node, two: tuple[Person, Person]
) -> None:
    one, other = two
    for person, says in ((one, access.Says.PERMIT), (other, access.Says.FORBID)):
        day = timedelta(days=1)
        wished = app.Wished(says=says, about=(access.About.HIV,), facility=None, lasts=day)
        app.say(node, person.who, wished)

    link(node, one, other)
    for person in two:
        assert {said.says for said in app.my_directives(node, person.who)} == {*access.Says}
    part(node, one, other)

    assert [said.says for said in app.my_directives(node, one.who)] == [access.Says.PERMIT]
    assert [said.says for said in app.my_directives(node, other.who)] == [access.Says.FORBID]


def test_what_was_taken_of_an_entry_that_is_anothers_is_void_after_a_parting(
    node: Node, two: tuple[Person, Person]
) -> None:
    one, other = two
    link(node, one, other)
    facts = {fact.resource for fact in my_certificates(node, one.who).facts}
    mine = {take_certificate(node, one.who, resource, hinted=False) for resource in facts}
    part(node, one, other)

    kept = {found.certificate_id: found for found in my_certificates(node, one.who).held}
    assert set(kept) == mine
    assert sorted(found.ground or "" for found in kept.values()) == ["", "parted"]
    assert held(node, other) == set()


def test_a_certificate_of_an_alias_is_voided_by_its_holder(node: Node, two: tuple[Person, Person]) -> None:
    one, other = two
    name = taken(node, other)
    link(node, one, other)

    app.void_certificate(node, one.who, name)

    (found,) = [each for each in my_certificates(node, other.who).held if each.certificate_id == name]
    assert found.ground == "asked"


def test_an_open_relation_counts_for_all_charts_and_goes_with_its_own(node: Node, two: tuple[Person, Person]) -> None:
    one, other = two
    app.arrive(node, clinician("H1"), other.number)

    link(node, one, other)
    assert reads(node, one, "H1")
    assert app.view_summary(node, clinician("H1"), one.resident).ends is not None
    part(node, one, other)

    assert not reads(node, one, "H1")
    assert reads(node, other, "H1")
    with pytest.raises(Refused):
        app.view_summary(node, clinician("H1"), one.resident)


def test_openings_are_found_under_both_identifiers_and_go_with_their_own(
    node: Node, two: tuple[Person, Person]
) -> None:
    one, other = two
    doctor = in_emergency(f"doctor-{other.key}", "H1")
    words = "Unconscious, a card in the pocket"
    broken = emergencies.break_glass(node, doctor, other.number, Category.UNCONSCIOUS, words, emergencies.Proof())

    link(node, one, other)
    assert emergencies.view_in_emergency(node, doctor, broken.id).ends == broken.ends
    for person in two:
        assert [told.opening.id for told in emergencies.my_openings(node, person.who)] == [broken.id]
    part(node, one, other)

    assert emergencies.my_openings(node, one.who) == ()
    assert [told.opening.id for told in emergencies.my_openings(node, other.who)] == [broken.id]


@pytest.mark.parametrize("by", ["number", "code"])
def test_a_relation_of_the_time_between_goes_with_whoever_was_there(
    node: Node, two: tuple[Person, Person], by: str
) -> None:
    one, other = two
    code = app.my_code(node, other.who).code
    link(node, one, other)
    visit = app.arrive(node, clinician("H1"), other.number if by == "number" else code)
    assert visit.resident_id == one.resident
    part(node, one, other)

    assert not reads(node, one, "H1")
    assert reads(node, other, "H1")


def test_who_is_here_is_shown_once(node: Node, two: tuple[Person, Person]) -> None:
    one, other = two
    for person in two:
        app.arrive(node, clinician("H1"), person.number)

    link(node, one, other)

    assert [found.resident_id for found in present_here(node, clinician("H1"))] == [one.resident]
    assert [found.resident_id for found in present_here(node, clinician("H1"), most=1)] == [one.resident]


def test_a_slip_takes_a_relation_under_any_key_and_no_second_account(node: Node, two: tuple[Person, Person]) -> None:
    one, other = two
    app.arrive(node, clinician("H1"), other.number)
    link(node, one, other)
    reception = principal(Role.RECEPTION, "desk", facility="H1", purpose=Purpose.TREAT, strong=True)
    with node.store.transaction(Duty.CARE) as tx:
        assert relation_by_other(tx, "H1", one.key, "desk", node.clock.now())

    account = parties.resident_account(node.store, other.resident)
    with node.store.transaction(Duty.REGISTRY) as tx:
        tx.run("update parties.account set login = %s, password = 'x' where id = %s", (b"x" * 16, account))
    with pytest.raises(PartyExists):
        invite_resident(node, reception, one.resident)


def test_each_identifier_keeps_its_code_and_a_replaced_one_leaves_none(node: Node, two: tuple[Person, Person]) -> None:
    one, other = two
    codes = [app.my_code(node, person.who).code for person in two]
    link(node, one, other)

    assert [app.my_code(node, person.who).code for person in two] == codes
    for code in codes:
        assert app.arrive(node, clinician("H1"), code).resident_id == one.resident
    app.replace_code(node, one.who)

    with node.store.transaction(Duty.CARE) as tx:
        for code in codes:
            with pytest.raises(healthcode.CodeUnknown):
                healthcode.resolve(tx, node.custodian, code)


def test_looks_are_found_under_both_identifiers(node: Node, two: tuple[Person, Person]) -> None:
    one, other = two
    app.arrive(node, clinician("H1"), other.number)

    link(node, one, other)

    for person in two:
        assert {look.reader for look in app.who_looked(node, person.who).looks} >= {"clinician-H1"}


def test_contests_are_found_under_both_identifiers(node: Node, two: tuple[Person, Person]) -> None:
    one, other = two
    app.arrive(node, clinician("H1"), other.number)
    look = next(each for each in app.who_looked(node, other.who).looks if each.reader == "clinician-H1")
    contest = contest_look(node, other.who, (look.batch, look.item), "not me")
    link(node, one, other)

    for person in two:
        assert [each.contest for each in my_contests(node, person.who)] == [contest]
        assert my_contest(node, person.who, contest.receipt.hash).contest == contest
        assert contest_look(node, person.who, (look.batch, look.item), "again") == contest
    part(node, one, other)

    assert my_contests(node, one.who) == []
    assert [each.contest for each in my_contests(node, other.who)] == [contest]


def test_notices_are_found_under_both_identifiers(node: Node, two: tuple[Person, Person]) -> None:
    one, other = two
    with node.store.transaction(Duty.CARE) as tx:
        identity.notify(tx, 900_001, "linked", [one.key, other.key], node.clock.now())
    link(node, one, other)

    with node.store.transaction(Duty.CARE) as tx:
        assert [each.kind for each in identity.notices(tx, one.key)] == ["linked"]


def test_the_register_names_what_the_resident_asked_for(node: Node, two: tuple[Person, Person]) -> None:
    one, other = two
    link(node, one, other)
    app.my_code(node, other.who)

    with node.store.transaction(Duty.CARE) as tx:
        assert access.reads_of(tx, [one.key])[0].read.action == Action.READ_CODE

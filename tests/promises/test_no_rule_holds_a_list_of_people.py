"""No rule holds a list of people: neither those that decide about measures nor those that say which certificates do

A rule has no word for a person, a place, kin, money, work or a number, and nothing in it is long enough to be a list of
them. Each way of hiding one is refused under a word of its own, and what is refused cannot be published, whoever signs.
"""

from __future__ import annotations

import pytest

from accepting import AT, DAY, FOUR, a_door
from doors import trusted_key
from listing import NEW, OLD, listed
from listing_people import (
    IN_ACCEPTANCE,
    IN_ASSIGNMENT,
    PROVINCES,
    Change,
    Way,
    acceptance,
    assignment,
    elsewhere,
    in_emergencies,
    in_trust_lists,
)
from recognising import OTHER, hc1_key, recognition, rsa_key, shc_key
from salus.rules import Document, PublicationKind, PublicationRefused, TableRefused, check_content, table_of
from salus.rules.acceptance import acceptance_of

KINDS = {PublicationKind.RULES: (IN_ASSIGNMENT, assignment), PublicationKind.ACCEPTANCE: (IN_ACCEPTANCE, acceptance)}
CASES = [(kind, *way) for kind, (ways, _) in KINDS.items() for way in ways]


def a_document(kind: PublicationKind, change: Change) -> Document:
    body = KINDS[kind][1](change)
    if kind is PublicationKind.ACCEPTANCE:
        body |= {"region": "900101", "disease": "covid-19"}
    return Document(kind=kind, name="a-list", version=1, starts=AT, ends=AT + 30 * DAY, body=body)


@pytest.mark.parametrize(("kind", "what", "word", "change"), CASES, ids=[f"{case[0]}: {case[1]}" for case in CASES])
def test_a_list_of_people_is_refused_however_it_is_hidden(
    kind: PublicationKind, what: str, word: str, change: Change
) -> None:
    body = KINDS[kind][1](change)

    with pytest.raises(TableRefused) as refused:
        acceptance_or_table(kind, body)
    words = {fault.split(" ")[0] for fault in refused.value.faults}
    print(f"| {kind} | {what} | {', '.join(sorted(words))} |")
    assert word in words


def acceptance_or_table(kind: PublicationKind, body: dict[str, object]) -> None:
    (table_of if kind is PublicationKind.RULES else acceptance_of)(body)


def test_there_are_more_than_ten_ways_into_each_kind_of_rule_and_more_than_ten_words() -> None:
    for ways, _ in KINDS.values():
        assert len(ways) > 10
        assert len({word for _, word, _ in ways}) > 10


def test_what_is_refused_cannot_be_published_whoever_signs() -> None:
    refused: list[Way] = []
    for kind, (ways, _) in KINDS.items():
        for way in ways:
            with pytest.raises((TableRefused, PublicationRefused)):
                check_content(a_document(kind, way[2]))
            refused.append(way)

    assert len(refused) == len(CASES)


DOCUMENTS = [*elsewhere(), *in_trust_lists(), *in_emergencies()]


@pytest.mark.parametrize(("what", "document"), DOCUMENTS, ids=[what for what, _ in DOCUMENTS])
def test_no_other_document_holds_one_either(what: str, document: Document) -> None:
    with pytest.raises(PublicationRefused) as refused:
        check_content(document)
    print(f"| {what} | {refused.value.fault} |")
    assert refused.value.fault == "FORM"


@pytest.mark.parametrize(
    "name",
    [
        "list-1980-01-01",
        "a-13800000000",
        "x11-0x1-0x1-1x9",
        "list-110101-199003-074233",
        "covid-19-2031-03",
        "a1234567",
    ],
)
def test_no_documents_name_has_room_for_a_number_of_somebodys(name: str) -> None:
    with pytest.raises(PublicationRefused) as refused:
        Document(kind=PublicationKind.DECLARATION, name=name, version=1, starts=AT, ends=AT + DAY, body={})
    print(f"| a document's name: {name} | {refused.value.fault} |")
    assert refused.value.fault == "NAME"


@pytest.mark.parametrize("name", ["covid-19-2031", "doors-900101", "test-within-72-hours"])
def test_documents_can_be_named_after_a_disease_a_year_or_a_county(name: str) -> None:
    assert Document(kind=PublicationKind.DECLARATION, name=name, version=1, starts=AT, ends=AT + DAY, body={})


@pytest.mark.parametrize(
    "issuer", ["Ministry of Health of Elsewhere", "Santé publique", "卫生部", "St. Mary's Hospital", "Institut Pasteur"]
)
def test_issuers_that_there_are_can_be_named(issuer: str) -> None:
    check_content(recognition(hc1_key(issuer=issuer), hc1_key(OTHER, issuer=issuer, key=rsa_key()), shc_key()))
    check_content(listed(trusted_key(OLD, regions=PROVINCES), trusted_key(NEW)))


def test_a_door_passes_over_rules_that_hold_one_though_four_have_signed() -> None:
    for _, _, change in IN_ACCEPTANCE:
        trust = a_door((a_document(PublicationKind.ACCEPTANCE, change), FOUR)).read()

        assert (trust.acceptance, trust.dropped) == ((), 1)

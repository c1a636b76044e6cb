"""When rules, emergencies and declarations count: who signed, how long before, how long they last, in witness time."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from measures import DAY, DECLARED, HOUR, World
from salus.cli.actors import (
    SIGNER,
    SITE,
    Party,
    declaration_document,
    emergency_document,
    rules_document,
    signatures_of,
)
from salus.rules import (
    Declaration,
    Document,
    PartyKey,
    PublicationKind,
    PublicationRefused,
    Published,
    Venue,
    signed_by,
)
from salus.rules import check_publication as checked

WORLD = World()
SECOND = timedelta(seconds=1)


def keys(*parties: Party, since: datetime = DECLARED - DAY) -> list[PartyKey]:
    return [
        PartyKey(
            party=one.name,
            organisation=one.organisation,
            duty=one.duty,
            key=one.private.public_key().public_bytes_raw(),
            logged_at=since,
        )
        for one in parties or WORLD.signers
    ]


def publish(
    document: Document, signers: Sequence[Party], emergencies: Sequence[Published] = (), logged_at: datetime = DECLARED
) -> Published:
    known = keys(*{one.name: one for one in (*WORLD.signers, *signers)}.values())
    return checked(document, document.leaf(signatures_of(document, signers)), known, logged_at, emergencies)


def rules(notice: timedelta, lasts: timedelta = 90 * DAY) -> Document:
    return rules_document("covid-19", DECLARED + notice, DECLARED + notice + lasts)


def emergency(
    notice: timedelta = timedelta(0),
    lasts: timedelta = 30 * DAY,
    disease: str = "covid-19",
    declared: datetime = DECLARED,
) -> Document:
    return emergency_document(disease, declared + notice, declared + notice + lasts, en="An outbreak.", zh="疫情。")


def declaration(notice: timedelta = DAY, lasts: timedelta = 30 * DAY, **told: object) -> Document:
    said = {"venues": ["care-home"], "wants": ["vaccination", "test"], "region": "900101", **told}
    starts = DECLARED + notice
    return Document(
        kind=PublicationKind.DECLARATION, name="care-homes", version=1, starts=starts, ends=starts + lasts, body=said
    )


def alive() -> Published:
    declared = emergency(declared=DECLARED - DAY)
    leaf = declared.leaf(signatures_of(declared, WORLD.signers[:5]))
    return checked(declared, leaf, keys(since=DECLARED - 2 * DAY), DECLARED - DAY)


FOUR, FIVE, SIX = WORLD.signers[1:5], WORLD.signers[:5], WORLD.signers
ALIKE = [*WORLD.signers[:4], WORLD.signers[5], Party.new("signer-6", "court", SIGNER)]
"""Six, of three organisations."""


@pytest.mark.parametrize(
    ("document", "signers"),
    [
        (rules(72 * HOUR), FOUR),
        (rules(72 * HOUR, 366 * DAY), FOUR),
        (rules(72 * HOUR, DAY), FIVE),
        (emergency(), FIVE),
        (emergency(5 * DAY, DAY), FIVE),
        (declaration(), FOUR),
        (declaration(lasts=DAY), FOUR),
    ],
)
def test_what_is_published_with_notice_signers_and_an_end_counts(document: Document, signers: list[Party]) -> None:
    found = publish(document, signers)

    assert found.signers == tuple(sorted(one.name for one in signers))
    assert found.alive(document.starts)
    assert not found.alive(document.starts - SECOND)
    assert not found.alive(document.ends)


@pytest.mark.parametrize(
    ("word", "document", "signers"),
    [
        ("SHORT-QUORUM", rules(72 * HOUR), WORLD.signers[1:4]),
        ("SHORT-QUORUM", rules(72 * HOUR), []),
        ("SHORT-QUORUM", rules(72 * HOUR), [WORLD.signers[n] for n in (0, 1, 2, 5)]),  # four, of two organisations
        ("SHORT-QUORUM", emergency(), FOUR),
        ("SHORT-QUORUM", declaration(), WORLD.signers[1:4]),
        ("NOTICE-TOO-SHORT", rules(72 * HOUR - SECOND), FIVE),
        ("NOTICE-TOO-SHORT", rules(7 * HOUR, 14 * DAY), FIVE),  # no emergency is alive
        ("NOTICE-TOO-SHORT", declaration(24 * HOUR - SECOND), FIVE),
        ("RETROACTIVE", rules(-SECOND), FIVE),
        ("RETROACTIVE", emergency(-SECOND), FIVE),
        ("OVERLONG", rules(72 * HOUR, 366 * DAY + SECOND), FIVE),
        ("OVERLONG", emergency(lasts=30 * DAY + SECOND), FIVE),
        ("OVERLONG", declaration(lasts=30 * DAY + SECOND), FIVE),
        ("TOO-SHORT", rules(72 * HOUR, DAY - SECOND), FIVE),
        ("TOO-SHORT", emergency(lasts=DAY - SECOND), FIVE),
        ("TOO-SHORT", declaration(lasts=DAY - SECOND), FIVE),
        ("VENUE", declaration(venues=["bank"]), FIVE),
        ("VENUE", declaration(venues=["court"]), FIVE),
        ("VENUE", declaration(wants=["measure"]), FIVE),
        ("FORM", declaration(venues=[]), FIVE),
        ("FORM", declaration(wants=["test", "test"]), FIVE),
        ("FORM", declaration(region="everywhere"), FIVE),
        ("FORM", declaration(people=["x"]), FIVE),
    ],
)
def test_what_is_not_published_as_it_has_to_be_is_refused_under_its_word(
    word: str, document: Document, signers: list[Party]
) -> None:
    with pytest.raises(PublicationRefused) as refused:
        publish(document, signers)

    assert refused.value.fault == word


@pytest.mark.parametrize(
    ("notice", "lasts", "signers", "word"),
    [
        (6 * HOUR, 14 * DAY, SIX, None),
        (6 * HOUR - SECOND, 14 * DAY, SIX, "NOTICE-TOO-SHORT"),
        (6 * HOUR, 14 * DAY + SECOND, SIX, "OVERLONG"),
        (6 * HOUR, 14 * DAY, FIVE, "SHORT-QUORUM"),
        (6 * HOUR, 14 * DAY, ALIKE, "SHORT-QUORUM"),
    ],
)
def test_short_notice_takes_a_live_emergency_six_signers_of_four_organisations_and_an_early_end(
    notice: timedelta, lasts: timedelta, signers: list[Party], word: str | None
) -> None:
    if word is None:
        assert publish(rules(notice, lasts), signers, [alive()]).organisations
        return
    with pytest.raises(PublicationRefused) as refused:
        publish(rules(notice, lasts), signers, [alive()])

    assert refused.value.fault == word


def test_an_emergency_that_is_over_unknown_or_of_another_disease_shortens_no_notice() -> None:
    known = alive()
    over = dataclasses.replace(known, document=emergency(lasts=DAY, declared=DECLARED - 2 * DAY))
    later = dataclasses.replace(known, logged_at=DECLARED + SECOND)
    other = dataclasses.replace(known, document=emergency(disease="measles", declared=DECLARED - DAY))

    for one in (over, later, other):
        with pytest.raises(PublicationRefused) as refused:
            publish(rules(6 * HOUR, 14 * DAY), SIX, [one])
        assert refused.value.fault == "NOTICE-TOO-SHORT"


@pytest.mark.parametrize("value", [None, 5, [], {}, ["a"], "", "é", "AAAA", "A" * 10_000])
def test_a_signature_that_is_none_is_no_error(value: object) -> None:
    assert signed_by(bytes(32), b"message", value) is False


def test_a_signature_counts_by_a_key_that_the_log_had_for_a_signer() -> None:
    document = rules(72 * HOUR)
    good = signatures_of(document, FOUR)
    stranger = Party.new(FOUR[0].name, FOUR[0].organisation, SIGNER)
    cases = [
        (good | signatures_of(document, [stranger]), keys()),  # another key under the same name
        (good | {"nobody": good[FOUR[0].name]}, keys()),  # a name that the log does not know
        (good, keys(since=DECLARED + SECOND)),  # keys that came after what they signed
        (good, [dataclasses.replace(one, duty=SITE) for one in keys()]),  # keys for another duty
        (good | {FOUR[0].name: good[FOUR[1].name]}, keys()),  # another's signature
        (good | {FOUR[0].name: good[FOUR[0].name].lower()}, keys()),
    ]

    for signatures, known in cases:
        with pytest.raises(PublicationRefused) as refused:
            checked(document, document.leaf(signatures), known, DECLARED)
        assert refused.value.fault == "SIGNATURE"


def test_one_key_under_two_names_signs_once() -> None:
    twin = Party(name="twin", organisation="bar", duty=SIGNER, private=FOUR[0].private)
    document = rules(72 * HOUR)
    leaf = document.leaf(signatures_of(document, [*FOUR[:3], twin, FOUR[0]]))

    with pytest.raises(PublicationRefused) as refused:
        checked(document, leaf, [*keys(), *keys(twin)], DECLARED)

    assert refused.value.fault == "SIGNATURE"


def test_the_entry_in_the_log_is_about_this_document_and_no_other() -> None:
    document, other = rules(72 * HOUR), rules(73 * HOUR)

    with pytest.raises(PublicationRefused) as refused:
        checked(other, document.leaf(signatures_of(document, FIVE)), keys(), DECLARED)

    assert refused.value.fault == "DIGEST"
    assert document.digest != other.digest


def test_a_document_is_read_from_its_canonical_bytes_alone() -> None:
    document = rules(72 * HOUR)

    assert Document.parse(document.encoded) == document
    for raw in (document.encoded + b" ", b"{}", b"\xff", document.encoded.replace(b'"version":1', b'"version":true')):
        with pytest.raises(PublicationRefused):
            Document.parse(raw)


def test_a_declaration_names_venues_of_a_closed_list() -> None:
    found = Declaration.of(declaration())

    assert (found.venues, found.region) == ((Venue.CARE_HOME,), "900101")
    assert {str(one) for one in Venue} == {
        "care-home",
        "hospital-visit",
        "large-event",
        "indoor-leisure",
        "international-departure",
    }
    assert declaration_document(
        "care-homes", DECLARED + DAY, DECLARED + 31 * DAY, venues=["care-home"], wants=["vaccination", "test"],
        region="900101",
    ) == declaration()  # fmt: skip


@pytest.mark.parametrize(
    "reason",
    [
        "It is 900101198001010017.",
        "Ring 13912345678.",
        "Those of c0ffee00c0ffee00c0ffee00.",
        "One\u202eline",
        "a" * 301,
    ],
)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_emergencys_reason_holds_no_number_no_hash_and_nothing_unseen(reason: str, language: str) -> None:
    told = {"en": "An outbreak.", "zh": "疫情。"} | {language: reason}
    document = emergency_document("covid-19", DECLARED, DECLARED + 30 * DAY, **told)

    with pytest.raises(PublicationRefused) as refused:
        publish(document, FIVE)

    assert refused.value.fault == "FORM"

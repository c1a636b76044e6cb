"""One ombudsman stops what was published, before it counts, for good; who, when, what, and what readers make of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest

from doors import issuer_key, trusted_key
from measures import ALIVE, DAY, DECLARED, DISEASE, HOUR, AFile, World, a_file, a_world
from salus.cli.actors import (
    SIGNER,
    Party,
    declaration_document,
    emergency_document,
    rules_document,
    sign_veto,
    signatures_of,
    trust_document,
)
from salus.rules import (
    OMBUDSMAN,
    Document,
    Measure,
    PartyKey,
    PublicationKind,
    PublicationRefused,
    Veto,
    check_publication,
    read_veto,
    recompute,
)

WORLD = World()
WATCHMAN = Party.new("citizens-ombudsman", "parliament", OMBUDSMAN)
SECOND = timedelta(seconds=1)


def key(whose: Party, since: datetime = DECLARED - DAY, **changed: Any) -> PartyKey:
    raw = whose.private.public_key().public_bytes_raw()
    found = PartyKey(party=whose.name, organisation=whose.organisation, duty=whose.duty, key=raw, logged_at=since)
    return dataclasses.replace(found, **changed)


def rules(notice: timedelta = 3 * DAY) -> Document:
    return rules_document(DISEASE, DECLARED + notice, DECLARED + notice + 14 * DAY)


def emergency(notice: timedelta = timedelta(0)) -> Document:
    starts = DECLARED + notice
    return emergency_document(DISEASE, starts, starts + 30 * DAY, en="An outbreak.", zh="疫情。")


def veto(document: Document, at: datetime, by: Party = WATCHMAN, known: Iterable[PartyKey] | None = None) -> Veto:
    keys = [key(by)] if known is None else known
    return read_veto(sign_veto(by, document.digest), keys, at)


def fault(document: Document, *vetoes: Veto, at: datetime = DECLARED) -> str | None:
    """What is missing for a document that everybody signed."""
    signers = WORLD.signers
    leaf, known = document.leaf(signatures_of(document, signers)), [key(one) for one in signers]
    try:
        check_publication(document, leaf, known, at, vetoes=vetoes)
    except PublicationRefused as refused:
        return refused.fault
    return None


def test_one_veto_during_notice_stops_rules_that_everybody_signed() -> None:
    document = rules()

    assert fault(document) is None
    assert fault(document, veto(document, DECLARED + HOUR)) == "VETOED"
    assert fault(document, veto(document, document.starts - SECOND)) == "VETOED"


def test_once_it_counts_a_document_is_vetoed_no_more() -> None:
    document = rules()

    assert fault(document, veto(document, document.starts)) is None


def test_what_counts_at_once_can_be_vetoed_for_a_day() -> None:
    document = emergency()

    assert fault(document, veto(document, DECLARED + DAY - SECOND)) == "VETOED"
    assert fault(document, veto(document, DECLARED + DAY)) is None


def test_a_veto_stops_its_own_document_and_that_one_however_often_it_is_published() -> None:
    document, other = rules(), rules(4 * DAY)
    found = veto(document, DECLARED + HOUR)

    assert fault(other, found) is None
    assert fault(document, found, at=DECLARED + 2 * HOUR) is not None
    later = rules(10 * DAY)
    assert fault(later, veto(later, DECLARED + HOUR), at=DECLARED + 2 * DAY) == "VETOED"


@pytest.mark.parametrize(
    ("document", "word"),
    [
        (emergency(DAY), "VETOED"),
        (declaration_document("homes", DECLARED + 2 * DAY, DECLARED + 9 * DAY, venues=["care-home"], wants=["test"],
                              region="country"), "VETOED"),
    ],
)  # fmt: skip
def test_every_kind_can_be_vetoed(document: Document, word: str | None) -> None:
    assert fault(document, veto(document, DECLARED + HOUR)) == word


def test_a_list_that_ends_a_stolen_key_waits_for_nobody() -> None:
    document = trust_document([trusted_key(issuer_key("one"))], DECLARED, DECLARED + 90 * DAY)
    assert document.kind is PublicationKind.TRUST_LIST

    assert fault(document, veto(document, DECLARED + HOUR)) is None


def test_nobody_is_appointed_to_veto_what_is_known_already() -> None:
    document = rules()
    late = key(WATCHMAN, since=DECLARED + SECOND)

    assert fault(document, veto(document, DECLARED + HOUR, known=[late])) is None


@pytest.mark.parametrize(
    "known",
    [
        [],
        [key(WATCHMAN, duty=SIGNER)],
        [key(WATCHMAN, key=bytes(32))],
        [key(WATCHMAN, party="somebody-else")],
        [key(WATCHMAN, since=DECLARED + 2 * HOUR)],
    ],
)
def test_a_veto_is_signed_with_an_ombudsmans_key_that_the_log_had(known: list[PartyKey]) -> None:
    with pytest.raises(PublicationRefused) as refused:
        veto(rules(), DECLARED + HOUR, known=known)

    assert refused.value.fault == "SIGNATURE"


def test_a_signers_signature_under_a_document_is_no_veto_of_it() -> None:
    document, both = rules(), Party.new("both", "parliament", OMBUDSMAN)
    leaf = {"digest": document.digest, "party": both.name, "signature": both.sign(document.signed)}

    with pytest.raises(PublicationRefused):
        read_veto(leaf, [key(both)], DECLARED + HOUR)


# --- a measure's file


def decided(disease: str = DISEASE) -> AFile:
    return a_file(a_world(disease), taken=ALIVE)


@pytest.mark.parametrize("kind", ["assignment-rules", "emergency"])
def test_a_file_under_what_was_vetoed_proves_no_measure_to_whoever_knows_the_veto(kind: str) -> None:
    file = decided()
    found = veto(file.world.documents[kind], DECLARED + HOUR)
    trust = file.world.log.trust

    assert recompute(file.raw, trust, file.at).measure is Measure.PRECAUTION
    told = recompute(file.raw, trust, file.at, [found])
    assert (told.measure, told.fault) == (Measure.NONE, "VETOED")


def test_a_veto_that_came_too_late_ends_no_measure() -> None:
    file = decided()
    late = veto(file.world.documents["assignment-rules"], ALIVE)

    assert recompute(file.raw, file.world.log.trust, file.at, [late]).measure is Measure.PRECAUTION

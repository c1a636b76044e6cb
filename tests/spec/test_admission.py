"""Admissions: which places a quorum says are places of care or make evidence, from when until when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from measures import DAY, DECLARED, HOUR, World
from salus.cli.actors import Party, signatures_of
from salus.parties import FacilityKind
from salus.rules import (
    Admission,
    Document,
    Licence,
    PartyKey,
    PublicationKind,
    PublicationRefused,
    admitted_at,
    check_publication,
)

WORLD = World()
STARTS = DECLARED + 3 * DAY
SECOND = timedelta(seconds=1)


def place(facility: str = "H1", **changed: Any) -> dict[str, Any]:
    return {"facility": facility, "organisation": "Group", "licence": "hospital", "county": "900101"} | changed


def admission(
    *places: dict[str, Any],
    starts: datetime = STARTS,
    lasts: timedelta = 366 * DAY,
    version: int = 1,
    name: str = "all",
) -> Document:
    body = {"facilities": [*places]}
    return Document(
        kind=PublicationKind.ADMISSION, name=name, version=version, starts=starts, ends=starts + lasts, body=body
    )


def word(document: Document, signers: Sequence[Party] = WORLD.signers[:4]) -> str | None:
    known = [
        PartyKey(
            party=one.name,
            organisation=one.organisation,
            duty=one.duty,
            key=one.private.public_key().public_bytes_raw(),
            logged_at=DECLARED - DAY,
        )
        for one in WORLD.signers
    ]
    try:
        check_publication(document, document.leaf(signatures_of(document, signers)), known, DECLARED)
    except PublicationRefused as refused:
        return refused.fault
    return None


def test_an_admission_has_four_signers_of_three_organisations_notice_and_an_end() -> None:
    assert word(admission(place())) is None
    assert word(admission(place(), lasts=5 * 366 * DAY)) is None
    assert word(admission(place(), lasts=5 * 366 * DAY + SECOND)) == "OVERLONG"
    assert word(admission(place(), starts=STARTS - SECOND)) == "NOTICE-TOO-SHORT"
    assert word(admission(place()), WORLD.signers[:3]) == "SHORT-QUORUM"
    assert word(admission(place()), [WORLD.signers[n] for n in (0, 1, 2, 5)]) == "SHORT-QUORUM"
    assert word(admission(place(), lasts=DAY - HOUR)) == "TOO-SHORT"


@pytest.mark.parametrize(
    ("fault", "change"),
    [
        *(
            ("LICENCE", {"licence": one})
            for one in ("police", "security", "prison", "court", "petition-office", "bank", "command-centre",
                        "department", "review-board", "Hospital", "")
        ),
        ("FORM", {"facility": "h1"}),
        ("FORM", {"facility": "H110101-19900307-4233"}),
        ("FORM", {"facility": "C0FFEE00C0FFEE00C0FFEE00C0FFEE00"}),
        ("FORM", {"organisation": "G110101199003074233"}),
        ("FORM", {"organisation": "Group of physicians"}),
        ("FORM", {"county": "9001"}),
        ("FORM", {"county": 900101}),
        ("FORM", {"licence": None}),
        ("FORM", {"people": []}),
    ],
)  # fmt: skip
def test_an_admission_names_places_of_health_care_by_their_ids_and_says_nothing_else(
    fault: str, change: dict[str, Any]
) -> None:
    assert word(admission(place(**change))) == fault


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.update(facilities=None),
        lambda body: body.update(facilities=[place(), place()]),
        lambda body: body.update(facilities=[place(f"H{n}") for n in range(257)]),
        lambda body: body.update(reason="they asked"),
    ],
)
def test_whatever_is_no_list_of_places_is_refused(change: Callable[[dict[str, Any]], Any]) -> None:
    value = admission(place()).as_json()
    change(value["body"])

    assert word(Document.of(value)) == "FORM"


def test_every_kind_of_facility_that_cares_or_makes_evidence_has_a_licence_and_no_office_has() -> None:
    offices = {"disease-control-centre", "command-centre", "review-board", "department"}

    assert {str(one) for one in Licence} == {str(one) for one in FacilityKind} - offices
    assert {one for one in FacilityKind if one.care} <= {FacilityKind(one) for one in Licence}


def named(at: datetime, *documents: Document) -> set[str]:
    return set(admitted_at([Admission.of(one) for one in documents], at))


def test_a_place_is_admitted_from_the_start_to_the_end() -> None:
    document = admission(place())

    assert named(STARTS, document) == {"H1"}
    assert named(STARTS - SECOND, document) == set()
    assert named(document.ends, document) == set()


def test_a_later_version_takes_a_place_off_even_once_it_has_ended() -> None:
    first, second = admission(place(), place("H2")), admission(place("H2"), starts=STARTS + DAY, version=2, lasts=DAY)

    assert named(STARTS, first, second) == {"H1", "H2"}
    assert named(STARTS + DAY, first, second) == {"H2"}
    assert named(STARTS + 2 * DAY, first, second) == set()


def test_documents_of_other_names_stand_beside_each_other_and_of_one_version_the_first_counts() -> None:
    first, twin = admission(place()), admission(place("H9"))
    other = admission(place("H2"), name="more")

    assert named(STARTS, first, twin, other) == {"H1", "H2"}

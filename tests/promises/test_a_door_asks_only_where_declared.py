"""A door may ask for a certificate only where a live, public, ending declaration names that kind of venue.

A certificate is taken by its holder, says one fact and nothing more. A verifier is shown a valid one, or one and the
same answer for everything else; where no declaration lives it is told that no check is permitted, whatever the code. A
picture of a certificate that lives on a phone is answered with what to do, by its form and the clock alone.
"""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta

import pytest

from doors import AT, Door, issuer_key
from salus.codec import encode_sl1, key_id, signer
from salus.codec.certificates import (
    LONGEST,
    TRUST_LASTS,
    Certificate,
    CertificateKind,
    Hint,
    Outcome,
    Reason,
    TrustFile,
    Verdict,
    encode_shown,
    read_trust,
    text_of_bound,
    verify,
)
from salus.codec.stepping import step_at
from salus.rules import CertificateKind as Wanted
from salus.rules import Venue
from salus.web.routes import all_routes

DOOR = Door()
TRUST = DOOR.read()
HERE = Venue.CARE_HOME
SIGNED = encode_sl1(bytes(16), key_id(DOOR.issuer.public_key()), signer(DOOR.issuer))
FORGED = dataclasses.replace(
    TRUST, issuers={key_id(issuer_key("thief").public_key()): next(iter(TRUST.issuers.values()))}
)
NOTHING: dict[str, tuple[object, TrustFile]] = {
    "expired": (DOOR.text(issued=AT - timedelta(days=2), expires=AT), TRUST),
    "voided": (DOOR.text(index=7), TRUST),
    "foreign": (DOOR.text(issuer_key("thief")), TRUST),
    "forged": (DOOR.text(issuer_key("thief")), FORGED),
    "of a kind not asked for": (DOOR.text(kind=CertificateKind.RECOVERY, expires=AT + timedelta(days=1)), TRUST),
    "an identity code": (SIGNED, TRUST),
    "a measure": (json.dumps({"decision": {"measure": "precaution"}}), TRUST),
    "another system's code": ("HC1:6BFOXN*TS0BI$ZD4N9:9S6RCVN5+O30K3", TRUST),
    "no code at all": ("", TRUST),
}


def told(verdict: Verdict) -> tuple[Outcome, Certificate | None]:
    """What a screen may show of a verdict."""
    return verdict.outcome, verdict.certificate


@pytest.mark.parametrize("venue", [venue for venue in Venue if venue is not HERE])
def test_where_no_declaration_names_the_kind_of_venue_no_check_is_permitted(venue: Venue) -> None:
    assert told(verify(DOOR.text(), TRUST, AT, venue)) == (Outcome.NOT_PERMITTED, None)


def test_a_declaration_lets_a_door_ask_from_its_start_until_its_end_and_no_longer() -> None:
    door = Door(starts=timedelta(hours=-30), lasts=timedelta(hours=30))
    trust = door.read()

    assert told(verify(door.text(), trust, AT - timedelta(seconds=1), HERE))[0] is Outcome.GOOD
    assert told(verify(door.text(), trust, AT, HERE)) == (Outcome.NOT_PERMITTED, None)


@pytest.mark.parametrize(
    "door",
    [Door(signers=3), Door(noticed=timedelta(hours=-40)), Door(lasts=timedelta(days=31))],
    ids=["too few signers", "too short notice", "too long"],
)
def test_a_declaration_without_its_signers_its_notice_or_its_end_lets_nobody_ask(door: Door) -> None:
    assert told(verify(door.text(), door.read(), AT, HERE)) == (Outcome.NOT_PERMITTED, None)


def test_a_declaration_that_is_not_in_the_witnessed_log_lets_nobody_ask() -> None:
    value = json.loads(DOOR.file())
    value["declarations"][0]["proof"] = value["keys"][0]["proof"]
    trust = read_trust(json.dumps(value).encode())

    assert told(verify(DOOR.text(), trust, AT, HERE)) == (Outcome.NOT_PERMITTED, None)


def test_a_door_that_has_not_heard_of_the_log_for_a_week_may_not_ask() -> None:
    assert told(verify(DOOR.text(), TRUST, AT + TRUST_LASTS, HERE)) == (Outcome.NOT_PERMITTED, None)


def test_where_none_may_ask_the_answer_is_the_same_whatever_the_code() -> None:
    answers = {told(verify(text, trust, AT, Venue.LARGE_EVENT)) for text, trust in NOTHING.values()}

    assert answers == {(Outcome.NOT_PERMITTED, None)} == {told(verify(DOOR.text(), TRUST, AT, Venue.LARGE_EVENT))}


@pytest.mark.parametrize("name", NOTHING)
def test_whatever_is_no_good_certificate_gives_one_and_the_same_answer(name: str) -> None:
    text, trust = NOTHING[name]

    assert told(verify(text, trust, AT, HERE)) == (Outcome.NOTHING, None)


def test_a_picture_of_a_phones_certificate_is_told_what_to_do_whoever_it_is_of_and_whether_it_is_good() -> None:
    phone, old = issuer_key("a telephone"), step_at(AT - timedelta(minutes=2))
    tokens = {
        "good": DOOR.bound(phone),
        "voided": DOOR.bound(phone, index=7),
        "foreign": DOOR.bound(phone, issuer_key("thief")),
        "expired": DOOR.bound(phone, issued=AT - timedelta(days=2), expires=AT),
    }
    codes = [encode_shown(one, old, signer(phone)) for one in tokens.values()]
    answers = [verify(one, TRUST, AT, HERE) for one in (*codes, *map(text_of_bound, tokens.values()))]
    elsewhere = {told(verify(one, TRUST, AT, venue)) for one in codes for venue in Venue if venue is not HERE}

    assert {(*told(one), one.reason) for one in answers} == {(Outcome.AGAIN, None, Reason.NO_PROOF)}
    assert elsewhere == {(Outcome.NOT_PERMITTED, None)}
    good, *others = [verify(encode_shown(one, step_at(AT), signer(phone)), TRUST, AT, HERE) for one in tokens.values()]
    assert told(good) == (Outcome.GOOD, DOOR.certificate())
    assert {told(one) for one in others} == {(Outcome.NOTHING, None)}


def test_a_good_certificate_is_shown_where_a_declaration_lets_a_door_ask() -> None:
    assert told(verify(DOOR.text(), TRUST, AT, HERE)) == (Outcome.GOOD, DOOR.certificate())


def test_a_door_is_shown_no_kind_that_the_declaration_does_not_name() -> None:
    door = Door(wants=(Wanted.TEST,))

    assert told(verify(door.text(), door.read(), AT, HERE)) == (Outcome.NOTHING, None)


def test_there_is_no_venue_for_a_bank_a_court_a_petition_a_workplace_a_shop_or_a_home() -> None:
    assert {str(venue) for venue in Venue} == {
        "care-home", "hospital-visit", "large-event", "indoor-leisure", "international-departure",
    }  # fmt: skip


def test_a_certificate_says_its_fact_when_it_ends_and_at_most_a_hint_to_match_a_card() -> None:
    fact = {"kind", "disease", "when", "issued", "expires", "list_number", "index", "hint"}

    assert {field.name for field in dataclasses.fields(Certificate)} == fact
    assert {field.name for field in dataclasses.fields(Hint)} == {"initials", "month", "day", "last_two"}
    assert set(CertificateKind) == set(LONGEST)
    assert DOOR.certificate(hint=None).hint is None


def test_no_address_takes_what_a_door_was_shown() -> None:
    methods = {
        route.path: route.methods  # type: ignore[attr-defined]
        for route in all_routes()
        if getattr(route, "path", "").startswith(("/verify", "/trust"))
    }

    assert methods == {
        path: {"GET", "HEAD"}
        for path in (
            *("/verify", "/verify/worker.js", "/verify/manifest.webmanifest", "/trust.json", "/trust/rest.json"),
            "/trust/changes/{day}",  # of which no text but a day's date is taken
        )
    }

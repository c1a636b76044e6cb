"""Passkeys: a software authenticator makes real ones; everything malformed, late or foreign is refused."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from salus.kernel import Purpose, Role, new_id
from salus.keys import Custodian
from salus.parties import (
    NotSignedIn,
    PartyExists,
    PartyInvalid,
    SignIn,
    add_staff,
)
from salus.storage import Store
from signing_in import AT, Authenticator, b64, open_desk, registered, unb64


@pytest.fixture(scope="module")
def desk(store: Store, tmp_path_factory: pytest.TempPathFactory) -> SignIn:
    return open_desk(store, Custodian.open(tmp_path_factory.mktemp("custodian"), b"a long enough passphrase"))


@pytest.fixture
def doctor(store: Store, desk: SignIn) -> UUID:
    return add_staff(store, role=Role.CLINICIAN, name_en="Dr Li", name_zh="李医生", facility="H1").staff_id


def test_a_registered_passkey_signs_in_strongly(desk: SignIn, doctor: UUID) -> None:
    device = registered(desk, doctor)
    ceremony = desk.begin(AT)

    signed_in = desk.with_passkey(ceremony.handle, device.get(ceremony.options), AT)

    who = signed_in.principal
    assert (who.role, who.subject, who.facility, who.strong) == (Role.CLINICIAN, str(doctor), "H1", True)
    assert (who.name_en, who.name_zh, who.purpose) == ("Dr Li", "李医生", None)
    assert who.purposes == {Purpose.TREAT, Purpose.ETREAT}
    assert desk.session(signed_in.token, AT) == who


def test_a_browsers_json_text_signs_in_too(desk: SignIn, doctor: UUID) -> None:
    device = Authenticator()
    ceremony = desk.begin_passkey(doctor, "Dr Li", AT)
    desk.finish_passkey(ceremony.handle, json.dumps(device.create(ceremony.options)), AT)
    ceremony = desk.begin(AT)

    assert desk.with_passkey(ceremony.handle, json.dumps(device.get(ceremony.options)), AT).principal.strong


def test_the_options_ask_for_a_verified_discoverable_passkey(desk: SignIn, doctor: UUID) -> None:
    device = registered(desk, doctor)

    options = desk.begin_passkey(doctor, "Dr Li", AT).options

    assert options["rp"] == {"id": "node.example", "name": "Salus"}
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert [unb64(one["id"]) for one in options["excludeCredentials"]] == [device.credential_id]
    assert desk.begin(AT).options["userVerification"] == "required"


@pytest.mark.parametrize("wrong", [{"origin": "https://evil.example"}, {"rp_id": "evil.example"}, {"verified": False}])
def test_a_passkey_of_another_place_or_unverified_is_not_registered(
    desk: SignIn, doctor: UUID, wrong: dict[str, Any]
) -> None:
    with pytest.raises(PartyInvalid):
        registered(desk, doctor, **wrong)


@pytest.mark.parametrize(
    "wrong", [{"origin": "https://evil.example"}, {"rp_id": "evil.example"}, {"verified": False}, {"counter": 0}]
)
def test_a_passkeys_answer_from_elsewhere_unverified_or_copied_is_refused(
    desk: SignIn, doctor: UUID, wrong: dict[str, Any]
) -> None:
    device = registered(desk, doctor)
    ceremony = desk.begin(AT)
    desk.with_passkey(ceremony.handle, device.get(ceremony.options), AT)
    for name, value in wrong.items():
        setattr(device, name, value)
    ceremony = desk.begin(AT)

    with pytest.raises(NotSignedIn):
        desk.with_passkey(ceremony.handle, device.get(ceremony.options), AT)


def test_an_answer_is_heard_once(desk: SignIn, doctor: UUID) -> None:
    device = registered(desk, doctor)
    ceremony = desk.begin(AT)
    answer = device.get(ceremony.options)
    desk.with_passkey(ceremony.handle, answer, AT)

    with pytest.raises(NotSignedIn, match="was answered"):
        desk.with_passkey(ceremony.handle, answer, AT)


def test_a_failed_answer_uses_the_challenge_up(desk: SignIn, doctor: UUID) -> None:
    device = registered(desk, doctor)
    ceremony = desk.begin(AT)
    with pytest.raises(NotSignedIn):
        desk.with_passkey(ceremony.handle, {}, AT)

    with pytest.raises(NotSignedIn, match="was answered"):
        desk.with_passkey(ceremony.handle, device.get(ceremony.options), AT)


def test_an_answer_to_another_challenge_is_refused(desk: SignIn, doctor: UUID) -> None:
    device = registered(desk, doctor)
    mine, other = desk.begin(AT), desk.begin(AT)

    with pytest.raises(NotSignedIn):
        desk.with_passkey(mine.handle, device.get(other.options), AT)


def test_a_ceremony_lapses_after_five_minutes(desk: SignIn, doctor: UUID) -> None:
    device = registered(desk, doctor)
    ceremony = desk.begin(AT)

    with pytest.raises(NotSignedIn, match="lapsed"):
        desk.with_passkey(ceremony.handle, device.get(ceremony.options), AT + timedelta(minutes=5))


def test_a_registration_is_no_sign_in(desk: SignIn, doctor: UUID) -> None:
    device = registered(desk, doctor)
    ceremony = desk.begin_passkey(doctor, "Dr Li", AT)

    with pytest.raises(NotSignedIn):
        desk.with_passkey(ceremony.handle, device.get(ceremony.options), AT)


def test_another_key_does_not_sign_for_a_credential(desk: SignIn, doctor: UUID) -> None:
    device = registered(desk, doctor)
    thief = Authenticator(credential_id=device.credential_id, user=device.user)
    ceremony = desk.begin(AT)

    with pytest.raises(NotSignedIn):
        desk.with_passkey(ceremony.handle, thief.get(ceremony.options), AT)


def test_a_passkey_does_not_open_another_account(desk: SignIn, doctor: UUID) -> None:
    device = registered(desk, doctor)
    device.user = new_id().bytes
    ceremony = desk.begin(AT)

    with pytest.raises(NotSignedIn):
        desk.with_passkey(ceremony.handle, device.get(ceremony.options), AT)


def test_a_credential_is_registered_once(desk: SignIn, doctor: UUID) -> None:
    device = registered(desk, doctor)
    ceremony = desk.begin_passkey(doctor, "again", AT)

    with pytest.raises(PartyExists):
        desk.finish_passkey(ceremony.handle, device.create(ceremony.options), AT)


def test_an_account_has_at_most_ten_passkeys(desk: SignIn, doctor: UUID) -> None:
    for _ in range(10):
        registered(desk, doctor)

    with pytest.raises(PartyInvalid, match="at most 10"):
        desk.begin_passkey(doctor, "eleventh", AT)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.binary(max_size=40).map(b64),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    part=st.sampled_from(
        ["id", "rawId", "type", "response", "clientDataJSON", "authenticatorData", "signature", "userHandle"]
    ),
    junk=JUNK,
)
def test_a_malformed_answer_is_refused_and_nothing_else_happens(
    desk: SignIn, device: Authenticator, part: str, junk: object
) -> None:
    ceremony = desk.begin(AT)
    answer = device.get(ceremony.options)
    (answer["response"] if part in answer["response"] else answer)[part] = junk

    try:
        signed_in = desk.with_passkey(ceremony.handle, answer, AT)
    except NotSignedIn:
        return
    # A missing user handle is allowed: the credential alone names the account.
    assert part == "userHandle"
    assert signed_in.principal.subject == str(UUID(bytes=device.user))


@pytest.fixture(scope="module")
def device(store: Store, desk: SignIn) -> Authenticator:
    account = add_staff(store, role=Role.CLINICIAN, name_en="Dr He", name_zh="何医生", facility="H1").staff_id
    return registered(desk, account)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(part=st.sampled_from(["id", "rawId", "type", "response", "clientDataJSON", "attestationObject"]), junk=JUNK)
def test_a_malformed_registration_is_refused(desk: SignIn, device: Authenticator, part: str, junk: object) -> None:
    ceremony = desk.begin_passkey(UUID(bytes=device.user), "x", AT)
    answer = Authenticator().create(ceremony.options)
    (answer["response"] if part in answer["response"] else answer)[part] = junk

    with pytest.raises(PartyInvalid):
        desk.finish_passkey(ceremony.handle, answer, AT)


@pytest.mark.parametrize("credential", [None, 7, [], "", "x" * 100_000, "[" * 5_000, b"\xff", {"response": None}])
def test_what_is_no_answer_at_all_is_refused(desk: SignIn, credential: object) -> None:
    with pytest.raises(NotSignedIn):
        desk.with_passkey(desk.begin(AT).handle, credential, AT)

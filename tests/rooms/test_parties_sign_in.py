"""People sign in with passwords and codes; sessions, invitations, resets."""

from __future__ import annotations

import base64
import threading
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pyotp
import pytest

from salus.kernel import Purpose, Role, SalusError, new_id
from salus.keys import Custodian
from salus.parties import (
    NotSignedIn,
    PartyExists,
    PartyInvalid,
    PartyUnknown,
    SignIn,
    TooManyFailures,
    add_staff,
    disable_account,
    resident_account,
)
from salus.storage import Duty, Store
from signing_in import AT, PASSWORD, Authenticator, desk_of, open_desk, registered, unb64, with_totp


@pytest.fixture(scope="module")
def custodian(tmp_path_factory: pytest.TempPathFactory) -> Custodian:
    return Custodian.open(tmp_path_factory.mktemp("custodian"), b"a long enough passphrase")


@pytest.fixture(scope="module")
def desk(store: Store, custodian: Custodian) -> SignIn:
    return open_desk(store, custodian)


@pytest.fixture
def doctor(store: Store, desk: SignIn) -> UUID:
    return add_staff(store, role=Role.CLINICIAN, name_en="Dr Li", name_zh="李医生", facility="H1").staff_id


def test_password_and_code_sign_in_strongly(desk: SignIn, doctor: UUID) -> None:
    totp = with_totp(desk, doctor, "Li.Wei")
    later = AT + timedelta(seconds=30)

    signed_in = desk.with_password(" LI.WEI ", PASSWORD, totp.at(later), later)

    assert signed_in.principal.subject == str(doctor)
    assert signed_in.principal.strong


def test_a_code_is_the_telephones_also_where_the_node_is_at_another_time(
    store: Store, custodian: Custodian, desk: SignIn, doctor: UUID
) -> None:
    totp = with_totp(desk, doctor, "other-time")
    phone = AT + timedelta(seconds=60)
    moved = desk_of(store, custodian, lambda: -timedelta(days=153))

    assert moved.with_password("other-time", PASSWORD, totp.at(phone), phone - timedelta(days=153)).principal.strong
    with pytest.raises(NotSignedIn):
        desk.with_password("other-time", PASSWORD, totp.at(phone), phone - timedelta(days=153))


def test_a_password_alone_is_not_strong_and_not_enough_once_a_code_is_set_up(desk: SignIn, doctor: UUID) -> None:
    desk.set_password(doctor, "alone", PASSWORD)
    weak = desk.with_password("alone", PASSWORD, "", AT)
    with_totp(desk, doctor, "alone")

    assert not weak.principal.strong
    for code in ("", "000000x", "１２３４５６"):
        with pytest.raises(NotSignedIn):
            desk.with_password("alone", PASSWORD, code, AT)


def test_a_code_works_once(desk: SignIn, doctor: UUID) -> None:
    totp = with_totp(desk, doctor, "once")
    later = AT + timedelta(seconds=60)
    code = totp.at(later)
    desk.with_password("once", PASSWORD, code, later)

    with pytest.raises(NotSignedIn):
        desk.with_password("once", PASSWORD, code, later)
    with pytest.raises(NotSignedIn):
        desk.with_password("once", PASSWORD, totp.at(later - timedelta(seconds=30)), later)


def test_a_code_sent_by_many_at_once_works_once(desk: SignIn, doctor: UUID) -> None:
    totp = with_totp(desk, doctor, "race")
    later = AT + timedelta(seconds=60)
    signed_in: list[object] = []

    def sign_in() -> None:
        try:
            signed_in.append(desk.with_password("race", PASSWORD, totp.at(later), later))
        except SalusError:
            return

    threads = [threading.Thread(target=sign_in) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(signed_in) == 1


@pytest.mark.parametrize("steps", [-2, 2, 10])
def test_a_code_of_another_time_is_refused(desk: SignIn, doctor: UUID, steps: int) -> None:
    totp = with_totp(desk, doctor, f"when{steps}")
    later = AT + timedelta(minutes=10)

    with pytest.raises(NotSignedIn):
        desk.with_password(f"when{steps}", PASSWORD, totp.at(later + steps * timedelta(seconds=30)), later)


def test_the_sixth_failure_in_fifteen_minutes_is_not_heard_known_login_or_not(desk: SignIn, doctor: UUID) -> None:
    desk.set_password(doctor, "limited", PASSWORD)
    for login in ("limited", "nobody-has-this"):
        for _ in range(5):
            with pytest.raises(NotSignedIn, match="login, password or code"):
                desk.with_password(login, "wrong password!", "", AT)

        with pytest.raises(TooManyFailures):
            desk.with_password(login, PASSWORD, "", AT + timedelta(minutes=14))

    assert desk.with_password("limited", PASSWORD, "", AT + timedelta(minutes=15)).token


def test_guesses_sent_at_once_are_counted_one_by_one(desk: SignIn, store: Store) -> None:
    answers: list[type[SalusError]] = []

    def guess() -> None:
        try:
            desk.with_password("guessed", "wrong password!", "", AT)
        except SalusError as error:
            answers.append(type(error))

    threads = [threading.Thread(target=guess) for _ in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answer.__name__ for answer in answers) == ["NotSignedIn"] * 5 + ["TooManyFailures"] * 4


def test_a_success_forgives_the_failures_before_it(desk: SignIn, doctor: UUID) -> None:
    desk.set_password(doctor, "forgiven", PASSWORD)
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(NotSignedIn):
                desk.with_password("forgiven", "wrong password!", "", AT)
        assert desk.with_password("forgiven", PASSWORD, "", AT).token


@pytest.mark.parametrize("password", ["", "eleven char", "x" * 257, "bad \ud800 letter"])
def test_a_password_that_cannot_serve_is_refused(desk: SignIn, doctor: UUID, password: str) -> None:
    with pytest.raises(PartyInvalid):
        desk.set_password(doctor, "short", password)


@pytest.mark.parametrize("login", ["", "ab", "x" * 65, "a\nbc", "  a  "])
def test_a_login_that_cannot_serve_is_refused(desk: SignIn, doctor: UUID, login: str) -> None:
    with pytest.raises(PartyInvalid):
        desk.set_password(doctor, login, PASSWORD)
    with pytest.raises(NotSignedIn):
        desk.with_password(login, PASSWORD, "", AT)


def test_a_login_belongs_to_one_account(desk: SignIn, doctor: UUID, store: Store) -> None:
    desk.set_password(doctor, "taken", PASSWORD)
    other = resident_account(store, new_id())

    with pytest.raises(PartyExists):
        desk.set_password(other, "ＴＡＫＥＮ", PASSWORD)


def test_a_confirmed_authenticator_is_not_replaced_behind_its_owner(desk: SignIn, doctor: UUID) -> None:
    with_totp(desk, doctor, "confirmed")

    with pytest.raises(PartyExists):
        desk.begin_totp(doctor, "again")
    with pytest.raises(PartyInvalid):
        desk.confirm_totp(doctor, "123456", AT)


def test_no_secret_lies_in_a_table_in_the_clear(desk: SignIn, doctor: UUID, store: Store) -> None:
    totp = with_totp(desk, doctor, "planted-login")
    later = AT + timedelta(seconds=30)
    signed_in = desk.with_password("planted-login", PASSWORD, totp.at(later), later)
    handle, invitation = desk.begin(AT).handle, desk.invite(resident_account(store, new_id()), AT)
    planted = [
        b"planted-login",
        PASSWORD.encode(),
        totp.secret.encode(),
        base64.b32decode(totp.secret),
        *(text.encode() for text in (signed_in.token, handle, invitation)),
        *(unb64(text) for text in (signed_in.token, handle, invitation)),
    ]

    with store.transaction(Duty.REGISTRY) as tx:
        tables = ("account", "session", "ceremony", "invitation", "failure", "passkey")
        stored = b"".join(b"".join(tx.copy_out(f"copy parties.{table} to stdout (format binary)")) for table in tables)

    assert len(stored) > 1000
    assert [secret for secret in planted if secret in stored] == []


def test_a_session_ends_when_idle_and_after_twelve_hours_whatever_happens(desk: SignIn, doctor: UUID) -> None:
    device = registered(desk, doctor)

    def fresh() -> str:
        ceremony = desk.begin(AT)
        return desk.with_passkey(ceremony.handle, device.get(ceremony.options), AT).token

    idle, busy = fresh(), fresh()
    minutes = 0
    while minutes + 25 < 12 * 60:
        minutes += 25
        assert desk.session(busy, AT + timedelta(minutes=minutes))

    with pytest.raises(NotSignedIn, match="ended"):
        desk.session(busy, AT + timedelta(hours=12))
    with pytest.raises(NotSignedIn):
        desk.session(idle, AT + timedelta(minutes=30))
    with pytest.raises(NotSignedIn):
        desk.session(idle, AT)


def test_a_closed_session_and_a_made_up_token_are_refused(desk: SignIn, doctor: UUID) -> None:
    desk.set_password(doctor, "closing", PASSWORD)
    token = desk.with_password("closing", PASSWORD, "", AT).token
    desk.close(token)
    desk.close(token)

    for text in (token, "", "x", "\ud800"):
        with pytest.raises(NotSignedIn):
            desk.session(text, AT)


def test_a_new_password_closes_the_sessions_of_the_old(desk: SignIn, doctor: UUID) -> None:
    desk.set_password(doctor, "changing", PASSWORD)
    token = desk.with_password("changing", PASSWORD, "", AT).token
    desk.set_password(doctor, "changing", "another good password")

    with pytest.raises(NotSignedIn):
        desk.session(token, AT)
    with pytest.raises(NotSignedIn):
        desk.with_password("changing", PASSWORD, "", AT)


def test_a_disabled_account_is_out_at_once_by_every_way(desk: SignIn, doctor: UUID, store: Store) -> None:
    device = registered(desk, doctor)
    desk.set_password(doctor, "leaving", PASSWORD)
    token = desk.with_password("leaving", PASSWORD, "", AT).token
    disable_account(store, doctor, AT)
    ceremony = desk.begin(AT)

    with pytest.raises(NotSignedIn):
        desk.session(token, AT)
    with pytest.raises(NotSignedIn):
        desk.with_password("leaving", PASSWORD, "", AT)
    with pytest.raises(NotSignedIn):
        desk.with_passkey(ceremony.handle, device.get(ceremony.options), AT)
    with pytest.raises(PartyUnknown):
        desk.invite(doctor, AT)


def test_an_invitation_leads_once_to_a_first_credential(desk: SignIn, store: Store) -> None:
    resident = new_id()
    account = resident_account(store, resident)
    invitation = desk.invite(account, AT)

    signed_in = desk.redeem(invitation, AT)
    registered(desk, account)

    assert (signed_in.principal.role, signed_in.principal.resident) == (Role.RESIDENT, resident)
    assert (signed_in.principal.strong, signed_in.principal.purpose) == (False, Purpose.PATRQT)
    assert signed_in.principal.name_en == signed_in.principal.name_zh == ""
    with pytest.raises(NotSignedIn):
        desk.redeem(invitation, AT)
    with pytest.raises(PartyExists):
        desk.invite(account, AT)


def test_an_invitation_lapses_and_a_later_one_replaces_it(desk: SignIn, store: Store) -> None:
    account = resident_account(store, new_id())
    first, second = desk.invite(account, AT), desk.invite(account, AT)

    with pytest.raises(NotSignedIn):
        desk.redeem(first, AT)
    with pytest.raises(NotSignedIn):
        desk.redeem(second, AT + timedelta(hours=72))


def test_a_passkey_says_when_it_was_added_and_last_used(desk: SignIn, doctor: UUID) -> None:
    device, later = registered(desk, doctor), AT + timedelta(hours=2)
    before = desk.passkeys(doctor)
    ceremony = desk.begin(later)
    desk.with_passkey(ceremony.handle, device.get(ceremony.options), later)
    registered(desk, doctor)

    assert [(key.added, key.used) for key in before] == [(AT, None)]
    assert {(key.added, key.used) for key in desk.passkeys(doctor)} == {(AT, later), (AT, None)}
    assert desk.passkeys(new_id()) == []


def test_an_enrolment_is_whole_or_not_at_all(desk: SignIn, store: Store) -> None:
    account = resident_account(store, new_id())
    invited = desk.redeem(desk.invite(account, AT), AT)
    address = desk.offer_totp(account, "My health record")
    totp = pyotp.TOTP(parse_qs(urlsplit(address).query)["secret"][0])
    for login, password, code in [
        ("ab", PASSWORD, totp.at(AT)),
        ("whole", "short", totp.at(AT)),
        ("whole", PASSWORD, "1"),
    ]:
        with pytest.raises(PartyInvalid):
            desk.enrol(account, login, password, code, AT)
        with pytest.raises(NotSignedIn):
            desk.with_password("whole", PASSWORD, "", AT + timedelta(days=1))
    assert desk.offer_totp(account, "My health record") == address
    done = desk.enrol(account, "whole", PASSWORD, totp.at(AT), AT)

    assert done.principal.strong
    assert desk.session(done.token, AT).strong
    with pytest.raises(NotSignedIn):
        desk.session(invited.token, AT)
    with pytest.raises(NotSignedIn):
        desk.with_password("whole", PASSWORD, totp.at(AT), AT)
    later = AT + timedelta(seconds=30)
    assert desk.with_password("whole", PASSWORD, totp.at(later), later).principal.strong
    with pytest.raises(PartyExists):
        desk.offer_totp(account, "My health record")


def test_a_taken_name_leaves_the_authenticator_of_an_enrolment_waiting(
    desk: SignIn, doctor: UUID, store: Store
) -> None:
    desk.set_password(doctor, "somebody", PASSWORD)
    account = resident_account(store, new_id())
    totp = pyotp.TOTP(parse_qs(urlsplit(desk.offer_totp(account, "My health record")).query)["secret"][0])

    with pytest.raises(PartyExists):
        desk.enrol(account, "Somebody", PASSWORD, totp.at(AT), AT)
    assert desk.enrol(account, "somebody else", PASSWORD, totp.at(AT), AT).principal.strong


def test_who_kept_an_earlier_invitation_open_gets_nothing_once_its_owner_has_a_credential(
    desk: SignIn, store: Store
) -> None:
    account = resident_account(store, new_id())
    sly = desk.redeem(desk.invite(account, AT), AT)
    waiting = desk.begin_passkey(account, "Somebody else", AT)
    owner = desk.redeem(desk.invite(account, AT), AT)
    with pytest.raises(NotSignedIn):
        desk.session(sly.token, AT)
    assert desk.session(owner.token, AT)
    registered(desk, account)

    with pytest.raises(NotSignedIn):
        desk.session(owner.token, AT)
    with pytest.raises(PartyInvalid):
        desk.finish_passkey(waiting.handle, Authenticator().create(waiting.options), AT)
    assert len(desk.passkeys(account)) == 1


def test_a_reset_takes_every_credential_and_session(desk: SignIn, doctor: UUID) -> None:
    device = registered(desk, doctor)
    totp = with_totp(desk, doctor, "lost-phone")
    later = AT + timedelta(seconds=60)
    token = desk.with_password("lost-phone", PASSWORD, totp.at(later), later).token
    desk.reset(doctor)
    ceremony = desk.begin(AT)

    with pytest.raises(NotSignedIn):
        desk.session(token, later)
    with pytest.raises(NotSignedIn):
        desk.with_password("lost-phone", PASSWORD, "", later)
    with pytest.raises(NotSignedIn):
        desk.with_passkey(ceremony.handle, device.get(ceremony.options), AT)
    assert desk.invite(doctor, AT)


def test_a_sweep_deletes_what_has_lapsed_and_nothing_else(desk: SignIn, doctor: UUID, store: Store) -> None:
    desk.set_password(doctor, "sweeping", PASSWORD)
    desk.sweep(AT + timedelta(days=30))
    kept = desk.with_password("sweeping", PASSWORD, "", AT).token
    desk.begin(AT)

    assert desk.sweep(AT + timedelta(minutes=1)) == 0
    assert desk.sweep(AT + timedelta(minutes=6)) == 1
    assert desk.session(kept, AT + timedelta(minutes=6))

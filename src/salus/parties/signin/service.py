"""Sign-in: invitations, passkeys, passwords with TOTP, and sessions of which only digests are stored."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from salus.kernel import Role
from salus.keys import Custodian
from salus.parties.errors import CodeRefused, NotSignedIn, PartyExists, PartyInvalid, PartyUnknown, TooManyFailures
from salus.parties.model import (
    FAILURE_WINDOW,
    FAILURES_ALLOWED,
    SESSION_IDLE,
    SESSION_LASTS,
    PasskeyUse,
    Principal,
    Staff,
)
from salus.parties.service import resident_principal, staff_principal
from salus.parties.signin import passwords
from salus.parties.signin import store as rows
from salus.parties.signin.passkeys import RelyingParty, refused
from salus.parties.signin.store import Account, Passkey
from salus.parties.store import forget_assertions
from salus.storage import Duty, Store, Transaction

MOST_PASSKEYS = 10
_LOGIN = "parties.login"
_TOTP = "parties.totp"
_PROOF = "parties.proof"
_SEEN_EVERY = timedelta(minutes=1)
_WRONG = "login, password or code is not right"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceremony:
    """A passkey ceremony under way: `handle` stays with the browser's session, `options` go to its script."""

    handle: str = field(repr=False)
    options: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """An open session: `token` belongs in a cookie and is stored nowhere."""

    token: str = field(repr=False)
    principal: Principal


class SignIn:
    """Sign-in of staff and residents at one node. Thread-safe; every method is a transaction of its own.

    `ahead` says how far the node's clock is ahead of the authenticator apps', as it is in a demo.
    """

    def __init__(
        self, store: Store, custodian: Custodian, party: RelyingParty, ahead: Callable[[], timedelta] = timedelta
    ) -> None:
        self._ahead = ahead
        self._store = store
        self._custodian = custodian
        self._party = party

    @staticmethod
    def load() -> None:
        """Load what ceremonies are checked with, so that the first to sign in does not wait a tenth of a second."""
        from salus.parties.signin import ceremonies  # noqa: F401, PLC0415  commands that sign nobody in do without

    def invite(self, account: UUID, at: datetime) -> str:
        """Return a one-time invitation (72 hours) to give an account its first credential.

        Raises PartyExists if the account has one: then `reset` comes first, and its owner will notice.
        """
        text = secrets.token_urlsafe(32)
        with self._store.transaction(Duty.REGISTRY) as tx:
            self._known(tx, account)
            self._refuse_credential(tx, account)
            rows.invite(tx, _digest(text), account, at)
        return text

    def refuse_second(self, residents: Sequence[UUID]) -> None:
        """Raise PartyExists if the account of any of these identifiers, all one resident's, has a credential."""
        with self._store.transaction(Duty.REGISTRY) as tx:
            if rows.any_credential(tx, residents):
                raise PartyExists("this resident has an account with a credential; reset it before inviting again")

    def redeem(self, invitation: str, at: datetime) -> SignedIn:
        """Use an invitation up and open a session that is not strong; those of earlier invitations end.

        Raises NotSignedIn or PartyExists.
        """
        with self._store.transaction(Duty.REGISTRY) as tx:
            account_id = rows.take_invitation(tx, _digest(invitation), at)
        with self._store.transaction(Duty.REGISTRY) as tx:
            account = rows.account(tx, account_id) if account_id else None
            if account is None:
                raise NotSignedIn("this invitation is not known, was used, or has lapsed; ask for a new one")
            self._refuse_credential(tx, account.id)
            rows.end_unfinished(tx, account.id)
            return self._open(tx, account, strong=False, at=at)

    def reset(self, account: UUID) -> None:
        """Take every credential and session from an account whose owner lost them. Raises PartyUnknown."""
        with self._store.transaction(Duty.REGISTRY) as tx:
            if not rows.clear_credentials(tx, account):
                raise PartyUnknown("there is no such account")

    def begin_passkey(self, account: UUID, label: str, at: datetime) -> Ceremony:
        """Begin to register a passkey; `label` is what the authenticator shows for it. Raises PartyUnknown."""
        from salus.parties.signin import ceremonies  # noqa: PLC0415  loaded by `load` where it matters

        if not 1 <= len(label) <= 64:
            raise PartyInvalid("a passkey's label has 1 to 64 characters")
        handle, challenge = secrets.token_urlsafe(32), secrets.token_bytes(32)
        with self._store.transaction(Duty.REGISTRY) as tx:
            self._known(tx, account)
            known = rows.passkeys(tx, account)
            if len(known) >= MOST_PASSKEYS:
                raise PartyInvalid(f"an account has at most {MOST_PASSKEYS} passkeys")
            rows.begin_ceremony(tx, _digest(handle), "register", account, challenge, at)
        options = ceremonies.registration_options(self._party, account, label, known, challenge)
        return Ceremony(handle=handle, options=options)

    def finish_passkey(self, handle: str, credential: object, at: datetime) -> None:
        """Register the passkey that a browser made (its JSON, as text or object). The ceremony is used up either way.

        Sessions that are not strong, and other registrations under way, end: only an invitation opens those. Raises
        PartyInvalid, or PartyExists for a credential that is registered.
        """
        from salus.parties.signin import ceremonies  # noqa: PLC0415  as above

        with self._store.transaction(Duty.REGISTRY) as tx:
            ceremony = rows.take_ceremony(tx, _digest(handle), "register", at)
        account, challenge = ceremony or (None, b"")
        if account is None:
            raise PartyInvalid("this registration is not known, was answered, or has lapsed; begin again")
        made = ceremonies.check_registration(self._party, credential, challenge)
        key = Passkey(account=account, public_key=made.public_key, sign_count=made.sign_count)
        with self._store.transaction(Duty.REGISTRY) as tx:
            self._known(tx, account)
            if not rows.add_passkey(tx, made.credential_id, key, at):
                raise PartyExists("this passkey is registered already")
            rows.end_unfinished(tx, account)

    def passkeys(self, account: UUID) -> list[PasskeyUse]:
        """Return when each passkey of an account was added and last used, the oldest first."""
        with self._store.transaction(Duty.REGISTRY) as tx:
            return rows.passkey_uses(tx, account)

    def begin(self, at: datetime) -> Ceremony:
        """Begin a sign-in by passkey, of whomever it turns out to be."""
        from salus.parties.signin import ceremonies  # noqa: PLC0415  as above

        handle, challenge = secrets.token_urlsafe(32), secrets.token_bytes(32)
        with self._store.transaction(Duty.REGISTRY) as tx:
            rows.begin_ceremony(tx, _digest(handle), "sign-in", None, challenge, at)
        return Ceremony(handle=handle, options=ceremonies.sign_in_options(self._party, challenge))

    def with_passkey(self, handle: str, credential: object, at: datetime) -> SignedIn:
        """Sign in by a browser's answer (its JSON, as text or object). The ceremony is used up either way.

        Raises NotSignedIn; also for a counter that did not move forward, as a copied authenticator's would not.
        """
        with self._store.transaction(Duty.REGISTRY) as tx:
            ceremony = rows.take_ceremony(tx, _digest(handle), "sign-in", at)
        if ceremony is None:
            raise NotSignedIn("this sign-in is not known, was answered, or has lapsed; begin again")
        with self._store.transaction(Duty.REGISTRY) as tx:
            return self._open(tx, self._answered(tx, credential, ceremony[1], at), strong=True, at=at)

    def _answered(self, tx: Transaction, credential: object, challenge: bytes, at: datetime) -> Account:
        """Return whose passkey answered a challenge, and move its counter forward. Raises NotSignedIn."""
        from salus.parties.signin import ceremonies  # noqa: PLC0415  as above

        answer = ceremonies.read_answer(credential)
        key = rows.passkey(tx, answer.credential_id)
        account = rows.account(tx, key.account) if key else None
        if key is None or account is None or answer.user not in (None, account.id):
            raise refused()
        count = ceremonies.check_answer(self._party, answer, challenge, key.public_key, key.sign_count)
        if not rows.count_up(tx, answer.credential_id, count, at):
            raise refused()
        return account

    def proves_by(self, account: UUID) -> frozenset[str]:
        """Return how the owner of an account can prove now that it is them: `passkey`, `code`, both or neither."""
        with self._store.transaction(Duty.REGISTRY) as tx:
            known = rows.account(tx, account)
            keys = rows.passkeys(tx, account)
        ways = {"passkey": bool(keys), "code": bool(known and known.totp_confirmed)}
        return frozenset(way for way, there in ways.items() if there)

    def prove_by_passkey(self, account: UUID, handle: str, credential: object, at: datetime) -> None:
        """Check at this very moment that whoever acts holds a passkey of their account; no session is opened by it.

        The ceremony, one that `begin` began, is used up either way. Raises NotSignedIn, for another's passkey too.
        """
        with self._store.transaction(Duty.REGISTRY) as tx:
            ceremony = rows.take_ceremony(tx, _digest(handle), "sign-in", at)
        if ceremony is None:
            raise NotSignedIn("this proof is not known, was given, or has lapsed; begin again")
        with self._store.transaction(Duty.REGISTRY) as tx:
            if self._answered(tx, credential, ceremony[1], at).id != account:
                raise refused()

    def prove_by_code(self, account: UUID, code: str, at: datetime) -> None:
        """Check the same by a six-digit code that was not used yet; it is used up.

        At most 5 codes that fail within 15 minutes are heard. Raises NotSignedIn or TooManyFailures.
        """
        tried = self._custodian.digest(_PROOF, account.bytes)
        with self._store.transaction(Duty.REGISTRY) as tx:
            if not rows.try_password(tx, tried, at, FAILURES_ALLOWED, FAILURE_WINDOW):
                raise TooManyFailures("too many codes that did not fit; wait 15 minutes, or use a passkey")
        with self._store.transaction(Duty.REGISTRY) as tx:
            known = rows.account(tx, account)
            if known is None or not known.totp_confirmed or not self._accept_code(tx, known, code, at):
                raise NotSignedIn("this code does not fit; wait for the next one")
            rows.forgive(tx, tried)

    def set_password(self, account: UUID, login: str, password: str) -> None:
        """Set an account's login name and password (12 characters or more) and close its sessions.

        Raises PartyInvalid, PartyExists for a login that is taken, PartyUnknown.
        """
        digest, hashed = self._login(login), passwords.hash_password(password)
        with self._store.transaction(Duty.REGISTRY) as tx:
            self._known(tx, account)
            if not rows.set_password(tx, account, digest, hashed):
                raise PartyExists("this login name is taken")
            rows.close_sessions(tx, account)

    def begin_totp(self, account: UUID, label: str) -> str:
        """Return the otpauth:// address of a new TOTP secret, which counts once `confirm_totp` has seen a code.

        Raises PartyExists if a confirmed one is there.
        """
        secret = passwords.new_totp_secret()
        sealed = self._custodian.seal(_TOTP, secret, account.bytes)
        with self._store.transaction(Duty.REGISTRY) as tx:
            self._known(tx, account)
            if not rows.set_pending_totp(tx, account, sealed):
                raise PartyExists("this account has a confirmed authenticator; it is reset by an operator")
        return passwords.totp_uri(secret, label, self._party.name)

    def confirm_totp(self, account: UUID, code: str, at: datetime) -> None:
        """Confirm a TOTP secret by a first code, which is used up. Raises PartyInvalid."""
        with self._store.transaction(Duty.REGISTRY) as tx:
            self._confirm(tx, self._known(tx, account), code, at)

    def offer_totp(self, account: UUID, label: str) -> str:
        """Return the otpauth:// address of the secret that waits for its first code; make one where none waits.

        Unlike `begin_totp` it may be asked again, as by a page that is shown again. Raises PartyExists if a confirmed
        one is there.
        """
        with self._store.transaction(Duty.REGISTRY) as tx:
            known = self._known(tx, account)
        if known.totp is None or known.totp_confirmed:
            return self.begin_totp(account, label)
        return passwords.totp_uri(
            self._custodian.open_sealed(_TOTP, known.totp, account.bytes), label, self._party.name
        )

    def enrol(self, account: UUID, login: str, password: str, code: str, at: datetime) -> SignedIn:
        """Set login name, password and authenticator at once, by its first code, and open a strong session.

        All of it or nothing: no account is left with a password alone. Other sessions of the account are closed.
        Raises PartyInvalid for a login or password that cannot serve, CodeRefused, PartyExists for a login that is
        taken, PartyUnknown.
        """
        digest, hashed = self._login(login), passwords.hash_password(password)
        with self._store.transaction(Duty.REGISTRY) as tx:
            known = self._known(tx, account)
            if not rows.set_password(tx, account, digest, hashed):
                raise PartyExists("this login name is taken")
            self._confirm(tx, known, code, at)
            rows.close_sessions(tx, account)
            rows.end_unfinished(tx, account)
            return self._open(tx, known, strong=True, at=at)

    def with_password(self, login: str, password: str, code: str, at: datetime) -> SignedIn:
        """Sign in by password and, where the account has an authenticator, its six-digit code; else `code` is empty.

        The session is strong only with a code. At most 5 attempts that fail within 15 minutes are heard per login,
        known or not. Raises NotSignedIn, with one text whatever was wrong, or TooManyFailures.
        """
        try:
            digest = self._login(login)
        except PartyInvalid:
            raise NotSignedIn(_WRONG) from None
        with self._store.transaction(Duty.REGISTRY) as tx:
            heard = rows.try_password(tx, digest, at, FAILURES_ALLOWED, FAILURE_WINDOW)
            account = rows.account_by_login(tx, digest)
        if not heard:
            raise TooManyFailures("too many failed sign-ins; wait 15 minutes, or use a passkey")
        if not passwords.password_fits(account.password if account else None, password) or account is None:
            raise NotSignedIn(_WRONG)
        with self._store.transaction(Duty.REGISTRY) as tx:
            if account.totp_confirmed and not self._accept_code(tx, account, code, at):
                raise NotSignedIn(_WRONG)
            rows.forgive(tx, digest)
            return self._open(tx, account, strong=account.totp_confirmed, at=at)

    def session(self, token: str, at: datetime) -> Principal:
        """Return who a session token belongs to. Raises NotSignedIn once it is idle for 30 minutes or 12 hours old."""
        digest = _digest(token)
        with self._store.transaction(Duty.REGISTRY) as tx:
            found = rows.session(tx, digest)
            account = rows.account(tx, found.account) if found else None
            if found and account and at < found.began + SESSION_LASTS and at < found.seen + SESSION_IDLE:
                if at - found.seen >= _SEEN_EVERY:
                    rows.see_session(tx, digest, at)
                return _principal(account, strong=found.strong)
            rows.close_session(tx, digest)
        raise NotSignedIn("your session has ended; sign in again")

    def close(self, token: str) -> None:
        """Close a session. Idempotent."""
        with self._store.transaction(Duty.REGISTRY) as tx:
            rows.close_session(tx, _digest(token))

    def sweep(self, at: datetime) -> int:
        """Delete what has lapsed: ceremonies, invitations, failures, sessions, used assertions. For a periodic job."""
        with self._store.transaction(Duty.REGISTRY) as tx:
            return rows.sweep(tx, at, FAILURE_WINDOW) + forget_assertions(tx, at)

    def _login(self, login: str) -> bytes:
        return self._custodian.digest(_LOGIN, passwords.normal_login(login).encode())

    def _confirm(self, tx: Transaction, account: Account, code: str, at: datetime) -> None:
        if account.totp_confirmed or not self._accept_code(tx, account, code, at):
            raise CodeRefused("this code does not fit; wait for the next one, and check the clock")

    def _accept_code(self, tx: Transaction, account: Account, code: str, at: datetime) -> bool:
        if account.totp is None:
            return False
        secret = self._custodian.open_sealed(_TOTP, account.totp, account.id.bytes)
        step = passwords.totp_step(secret, code, at - self._ahead())
        return step is not None and rows.accept_totp_step(tx, account.id, step)

    @staticmethod
    def _known(tx: Transaction, account: UUID) -> Account:
        found = rows.account(tx, account)
        if found is None:
            raise PartyUnknown("there is no such account, or it is disabled")
        return found

    @staticmethod
    def _refuse_credential(tx: Transaction, account: UUID) -> None:
        if rows.has_credential(tx, account):
            raise PartyExists("this account has a credential; reset it before inviting again")

    @staticmethod
    def _open(tx: Transaction, account: Account, *, strong: bool, at: datetime) -> SignedIn:
        token = secrets.token_urlsafe(32)
        rows.open_session(tx, _digest(token), account.id, strong, at)
        return SignedIn(token=token, principal=_principal(account, strong=strong))


def _principal(account: Account, *, strong: bool) -> Principal:
    if account.role is Role.RESIDENT and account.resident is not None:
        return resident_principal(account.id, account.resident, strong=strong)
    member = Staff(
        staff_id=account.id,
        role=account.role,
        name_en=account.name_en,
        name_zh=account.name_zh,
        facility=account.facility,
    )
    return staff_principal(member, strong=strong)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()

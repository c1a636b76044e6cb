"""SQL of sign-in: credentials of accounts, ceremonies, failures, sessions, invitations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from salus.kernel import Role
from salus.parties.model import CEREMONY_LASTS, INVITATION_LASTS, SESSION_IDLE, SESSION_LASTS, PasskeyUse
from salus.storage import Transaction

_ACCOUNT = """
select a.id, a.role, a.name_en, a.name_zh, a.facility, a.resident, a.password, a.totp, a.totp_confirmed
from parties.account a
"""
# Locks one login until the transaction ends, so that guesses sent at once are counted one by one.
_LOCK = "select pg_advisory_xact_lock(('x' || encode(substr(%s::bytea, 1, 8), 'hex'))::bit(64)::bigint)"
_SET_LOGIN = """
update parties.account set login = %(login)s, password = %(password)s
where id = %(account)s and disabled is null
    and not exists (select from parties.account other where other.login = %(login)s and other.id <> %(account)s)
"""
_COUNT_UP = """
update parties.passkey set sign_count = %(count)s, used = %(at)s
where credential_id = %(id)s and (sign_count < %(count)s or (sign_count = 0 and %(count)s = 0))
"""
_TOTP_PENDING = """
update parties.account set totp = %s where id = %s and not totp_confirmed and disabled is null
"""
_TOTP_STEP = """
update parties.account set totp_confirmed = true, totp_step = %(step)s where id = %(account)s and totp_step < %(step)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An enabled account, and what it may prove itself with."""

    id: UUID
    role: Role
    name_en: str
    name_zh: str
    facility: str | None
    resident: UUID | None
    password: str | None = field(repr=False)
    totp: bytes | None = field(repr=False)
    totp_confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """A registered credential."""

    account: UUID
    public_key: bytes
    sign_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session as stored."""

    account: UUID
    strong: bool
    began: datetime
    seen: datetime


def account(tx: Transaction, account_id: UUID) -> Account | None:
    """Return an account unless it is disabled."""
    return _account(tx.row(_ACCOUNT + "where a.id = %s and a.disabled is null", (account_id,)))


def account_by_login(tx: Transaction, login: bytes) -> Account | None:
    """Return the account of a login's digest unless it is disabled."""
    return _account(tx.row(_ACCOUNT + "where a.login = %s and a.disabled is null", (login,)))


def has_credential(tx: Transaction, account_id: UUID) -> bool:
    """Tell whether an account has a password or a passkey."""
    row = tx.row(
        "select a.password is not null or exists (select from parties.passkey p where p.account = a.id)"
        " from parties.account a where a.id = %s",
        (account_id,),
    )
    return bool(row and row[0])


def any_credential(tx: Transaction, residents: Sequence[UUID]) -> bool:
    """Tell whether the account of any of these residents has a password or a passkey."""
    row = tx.row(
        "select exists (select from parties.account a where a.resident = any(%s::uuid[])"
        " and (a.password is not null or exists (select from parties.passkey p where p.account = a.id)))",
        (list(residents),),
    )
    return bool(row and row[0])


def set_password(tx: Transaction, account_id: UUID, login: bytes, password: str) -> bool:
    """Set login and password hash; False if the login is another's or the account is not there."""
    tx.run(_LOCK, (login,))
    return bool(tx.run(_SET_LOGIN, {"account": account_id, "login": login, "password": password}))


def set_pending_totp(tx: Transaction, account_id: UUID, sealed: bytes) -> bool:
    """Store a TOTP secret that waits for its first code; False if one is confirmed already."""
    return bool(tx.run(_TOTP_PENDING, (sealed, account_id)))


def accept_totp_step(tx: Transaction, account_id: UUID, step: int) -> bool:
    """Note the time step of an accepted code; False if that step or a later one was used before."""
    return bool(tx.run(_TOTP_STEP, {"account": account_id, "step": step}))


def clear_credentials(tx: Transaction, account_id: UUID) -> bool:
    """Take every credential and session from an account; False if there is no such account."""
    for table in ("passkey", "session", "invitation", "ceremony"):
        tx.run(f"delete from parties.{table} where account = %s", (account_id,))  # noqa: S608  names of ours
    statement = (
        "update parties.account set login = null, password = null, totp = null, totp_confirmed = false where id = %s"
    )
    return bool(tx.run(statement, (account_id,)))


def try_password(tx: Transaction, login: bytes, at: datetime, allowed: int, window: timedelta) -> bool:
    """Enter an attempt; False, with nothing entered, if the window holds all that are allowed."""
    tx.run(_LOCK, (login,))
    row = tx.row("select count(*) from parties.failure where login = %s and at > %s", (login, at - window))
    if row and row[0] >= allowed:
        return False
    tx.run("insert into parties.failure (login, at) values (%s, %s)", (login, at))
    return True


def forgive(tx: Transaction, login: bytes) -> None:
    """Delete the attempts on a login after one succeeded."""
    tx.run("delete from parties.failure where login = %s", (login,))


def begin_ceremony(
    tx: Transaction, handle: bytes, kind: str, account_id: UUID | None, challenge: bytes, at: datetime
) -> None:
    """Store a ceremony's challenge."""
    tx.run(
        "insert into parties.ceremony (handle, kind, account, challenge, expires) values (%s, %s, %s, %s, %s)",
        (handle, kind, account_id, challenge, at + CEREMONY_LASTS),
    )


def take_ceremony(tx: Transaction, handle: bytes, kind: str, at: datetime) -> tuple[UUID | None, bytes] | None:
    """Take a ceremony out, once: its account and challenge, or None if there is none in force."""
    statement = "delete from parties.ceremony where handle = %s and kind = %s returning account, challenge, expires"
    row = tx.row(statement, (handle, kind))
    return (row[0], bytes(row[1])) if row and at < row[2] else None


def passkey(tx: Transaction, credential_id: bytes) -> Passkey | None:
    """Return a registered credential."""
    statement = "select account, public_key, sign_count from parties.passkey where credential_id = %s"
    row = tx.row(statement, (credential_id,))
    return Passkey(account=row[0], public_key=bytes(row[1]), sign_count=row[2]) if row else None


def passkeys(tx: Transaction, account_id: UUID) -> list[bytes]:
    """Return the credential ids of an account."""
    found = tx.rows("select credential_id from parties.passkey where account = %s order by registered", (account_id,))
    return [bytes(id_) for (id_,) in found]


def add_passkey(tx: Transaction, credential_id: bytes, key: Passkey, at: datetime) -> bool:
    """Register a credential; False if the id is registered."""
    statement = (
        "insert into parties.passkey (credential_id, account, public_key, sign_count, registered)"
        " values (%s, %s, %s, %s, %s) on conflict do nothing"
    )
    return bool(tx.run(statement, (credential_id, key.account, key.public_key, key.sign_count, at)))


def count_up(tx: Transaction, credential_id: bytes, count: int, at: datetime) -> bool:
    """Note a use of a credential and move its counter forward; False if that is not forward."""
    return bool(tx.run(_COUNT_UP, {"id": credential_id, "count": count, "at": at}))


def passkey_uses(tx: Transaction, account_id: UUID) -> list[PasskeyUse]:
    """Return when each credential of an account was added and last used, the oldest first."""
    statement = "select registered, used from parties.passkey where account = %s order by registered, credential_id"
    return [PasskeyUse(added=added, used=used) for added, used in tx.rows(statement, (account_id,))]


def open_session(tx: Transaction, digest: bytes, account_id: UUID, strong: bool, at: datetime) -> None:
    """Store a session."""
    tx.run(
        "insert into parties.session (digest, account, strong, began, seen) values (%s, %s, %s, %s, %s)",
        (digest, account_id, strong, at, at),
    )


def session(tx: Transaction, digest: bytes) -> Session | None:
    """Return a stored session, in force or not."""
    row = tx.row("select account, strong, began, seen from parties.session where digest = %s", (digest,))
    return Session(account=row[0], strong=row[1], began=row[2], seen=row[3]) if row else None


def see_session(tx: Transaction, digest: bytes, at: datetime) -> None:
    """Note that a session was used."""
    tx.run("update parties.session set seen = %s where digest = %s", (at, digest))


def close_session(tx: Transaction, digest: bytes) -> None:
    """Delete a session."""
    tx.run("delete from parties.session where digest = %s", (digest,))


def close_sessions(tx: Transaction, account_id: UUID) -> None:
    """Delete all sessions of an account."""
    tx.run("delete from parties.session where account = %s", (account_id,))


def end_unfinished(tx: Transaction, account_id: UUID) -> None:
    """Delete what could still give an account a credential without one of its own: weak sessions, registrations."""
    tx.run("delete from parties.session where account = %s and not strong", (account_id,))
    tx.run("delete from parties.ceremony where account = %s", (account_id,))


def invite(tx: Transaction, digest: bytes, account_id: UUID, at: datetime) -> None:
    """Store an invitation, in place of any earlier one to the account."""
    tx.run("delete from parties.invitation where account = %s", (account_id,))
    tx.run(
        "insert into parties.invitation (digest, account, expires) values (%s, %s, %s)",
        (digest, account_id, at + INVITATION_LASTS),
    )


def take_invitation(tx: Transaction, digest: bytes, at: datetime) -> UUID | None:
    """Take an invitation out, once: its account, or None if there is none in force."""
    row = tx.row("delete from parties.invitation where digest = %s returning account, expires", (digest,))
    return row[0] if row and at < row[1] else None


def sweep(tx: Transaction, at: datetime, window: timedelta) -> int:
    """Delete what has lapsed; return how many rows."""
    return (
        tx.run("delete from parties.ceremony where expires < %s", (at,))
        + tx.run("delete from parties.invitation where expires < %s", (at,))
        + tx.run("delete from parties.failure where at < %s", (at - window,))
        + tx.run("delete from parties.session where seen < %s", (at - SESSION_IDLE,))
        + tx.run("delete from parties.session where began < %s", (at - SESSION_LASTS,))
    )


def _account(row: tuple[object, ...] | None) -> Account | None:
    if row is None:
        return None
    id_, role, name_en, name_zh, facility, resident, password, totp, confirmed = row
    if not isinstance(id_, UUID) or not isinstance(resident, UUID | None) or not isinstance(totp, bytes | None):
        raise TypeError("an account's row is not as the migration made it")
    return Account(
        id=id_,
        role=Role(str(role)),
        name_en=str(name_en),
        name_zh=str(name_zh),
        facility=None if facility is None else str(facility),
        resident=resident,
        password=None if password is None else str(password),
        totp=totp,
        totp_confirmed=bool(confirmed),
    )

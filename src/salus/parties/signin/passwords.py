"""Passwords (argon2id) and time-based codes (RFC 6238): made and checked, without a store."""

from __future__ import annotations

import base64
import hmac
import secrets
import threading
import unicodedata
from datetime import datetime
from functools import cache

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from salus.parties.errors import PartyInvalid
from salus.parties.model import LONGEST_PASSWORD, SHORTEST_PASSWORD

TOTP_SECONDS = 30
_TOTP_DIGITS = 6
_LOGIN_LENGTHS = range(3, 65)
# RFC 9106, second recommended option; a hash takes 64 MiB, so few run at once.
_HASHER = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=4, hash_len=32, salt_len=16, type=Type.ID)
_AT_ONCE = threading.BoundedSemaphore(4)


def normal_login(login: str) -> str:
    """Return a login name as it is compared: NFKC, without case or outer spaces. Raises PartyInvalid."""
    plain = unicodedata.normalize("NFKC", login[:256]).strip().casefold()
    if len(plain) not in _LOGIN_LENGTHS or not plain.isprintable():
        raise PartyInvalid("a login name has 3 to 64 printable characters")
    return plain


def hash_password(password: str) -> str:
    """Hash a new password (NFKC, NIST SP 800-63B section 5.1.1.2). Raises PartyInvalid if it is too short or long."""
    plain = _normal(password)
    if not SHORTEST_PASSWORD <= len(plain) <= LONGEST_PASSWORD:
        raise PartyInvalid(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    with _AT_ONCE:
        return _HASHER.hash(plain)


def password_fits(stored: str | None, password: str) -> bool:
    """Check a password; without a stored hash this takes as long, and is False."""
    plain = _normal(password[: LONGEST_PASSWORD * 4])
    with _AT_ONCE:
        try:
            _HASHER.verify(stored or _nobodys(), plain)
        except (VerificationError, InvalidHashError):
            return False
    return stored is not None


def new_totp_secret() -> bytes:
    """Make a TOTP secret of 160 bits."""
    return secrets.token_bytes(20)


def totp_uri(secret: bytes, label: str, issuer: str) -> str:
    """Write the otpauth:// address that an authenticator app reads from a QR code."""
    return _totp(secret).provisioning_uri(name=label, issuer_name=issuer)


def totp_step(secret: bytes, code: str, at: datetime) -> int | None:
    """Return the time step that a code belongs to, the present one or a neighbour, or None."""
    if len(code) != _TOTP_DIGITS or not (code.isascii() and code.isdigit()):
        return None
    present = int(at.timestamp()) // TOTP_SECONDS
    totp = _totp(secret)
    fitting = [step for step in (present - 1, present, present + 1) if _same(totp.generate_otp(step), code)]
    return fitting[-1] if fitting else None


def _totp(secret: bytes) -> pyotp.TOTP:
    return pyotp.TOTP(base64.b32encode(secret).decode("ascii"), digits=_TOTP_DIGITS, interval=TOTP_SECONDS)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _normal(password: str) -> str:
    if any("\ud800" <= letter <= "\udfff" for letter in password):
        raise PartyInvalid("a password is valid Unicode text")
    return unicodedata.normalize("NFKC", password)


@cache
def _nobodys() -> str:
    return _HASHER.hash(secrets.token_urlsafe(32))

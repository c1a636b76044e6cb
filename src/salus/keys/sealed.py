"""The custodian file: one JSON object, AES-256-GCM under a key that argon2id stretches from a passphrase.

The format's name fixes the stretching parameters, so a changed file cannot weaken them.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from salus.keys.errors import CustodianBroken, WrongPassphrase
from salus.keys.model import KEY_BYTES, Secrets, decode_secrets

FILE = "custodian.sealed"
FORMAT = "salus-custodian-1"
# RFC 9106, section 4, second recommended option: 64 MiB, 3 passes, 4 lanes.
PASSES, MEMORY_KIB, LANES = 3, 65_536, 4
SALT_BYTES, NONCE_BYTES = 16, 12
LARGEST_FILE = 1_048_576


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretched:
    """A passphrase, stretched with the salt that the file names."""

    salt: bytes
    key: bytes = field(repr=False)


def stretch(passphrase: bytes, salt: bytes | None = None) -> Stretched:
    """Stretch a passphrase by argon2id (RFC 9106); a new random salt where none is given."""
    salt = salt or secrets.token_bytes(SALT_BYTES)
    key = hash_secret_raw(
        passphrase, salt, time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES, hash_len=KEY_BYTES, type=Type.ID
    )
    return Stretched(salt=salt, key=key)


def read(path: Path, passphrase: bytes) -> tuple[Stretched, Secrets]:
    """Open a custodian file.

    Raises CustodianBroken for a damaged file, WrongPassphrase for a whole one that does not open. The checksum only
    tells these two apart; that nothing was forged is for the seal to say.
    """
    salt, nonce, sealed = _parts(path)
    stretched = stretch(passphrase, salt)
    return stretched, _opened(stretched, nonce, sealed)


def reread(path: Path, stretched: Stretched) -> Secrets:
    """Open the file again without the passphrase, after another process may have added to it."""
    salt, nonce, sealed = _parts(path)
    if salt != stretched.salt:
        raise WrongPassphrase("the custodian file was sealed anew by another process; start this one again")
    return _opened(stretched, nonce, sealed)


def write(path: Path, stretched: Stretched, content: Secrets) -> None:
    """Replace the file atomically and durably, readable by its owner alone."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = AESGCM(stretched.key).encrypt(nonce, content.encode(), FORMAT.encode())
    text = json.dumps(
        {
            "format": FORMAT,
            "salt": base64.b64encode(stretched.salt).decode(),
            "nonce": base64.b64encode(nonce).decode(),
            "sealed": base64.b64encode(sealed).decode(),
            "checksum": _checksum(stretched.salt, nonce, sealed),
        },
        indent=1,
    )
    partial = path.with_suffix(".new")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    _sync_folder(path.parent)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep every other process from changing the file while the block runs."""
    descriptor = os.open(folder / "custodian.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _parts(path: Path) -> tuple[bytes, bytes, bytes]:
    damaged = f"{path.name} is damaged or is no custodian file; restore it from the back-up of the keys"
    try:
        with path.open("rb") as file:
            content = json.loads(file.read(LARGEST_FILE + 1))
        if content["format"] != FORMAT:
            raise CustodianBroken(f"{path.name} has a format that this release does not know")
        salt, nonce, sealed = (base64.b64decode(content[part], validate=True) for part in ("salt", "nonce", "sealed"))
        whole = content["checksum"] == _checksum(salt, nonce, sealed)
    except (ValueError, KeyError, TypeError) as error:
        raise CustodianBroken(damaged) from error
    if not whole or len(salt) != SALT_BYTES or len(nonce) != NONCE_BYTES:
        raise CustodianBroken(damaged)
    return salt, nonce, sealed


def _opened(stretched: Stretched, nonce: bytes, sealed: bytes) -> Secrets:
    try:
        return decode_secrets(AESGCM(stretched.key).decrypt(nonce, sealed, FORMAT.encode()))
    except InvalidTag:
        raise WrongPassphrase("this passphrase does not open the custodian file; nothing was changed") from None


def _checksum(salt: bytes, nonce: bytes, sealed: bytes) -> str:
    return hashlib.sha256(FORMAT.encode() + salt + nonce + sealed).hexdigest()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

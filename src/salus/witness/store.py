"""The witness's folder: its sealed key, which logs it watches, and the last head that it cosigned of each.

Everything is written aside, forced to disk and moved into place. Nothing is ever begun anew where something was before.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from salus.witness.errors import FolderHeld, Forgotten

_KEY, _PASSPHRASE, _TOLD, _LOCK = "witness.key", "witness.passphrase", "witness.json", "witness.lock"


class Folder:
    """The folder of one witness, held by one process at a time. The lock goes with the process, however it ends."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise FolderHeld(f"a witness runs on {folder} already; stop it first") from None

    def close(self) -> None:
        """Let others have the folder."""
        os.close(self._lock)

    def join(self, name: str, logs: dict[str, str], *, demo: bool) -> None:
        """Note who this witness is and which logs it watches, by origin and key; FolderHeld if it is somebody else.

        A log that is new begins with nothing cosigned; Forgotten where what was cosigned of a known one is lost.
        """
        path = self._folder / _TOLD
        if not path.exists() and (self._folder / _KEY).exists():
            raise Forgotten(f"{path} is lost; this witness is at its end, make another in a new folder")
        told: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {"logs": {}}
        if (told.setdefault("name", name), told.setdefault("demo", demo)) != (name, demo):
            raise FolderHeld(f"{self._folder} belongs to the witness {told['name']}, which stays of its kind for ever")
        for origin, key in logs.items():
            if told["logs"].get(origin, key) != key:
                raise FolderHeld(f"the log {origin} has another key than the one that this witness watches")
            if origin not in told["logs"] and not self._head(origin).exists():
                self.remember(origin, "")
            self.last(origin)
        self._write(path, json.dumps({**told, "logs": {**told["logs"], **logs}}, indent=1).encode())

    def key(self, passphrase_file: Path | None) -> Ed25519PrivateKey:
        """Open the key, or make one where nothing was ever signed. Raises Forgotten where it is lost or damaged."""
        passphrase = self._passphrase(passphrase_file)
        path = self._folder / _KEY
        if not path.exists():
            if any(head.stat().st_size for head in self._folder.glob("logs/*/checkpoint")):
                raise Forgotten(f"{path} is lost; this witness is at its end, make another in a new folder")
            made = Ed25519PrivateKey.generate()
            sealing = BestAvailableEncryption(passphrase)
            self._write(path, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealing))
        try:
            key = load_pem_private_key(path.read_bytes(), passphrase)
        except ValueError:
            raise Forgotten(f"{path} does not open: it is damaged, or sealed with another passphrase") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise Forgotten(f"{path} holds a key of another kind")
        return key

    def last(self, origin: str) -> str | None:
        """Return the last head that was cosigned, with the signatures; None if none was. Raises Forgotten."""
        try:
            text = self._head(origin).read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            raise Forgotten(f"what was cosigned of {origin} is lost; this witness cannot go on with it") from None
        return text or None

    def remember(self, origin: str, text: str) -> None:
        """Keep a head, durably: once this returns no crash can undo it."""
        self._write(self._head(origin), text.encode())

    def note_address(self, address: str) -> None:
        """Note where this witness answers, for who started it."""
        self._write(self._folder / "served-at", address.encode())

    def _head(self, origin: str) -> Path:
        return self._folder / "logs" / sha256(origin.encode()).hexdigest() / "checkpoint"

    def _passphrase(self, given: Path | None) -> bytes:
        path = given or self._folder / _PASSPHRASE
        if not path.exists() and given is None:
            self._write(path, secrets.token_urlsafe(32).encode())
        return path.read_bytes().strip()

    def _write(self, path: Path, content: bytes) -> None:
        missing = [one for one in (path.parent, *path.parent.parents) if not one.exists()]
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = path.with_name(path.name + ".new")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        for folder in (path.parent, *(one.parent for one in missing)):
            _settle(folder)


def _settle(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""Files that signers hand to each other, documents, keys and signatures, read the same by every command."""

from __future__ import annotations

import base64
import binascii
import json
import os
import secrets
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from salus.kernel import Invalid

_MOST = 1024 * 1024


def read_json(path: Path) -> Any:
    """Read a file of JSON, of at most a megabyte."""
    if path.stat().st_size > _MOST:
        raise Invalid(f"a file here has at most {_MOST} octets", code="SALUS-Z013")
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        raise Invalid("the file is not JSON", code="SALUS-Z013") from None


def key_octets(text: object) -> bytes:
    """Read a key that is written in base64: 32 octets."""
    try:
        raw = base64.b64decode(str(text), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 32:
        raise Invalid("a key has 32 octets, written in base64", code="SALUS-Z012")
    return raw


def key_of(path: Path) -> bytes:
    """Read the octets of a private key from its file, `{"key": base64}`."""
    read = read_json(path)
    return key_octets(read.get("key") if isinstance(read, dict) else None)


def signing_key(path: Path) -> Ed25519PrivateKey:
    """Read a signer's key from its file."""
    return Ed25519PrivateKey.from_private_bytes(key_of(path))


def signatures_of(path: Path) -> dict[str, str]:
    """Read a file of signatures, by the names of those who made them."""
    given = read_json(path)
    if not isinstance(given, dict) or not all(isinstance(one, str) for one in given.values()):
        raise Invalid("signatures are a JSON object from the name of a party to its signature", code="SALUS-Z011")
    return given


def add_signature(signatures: Path, party: str, key: Path, message: bytes) -> None:
    """Add a party's signature to a file of signatures, which is made if there is none."""
    given = signatures_of(signatures) if signatures.exists() else {}
    given[party] = base64.b64encode(signing_key(key).sign(message)).decode()
    signatures.write_text(json.dumps(given, indent=1, sort_keys=True) + "\n", "utf-8")


def write_over(out: Path, content: bytes) -> None:
    """Write a file anew, for its owner alone: whole or not at all, so that what was there is never lost half-way."""
    aside = out.with_name(f".{out.name}.{secrets.token_hex(8)}")
    try:
        write_new(aside, content)
        aside.replace(out)
    finally:
        aside.unlink(missing_ok=True)


def write_new(out: Path, content: bytes) -> None:
    """Write a file that was not there, for its owner alone."""
    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as reason:
        raise Invalid(f"{out} cannot be written: {reason.strerror}", code="SALUS-A092") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())

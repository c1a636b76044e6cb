"""Ed25519 signatures, and the keys of logs and witnesses as C2SP writes them: name, identifier and key."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from salus_audit.spelling import Misspelt, base64_of, folded, octets

LOG, WITNESS = 1, 4
"""The first byte of a key: whose signature it makes (C2SP signed-note; tlog-cosignature)."""
_KEY = re.compile(r"(?P<name>[^\s+]+)\+(?P<id>[0-9a-f]{8})\+(?P<key>[A-Za-z0-9+/]+=*)")


@dataclass(frozen=True, slots=True)
class NamedKey:
    """A key of a log or of a witness. `organisation` answers for it, as `said_by` said: `you`, `log`, or nobody."""

    name: str
    kind: int
    key: bytes
    organisation: str = ""
    said_by: str | None = None

    @classmethod
    def read(cls, text: str, kind: int, organisation: str = "") -> NamedKey:
        """Read name+identifier+key; Misspelt unless the identifier is the one of this name and key."""
        match = _KEY.fullmatch(text.strip())
        if not match:
            raise Misspelt("a key is written name+identifier+key")
        raw = octets(match["key"], 33)
        said = "you" if folded(organisation) not in ("", folded(match["name"])) else None
        found = cls(match["name"], kind, raw[1:], organisation if said else match["name"], said)
        if raw[0] != kind:
            raise Misspelt(f"this key is of the kind {raw[0]}, and {kind} was asked for")
        if found.identifier.hex() != match["id"]:
            raise Misspelt("the key's identifier belongs to another name or key")
        return found

    @classmethod
    def witness(cls, text: str) -> NamedKey:
        """Read a witness as ORGANISATION=KEY, or as its key alone; what comes before the first = may be either.

        The identifier decides: it belongs to one name only, so that no text can be read in both ways.
        """
        organisation, sign, key = text.partition("=")
        if sign and "+" in key:
            try:
                found = cls.read(key, WITNESS, organisation.strip())
            except Misspelt:
                return cls.read(text, WITNESS)
            if not folded(organisation):
                raise Misspelt("name the organisation before the =, or give the key alone")
            return found
        return cls.read(text, WITNESS)

    @property
    def body(self) -> str:
        """The organisation as it is compared and counted."""
        return folded(self.organisation)

    @property
    def identifier(self) -> bytes:
        """The first four bytes of SHA-256 over name, newline, kind and key."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.key).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.identifier.hex()}+{base64_of(bytes([self.kind]) + self.key)}"


def signed(key: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether this key made this signature over this message (RFC 8032)."""
    found = _public(key)
    if found is None:
        return False
    try:
        found.verify(signature, message)
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=65_536)
def _public(key: bytes) -> Ed25519PublicKey | None:
    try:
        return Ed25519PublicKey.from_public_bytes(key)
    except ValueError:
        return None

"""Signed notes (C2SP signed-note, Ed25519 only) and the checkpoints written in them (C2SP tlog-checkpoint)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from salus.proof.errors import NoteError
from salus.proof.tree import HASH_BYTES, MOST_LEAVES

ED25519 = b"\x01"
MOST_NOTE_BYTES = 65_536
MOST_SIGNATURES = 100
KEY_BYTES = 32

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_KEY_ID = re.compile(r"[0-9a-f]{8}", re.ASCII)
_KEY_NAME = re.compile(r"[^\s+\x00-\x1f]+")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class Signer(Protocol):
    """An Ed25519 key that signs without being shown."""

    @property
    def name(self) -> str:
        """The key's name, which is also the log's origin: no spaces, no plus sign."""
        ...

    @property
    def public_key(self) -> bytes:
        """The 32 bytes of the public key (RFC 8032)."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of the signature over the message."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierKey:
    """A named Ed25519 public key, written name+id+key as in Go's sumdb/note."""

    name: str
    public_key: bytes

    def __post_init__(self) -> None:
        check_key(self.name, self.public_key)

    @classmethod
    def of(cls, signer: Signer) -> VerifierKey:
        """Take the public half of a signer."""
        return cls(name=signer.name, public_key=signer.public_key)

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Read name+id+key; NoteError unless the id is the one that belongs to name and key."""
        name, public_key = read_key(text, ED25519)
        return cls(name=name, public_key=public_key)

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256 over name, newline, 0x01 and key."""
        return key_id(self.name, ED25519, self.public_key)

    def __str__(self) -> str:
        return write_key(self.name, ED25519, self.public_key)

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Tell whether this key made this signature over this message."""
        return verifies(self.public_key, message, signature)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature line: `value` is what follows the four bytes of the key id."""

    name: str
    key_id: bytes
    value: bytes

    def __str__(self) -> str:
        return f"\u2014 {self.name} {encode(self.key_id + self.value)}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A text that ends in a newline, and its signatures, not yet believed; `open_note` believes one."""

    text: str
    signatures: tuple[Signature, ...]

    def __post_init__(self) -> None:
        if not self.text.endswith("\n") or _CONTROL.search(self.text):
            raise NoteError("a note's text ends in a newline and has no other control characters")
        if not self.signatures:
            raise NoteError("a note has at least one signature")

    @classmethod
    def parse(cls, text: str) -> Note:
        """Take a note apart without checking any signature; NoteError if it is malformed or larger than 64 KiB."""
        try:
            length = len(text.encode())
        except UnicodeEncodeError:
            raise NoteError("a note is valid UTF-8") from None
        if length > MOST_NOTE_BYTES:
            raise NoteError(f"the note is larger than {MOST_NOTE_BYTES} bytes")
        body, gap, lines = text.rpartition("\n\n")
        if not gap or not lines.endswith("\n"):
            raise NoteError("a note is text, an empty line, and signature lines that end in a newline")
        rows = lines[:-1].split("\n")
        if len(rows) > MOST_SIGNATURES:
            raise NoteError(f"the note has more than {MOST_SIGNATURES} signatures")
        return cls(text=body + "\n", signatures=tuple(parse_signature(row) for row in rows))

    def __str__(self) -> str:
        return f"{self.text}\n{''.join(map(str, self.signatures))}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The head of a log: its origin, its size, its root, and the signed note that says so."""

    origin: str
    size: int
    root: bytes
    note: str

    @property
    def text(self) -> str:
        """The lines that were signed."""
        return _checkpoint_text(self.origin, self.size, self.root)


def check_key(name: str, public_key: bytes) -> None:
    """Refuse what cannot be the name or the public half of an Ed25519 key, with NoteError."""
    if not _is_key_name(name):
        raise NoteError("a key's name is not empty and holds neither spaces nor a plus sign")
    if len(public_key) != KEY_BYTES:
        raise NoteError(f"an Ed25519 public key has {KEY_BYTES} bytes, not {len(public_key)}")


def key_id(name: str, kind: bytes, public_key: bytes) -> bytes:
    """Return the first four bytes of SHA-256 over name, newline, kind of signature and key."""
    return sha256(name.encode() + b"\n" + kind + public_key).digest()[:4]


def write_key(name: str, kind: bytes, public_key: bytes) -> str:
    """Write a key as name+id+key; `kind` is the byte of its kind of signature."""
    return f"{name}+{key_id(name, kind, public_key).hex()}+{encode(kind + public_key)}"


def read_key(text: str, kind: bytes) -> tuple[str, bytes]:
    """Read name and key from name+id+key; NoteError unless it is of this kind and its id belongs to them."""
    parts = text.strip().split("+", 2)
    if len(parts) != 3 or not _KEY_ID.fullmatch(parts[1]):
        raise NoteError("a verifier key is written name+8 hex digits+base64")
    raw = decode(parts[2], "the verifier key")
    if raw[:1] != kind:
        raise NoteError(f"the verifier key is of a kind other than Ed25519 (0x{kind.hex()})")
    if key_id(parts[0], kind, raw[1:]).hex() != parts[1]:
        raise NoteError("the verifier key's id does not belong to its name and key")
    return parts[0], raw[1:]


def verifies(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether the Ed25519 key with this public half made this signature over this message."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def sign_note(text: str, signer: Signer) -> Note:
    """Sign a text that ends in a newline."""
    key = VerifierKey.of(signer)
    return Note(text=text, signatures=(Signature(name=key.name, key_id=key.key_id, value=signer.sign(text.encode())),))


def open_note(text: str, keys: Iterable[VerifierKey]) -> tuple[Note, tuple[VerifierKey, ...]]:
    """Read a note and return it with those of `keys` that signed it.

    Signatures of unknown keys are passed over. NoteError if none of `keys` signed, or one of them signed wrongly.
    """
    note = Note.parse(text)
    known = {(key.name, key.key_id): key for key in keys}
    message = note.text.encode()
    signed = []
    for signature in note.signatures:
        key = known.pop((signature.name, signature.key_id), None)
        if key is None:
            continue
        if not key.verifies(message, signature.value):
            raise NoteError(f"the signature of {key.name} does not verify; the note was altered or forged")
        signed.append(key)
    if not signed:
        raise NoteError("no key that was asked for has signed this note")
    return note, tuple(signed)


def sign_checkpoint(size: int, root: bytes, signer: Signer) -> Checkpoint:
    """Sign the head of the log whose origin is the signer's name.

    The caller answers for this head extending every head signed before.
    """
    if not 0 <= size <= MOST_LEAVES or len(root) != HASH_BYTES:
        raise NoteError("a checkpoint has a size below 2^63 and a root of 32 bytes")
    note = sign_note(_checkpoint_text(signer.name, size, root), signer)
    return Checkpoint(origin=signer.name, size=size, root=root, note=str(note))


def open_checkpoint(text: str, keys: Sequence[VerifierKey]) -> Checkpoint:
    """Read a checkpoint that the log itself has signed: a key of `keys` whose name is the origin.

    NoteError otherwise. Extension lines are refused, as tlog-checkpoint advises against them and we never write one.
    """
    note, signed = open_note(text, keys)
    lines = note.text[:-1].split("\n")
    if len(lines) != 3 or not all(lines):
        raise NoteError("a checkpoint has three lines: origin, size, root")
    origin, size, root = lines
    if not _DECIMAL.fullmatch(size) or int(size) > MOST_LEAVES:
        raise NoteError("a checkpoint's size is a decimal number below 2^63 without leading zeroes")
    if origin not in {key.name for key in signed}:
        raise NoteError("the checkpoint is not signed by a key that bears the name of its origin")
    raw = decode(root, "the checkpoint's root")
    if len(raw) != HASH_BYTES:
        raise NoteError(f"a root has {HASH_BYTES} bytes, not {len(raw)}")
    return Checkpoint(origin=origin, size=int(size), root=raw, note=text)


def _checkpoint_text(origin: str, size: int, root: bytes) -> str:
    return f"{origin}\n{size}\n{encode(root)}\n"


def parse_signature(line: str) -> Signature:
    """Read one signature line, without the newline at its end; NoteError if it is malformed."""
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "\u2014" or not _is_key_name(parts[1]):
        raise NoteError("a signature line is an em dash, a key name and base64")
    raw = decode(parts[2], "a signature")
    if len(raw) < 5:
        raise NoteError("a signature has four bytes of key id and at least one more")
    return Signature(name=parts[1], key_id=raw[:4], value=raw[4:])


def _is_key_name(name: str) -> bool:
    return bool(_KEY_NAME.fullmatch(name))


def encode(raw: bytes) -> str:
    """Write bytes in base64 (RFC 4648, section 4)."""
    return base64.b64encode(raw).decode()


def decode(text: str, what: str) -> bytes:
    """Read base64, only in its one canonical spelling: padding complete, unused bits zero; NoteError otherwise."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not raw or encode(raw) != text:
        raise NoteError(f"{what} is not base64 in its canonical spelling")
    return raw

"""Cosignatures of witnesses (C2SP tlog-cosignature v1, Ed25519 only): a checkpoint, and when it was the newest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from salus.proof.errors import NoteError
from salus.proof.note import Signature, Signer, check_key, key_id, read_key, verifies, write_key

COSIGNATURE_V1 = b"\x04"
TIME_BYTES = 8
SIGNATURE_BYTES = 64

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_SECOND = int((datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC) - _EPOCH).total_seconds())


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessKey:
    """A witness's public key, written name+id+key with the kind 0x04, and the organisation that answers for it.

    Without an `organisation` the witness's own name stands for one.
    """

    name: str
    public_key: bytes
    organisation: str = ""

    def __post_init__(self) -> None:
        check_key(self.name, self.public_key)
        if not self.organisation:
            object.__setattr__(self, "organisation", self.name)

    @classmethod
    def of(cls, signer: Signer, organisation: str = "") -> WitnessKey:
        """Take the public half of a signer."""
        return cls(name=signer.name, public_key=signer.public_key, organisation=organisation)

    @classmethod
    def parse(cls, text: str, organisation: str = "") -> WitnessKey:
        """Read name+id+key; NoteError unless it is a witness's key (0x04) and the id belongs to it."""
        name, public_key = read_key(text, COSIGNATURE_V1)
        return cls(name=name, public_key=public_key, organisation=organisation)

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256 over name, newline, 0x04 and key."""
        return key_id(self.name, COSIGNATURE_V1, self.public_key)

    def __str__(self) -> str:
        return write_key(self.name, COSIGNATURE_V1, self.public_key)

    @property
    def owned(self) -> str:
        """The key with the organisation that answers for it, ORGANISATION=KEY, as commands take it."""
        return f"{self.organisation}={self}"

    def signed(self, line: Signature) -> bool:
        """Tell whether a signature line claims to be this witness's."""
        return (line.name, line.key_id) == (self.name, self.key_id)

    def time_of(self, text: str, line: Signature) -> datetime:
        """Return when this witness cosigned the checkpoint of this text (without signatures), in whole seconds.

        NoteError unless the line is this witness's, well formed, and verifies.
        """
        if not self.signed(line) or len(line.value) != TIME_BYTES + SIGNATURE_BYTES:
            raise NoteError(f"the line of {line.name} is no cosignature of the witness {self.name}")
        second = int.from_bytes(line.value[:TIME_BYTES], "big")
        if not 0 < second <= _LAST_SECOND:
            raise NoteError(f"the cosignature of {self.name} has no time between 1970 and 9999")
        if not verifies(self.public_key, _message(text, second), line.value[TIME_BYTES:]):
            raise NoteError(f"the cosignature of {self.name} does not verify; it was altered or forged")
        return _EPOCH + timedelta(seconds=second)


def cosign(text: str, at: datetime, signer: Signer) -> Signature:
    """Cosign a checkpoint's text as of `at`, cut to whole seconds.

    The caller answers for this head extending every head it ever cosigned, and being the newest one that it knows.
    """
    second = int((at - _EPOCH).total_seconds())
    if not 0 < second <= _LAST_SECOND:
        raise NoteError("a cosignature has a time between 1970 and 9999")
    value = second.to_bytes(TIME_BYTES, "big") + signer.sign(_message(text, second))
    return Signature(name=signer.name, key_id=WitnessKey.of(signer).key_id, value=value)


def _message(text: str, second: int) -> bytes:
    return f"cosignature/v1\ntime {second}\n{text}".encode()

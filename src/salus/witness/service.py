"""The one verb of a witness: cosign a head, if it extends the last one. Never a fork, never a rollback."""

from __future__ import annotations

import threading
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from salus.kernel import Clock
from salus.proof import Checkpoint, Note, ProofError, VerifierKey, WitnessKey, cosign, open_checkpoint
from salus.proof.note import open_note
from salus.proof.tree import EMPTY_ROOT, verify_consistency
from salus.witness.errors import AnotherSize, Forgotten, NotGrown, NotSigned, UnknownLog, WitnessRefusal
from salus.witness.model import AddCheckpoint, Settings
from salus.witness.store import Folder


class Signer:
    """The witness's key, which signs and does not show itself."""

    __slots__ = ("_private", "name", "public_key")

    def __init__(self, name: str, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.name = name
        self.public_key = private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """Return the signature of 64 bytes."""
        return self._private.sign(message)


class Witness:
    """A witness over its folder. Thread-safe: heads of one log are judged one after another."""

    def __init__(self, settings: Settings, folder: Folder, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._logs = {key.name: key for key in settings.logs}
        self._turn = threading.Lock()
        told = {origin: str(key) for origin, key in self._logs.items()}
        folder.join(settings.name, told, demo=settings.clock is not None)
        self._signer = Signer(settings.name, folder.key(settings.passphrase_file))
        self.key = WitnessKey.of(self._signer)
        for origin in self._logs:
            self._last(origin)

    def add_checkpoint(self, body: bytes) -> str:
        """Return this witness's line under a head that extends the last one (C2SP tlog-witness, add-checkpoint).

        The head is on disk before the line is returned. Raises WitnessRefusal with the status that the standard asks
        for, and Forgotten where the own record is damaged.
        """
        asked = AddCheckpoint.parse(body)
        key = self._logs.get(asked.origin)
        if key is None:
            raise UnknownLog("this witness does not watch a log of this name")
        head = _opened(asked.note, key)
        if asked.old > head.size:
            raise WitnessRefusal("the old size is larger than the new one")
        with self._turn:
            last, at = self._last(head.origin)
            known = last.size if last else 0
            if asked.old != known:
                raise AnotherSize(known)
            _grown(last, head, asked.proof)
            line = cosign(head.text, max(self._clock.now(), at) if at else self._clock.now(), self._signer)
            signed = [one for one in asked.note.signatures if (one.name, one.key_id) == (key.name, key.key_id)]
            kept = Note(text=head.text, signatures=(signed[0], line))
            self._folder.remember(head.origin, str(kept))
        return str(line)

    def checkpoint(self, origin: str) -> str | None:
        """Return the last head of a log that was cosigned, with both signatures; None if there is none."""
        return self._folder.last(origin) if origin in self._logs else None

    @property
    def origins(self) -> tuple[str, ...]:
        """The names of the logs that this witness watches."""
        return tuple(self._logs)

    def _last(self, origin: str) -> tuple[Checkpoint | None, datetime | None]:
        """Read the last head back, with its time; Forgotten unless both signatures on it verify."""
        text = self._folder.last(origin)
        if text is None:
            return None, None
        try:
            head = open_checkpoint(text, [self._logs[origin]])
            return head, self.key.time_of(head.text, Note.parse(text).signatures[-1])
        except ProofError:
            raise Forgotten(f"what was cosigned of {origin} is damaged; this witness signs nothing more") from None


def _opened(note: Note, key: VerifierKey) -> Checkpoint:
    """Believe a head that the log signed; a note that is signed but is no checkpoint is a malformed request."""
    try:
        open_note(str(note), [key])
    except ProofError as reason:
        raise NotSigned("the log that this witness knows did not sign this checkpoint") from reason
    try:
        return open_checkpoint(str(note), [key])
    except ProofError as reason:
        raise WitnessRefusal(reason.text) from reason


def _grown(last: Checkpoint | None, head: Checkpoint, proof: tuple[bytes, ...]) -> None:
    """Refuse, with NotGrown, a head that does not extend the last one."""
    if head.size == 0 and head.root != EMPTY_ROOT:
        raise NotGrown("an empty log has the root of the empty tree")
    if last is None or last.size == 0:
        if proof:
            raise NotGrown("from an empty log on there is nothing to prove; leave the proof out")
        return
    try:
        verify_consistency(last.size, head.size, last.root, head.root, proof)
    except ProofError as reason:
        raise NotGrown(f"this head does not extend the one of size {last.size}: {reason.text}") from reason

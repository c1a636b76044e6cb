"""The proof of an entry in few bytes, for a wallet: what the reader's own keys already say is left out.

A `LeafProof` spells hashes and signatures in base64 and repeats the names of those who signed. Here they are raw, and
signers stand under the four bytes of their key's id. Whoever has the keys writes the text of the standard again.
"""

from __future__ import annotations

from collections.abc import Iterator

from salus.proof.cosignature import SIGNATURE_BYTES, TIME_BYTES, WitnessKey
from salus.proof.errors import ProofError
from salus.proof.logged import LeafProof
from salus.proof.note import Checkpoint, Note, Signature
from salus.proof.tree import HASH_BYTES
from salus.proof.trust import Trust

VERSION = b"\x01"
_NUMBER_BYTES = 8
_ID_BYTES = 4
_COSIGNATURE_BYTES = _ID_BYTES + TIME_BYTES + SIGNATURE_BYTES


def is_packed(raw: bytes) -> bool:
    """Tell whether these bytes begin as `pack` writes; no text does."""
    return raw.startswith(VERSION)


def pack(proof: LeafProof, trust: Trust) -> bytes:
    """Write a proof as version, index, size, root, hashes, the log's signature, cosignatures; numbers big-endian.

    Lines of strangers and `extra` are left out: nothing that `trust` checks rests on them. Raises NoQuorum or
    ProofError where the checkpoint is not believed: nobody should keep a proof that proves nothing.
    """
    head = trust.open(proof.checkpoint).checkpoint
    lines = Note.parse(proof.checkpoint).signatures
    by_log = next(line for line in lines if (line.name, line.key_id) == (trust.log.name, trust.log.key_id))
    cosigned = [line for witness in trust.witnesses for line in _first_of(witness, lines)]
    return b"".join(
        [
            VERSION,
            proof.index.to_bytes(_NUMBER_BYTES),
            head.size.to_bytes(_NUMBER_BYTES),
            head.root,
            bytes([len(proof.hashes)]),
            *proof.hashes,
            by_log.value,
            bytes([len(cosigned)]),
            *(line.key_id + line.value for line in cosigned),
        ]
    )


def unpack(raw: bytes, trust: Trust) -> LeafProof:
    """Read what `pack` wrote, with the same keys; ProofError for anything else. Nothing is believed before `check`.

    A cosignature of somebody whom `trust` does not name is refused rather than guessed at.
    """
    rest = _Bytes(raw)
    if rest.take(len(VERSION)) != VERSION:
        raise ProofError("this is no compact proof of a version that is known here")
    index, size = rest.number(), rest.number()
    root = rest.take(HASH_BYTES)
    hashes = tuple(rest.take(HASH_BYTES) for _ in range(rest.count()))
    by_log = Signature(name=trust.log.name, key_id=trust.log.key_id, value=rest.take(SIGNATURE_BYTES))
    known = {witness.key_id: witness for witness in trust.witnesses}
    if len(known) != len(trust.witnesses):
        raise ProofError("two of these witnesses have one key id; a compact proof cannot tell them apart")
    cosigned = [_line(rest.take(_COSIGNATURE_BYTES), known) for _ in range(rest.count())]
    rest.ended()
    unsigned = Checkpoint(origin=trust.log.name, size=size, root=root, note="")
    note = str(Note(text=unsigned.text, signatures=(by_log, *cosigned)))
    return LeafProof(index=index, hashes=hashes, checkpoint=note)


def _first_of(witness: WitnessKey, lines: tuple[Signature, ...]) -> Iterator[Signature]:
    """The line of a witness that counts, if it has one: the first."""
    for line in lines:
        if witness.signed(line):
            yield line
            return


def _line(raw: bytes, known: dict[bytes, WitnessKey]) -> Signature:
    witness = known.pop(raw[:_ID_BYTES], None)
    if witness is None:
        raise ProofError("the proof bears a cosignature of nobody who is trusted, or two of one witness")
    return Signature(name=witness.name, key_id=witness.key_id, value=raw[_ID_BYTES:])


class _Bytes:
    """What is left to be read."""

    def __init__(self, raw: bytes) -> None:
        self._raw, self._at = raw, 0

    def take(self, length: int) -> bytes:
        taken = self._raw[self._at : self._at + length]
        self._at += length
        if len(taken) != length:
            raise ProofError("the compact proof is cut short")
        return taken

    def number(self) -> int:
        return int.from_bytes(self.take(_NUMBER_BYTES))

    def count(self) -> int:
        return self.take(1)[0]

    def ended(self) -> None:
        if self._at != len(self._raw):
            raise ProofError(f"the compact proof has {len(self._raw) - self._at} bytes too many")

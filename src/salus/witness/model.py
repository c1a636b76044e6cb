"""What a witness is asked, and how it is set up. Pure."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from pathlib import Path

from salus.proof import Note, ProofError, VerifierKey
from salus.witness.errors import WitnessRefusal

MOST_BODY_BYTES = 131_072
MOST_PROOF_LINES = 63
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One witness: its folder, its name, the logs that it watches, where it listens (port 0 takes a free one).

    `clock` is the file of a demo's clock: who has one is a demo's witness for ever, and who has none never becomes one.
    Without a `passphrase_file` the key's passphrase lies beside the key.
    """

    data: Path
    name: str
    logs: tuple[VerifierKey, ...]
    port: int
    clock: Path | None = None
    passphrase_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddCheckpoint:
    """A request to cosign: the size that the witness is believed to know, a proof of growth, and the new head."""

    old: int
    proof: tuple[bytes, ...]
    note: Note

    @classmethod
    def parse(cls, body: bytes) -> AddCheckpoint:
        """Read the body of add-checkpoint; WitnessRefusal for anything else."""
        try:
            head, gap, note = body.decode().partition("\n\n")
            first, *lines = head.split("\n")
            old = _OLD.fullmatch(first)
            if not gap or not old or len(lines) > MOST_PROOF_LINES:
                raise WitnessRefusal("the request is an old size, a proof, an empty line and a checkpoint")
            proof = tuple(base64.b64decode(line.encode("ascii"), validate=True) for line in lines)
            return cls(old=int(old[1]), proof=proof, note=Note.parse(note))
        except (ProofError, UnicodeError, binascii.Error) as reason:
            raise WitnessRefusal("the request is not well formed") from reason

    @property
    def origin(self) -> str:
        """The name of the log, as the checkpoint says."""
        return self.note.text.partition("\n")[0]

"""A key that was destroyed because it was due, and the certificate of it for the public log."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from salus.kernel import Invalid, canonical, format_instant, parse_instant
from salus.keys.errors import BadRequest
from salus.ledger import Leaf, PartyKey
from salus.proof import Checkpoint, LeafProof, ProofError, VerifierKey, leaf_hash, open_checkpoint, verify_inclusion

ORDER_SIGNERS: Final = 2
_NO_ORDER = "this is no order to destroy the key of a chart, as `salus keys order` writes it"

KEPT_AFTER: Final = timedelta(days=30)
"""By so long after the end of an emergency its key is destroyed. It carries a right: no setting changes it."""


class Destroyed(StrEnum):
    """Whose key can be destroyed because it is due."""

    CHART = "chart"
    EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True, kw_only=True)
class Destruction:
    """A key that was destroyed, and the certificate of it.

    `what` is the identifier of a chart's Patient, or the SHA-256 of a published emergency in base64. Whoever holds the
    opening of a chart's certificate can find its leaf; of an emergency's everybody does: its blind is its own digest.
    """

    kind: Destroyed
    what: str
    blind: bytes = field(repr=False)
    due: datetime
    done: datetime

    @classmethod
    def of_emergency(cls, emergency: bytes, due: datetime, done: datetime) -> Destruction:
        """Return the destruction of an emergency's key, which anybody can work out from the published emergency."""
        return cls(kind=Destroyed.EMERGENCY, what=_written(emergency), blind=emergency, due=due, done=done)

    @property
    def opening(self) -> dict[str, Any]:
        """What the commitment in the leaf is to."""
        told = {
            "blind": _written(self.blind),
            "due": format_instant(self.due),
            "kind": str(self.kind),
            "what": self.what,
        }
        return {"shred": told}

    @property
    def commitment(self) -> str:
        """SHA-256 of the opening's canonical bytes, in base64."""
        return _hash(self.opening)

    @property
    def leaf(self) -> Leaf:
        """The certificate, as the public log has it."""
        times = {"due": format_instant(self.due), "done": format_instant(self.done)}
        return Leaf(kind="shred", body={"kind": str(self.kind), "commitment": self.commitment, **times})


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A destruction with the proof of its leaf, as a file that needs no node to be checked."""

    opening: dict[str, Any] = field(repr=False)
    leaf: dict[str, Any]
    proof: str = field(repr=False)

    def as_file(self) -> dict[str, Any]:
        """Return the file's content."""
        return {"certificate": {"opening": self.opening, "leaf": self.leaf, "proof": self.proof}}

    @classmethod
    def of_file(cls, told: Mapping[str, Any]) -> Certificate:
        """Read what `as_file` wrote. Raises BadRequest for anything else."""
        body = told.get("certificate")
        if not isinstance(body, Mapping) or not isinstance(body.get("leaf"), dict):
            raise BadRequest("this file is no certificate of a destroyed key")
        if not isinstance(body.get("opening"), dict) or not isinstance(body.get("proof"), str):
            raise BadRequest("this file is no certificate of a destroyed key")
        return cls(opening=body["opening"], leaf=body["leaf"], proof=body["proof"])

    def check(self, keys: Sequence[VerifierKey]) -> Checkpoint:
        """Check everything, trusting only the log's keys, and return the checkpoint; ProofError unless all holds."""
        if _hash(self.opening) != self.leaf.get("commitment"):
            raise ProofError("the certificate's opening is not what its leaf commits to")
        entry, proof = Leaf(kind="shred", body=self.leaf).encoded, LeafProof.parse(self.proof)
        head = open_checkpoint(proof.checkpoint, keys)
        verify_inclusion(leaf_hash(entry), proof.index, head.size, proof.hashes, head.root)
        return head


class Why(StrEnum):
    """Why the key of a chart is destroyed before its resident's record ends."""

    RETENTION = "retention-ended"
    RESIDENT = "resident-asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The order to destroy the key of one chart by an instant. Two people of two organisations sign it.

    `chart` is the identifier of its Patient; there is no way to name several. `encoded` are the canonical bytes.
    """

    chart: UUID
    why: Why
    due: datetime

    @classmethod
    def parse(cls, raw: bytes) -> Order:
        """Read an order in its canonical spelling; BadRequest for any other bytes."""
        try:
            body = json.loads(raw)["destruction"]
            found = cls(chart=UUID(body["chart"]), why=Why(body["why"]), due=parse_instant(body["due"]))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, Invalid):
            raise BadRequest(_NO_ORDER) from None
        if found.encoded != raw:
            raise BadRequest(_NO_ORDER)
        return found

    @property
    def encoded(self) -> bytes:
        """The canonical bytes, which each signer signs (Ed25519)."""
        told = {"chart": str(self.chart), "due": format_instant(self.due), "why": str(self.why)}
        return canonical({"destruction": told})


def check_order(order: Order, signatures: Mapping[str, str], keys: Sequence[PartyKey]) -> tuple[str, ...]:
    """Return who signed an order, or raise BadRequest. `keys` are those that the log has had for long enough."""
    found = []
    for party, signature in signatures.items():
        good = [one for one in keys if (one.party, one.duty) == (party, "signer") and _good(one, order, signature)]
        if not good:
            raise BadRequest(f"SIGNATURE: that of {party[:40]} is of no signer's key that the log had for long enough")
        found.append(good[0])
    if min(len({one.key for one in found}), len({one.organisation for one in found})) < ORDER_SIGNERS:
        raise BadRequest("SHORT-QUORUM: two have to sign, of two organisations")
    return tuple(sorted(one.party for one in found))


def _good(key: PartyKey, order: Order, signature: str) -> bool:
    try:
        raw = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return False
    return VerifierKey(name="party", public_key=key.key).verifies(order.encoded, raw)


def _hash(opening: Mapping[str, Any]) -> str:
    return _written(sha256(canonical(dict(opening))).digest())


def _written(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")

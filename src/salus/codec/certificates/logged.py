"""Leaves of the public log with their proofs, and the certificates that the log had before their key's end. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from salus.codec.certificates.text import SHORT_OCTETS
from salus.codec.errors import CodecError, Fault
from salus.kernel import canonical
from salus.proof import LeafProof, Trust

CERTIFICATES = "certificates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """A leaf of the public log with its proof; `body` is what stands under its kind."""

    kind: str
    body: Mapping[str, Any]
    proof: str

    @property
    def entry(self) -> bytes:
        """The entry's bytes, which the proof is about."""
        return canonical({self.kind: dict(self.body)})

    def as_json(self) -> dict[str, Any]:
        """Return the leaf as the file has it."""
        return {"leaf": {self.kind: dict(self.body)}, "proof": self.proof}


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The certificates of one leaf: whose key signed them, their short digests, and when witnesses had it."""

    key: bytes
    digests: frozenset[bytes]
    logged_at: datetime


def proved_leaf(item: Any, kind: str, trust: Trust) -> tuple[Mapping[str, Any], datetime]:
    """Return a proved leaf's body, and when a quorum of witnesses had it."""
    body = item["leaf"][kind]
    if set(item["leaf"]) != {kind} or not isinstance(body, dict):
        raise CodecError("a leaf has one kind", Fault.STRUCTURE)
    logged = Logged(kind=kind, body=body, proof=str(item["proof"]))
    return body, LeafProof.parse(logged.proof).check(logged.entry, trust).at


def batch_digest(digests: Iterable[bytes]) -> bytes:
    """Return what a leaf says of a batch: SHA-256 over the short digests in order."""
    return sha256(b"".join(sorted(digests))).digest()


def write_batch(digests: Sequence[bytes], leaf: Logged) -> dict[str, Any]:
    """Return a batch as the trust file has it."""
    return {"digests": encode64(b"".join(sorted(digests))), **leaf.as_json()}


def fitting(batches: Iterable[tuple[Sequence[bytes], Logged]], most: int) -> list[tuple[Sequence[bytes], Logged]]:
    """Return the first batches, as many as take `most` octets of the trust file together."""
    found: list[tuple[Sequence[bytes], Logged]] = []
    for digests, leaf in batches:
        most -= len(canonical(write_batch(digests, leaf)))
        if most < 0:
            break
        found.append((digests, leaf))
    return found


def read_batch(item: Any, trust: Trust) -> Batch:
    """Return a batch that the log proves; CodecError if its digests are others."""
    body, logged_at = proved_leaf(item, CERTIFICATES, trust)
    octets = decode64(item["digests"])
    if (
        len(octets) % SHORT_OCTETS
        or set(body) != {"key", "digest"}
        or sha256(octets).digest() != decode64(body["digest"])
    ):
        raise CodecError("a batch of certificates is what its leaf says", Fault.STRUCTURE)
    parts = (octets[place : place + SHORT_OCTETS] for place in range(0, len(octets), SHORT_OCTETS))
    return Batch(key=decode64(body["key"]), digests=frozenset(parts), logged_at=logged_at)


def encode64(octets: bytes) -> str:
    """Write octets in base64."""
    return base64.b64encode(octets).decode()


def decode64(text: object) -> bytes:
    """Read base64 in its one spelling; CodecError for any other."""
    try:
        raw = base64.b64decode(str(text), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not raw or encode64(raw) != text:
        raise CodecError("this is not base64 in its one spelling", Fault.STRUCTURE)
    return raw

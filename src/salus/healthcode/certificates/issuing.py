"""Which key signs certificates, and what the public log is told of those that were signed. Duty CARE where a store is.

Without a trust list a node signs with its first key. Once one has started, only a key that the list in force names
for this issuer, this time and this kind signs: a key that has ended signs nothing new.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from salus.codec import key_digest, key_id
from salus.codec.certificates import LONGEST, batch_digest, short_digest
from salus.healthcode.certificates import store
from salus.healthcode.certificates.errors import CertificateRefused
from salus.keys import Custodian
from salus.ledger import Leaf, append
from salus.rules import TrustList, is_governed, list_in_force
from salus.storage import Transaction

CERTIFICATE_KEY = "certificate"
_OLDEST = max(LONGEST.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuingKey:
    """One of a node's keys for certificates: its name at the custodian, and what the world knows it by."""

    name: str
    spki: bytes
    digest: bytes
    kid: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedBatch:
    """What one leaf of kind `certificates` says: the short digests of certificates that a key signed."""

    pending_id: UUID
    digests: tuple[bytes, ...]


def issuer_party(node: str) -> str:
    """Name a node's issuer of certificates in the public log."""
    return f"{node}/issuer"


def issuing_keys(custodian: Custodian) -> list[IssuingKey]:
    """Return every key that the custodian has for certificates, the first one first; it is made if there is none."""
    names = {CERTIFICATE_KEY, *(one for one in custodian.es256_names() if one.startswith(f"{CERTIFICATE_KEY}-"))}
    return [_key(custodian, one) for one in sorted(names, key=lambda one: (len(one), one))]


def new_issuing_key(custodian: Custodian) -> IssuingKey:
    """Make another key for certificates. It signs nothing before the trust list names it."""
    return _key(custodian, f"{CERTIFICATE_KEY}-{len(issuing_keys(custodian)) + 1}")


def signing_key(custodian: Custodian, node: str, chain: Sequence[TrustList], kind: str, at: datetime) -> str:
    """Return the name of the key that signs certificates of a kind now; CertificateRefused where none may."""
    found = _usable(custodian, node, chain, at, kind)
    if found is None:
        raise CertificateRefused("no key of this node may sign such certificates now; ask again when one is listed")
    return found


def listing_key(custodian: Custodian, node: str, chain: Sequence[TrustList], at: datetime) -> str:
    """Return the name of the key that signs the lists of void certificates; where none may, the newest, in vain."""
    return _usable(custodian, node, chain, at, None) or issuing_keys(custodian)[-1].name


def _usable(custodian: Custodian, node: str, chain: Sequence[TrustList], at: datetime, kind: str | None) -> str | None:
    if not chain or not is_governed(chain, at):
        return CERTIFICATE_KEY
    listed, found = list_in_force(chain, at), []
    for one in issuing_keys(custodian) if listed else ():
        key = listed.keys.get(one.digest) if listed else None
        ours = key is not None and key.party == issuer_party(node)
        if key and ours and key.signs(at) and (kind is None or kind in key.kinds):
            found.append((key.starts, one.name))
    return max(found)[1] if found else None


def issuer_leaf(custodian: Custodian, node: str, key_name: str = CERTIFICATE_KEY) -> Leaf:
    """Say in the public log whose key certificates are signed with; until it stands there no door believes one.

    The leaf names the key by its SHA-256, so that it can be of any kind that certificates are signed with.
    """
    key = base64.b64encode(_key(custodian, key_name).digest).decode()
    return Leaf(
        kind="party-key", body={"party": issuer_party(node), "organisation": node, "duty": "issuer", "key": key}
    )


def remember(tx: Transaction, key: bytes, text: str) -> None:
    """Let a certificate wait for the leaf of its hour; `key` is the digest of the key that signed it."""
    store.insert_unlogged(tx, short_digest(text), key)


def log_certificates(tx: Transaction, at: datetime) -> int:
    """Hand over one leaf for each key that signed since the last time; return how many certificates they are about."""
    waiting: dict[bytes, list[bytes]] = {}
    for digest, key in store.take_unlogged(tx):
        waiting.setdefault(key, []).append(digest)
    for key, digests in sorted(waiting.items()):
        told = {"key": base64.b64encode(key).decode(), "digest": base64.b64encode(batch_digest(digests)).decode()}
        store.insert_logged(tx, digests, key, append(tx, Leaf(kind="certificates", body=told)).id, at)
    return sum(map(len, waiting.values()))


def logged_batches(tx: Transaction, key: bytes, at: datetime, most: int) -> list[LoggedBatch]:
    """Return what the log was told of a key's certificates, as far as any of them can still live, the newest first.

    `most` certificates at most, and whole batches: a part of one would not be what its leaf says.
    """
    found: dict[UUID, list[bytes]] = {}
    rows = store.logged(tx, key, at - _OLDEST, most + 1)
    for pending_id, digest in rows:
        found.setdefault(pending_id, []).append(digest)
    if len(rows) > most:
        del found[rows[-1][0]]
    return [LoggedBatch(pending_id=one, digests=tuple(digests)) for one, digests in found.items()]


def _key(custodian: Custodian, name: str) -> IssuingKey:
    public = custodian.es256_in_token(name).public_key()
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return IssuingKey(name=name, spki=spki, digest=key_digest(public), kid=key_id(public))

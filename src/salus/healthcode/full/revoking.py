"""Say which full certificates are void, in the forms that others read, in the caller's transaction. Duty CARE.

Each form names a certificate by what only its holders know, and nobody's name. What has ended is left out (of the
doors' list two hours later): it counts for nothing, and would only tell that it was void.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from salus.codec import signer
from salus.codec.certificates import instant, mark_of, seconds, write_void_marks
from salus.codec.foreign import decode_hcert, decode_shc, jwk_of
from salus.healthcode.full import store
from salus.healthcode.full.model import Form
from salus.healthcode.full.service import FULL_KEY, full_signer, text_of
from salus.kernel import format_instant
from salus.keys import Custodian
from salus.storage import Transaction

MARKS_LAST: Final = timedelta(days=7)
STILL_MARKED: Final = timedelta(hours=2)
"""So long after its end a void one stays on the doors' list: to a clock that is an hour slow it has not ended yet."""
BATCH_ENTRIES: Final = 1000
"""How many entries the EU's gateway takes in one batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Voided:
    """A void certificate by the name that its format gives it, when it was taken, and when it ends."""

    name: str
    taken: datetime
    ends: datetime


def full_key_set(tx: Transaction, custodian: Custodian, at: datetime) -> dict[str, Any]:
    """Return the key of SMART Health Cards as a JWK Set, with the version of its list of revoked cards."""
    key = jwk_of(custodian.es256(FULL_KEY).public_key())
    return {"keys": [{**key, "crlVersion": _version(tx, at)}]}


def revoked_cards(tx: Transaction, custodian: Custodian, at: datetime) -> dict[str, Any]:
    """Return the card revocation list of this node's key (SMART Health Cards, section Revocation)."""
    kid = jwk_of(custodian.es256(FULL_KEY).public_key())["kid"]
    rids = sorted(one.name for one in _voided(tx, custodian, Form.SHC, at))
    return {"kid": kid, "method": "rid", "ctr": _version(tx, at), "rids": rids}


def revoked_hcerts(
    tx: Transaction, custodian: Custodian, node: str, country: str, at: datetime
) -> list[dict[str, Any]]:
    """Return the void HC1 as batches of the EU's gateway: hash type UCI, each of one signer's certificate."""
    of_signer: dict[bytes, list[_Voided]] = {}
    for one in _voided(tx, custodian, Form.HC1, at):
        kid = sha256(full_signer(custodian, node, one.taken)).digest()[:8]
        of_signer.setdefault(kid, []).append(one)
    return [
        {
            "country": country,
            "expires": format_instant(max(one.ends for one in part)),
            "kid": base64.b64encode(kid).decode(),
            "hashType": "UCI",
            "entries": [{"hash": one} for one in sorted(base64.b64encode(mark_of(one.name)).decode() for one in part)],
        }
        for kid, found in sorted(of_signer.items())
        for part in (found[place : place + BATCH_ENTRIES] for place in range(0, len(found), BATCH_ENTRIES))
    ]


def void_marks(tx: Transaction, custodian: Custodian, at: datetime) -> tuple[bytes, bytes] | None:
    """Return the key of full certificates and its list of void ones, for doors; None before the first was taken.

    It is as of this second, and so are its ends: of two lists of one second the later has what the earlier had.
    """
    if not store.any_taken(tx):
        return None
    private = custodian.es256(FULL_KEY)
    spki = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    issued = instant(seconds(at))
    marks = [mark_of(one.name) for form in Form for one in _voided(tx, custodian, form, issued - STILL_MARKED)]
    return spki, write_void_marks(marks, signer(private), issued=issued, expires=issued + MARKS_LAST)


def _version(tx: Transaction, at: datetime) -> int:
    """Count how often the list has changed: each void added an entry, and each end took one out."""
    voided, ended = store.count_voided(tx, [str(Form.SHC)], at)
    return 1 + voided + ended


def _voided(tx: Transaction, custodian: Custodian, form: Form, since: datetime) -> Iterator[_Voided]:
    for certificate_id, resident_key, sealed, taken, ends in store.voided(tx, str(form), since):
        text = text_of(custodian, certificate_id, resident_key, sealed)
        name = decode_shc(text).rid if form is Form.SHC else dict(decode_hcert(text).read()[1].detail)["ci"]
        yield _Voided(name=name, taken=taken, ends=ends)

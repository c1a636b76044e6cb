"""Take and list full certificates, in the caller's transaction, and name the keys that sign them. Duty CARE.

Only this writes HC1 and SHC, and only of a fact that the caller found in the resident's own record.
"""

from __future__ import annotations

import base64
import secrets
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from salus.codec import CodecError, signer
from salus.codec.foreign import (
    Event,
    Holder,
    Life,
    Origin,
    card_of,
    dcc_of,
    decode_hcert,
    decode_shc,
    write_hcert,
    write_shc,
)
from salus.healthcode.full import store
from salus.healthcode.full.errors import FullRefused
from salus.healthcode.full.model import Asked, Form, HeldFull, Issuing, life_of
from salus.kernel import new_id
from salus.keys import Custodian
from salus.storage import Transaction

FULL_KEY = "full-certificate"
RID_OCTETS = 16
_DOMAIN = "healthcode.full"
_SIGNS_YEARS = 2
_COUNTS_YEARS = 4


def take_full(
    tx: Transaction,
    custodian: Custodian,
    issuing: Issuing,
    resident_key: int,
    asked: Asked,
    *,
    at: datetime,
) -> UUID:
    """Issue a full certificate of one fact, and return its name.

    One of the same entry and format that says the same and lives at least half as long is returned instead. Raises
    FullRefused if the fact is too old, or if the format has no words for it.
    """
    life = life_of(asked.told, at)
    try:
        text = _text(custodian, issuing, asked, life)
    except CodecError as error:
        raise FullRefused(f"this entry cannot be written as {asked.form}: {error.text}") from None
    says = (asked.resource, asked.form, *_lasting(*_read(asked.form, text)))
    for one in held_full(tx, custodian, resident_key):
        same = (one.resource, one.form, *_lasting(one.holder, one.event)) == says
        if same and one.good(at) and one.ends - at >= (life.ends - at) / 2:
            return one.certificate_id
    certificate_id = new_id()
    sealed = custodian.seal(_DOMAIN, text.encode("ascii"), _place(certificate_id, resident_key))
    store.insert(tx, certificate_id, resident_key, asked.resource, str(asked.form), sealed, (at, life.ends))
    return certificate_id


def held_full(tx: Transaction, custodian: Custodian, resident_key: int) -> list[HeldFull]:
    """Return the resident's full certificates, newest first, at most 200."""
    found = []
    for certificate_id, resource, form, sealed, taken, ends, ground in store.of_resident(tx, resident_key):
        text = text_of(custodian, certificate_id, resident_key, sealed)
        holder, event = _read(Form(form), text)
        found.append(
            HeldFull(
                certificate_id=certificate_id,
                resource=resource,
                form=Form(form),
                holder=holder,
                event=event,
                text=text,
                taken=taken,
                ends=ends,
                ground=ground,
            )
        )
    return found


def living_full(tx: Transaction, resident_key: int, at: datetime) -> list[tuple[UUID, UUID]]:
    """Return name and entry of every full certificate of a resident that has not ended, however many they are."""
    return store.living(tx, resident_key, at)


def text_of(custodian: Custodian, certificate_id: UUID, resident_key: int, sealed: bytes) -> str:
    """Open the text of a full certificate."""
    return custodian.open_sealed(_DOMAIN, sealed, _place(certificate_id, resident_key)).decode("ascii")


def full_signer(custodian: Custodian, node: str, at: datetime) -> bytes:
    """Return the certificate (X.509, DER) of the key that signs HC1 at this instant, signed by itself.

    It is the same at each asking: every second year another one begins, which counts for four years.
    """
    return _certified(custodian, node, _begins(at))


def full_signers(custodian: Custodian, node: str, at: datetime) -> list[bytes]:
    """Return that certificate, the one before and the next: what was signed in December is checked in January."""
    begins = _begins(at)
    return [_certified(custodian, node, one) for one in (begins, begins - _SIGNS_YEARS, begins + _SIGNS_YEARS)]


def _begins(at: datetime) -> int:
    year = at.astimezone(UTC).year
    return year - year % _SIGNS_YEARS


def _certified(custodian: Custodian, node: str, begins: int) -> bytes:
    key = custodian.es256(FULL_KEY)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, node[:64])])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(begins)
        .not_valid_before(datetime(begins, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(begins + _COUNTS_YEARS, 1, 1, tzinfo=UTC))
    )
    return builder.sign(key, SHA256(), ecdsa_deterministic=True).public_bytes(Encoding.DER)


def _text(custodian: Custodian, issuing: Issuing, asked: Asked, life: Life) -> str:
    private = custodian.es256(FULL_KEY)
    if asked.form is Form.SHC:
        content = card_of(asked.subject, asked.told, secrets.token_urlsafe(RID_OCTETS))
        return write_shc(content, issuing.source, private.public_key(), signer(private), life)
    origin = Origin(country=issuing.country, issuer=issuing.node[:80], name=_random_name(issuing.country))
    kid = sha256(full_signer(custodian, issuing.node, life.starts)).digest()[:8]
    return write_hcert(dcc_of(asked.subject, asked.told, origin), issuing.country, kid, signer(private), life)


def _random_name(country: str) -> str:
    """Make a certificate's name (UVCI, option 3): random, so that it says nothing and links nothing."""
    return f"URN:UVCI:01:{country}:{base64.b32encode(secrets.token_bytes(15)).decode()}"


def _read(form: Form, text: str) -> tuple[Holder, Event]:
    if form is Form.HC1:
        return decode_hcert(text).read()
    card = decode_shc(text)
    return card.holder, card.events[0]


def _lasting(holder: Holder, event: Event) -> tuple[Any, ...]:
    """Return what a certificate says but for its own random name."""
    detail = tuple(pair for pair in event.detail if pair[0] != "ci")
    return holder, event.kind, event.target, event.on, detail


def _place(certificate_id: UUID, resident_key: int) -> bytes:
    return b"healthcode.full.content\x00" + certificate_id.bytes + resident_key.to_bytes(8, signed=True)

"""Believe a code of another issuer, or not: by the keys that are recognised now, and by the code's own times. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from types import MappingProxyType
from typing import Final, TypeVar

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from salus.codec.certificates import Reason, VoidMarks, mark_of
from salus.codec.errors import CodecError, Fault
from salus.codec.foreign import HC1_PREFIX, Event, Hcert, HealthCard, Holder, decode_hcert, decode_shc
from salus.codec.foreign.cose import Algorithm, verify_any, verify_signed
from salus.codec.recognising.model import Believed, NotBelieved
from salus.rules import ForeignForm, RecognisedKey

_ALGORITHMS = {Algorithm.ES256, Algorithm.PS256}
_SLOW_CLOCK = timedelta(hours=1)
_NONE: Final[Mapping[bytes, VoidMarks]] = MappingProxyType({})
_Found = TypeVar("_Found")


def believe(
    texts: Sequence[str],
    keys: Sequence[RecognisedKey],
    at: datetime,
    voided: Mapping[bytes, VoidMarks] = _NONE,
) -> Believed:
    """Return what a code says, given as one text or as all chunks of a card; NotBelieved, with the reason, otherwise.

    `voided` are lists of void codes by SHA-256 of their key. Raises nothing else, whatever it is given. HC1 still
    counts at the very second of its end, as everywhere.
    """
    if texts and texts[0].startswith(HC1_PREFIX):
        hcert, holder, event = _read(lambda: _hcert(texts))
        key = _signer(hcert, keys)
        if hcert.issued is not None and at < hcert.issued - _SLOW_CLOCK:
            raise NotBelieved(Reason.NOT_YET)
        if at > hcert.expires:
            raise NotBelieved(Reason.EXPIRED)
        _require_not_void(key, dict(event.detail)["ci"], voided, at)
        return Believed(
            key=key, holder=holder, events=(event,), issued=hcert.issued, ends=hcert.expires, digest=hcert.digest
        )
    card = _read(lambda: decode_shc(*texts))
    key = _card_signer(card, keys)
    if at < card.starts - _SLOW_CLOCK:
        raise NotBelieved(Reason.NOT_YET)
    if card.expires is not None and at >= card.expires:
        raise NotBelieved(Reason.EXPIRED)
    _require_not_void(key, card.rid, voided, at)
    return Believed(
        key=key, holder=card.holder, events=card.events, issued=card.starts, ends=card.expires, digest=card.digest
    )


def _require_not_void(key: RecognisedKey, name: str, voided: Mapping[bytes, VoidMarks], at: datetime) -> None:
    """A key whose owner keeps no list has voided nothing; one whose list is out of date may have."""
    listed = voided.get(sha256(key.key).digest())
    if listed is None:
        return
    if not listed.issued - _SLOW_CLOCK <= at < listed.expires:
        raise NotBelieved(Reason.NO_LIST)
    if mark_of(name) in listed.marks:
        raise NotBelieved(Reason.VOID)


def _read(action: Callable[[], _Found]) -> _Found:
    try:
        return action()
    except CodecError:
        raise NotBelieved(Reason.UNREADABLE) from None


def _hcert(texts: Sequence[str]) -> tuple[Hcert, Holder, Event]:
    if len(texts) != 1:
        raise CodecError("a health certificate is one code", Fault.STRUCTURE)
    found = decode_hcert(texts[0])
    if found.signed.context != "Signature1":
        raise CodecError("a certificate for a door has one signer", Fault.STRUCTURE)
    return found, *found.read()


def _signer(found: Hcert, keys: Sequence[RecognisedKey]) -> RecognisedKey:
    message = found.signed
    kid = message.kid.hex() if message.kid is not None else ""
    named = [one for one in keys if one.form is ForeignForm.HC1 and one.kid == kid]
    if not named:
        raise NotBelieved(Reason.FOREIGN)
    for one in named:
        try:
            if message.algorithm not in _ALGORITHMS:
                break
            verify_signed(message, _public(one))
        except CodecError:
            continue
        return one
    raise NotBelieved(Reason.FORGED)


def _card_signer(card: HealthCard, keys: Sequence[RecognisedKey]) -> RecognisedKey:
    named = [one for one in keys if one.form is ForeignForm.SHC and (one.source, one.kid) == (card.issuer, card.kid)]
    if not named:
        raise NotBelieved(Reason.FOREIGN)
    for one in named:
        try:
            verify_any(_public(one), Algorithm.ES256, card.signature, card.signed)
        except CodecError:
            continue
        return one
    raise NotBelieved(Reason.FORGED)


def _public(recognised: RecognisedKey) -> EllipticCurvePublicKey | RSAPublicKey:
    """Read a key of P-256 or RSA; whatever else signs elsewhere is for care, and not for a door."""
    try:
        key = load_der_public_key(recognised.key)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if isinstance(key, RSAPublicKey) or (isinstance(key, EllipticCurvePublicKey) and key.curve.name == "secp256r1"):
        return key
    raise CodecError("a recognised key is of P-256 or RSA", Fault.KEY)

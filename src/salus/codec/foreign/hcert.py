"""`HC1:` (Electronic Health Certificate, EU DCC and WHO GDHCN): base45, zlib, COSE, CWT; each step is bounded.

A text of at most 8,192 characters inflates to at most 16 KiB. Nothing is trimmed or folded here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from salus.codec import base45
from salus.codec.certificates.model import instant
from salus.codec.cose import load_cbor
from salus.codec.errors import CodecError, Fault
from salus.codec.foreign.cose import Signed, parse_signed
from salus.codec.foreign.dcc import read_dcc
from salus.codec.foreign.inflating import inflate
from salus.codec.foreign.model import Event, Holder
from salus.kernel import format_instant

PREFIX = "HC1:"
MOST_CHARACTERS = 8192
MOST_OCTETS = 16 * 1024
_ISSUER, _EXPIRES, _ISSUED, _HCERT, _DCC = 1, 4, 6, -260, 1
_LAST = 1 << 33


@dataclass(frozen=True, slots=True, kw_only=True)
class Hcert:
    """A health certificate taken apart; whose key made the signature is not looked at yet.

    `digest` is SHA-256 of the signed message: the name under which a fact keeps its source.
    """

    signed: Signed = field(repr=False)
    issuer: str
    issued: datetime | None
    expires: datetime
    payload: Mapping[str, Any] = field(repr=False)
    digest: bytes

    def read(self) -> tuple[Holder, Event]:
        """Return whose it is and its event; CodecError if the payload is no EU Digital COVID Certificate."""
        return read_dcc(self.payload)


def decode_hcert(text: object) -> Hcert:
    """Take a text apart; CodecError, and nothing else, for whatever is no health certificate."""
    return read_hcert(inflate(base45.decode(unprefixed(text)), MOST_OCTETS))


def unprefixed(text: object) -> str:
    """Return what follows `HC1:`."""
    if not isinstance(text, str) or len(text) > MOST_CHARACTERS:
        raise CodecError(f"a code is text of at most {MOST_CHARACTERS} characters", Fault.LENGTH)
    if not text.startswith(PREFIX):
        raise CodecError(f"a health certificate begins with {PREFIX}", Fault.PREFIX)
    return text[len(PREFIX) :]


def read_hcert(message: bytes) -> Hcert:
    """Take the signed message apart."""
    signed = parse_signed(message)
    claims = load_cbor(signed.payload)
    if not isinstance(claims, Mapping):
        raise CodecError("the claims are not a map", Fault.STRUCTURE)
    held = claims.get(_HCERT)
    payload = held.get(_DCC) if isinstance(held, Mapping) else None
    issuer = claims.get(_ISSUER, "")
    if not isinstance(payload, Mapping) or not isinstance(issuer, str) or len(issuer) > 80:
        raise CodecError("the claims hold no health certificate", Fault.STRUCTURE)
    return Hcert(
        signed=signed,
        issuer=issuer,
        issued=_instant(claims[_ISSUED]) if _ISSUED in claims else None,
        expires=_instant(claims.get(_EXPIRES)),
        payload=_plain(payload),
        digest=sha256(message).digest(),
    )


def _plain(value: Any) -> Any:
    """Write a date-time that came as CBOR's own type (tag 0) as text, as every other issuer does, wherever it is."""
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if not isinstance(value, datetime) or value.tzinfo is None:
        return value
    try:
        return format_instant(value)
    except (OverflowError, ValueError):
        raise CodecError("a time is beyond the calendar", Fault.STRUCTURE) from None


def _instant(number: object) -> datetime:
    """Read a NumericDate (RFC 8392); real issuers write seconds with a fraction, which is dropped."""
    if not isinstance(number, int | float) or isinstance(number, bool) or not 0 <= number < _LAST:
        raise CodecError("a time is counted in seconds from 1970", Fault.STRUCTURE)
    return instant(int(number))

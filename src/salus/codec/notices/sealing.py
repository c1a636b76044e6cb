"""Seal what a holder shows to one care facility (HPKE, RFC 9180), so that every notice looks like every other. Pure.

Nothing is signed: what is inside is proved by the public log, or by nothing. A notice that says nothing of a measure is
made by anybody who has the facility's public key, and is therefore no token of anything.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from salus.codec.errors import CodecError, Fault
from salus.codec.foreign.inflating import inflate
from salus.kernel import Invalid, canonical, format_instant, parse_instant

MAGIC: Final = b"salus-notice-1\n"
SEALED_OCTETS: Final = 128 * 1024
"""How long every notice is, whatever is in it."""
LONGEST_SHOWING: Final = timedelta(hours=24)
"""How long a notice can be read after it was made. It carries a right: no setting changes it."""
MOST_MEASURES: Final = 8
MOST_INFLATED: Final = 4 * 1024 * 1024
_OVERHEAD = 32 + 16  # the encapsulated key, and the tag
_PLAIN = SEALED_OCTETS - len(MAGIC) - _OVERHEAD
_LENGTH = 4
_FIELDS = {"made", "measures", "until"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedNotice:
    """What a notice holds: files of measures, each to be recomputed, none of them believed. Usually there are none."""

    made: datetime
    until: datetime
    files: tuple[bytes, ...] = field(repr=False)


def is_notice(octets: bytes) -> bool:
    """Tell whether octets are a notice, which says nothing of what is in it."""
    return octets.startswith(MAGIC)


def key_month(at: datetime) -> str:
    """Return the name of the month, in UTC, whose key of a facility a notice made at `at` is sealed to."""
    return at.astimezone(UTC).strftime("%Y-%m")


def seal_notice(files: Sequence[bytes], facility: str, key: X25519PublicKey, made: datetime, until: datetime) -> bytes:
    """Seal files of measures, or none, to a facility's key. Every notice is SEALED_OCTETS long.

    Raises CodecError if it could be read for longer than LONGEST_SHOWING, or if the files do not fit.
    """
    if not timedelta(0) < until - made <= LONGEST_SHOWING:
        raise CodecError("a notice can be read for a day at most", Fault.STRUCTURE)
    told = {
        "made": format_instant(made),
        "until": format_instant(until),
        "measures": [json.loads(one) for one in files],
    }
    packed = zlib.compress(canonical(told), 9)
    if len(files) > MOST_MEASURES or _LENGTH + len(packed) > _PLAIN:
        raise CodecError("so much does not fit into one notice; show the file of a measure itself", Fault.LENGTH)
    plain = (len(packed).to_bytes(_LENGTH) + packed).ljust(_PLAIN, b"\x00")
    return MAGIC + _suite().encrypt(plain, key, info=_info(facility))


def open_notice(octets: bytes, facility: str, keys: Sequence[X25519PrivateKey], at: datetime) -> OpenedNotice:
    """Open a notice at `at` with the keys of a facility.

    Raises CodecError: LENGTH or PREFIX if it is none, KEY if it is not for this facility or was changed (the two cannot
    be told apart), STRUCTURE if whoever sealed it did not keep to the form, EXPIRED or NOT_YET outside its time.
    """
    if not is_notice(octets):
        raise CodecError("this is no notice", Fault.PREFIX)
    if len(octets) != SEALED_OCTETS:
        raise CodecError(f"a notice has {SEALED_OCTETS} octets; this one was cut or changed", Fault.LENGTH)
    found = _read(_opened(octets[len(MAGIC) :], facility, keys))
    if at >= found.until:
        raise CodecError("the time for which it was shown is over; its holder can make another", Fault.EXPIRED)
    if at < found.made - timedelta(minutes=5):
        raise CodecError("it was made later than this clock says; check the clock", Fault.NOT_YET)
    return found


def _opened(sealed: bytes, facility: str, keys: Sequence[X25519PrivateKey]) -> bytes:
    for key in keys:
        try:
            return _suite().decrypt(sealed, key, info=_info(facility))
        except (InvalidTag, ValueError):
            continue
    raise CodecError("no key at hand opens this notice: it is for another facility, or it was changed", Fault.KEY)


def _read(plain: bytes) -> OpenedNotice:
    length = int.from_bytes(plain[:_LENGTH])
    if len(plain) != _PLAIN or _LENGTH + length > len(plain) or any(plain[_LENGTH + length :]):
        raise CodecError("the notice is not filled up as it has to be", Fault.STRUCTURE)
    raw = inflate(plain[_LENGTH : _LENGTH + length], MOST_INFLATED)
    try:
        value: Any = json.loads(raw)
        same = canonical(value) == raw
    except (ValueError, RecursionError, Invalid):
        raise CodecError("the notice does not hold canonical JSON", Fault.CANONICAL) from None
    if not same or not isinstance(value, dict) or set(value) != _FIELDS:
        raise CodecError("a notice has its fields and no others, in canonical JSON", Fault.STRUCTURE)
    made, until, measures = _instant(value["made"]), _instant(value["until"]), value["measures"]
    if not timedelta(0) < until - made <= LONGEST_SHOWING:
        raise CodecError("a notice can be read for a day at most", Fault.STRUCTURE)
    if not isinstance(measures, list) or len(measures) > MOST_MEASURES:
        raise CodecError(f"a notice holds at most {MOST_MEASURES} measures", Fault.STRUCTURE)
    if not all(isinstance(one, Mapping) for one in measures):
        raise CodecError("a measure in a notice is its file", Fault.STRUCTURE)
    return OpenedNotice(made=made, until=until, files=tuple(canonical(one) for one in measures))


def _instant(value: object) -> datetime:
    try:
        return parse_instant(str(value))
    except Invalid:
        raise CodecError("a notice says when it was made and until when it can be read", Fault.STRUCTURE) from None


def _suite() -> Suite:
    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def _info(facility: str) -> bytes:
    return MAGIC + facility.encode()

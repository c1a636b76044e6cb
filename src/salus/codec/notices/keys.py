"""The file with which a care facility opens notices away from its node: the keys of two months, and whose they are."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from salus.codec.errors import CodecError, Fault
from salus.kernel import Invalid, canonical

FORMAT: Final = "salus-notice-keys-1"
MOST_OCTETS: Final = 4096
MOST_KEYS: Final = 4
_KEY = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeKeys:
    """A facility's private keys by the month in which notices are sealed to them."""

    facility: str
    months: Mapping[str, X25519PrivateKey] = field(repr=False)

    @property
    def private(self) -> tuple[X25519PrivateKey, ...]:
        """The keys alone, to be tried in turn."""
        return tuple(self.months.values())


def write_notice_keys(keys: NoticeKeys) -> bytes:
    """Write the file. It is a secret: whoever has it reads what is shown to this facility in these months."""
    months = {month: base64.b64encode(key.private_bytes_raw()).decode() for month, key in keys.months.items()}
    return canonical({"format": FORMAT, "facility": keys.facility, "keys": months})


def read_notice_keys(octets: bytes) -> NoticeKeys:
    """Read the file; CodecError for anything else. The text never repeats what is in it."""
    value: Any = None
    try:
        value = json.loads(octets) if len(octets) <= MOST_OCTETS else None
        whole = isinstance(value, dict) and canonical(value) == octets.strip()
    except (ValueError, RecursionError, Invalid):
        whole = False
    if not whole or set(value) != {"format", "facility", "keys"} or value["format"] != FORMAT:
        raise CodecError("this is no file of a facility's notice keys", Fault.STRUCTURE)
    facility, months = value["facility"], value["keys"]
    if not isinstance(facility, str) or not isinstance(months, dict) or not 1 <= len(months) <= MOST_KEYS:
        raise CodecError("a file of notice keys names its facility and a few months", Fault.STRUCTURE)
    return NoticeKeys(facility=facility, months={month: _key(text) for month, text in months.items()})


def _key(text: object) -> X25519PrivateKey:
    try:
        raw = base64.b64decode(str(text), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != _KEY:
        raise CodecError("a notice key has 32 octets in base64", Fault.KEY)
    return X25519PrivateKey.from_private_bytes(raw)

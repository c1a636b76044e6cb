"""Void codes in formats of other systems, as a key's own owner lists them for doors. Pure.

Such a code has no place in a status list. It has a mark: 16 octets that whoever holds the code can work out, and nobody
else. The list is a COSE_Sign1 message by the very key that signed the codes, so that it can void those and no others,
and says when it was made and until when it is of use.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from itertools import pairwise
from typing import Any

from salus.codec.certificates.model import instant, seconds
from salus.codec.certificates.tokens import TokenType, read_token_of, write_token
from salus.codec.cose import PublicKey, Signer
from salus.codec.errors import CodecError, Fault

TYPE = "application/vnd.salus.void-marks+cwt"
MARK_OCTETS = 16
_TOKEN = TokenType(media=TYPE, name="list of void codes", most=4 * 1024 * 1024, bare=True)
_EXPIRES, _ISSUED, _MARKS = 4, 6, -65538
_LAST = 1 << 33


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidMarks:
    """The marks of a key's void codes, as of `issued`, for use until `expires`."""

    issued: datetime
    expires: datetime
    marks: frozenset[bytes] = field(repr=False)

    def follows(self, other: VoidMarks) -> bool:
        """Tell whether this may stand in another's place: it is no older, and of the same second it lacks nothing."""
        return self.issued > other.issued or (self.issued == other.issued and self.marks >= other.marks)


def mark_of(name: str) -> bytes:
    """Return the mark of a code by the name that its format gives it: the UVCI of an HC1, the `rid` of a card.

    For HC1 that is what the EU's gateway lists under the hash type UCI: the first 128 bits of SHA-256.
    """
    return sha256(name.encode()).digest()[:MARK_OCTETS]


def write_void_marks(marks: Collection[bytes], sign: Signer, *, issued: datetime, expires: datetime) -> bytes:
    """Write and sign a list, by ES256, as the octets of a CWT."""
    claims = {_EXPIRES: seconds(expires), _ISSUED: seconds(issued), _MARKS: b"".join(sorted(set(marks)))}
    return write_token(_TOKEN, claims, sign)


def read_void_marks(token: bytes, key: PublicKey) -> VoidMarks:
    """Return a list that this key signed; else CodecError. Marks stand in order, each once."""
    return _void_marks(read_token_of(token, _TOKEN, key))


def _void_marks(claims: Any) -> VoidMarks:
    match claims:
        case {4: int() as expires, 6: int() as issued, -65538: bytes() as octets} if len(claims) == 3:
            parts = [octets[place : place + MARK_OCTETS] for place in range(0, len(octets), MARK_OCTETS)]
            in_order = all(one < other for one, other in pairwise(parts))
            if not 0 < issued < expires < _LAST or len(octets) % MARK_OCTETS or not in_order:
                raise CodecError("a list of void codes has times, and marks in order", Fault.STRUCTURE)
            return VoidMarks(issued=instant(issued), expires=instant(expires), marks=frozenset(parts))
        case _:
            raise CodecError("a list of void codes has an issue, an expiry and its marks", Fault.STRUCTURE)

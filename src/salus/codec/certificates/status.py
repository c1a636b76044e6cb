"""Token Status List (IETF draft-ietf-oauth-status-list, 2026), one bit for each certificate: void or not, nothing else.

A list is signed by the issuer whose certificates it voids, as a CWT of type `application/statuslist+cwt`. Lists of two,
four or eight bits are refused: a certificate has no other state than void.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from salus.codec.certificates.model import LIST_SIZE, MOST_LISTS, instant, seconds
from salus.codec.certificates.tokens import TokenType, read_token, write_token
from salus.codec.cose import Algorithm, PublicKey, Signer
from salus.codec.errors import CodecError, Fault

TYPE = "application/statuslist+cwt"
_SUBJECT, _EXPIRES, _ISSUED, _STATUS_LIST = 2, 4, 6, 65533
_MOST_PACKED = 400 * 1024
_TOKEN = TokenType(media=TYPE, name="status list token", most=_MOST_PACKED)
_OCTETS = LIST_SIZE // 8


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusList:
    """Which certificates of one list are void, as of `issued`, for use until `expires`."""

    subject: str
    issued: datetime
    expires: datetime
    kid: bytes
    bits: bytes = field(repr=False)

    def void(self, index: int) -> bool:
        """Tell whether a place is void; a place beyond the list is, since nothing says that it is not."""
        return index >= 8 * len(self.bits) or bool(self.bits[index >> 3] >> (index & 7) & 1)

    def follows(self, other: StatusList) -> bool:
        """Tell whether this may stand in another's place: it is no older, and of the same second it voids no less."""
        size = min(len(self.bits), len(other.bits))
        ours, theirs = (int.from_bytes(one.bits[:size]) for one in (self, other))
        return self.issued > other.issued or (self.issued == other.issued and ours | theirs == ours)


def subject_of(party: str, list_number: int) -> str:
    """Name a list: whose it is, and its number."""
    if not 0 <= list_number < MOST_LISTS:
        raise CodecError("there is no such status list", Fault.STRUCTURE)
    return f"urn:salus:status:{party}:{list_number}"


def pack_bits(void: Collection[int], size: int = LIST_SIZE) -> bytes:
    """Write a list of `size` places, a multiple of 8, as the draft's `lst`: one bit each, least significant first."""
    bits = bytearray(size // 8)
    for index in void:
        bits[index >> 3] |= 1 << (index & 7)
    return zlib.compress(bytes(bits), 9)


def unpack_bits(packed: bytes, bits: object = 1) -> bytes:
    """Inflate a `lst` of one bit for each place; at most a whole list's octets are ever inflated.

    Raises CodecError for other widths, broken or unfinished streams, octets after the end, and longer lists.
    """
    if type(bits) is not int or bits != 1:
        raise CodecError("only status lists of one bit are accepted", Fault.STRUCTURE)
    if len(packed) > _MOST_PACKED:
        raise CodecError("the status list is longer than one can be", Fault.LENGTH)
    inflater = zlib.decompressobj()
    try:
        found = inflater.decompress(packed, _OCTETS + 1)
    except zlib.error:
        raise CodecError("the status list is broken", Fault.COMPRESSION) from None
    if len(found) > _OCTETS:
        raise CodecError("the status list is longer than one can be", Fault.LENGTH)
    if not inflater.eof or inflater.unused_data:
        raise CodecError("the status list does not end where its token does", Fault.COMPRESSION)
    return found


def write_status_list(
    subject: str,
    void: Collection[int],
    kid: bytes,
    sign: Signer,
    *,
    issued: datetime,
    expires: datetime,
    algorithm: Algorithm = Algorithm.ES256,
) -> bytes:
    """Write and sign a list as the octets of a CWT."""
    listed = {"bits": 1, "lst": pack_bits(void)}
    claims = {_SUBJECT: subject, _EXPIRES: seconds(expires), _ISSUED: seconds(issued), _STATUS_LIST: listed}
    return write_token(_TOKEN, claims, sign, kid, algorithm)


def read_status_list(token: bytes, keys: Mapping[bytes, PublicKey]) -> StatusList:
    """Return a list that one of `keys`, by its `key_id` in the protected header, has signed; else CodecError."""
    return _status_list(*read_token(token, _TOKEN, keys))


def _status_list(claims: Any, kid: bytes) -> StatusList:
    match claims:
        case {
            2: str() as subject,
            4: int() as expires,
            6: int() as issued,
            65533: {"bits": bits, "lst": bytes() as lst},
        }:
            if not 0 < issued < expires < 1 << 33:
                raise CodecError("a status list is issued before it expires", Fault.STRUCTURE)
            return StatusList(
                subject=subject,
                issued=instant(issued),
                expires=instant(expires),
                kid=kid,
                bits=unpack_bits(lst, bits),
            )
        case _:
            raise CodecError("a status list has a subject, an issue, an expiry and its bits", Fault.STRUCTURE)

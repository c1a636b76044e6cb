"""What became void since a day began: a short statement for doors that have an issuer's status lists already. Pure.

It is signed by the issuer and carries the hash that the lists must have afterwards. Whole lists stay the standard form
and the truth: a change that does not lead exactly to its hash is refused, and whoever knows no changes lacks nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from salus.codec.certificates.gaps import MOST_PLACES, MOST_RICE, pack_gaps, unpack_gaps
from salus.codec.certificates.model import DAY, LIST_SIZE, MOST_LISTS, instant, seconds
from salus.codec.certificates.status import StatusList, subject_of
from salus.codec.certificates.tokens import TokenType, read_token, write_token
from salus.codec.cose import Algorithm, PublicKey, Signer
from salus.codec.errors import CodecError, Fault

TYPE = "application/vnd.salus.status-change+cwt"
_TOKEN = TokenType(media=TYPE, name="change of status lists", most=1 << 18, bare=True, exact=True)
MOST_NEW = 64
"""So many lists may begin by one change; each takes 128 KiB of whoever reads it."""
_SUBJECT, _EXPIRES, _ISSUED, _CHANGE = 2, 4, 6, -65539
_PREFIX = "urn:salus:status-change:"
_DIGESTED = b"salus status lists\n"
_OCTETS = LIST_SIZE // 8
_NONE = bytes(_OCTETS)
_HASH_OCTETS = 32
_DAY_SECONDS = 86_400

Lists = Mapping[tuple[str, int], StatusList]
"""Status lists, by whose they are and their number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange:
    """What became void in a party's lists from the beginning of a day, `starts`, up to `issued`.

    `places` count through all lists, from the first place of list 1, in order. `base` is the digest of the lists as the
    day began, `result` as of `issued`.
    """

    party: str
    starts: datetime
    issued: datetime
    expires: datetime
    kid: bytes
    base: bytes
    result: bytes
    lists: int
    places: tuple[int, ...] = field(repr=False)

    @property
    def closed(self) -> bool:
        """Tell whether the day was over, so that this change of it is the last one."""
        return self.issued == self.starts + DAY

    def applied(self, lists: Lists) -> dict[tuple[str, int], StatusList]:
        """Return all lists with this party's as of `issued`; CodecError if they do not come out as it says.

        It applies to the lists that it names, in which no place of it may be void yet, and to lists of the day itself,
        which have some of its places already. What comes out is the same, or nothing does.
        """
        mine = {number: one for (party, number), one in lists.items() if party == self.party}
        bits = {number: bytearray(one.bits) for number, one in mine.items()}
        if set(bits) != set(range(1, len(bits) + 1)) or any(len(one) != _OCTETS for one in bits.values()):
            raise CodecError("a change needs all of an issuer's lists, whole", Fault.STRUCTURE)
        if not len(bits) <= self.lists <= len(bits) + MOST_NEW or any(
            self.issued < one.issued for one in mine.values()
        ):
            raise CodecError("this change is older than the lists, or of far more lists", Fault.ROLLBACK)
        exact = digest_of(bits) == self.base
        if not exact and any(one.issued < self.starts for one in mine.values()):
            raise CodecError("this change begins with other lists; fetch the lists whole", Fault.OUT_OF_DATE)
        self._set(bits, exact=exact)
        if digest_of(bits) != self.result:
            raise CodecError("this change does not lead to the lists that it names", Fault.CANONICAL)
        return dict(lists) | {(self.party, number): self._list(number, one) for number, one in bits.items()}

    def _set(self, bits: dict[int, bytearray], *, exact: bool) -> None:
        for number in range(len(bits) + 1, self.lists + 1):
            bits[number] = bytearray(_OCTETS)
        for place in self.places:
            number, index = divmod(place, LIST_SIZE)
            mask, octets = 1 << (index & 7), bits[number + 1]
            if exact and octets[index >> 3] & mask:
                raise CodecError("this change voids what was void", Fault.CANONICAL)
            octets[index >> 3] |= mask

    def _list(self, number: int, bits: bytearray) -> StatusList:
        subject = subject_of(self.party, number)
        return StatusList(
            subject=subject, issued=self.issued, expires=self.expires, kid=self.kid, bits=bytes(bits)
        )  # as the issuer's whole list of that instant says


def digest_of(bits: Mapping[int, bytes | bytearray]) -> bytes:
    """Return the digest of a party's lists: SHA-256 over number and SHA-256 of each in which anything is void."""
    parts = [number.to_bytes(4) + sha256(one).digest() for number, one in sorted(bits.items()) if one != _NONE]
    return sha256(_DIGESTED + b"".join(parts)).digest()


def void_bits(places: Iterable[tuple[int, int]]) -> dict[int, bytearray]:
    """Return the lists, by number, in which exactly these places (list, index) are void; not those without any."""
    found: dict[int, bytearray] = {}
    _add(found, places)
    return found


def write_change(
    party: str,
    before: Mapping[int, bytes | bytearray],
    new: Collection[tuple[int, int]],
    kid: bytes,
    sign: Signer,
    *,
    lists: int,
    starts: datetime,
    issued: datetime,
    expires: datetime,
    algorithm: Algorithm = Algorithm.ES256,
) -> bytes:
    """Write and sign a change as the octets of a CWT.

    `before` are the lists as the day began, as `void_bits` makes them; `new` are the places, void in none of them, that
    became void up to `issued`, of `lists` lists.
    """
    after = {number: bytearray(one) for number, one in before.items()}
    _add(after, new)
    places = sorted((number - 1) * LIST_SIZE + index for number, index in new)
    rice, gaps = pack_gaps(places)
    change = [seconds(starts), digest_of(before), digest_of(after), lists, len(places), rice, gaps]
    claims = {_SUBJECT: _PREFIX + party, _EXPIRES: seconds(expires), _ISSUED: seconds(issued), _CHANGE: change}
    return write_token(_TOKEN, claims, sign, kid, algorithm)


def read_change(token: bytes, keys: Mapping[bytes, PublicKey]) -> StatusChange:
    """Return a change that one of `keys`, by its `key_id` in the protected header, has signed; else CodecError."""
    return _change(*read_token(token, _TOKEN, keys))


def _change(claims: Any, kid: bytes) -> StatusChange:
    match claims:
        case {
            2: str() as subject,
            4: int() as expires,
            6: int() as issued,
            -65539: [
                int() as starts,
                bytes() as base,
                bytes() as result,
                int() as lists,
                int() as count,
                int() as rice,
                bytes() as gaps,
            ],
        } if len(claims) == 4 and subject.startswith(_PREFIX):
            _require_bounds((starts, issued, expires), (base, result), lists, count, rice)
            return StatusChange(
                party=subject.removeprefix(_PREFIX),
                starts=instant(starts),
                issued=instant(issued),
                expires=instant(expires),
                kid=kid,
                base=base,
                result=result,
                lists=lists,
                places=unpack_gaps(gaps, count, rice, lists * LIST_SIZE),
            )
        case _:
            raise CodecError("a change has a subject, an issue, an expiry and what changed", Fault.STRUCTURE)


def _require_bounds(
    times: tuple[int, int, int], hashes: tuple[bytes, bytes], lists: int, count: int, rice: int
) -> None:
    starts, issued, expires = times
    in_order = (
        0 < starts <= issued < expires < 1 << 33 and issued <= starts + _DAY_SECONDS and starts % _DAY_SECONDS == 0
    )
    if not in_order or any(len(one) != _HASH_OCTETS for one in hashes):
        raise CodecError("a change is of one day, and has two hashes", Fault.STRUCTURE)
    if any(isinstance(one, bool) for one in (*times, lists, count, rice)):
        raise CodecError("a change counts with numbers", Fault.STRUCTURE)
    if not (0 < lists < MOST_LISTS and 0 <= count <= MOST_PLACES and 0 <= rice <= MOST_RICE):
        raise CodecError("a change has more lists or places than one can have", Fault.LENGTH)


def _add(bits: dict[int, bytearray], places: Iterable[tuple[int, int]]) -> None:
    for number, index in places:
        bits.setdefault(number, bytearray(_OCTETS))[index >> 3] |= 1 << (index & 7)

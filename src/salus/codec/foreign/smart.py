"""`shc:/` (SMART Health Cards, spec 1.4): numeric QR text, single or in chunks, JWS, raw deflate, a FHIR bundle.

Each step is bounded: 1,195 characters for a single code, 40 chunks, 64 KiB inflated, 64 levels. JSON that says a name
twice, begins with a mark, or has anything around it is refused.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from salus.codec.certificates.model import instant
from salus.codec.errors import CodecError, Fault
from salus.codec.foreign.bundle import read_bundle
from salus.codec.foreign.cose import Algorithm as Cose
from salus.codec.foreign.cose import AnyKey, verify_any
from salus.codec.foreign.inflating import RAW, inflate
from salus.codec.foreign.model import Event, Holder
from salus.kernel import nests_deeper

PREFIX = "shc:/"
MOST_SINGLE = 1195
MOST_CHUNKS = 40
MOST_JWS = 64 * 1024
MOST_OCTETS = 64 * 1024
_MOST_NESTED = 64
HEALTH_CARD = "https://smarthealth.cards#health-card"
_CHUNK = re.compile(r"(?:([1-9][0-9]?)/([1-9][0-9]?)/)?([0-9]+)")
_JWS = re.compile(r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_PART = re.compile(r"[A-Za-z0-9_-]+")
_ISSUER = re.compile(r"https://[a-z0-9.-]{1,80}(:[0-9]{1,5})?(/[A-Za-z0-9._~-]{1,80}){0,8}")
_RID = re.compile(r"[A-Za-z0-9_-]{1,24}")
_DERIVED_OCTETS = 16
_LAST = 1 << 33
_PAIR = re.compile("..")
_LETTERS = {f"{number:02}": chr(number + 45) for number in range(ord("z") - 44)}


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCard:
    """A card taken apart; whose key made the signature is not looked at yet. `digest` is SHA-256 of the signed JWS.

    `rid` is the name under which its issuer can revoke it. For a card without one it is worked out from what was
    signed, not from the signature, which whoever holds the card could change.
    """

    issuer: str
    kid: str
    starts: datetime
    expires: datetime | None
    holder: Holder
    events: tuple[Event, ...]
    signed: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    digest: bytes
    rid: str

    def verify(self, key: AnyKey) -> None:
        """Raise CodecError unless `key` signed it by ES256."""
        verify_any(key, Cose.ES256, self.signature, self.signed)


def decode_shc(*texts: object) -> HealthCard:
    """Take the text of a QR code apart, or those of all chunks in any order; CodecError for anything else."""
    return read_jws(joined(texts))


def spelled(jws: str) -> list[str]:
    """Return the numeric texts that spell a JWS: one, or as many numbered ones as it needs; CodecError for none."""
    if not _JWS.fullmatch(jws) or len(jws) > MOST_JWS:
        raise CodecError("this is no JWS in its compact form", Fault.STRUCTURE)
    digits = ["".join(f"{ord(letter) - 45:02}" for letter in jws[at : at + MOST_SINGLE])
              for at in range(0, len(jws), MOST_SINGLE)]  # fmt: skip
    if len(digits) == 1:
        return [f"{PREFIX}{digits[0]}"]
    if len(digits) > MOST_CHUNKS:
        raise CodecError(f"a card has 1 to {MOST_CHUNKS} codes", Fault.LENGTH)
    return [f"{PREFIX}{place}/{len(digits)}/{one}" for place, one in enumerate(digits, 1)]


def joined(texts: Sequence[object]) -> str:
    """Return the JWS that numeric texts spell."""
    if not 1 <= len(texts) <= MOST_CHUNKS:
        raise CodecError(f"a card has 1 to {MOST_CHUNKS} codes", Fault.LENGTH)
    chunks = [_chunk(text, single=len(texts) == 1) for text in texts]
    if [place for place, _, _ in sorted(chunks)] != list(range(1, len(chunks) + 1)):
        raise CodecError("a code of this card is missing, or was given twice", Fault.STRUCTURE)
    if any(total != len(chunks) for _, total, _ in chunks):
        raise CodecError("these codes are not of one card", Fault.STRUCTURE)
    return "".join(letters for _, _, letters in sorted(chunks))


def _chunk(text: object, *, single: bool) -> tuple[int, int, str]:
    if not isinstance(text, str) or len(text) > 4 * MOST_SINGLE:
        raise CodecError("a code is a text of bounded length", Fault.LENGTH)
    if not text.startswith(PREFIX):
        raise CodecError(f"a SMART Health Card begins with {PREFIX}", Fault.PREFIX)
    found = _CHUNK.fullmatch(text.removeprefix(PREFIX))
    if found is None or len(found[3]) % 2:
        raise CodecError("a card is written in pairs of digits", Fault.ALPHABET)
    if single and found[1] and int(found[2]) == 1:
        raise CodecError("one code alone is not numbered", Fault.STRUCTURE)
    if len(found[3]) > 2 * MOST_SINGLE:
        raise CodecError(f"a code holds at most {MOST_SINGLE} characters", Fault.LENGTH)
    letters = [_LETTERS.get(pair) for pair in _PAIR.findall(found[3])]
    if None in letters:
        raise CodecError("a pair of digits stands for no character of a JWS", Fault.ALPHABET)
    return int(found[1] or 1), int(found[2] or 1), "".join(letter for letter in letters if letter)


def read_jws(jws: str) -> HealthCard:
    """Take a JWS in its compact form (RFC 7515) apart."""
    if len(jws) > MOST_JWS:
        raise CodecError(f"a card has at most {MOST_JWS} characters", Fault.LENGTH)
    parts = jws.split(".")
    if len(parts) != 3:
        raise CodecError("a JWS has three parts", Fault.STRUCTURE)
    header, packed, signature = map(_base64url, parts)
    kid = _kid(read_json(header))
    claims = read_json(inflate(packed, MOST_OCTETS, RAW))
    return _card(claims, kid, jws.rpartition(".")[0].encode("ascii"), signature, sha256(jws.encode("ascii")).digest())


def _kid(header: object) -> str:
    if not isinstance(header, Mapping) or header.get("alg") != "ES256":
        raise CodecError("a card is signed by ES256, and says so", Fault.ALGORITHM)
    if header.get("zip") != "DEF":
        raise CodecError("a card is compressed, and says so", Fault.COMPRESSION)
    if set(header) != {"alg", "zip", "kid"} or not isinstance(header["kid"], str):
        raise CodecError("a card's header has alg, zip and kid", Fault.STRUCTURE)
    return header["kid"]


def _card(claims: object, kid: str, signed: bytes, signature: bytes, digest: bytes) -> HealthCard:
    if not isinstance(claims, Mapping):
        raise CodecError("the claims are not an object", Fault.STRUCTURE)
    issuer, content = claims.get("iss"), claims.get("vc")
    if not isinstance(issuer, str) or not _ISSUER.fullmatch(issuer):
        raise CodecError("an issuer is an https address without a slash at its end", Fault.STRUCTURE)
    starts, ends = _instant(claims.get("nbf")), claims.get("exp")
    expires = None if ends is None else _instant(ends)
    if expires is not None and expires <= starts:
        raise CodecError("a card ends after it starts", Fault.STRUCTURE)
    holder, events = _content(content)
    return HealthCard(
        issuer=issuer,
        kid=kid,
        starts=starts,
        expires=expires,
        holder=holder,
        events=events,
        signed=signed,
        signature=signature,
        digest=digest,
        rid=_rid(content, signed),
    )


def _rid(content: Any, signed: bytes) -> str:
    if "rid" not in content:
        return base64.urlsafe_b64encode(sha256(signed).digest()[:_DERIVED_OCTETS]).rstrip(b"=").decode()
    rid = content["rid"]
    if not isinstance(rid, str) or not _RID.fullmatch(rid):
        raise CodecError("a card is revoked under at most 24 letters of base64url", Fault.STRUCTURE)
    return rid


def _content(content: object) -> tuple[Holder, tuple[Event, ...]]:
    types = content.get("type") if isinstance(content, Mapping) else None
    subject = content.get("credentialSubject") if isinstance(content, Mapping) else None
    if not isinstance(types, list) or HEALTH_CARD not in types or not isinstance(subject, Mapping):
        raise CodecError("this is signed, but no health card", Fault.STRUCTURE)
    version = subject.get("fhirVersion")
    if not isinstance(version, str) or not version.startswith("4."):
        raise CodecError("a card's bundle is of FHIR R4", Fault.STRUCTURE)
    return read_bundle(subject.get("fhirBundle"))


def _instant(number: object) -> datetime:
    """Read a NumericDate; milliseconds, a common slip, lie beyond every date that there can be."""
    if not isinstance(number, int | float) or isinstance(number, bool) or not 0 <= number < _LAST:
        raise CodecError("a time is counted in seconds from 1970", Fault.STRUCTURE)
    return instant(int(number))


def read_json(octets: bytes) -> Any:
    """Parse JSON in UTF-8 with nothing before or after it, no name twice, no NaN, 64 levels; else CodecError."""
    try:
        text = octets.decode("utf-8")
        if text != text.strip(" \t\r\n"):
            raise ValueError(len(text))
        read = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
        if nests_deeper(read, _MOST_NESTED):
            raise RecursionError
        return read
    except (ValueError, RecursionError):
        raise CodecError("this is not JSON as a card has it", Fault.STRUCTURE) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError(len(pairs))
    return found


def _no_number(word: str) -> Any:
    raise ValueError(word)


def _base64url(part: str) -> bytes:
    """Read base64url without padding, in its one spelling."""
    try:
        read = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) if _PART.fullmatch(part) else b""
    except binascii.Error:
        read = b""
    if base64.urlsafe_b64encode(read).rstrip(b"=") != part.encode() or not read:
        raise CodecError("a part of a JWS is base64url in its one spelling", Fault.ALPHABET)
    return read

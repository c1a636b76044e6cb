"""Keys of other issuers, taken from X.509 certificates (RFC 5280) tolerantly; signatures are checked strictly.

Some issuers' certificates break the rules of DER so that strict readers refuse them whole. All that is needed is the
key, from when until when it counts, and what it may sign; so that is read, and nothing else is looked at. Whether a
certificate is believed is said by whoever hands it over, not by its own chain.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from salus.codec.cose import refuse_sm2
from salus.codec.errors import CodecError, Fault
from salus.codec.foreign.cose import AnyKey
from salus.codec.foreign.model import EventKind

MOST_CERTIFICATE = 16 * 1024
MOST_PEM = 4 * 1024 * 1024
_SEQUENCE, _OID, _UTC_TIME, _GENERALIZED, _OCTETS = 0x30, 0x06, 0x17, 0x18, 0x04
_VERSION, _EXTENSIONS = 0xA0, 0xA3
_EXTENDED_KEY_USAGE = bytes.fromhex("551d25")
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")
# Health usages (eHealth Network, Digital Green Certificates vol. 1, annex): both spellings of the arc are in use.
_USAGES = {
    f"1.3.6.1.4.1.{arc}.2021.1.{number}": kind
    for arc in ("0.1847", "1847")
    for number, kind in ((1, EventKind.TEST), (2, EventKind.VACCINATION), (3, EventKind.RECOVERY))
}
_OTHER_HEALTH = "2.23.136.1.1.14."  # ICAO VDS-NC: its proofs, and so none of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSigner:
    """A key that is believed, from `starts` until `ends`, for these kinds of events. `kid` is its name in codes."""

    kid: bytes
    key: AnyKey = field(repr=False)
    starts: datetime
    ends: datetime
    kinds: frozenset[EventKind]

    def counts(self, at: datetime) -> bool:
        """Tell whether the key may be used at this instant."""
        return self.starts <= at < self.ends


def signer_of_certificate(der: bytes) -> DocumentSigner:
    """Read a certificate's key, life and usages; CodecError if they cannot be found in it.

    The key's name is the beginning of SHA-256 over the certificate, as the EU DCC has it.
    """
    if len(der) > MOST_CERTIFICATE:
        raise CodecError(f"a certificate has at most {MOST_CERTIFICATE} octets", Fault.LENGTH)
    try:
        fields = list(_items(_only(_only(der, _SEQUENCE), _SEQUENCE, first=True)))
        if fields and fields[0][0] == _VERSION:
            fields.pop(0)
        validity, key, extensions = fields[3], fields[5], [value for tag, value, _ in fields[6:] if tag == _EXTENSIONS]
        starts, ends = (_instant(tag, value) for tag, value, _ in _items(validity[1]))
        usages = _usages(extensions[0]) if extensions else None
    except (IndexError, ValueError):
        raise CodecError("this is not a certificate", Fault.STRUCTURE) from None
    return DocumentSigner(
        kid=sha256(der).digest()[:8], key=public_key(key[2]), starts=starts, ends=ends, kinds=_kinds(usages)
    )


def signers_of_pem(text: str) -> list[DocumentSigner]:
    """Read every certificate of a PEM file (RFC 7468); CodecError if there is none, or one cannot be read."""
    if len(text) > MOST_PEM:
        raise CodecError("the file is longer than a list of certificates can be", Fault.LENGTH)
    try:
        found = [base64.b64decode("".join(block.split()), validate=True) for block in _PEM.findall(text)]
    except binascii.Error:
        raise CodecError("a certificate is not base64", Fault.STRUCTURE) from None
    if not found:
        raise CodecError("the file holds no certificate", Fault.STRUCTURE)
    return [signer_of_certificate(der) for der in found]


def _kinds(usages: set[str] | None) -> frozenset[EventKind]:
    """A certificate without a health usage may sign everything; one with, only what it names."""
    health = {one for one in usages or () if one in _USAGES or one.startswith(_OTHER_HEALTH)}
    return frozenset(_USAGES[one] for one in health if one in _USAGES) if health else frozenset(EventKind)


def public_key(spki: bytes) -> AnyKey:
    """Read a SubjectPublicKeyInfo; CodecError for a key of a kind that is not accepted."""
    refuse_sm2(spki)
    try:
        key = load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm):
        raise CodecError("this key is of a kind that is not accepted", Fault.KEY) from None
    if isinstance(key, EllipticCurvePublicKey | Ed25519PublicKey | Ed448PublicKey | RSAPublicKey):
        return key
    raise CodecError("this key is of a kind that is not accepted", Fault.KEY)


def _items(octets: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield tag, value and the whole of each item; ValueError where one does not end in time."""
    place = 0
    while place < len(octets):
        start, tag, size = place, octets[place], octets[place + 1]
        place += 2
        if size & 0x80:
            count = size & 0x7F
            if not 1 <= count <= 3:
                raise ValueError(count)
            size = int.from_bytes(octets[place : place + count])
            place += count
        if place + size > len(octets):
            raise ValueError(place)
        yield tag, octets[place : place + size], octets[start : place + size]
        place += size


def _only(octets: bytes, wanted: int, *, first: bool = False) -> bytes:
    """Return the value of the only item, or of the first."""
    items = list(_items(octets))
    if (len(items) != 1 and not first) or items[0][0] != wanted:
        raise ValueError(wanted)
    return items[0][1]


def _instant(tag: int, value: bytes) -> datetime:
    text = value.decode("ascii")
    if tag == _UTC_TIME:
        text = ("19" if int(text[:2]) >= 50 else "20") + text
    elif tag != _GENERALIZED:
        raise ValueError(tag)
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def _usages(extensions: bytes) -> set[str] | None:
    """Return the extended key usages, or None if the certificate has no such extension."""
    for _, extension, _ in _items(_only(extensions, _SEQUENCE)):
        parts = list(_items(extension))
        if parts[0][1] == _EXTENDED_KEY_USAGE and parts[-1][0] == _OCTETS:
            return {_dotted(value) for tag, value, _ in _items(_only(parts[-1][1], _SEQUENCE)) if tag == _OID}
    return None


def _dotted(value: bytes) -> str:
    """Write an object identifier (X.690, section 8.19) in its usual form."""
    numbers, number = [], 0
    for octet in value:
        number = number << 7 | octet & 0x7F
        if not octet & 0x80:
            numbers.append(number)
            number = 0
    if not numbers:
        raise ValueError(value)
    top = min(numbers[0] // 40, 2)
    return ".".join(map(str, [top, numbers[0] - 40 * top, *numbers[1:]]))

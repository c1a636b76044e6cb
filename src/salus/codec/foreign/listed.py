"""Keys of other issuers as a published trust list names them: for what and until when is said there."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey

from salus.codec.errors import CodecError, Fault
from salus.codec.foreign.cose import AnyKey
from salus.codec.foreign.keys import DocumentSigner, public_key
from salus.codec.foreign.model import EventKind
from salus.rules import KeyFormat, TrustedKey


def listed_signers(keys: Iterable[TrustedKey]) -> list[DocumentSigner]:
    """Return the document signers of HC1; a key that is none, or of a kind that is not accepted, counts for nothing."""
    found = []
    for one in keys:
        if one.format is KeyFormat.HC1 and one.kid is not None:
            with suppress(CodecError):
                kinds = frozenset(EventKind(kind) for kind in one.kinds)
                key = public_key(one.key)
                found.append(DocumentSigner(kid=one.kid, key=key, starts=one.starts, ends=one.ends, kinds=kinds))
    return found


def listed_issuers(keys: Iterable[TrustedKey], at: datetime) -> dict[str, dict[str, AnyKey]]:
    """Return the keys of SMART Health Cards in use at an instant, by issuer and thumbprint.

    A key of another kind than P-256 counts for nothing. Nothing proves when a card was signed, so none counts after
    its key's end.
    """
    found: dict[str, dict[str, AnyKey]] = {}
    for one in keys:
        if one.format is KeyFormat.SHC and one.signs(at):
            with suppress(CodecError):
                key = public_key(one.key)
                name = _thumbprint(key)
                found.setdefault(one.party, {})[name] = key
    return found


def _thumbprint(key: AnyKey) -> str:
    """Return the name of a key (RFC 7638)."""
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise CodecError("a SMART Health Card is signed with a key of P-256", Fault.KEY)
    numbers = key.public_numbers()
    x, y = (_url(number.to_bytes(32)) for number in (numbers.x, numbers.y))
    spelt = json.dumps({"crv": "P-256", "kty": "EC", "x": x, "y": y}, separators=(",", ":"))
    return _url(sha256(spelt.encode()).digest())


def _url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()

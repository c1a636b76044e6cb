"""Which issuers of other systems are recognised: a published document of keys, with signers, notice and an end. Pure.

A key is recognised for kinds of facts and for a time, and for nothing else: what its issuer makes of them is not read.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from salus.kernel import Invalid, format_instant, parse_instant
from salus.rules.errors import PublicationRefused
from salus.rules.publishing.model import CertificateKind, Document, PublicationKind
from salus.rules.publishing.naming import KID_OCTETS, is_issuer, is_key, thumbprint
from salus.rules.tables.lint import is_long_number

RECOGNITION_NOTICE: Final = timedelta(hours=24)
RECOGNITION_LASTS: Final = timedelta(days=366)
MOST_KEYS: Final = 150
_FIELDS = {"form", "issuer", "source", "kid", "key", "kinds", "starts", "ends"}
_SOURCE = re.compile(r"https://[a-z0-9.-]{1,80}(:[0-9]{1,5})?(/[A-Za-z0-9._~-]{1,80}){0,8}")
_MOST_SOURCE = 128
_HC1_KID = re.compile(f"[0-9a-f]{{{2 * KID_OCTETS}}}")


class ForeignForm(StrEnum):
    """The formats of other systems that are read."""

    HC1 = "HC1"
    SHC = "SHC"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognisedKey:
    """A key of another issuer: how it is named in codes, what it may sign, from when until when it may be used.

    `issuer` is what people are told. `source` is the https name by which a card calls its issuer; HC1 has none.
    `kid` is eight octets in hexadecimal for HC1, the thumbprint (RFC 7638) for a card; `key` is SubjectPublicKeyInfo.
    """

    form: ForeignForm
    issuer: str
    source: str
    kid: str
    key: bytes = field(repr=False)
    kinds: tuple[CertificateKind, ...]
    starts: datetime
    ends: datetime

    @classmethod
    def of(cls, value: object) -> RecognisedKey:
        """Read one entry; PublicationRefused if it says anything else."""
        if not isinstance(value, Mapping) or set(value) != _FIELDS:
            raise PublicationRefused("FORM", f"a recognised key has exactly the fields {sorted(_FIELDS)}")
        texts = [value[name] for name in sorted(_FIELDS - {"kinds"})]
        if not all(isinstance(one, str) for one in texts) or not isinstance(value["kinds"], list):
            raise PublicationRefused("FORM", "a recognised key is told in texts, and its kinds in a list")
        try:
            form, kinds = ForeignForm(value["form"]), tuple(CertificateKind(one) for one in value["kinds"])
            key = base64.b64decode(value["key"], validate=True)
            starts, ends = parse_instant(value["starts"]), parse_instant(value["ends"])
        except (ValueError, binascii.Error, Invalid):
            raise PublicationRefused("FORM", "a recognised key has a form, kinds, a key and times") from None
        spelt = [format_instant(one) for one in (starts, ends)] == [value["starts"], value["ends"]]
        if not spelt or starts.microsecond or ends.microsecond:
            raise PublicationRefused("FORM", "a recognised key's times are whole seconds, in their one spelling")
        if not kinds or len(set(kinds)) != len(kinds) or starts >= ends:
            raise PublicationRefused("FORM", "a recognised key signs some kinds, each named once, and ends")
        if not is_issuer(value["issuer"]):
            raise PublicationRefused(
                "FORM", "an issuer's name says what institution it is, without digits or a measure"
            )
        if not is_key(key, rsa=form is ForeignForm.HC1):
            raise PublicationRefused("FORM", "a recognised key is of P-256, or of RSA where its form has that")
        if not _named(form, value, key) or base64.b64encode(key).decode() != value["key"]:
            raise PublicationRefused("FORM", "a recognised key is named as codes of its form name it")
        return cls(
            form=form,
            issuer=value["issuer"],
            source=value["source"],
            kid=value["kid"],
            key=key,
            kinds=kinds,
            starts=starts,
            ends=ends,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """Keys that are recognised for starts <= t < ends. Of one name the highest version that has begun counts alone."""

    name: str
    version: int
    digest: str
    keys: tuple[RecognisedKey, ...]
    starts: datetime
    ends: datetime

    @classmethod
    def of(cls, document: Document) -> Recognition:
        """Read a recognition's document; PublicationRefused if it says anything else."""
        listed = document.body.get("keys")
        if document.kind is not PublicationKind.RECOGNITION or set(document.body) != {"keys"}:
            raise PublicationRefused("FORM", "a recognition has exactly the field keys")
        if not isinstance(listed, list) or len(listed) > MOST_KEYS:
            raise PublicationRefused("FORM", f"a recognition lists at most {MOST_KEYS} keys")
        keys = tuple(RecognisedKey.of(one) for one in listed)
        if len({(one.form, one.source, one.kid, one.key) for one in keys}) != len(keys):
            raise PublicationRefused("FORM", "a recognition names no key twice")
        return cls(
            name=document.name,
            version=document.version,
            digest=document.digest,
            keys=keys,
            starts=document.starts,
            ends=document.ends,
        )


def recognised_at(found: Iterable[Recognition], at: datetime) -> tuple[RecognisedKey, ...]:
    """Return the keys that are recognised and in use at an instant.

    A later version of a document stands for the earlier ones, also where it lists fewer keys or has ended.
    """
    newest: dict[str, Recognition] = {}
    for one in found:
        known = newest.get(one.name)
        if one.starts <= at and (known is None or known.version < one.version):
            newest[one.name] = one
    living = (one for one in newest.values() if at < one.ends)
    return tuple(key for one in living for key in one.keys if key.starts <= at < key.ends)


def _named(form: ForeignForm, value: Mapping[str, Any], key: bytes) -> bool:
    source, kid = value["source"], value["kid"]
    if form is ForeignForm.HC1:
        return not source and bool(_HC1_KID.fullmatch(kid))
    if len(source) > _MOST_SOURCE or is_long_number(source):
        return False
    return bool(_SOURCE.fullmatch(source)) and kid == thumbprint(key)

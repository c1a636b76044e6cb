"""The trust file: everything that a door needs, fetched whole and by all alike, so that no fetch tells of anybody.

Nothing in it is believed because it is there. Keys and declarations are leaves of the public log, each with its proof
under a checkpoint that a quorum of witnesses cosigned; a declaration has its signers, its notice and its end; a status
list is signed by the issuer whose certificates it voids. What is not proved is left out, and counts for nothing. The
file's age is counted from the witnesses' cosignatures, so that nobody can give an old one a new date. Acceptance rules,
and the emergencies under which some of them were published at short notice, are there if there are any.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, TypeVar

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_public_key

from salus.codec.certificates.model import MOST_LISTS
from salus.codec.certificates.status import StatusList, read_status_list, subject_of
from salus.codec.cose import PublicKey, algorithm_of, key_digest, key_id
from salus.codec.errors import CodecError, Fault
from salus.kernel import Invalid, canonical
from salus.proof import LeafProof, ProofError, Trust
from salus.rules import (
    WITNESSING,
    Declaration,
    Document,
    PartyKey,
    PublicationRefused,
    Published,
    Recognition,
    RegionRules,
    check_publication,
    check_renewal,
    emergency_of,
    log_order,
)

FORMAT = "salus-trust-1"
TRUST_LASTS = timedelta(days=7)
MOST_OCTETS = 16 * 1024 * 1024
ISSUER = "issuer"
_FIELDS = {"format", "policy", "head", "keys", "issuers", "declarations", "lists"}
_ALSO = {"acceptance", "emergencies", "recognised"}
_KEY_FIELDS = {"party", "organisation", "duty", "key"}

_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """A leaf of the public log with its proof; `body` is what stands under its kind."""

    kind: str
    body: Mapping[str, Any]
    proof: str

    @property
    def entry(self) -> bytes:
        """The entry's bytes, which the proof is about."""
        return canonical({self.kind: dict(self.body)})

    def as_json(self) -> dict[str, Any]:
        """Return the leaf as the file has it."""
        return {"leaf": {self.kind: dict(self.body)}, "proof": self.proof}


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Who issues certificates, by a key that the log has: under its name, the digest of that very key."""

    party: str
    organisation: str
    key: PublicKey = field(repr=False)
    logged_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustFile:
    """A trust file, checked: `made` by witness time, of use until `ends`. `dropped` counts what was not proved."""

    trust: Trust
    made: datetime
    ends: datetime
    issuers: Mapping[bytes, Issuer]
    declarations: tuple[Declaration, ...]
    lists: Mapping[tuple[str, int], StatusList]
    dropped: int
    acceptance: tuple[RegionRules, ...] = ()
    recognised: tuple[Recognition, ...] = ()

    def fresh(self, at: datetime) -> bool:
        """Tell whether the file is young enough to be used; a clock that is an hour slow is borne with."""
        return self.made - timedelta(hours=1) <= at < self.ends


def write_trust(
    *,
    trust: Trust,
    head: str,
    keys: Sequence[Logged],
    issuers: Sequence[tuple[str, bytes]],
    declarations: Sequence[tuple[Mapping[str, Any], Logged]],
    lists: Sequence[bytes],
    acceptance: Sequence[tuple[Mapping[str, Any], Logged]] = (),
    emergencies: Sequence[tuple[Mapping[str, Any], Logged]] = (),
    recognised: Sequence[tuple[Mapping[str, Any], Logged]] = (),
) -> bytes:
    """Write a trust file in canonical JSON.

    `head` is the newest cosigned checkpoint; `issuers` are (party, SubjectPublicKeyInfo); `declarations`, `acceptance`,
    `emergencies` and `recognised` are documents with their leaves; `lists` are status list tokens. The last three kinds
    of documents are left out where there are none.
    """
    also = {"acceptance": acceptance, "emergencies": emergencies, "recognised": recognised}
    return canonical(
        {
            "format": FORMAT,
            "policy": str(trust),
            "head": head,
            "keys": [one.as_json() for one in keys],
            "issuers": [{"party": party, "key": _encode(spki)} for party, spki in issuers],
            "declarations": _documents(declarations),
            "lists": [_encode(token) for token in lists],
            **{name: _documents(found) for name, found in also.items() if found},
        }
    )


def read_trust(octets: bytes, believed: Trust | None = None) -> TrustFile:
    """Read and check a trust file; CodecError if it is none, or if its log is not proved.

    `believed` is whom the reader already believes; a file with another log or other witnesses is then refused.
    """
    value = _parsed(octets)
    try:
        trust = Trust.parse(str(value["policy"]))
        if len(trust.organisations) < WITNESSING:
            raise CodecError(f"it takes witnesses of {WITNESSING} organisations", Fault.SIGNATURE)
        head = trust.open(str(value["head"]))
    except ProofError:
        raise CodecError("the trust file's log is not cosigned by its witnesses", Fault.SIGNATURE) from None
    if believed is not None and trust != believed:
        raise CodecError("the trust file is of another log, or of other witnesses", Fault.KEY)
    keys, lost_keys = _each(value["keys"], lambda one: _party_key(one, trust))
    issuers, lost_issuers = _each(value["issuers"], lambda one: _issuer(one, keys))
    declarations, lost_declarations = _each(value["declarations"], lambda one: _declaration(one, keys, trust))
    acceptance, lost_acceptance = _acceptance(value, keys, trust)
    recognised, lost_recognised = _each(value.get("recognised", ()), lambda one: _recognition(one, keys, trust))
    by_kid = {key_id(one.key): one for one in issuers}
    lists, lost_lists = _each(value["lists"], lambda one: _listed(one, by_kid))
    newest: dict[tuple[str, int], StatusList] = {}
    for place, found in lists:
        if place not in newest or newest[place].issued < found.issued:
            newest[place] = found
    return TrustFile(
        trust=trust,
        made=head.as_of,
        ends=head.as_of + TRUST_LASTS,
        issuers=MappingProxyType(by_kid),
        declarations=tuple(declarations),
        lists=MappingProxyType(newest),
        dropped=lost_keys + lost_issuers + lost_declarations + lost_lists + lost_acceptance + lost_recognised,
        acceptance=acceptance,
        recognised=tuple(recognised),
    )


def _parsed(octets: bytes) -> dict[str, Any]:
    if len(octets) > MOST_OCTETS:
        raise CodecError("the trust file is longer than one can be", Fault.LENGTH)
    try:
        value = json.loads(octets)
    except (ValueError, RecursionError):
        raise CodecError("the trust file is not JSON", Fault.STRUCTURE) from None
    if not isinstance(value, dict) or set(value) - _ALSO != _FIELDS or value["format"] != FORMAT:
        raise CodecError(f"a trust file has exactly the fields {sorted(_FIELDS)}", Fault.STRUCTURE)
    if not all(isinstance(value[name], list) for name in set(value) - {"format", "policy", "head"}):
        raise CodecError("a trust file's keys, issuers, declarations and lists are lists", Fault.STRUCTURE)
    return value


def _each(items: Iterable[Any], read: Callable[[Any], _Found]) -> tuple[list[_Found], int]:
    """Read every item that is what it has to be; count the others."""
    found, lost = [], 0
    for item in items:
        try:
            found.append(read(item))
        except (Invalid, ProofError, KeyError, TypeError, ValueError):
            lost += 1
    return found, lost


def _logged(item: Any, kind: str, trust: Trust) -> tuple[Mapping[str, Any], datetime]:
    """Return a proved leaf's body, and when a quorum of witnesses had it."""
    body = item["leaf"][kind]
    if set(item["leaf"]) != {kind} or not isinstance(body, dict):
        raise CodecError("a leaf has one kind", Fault.STRUCTURE)
    logged = Logged(kind=kind, body=body, proof=str(item["proof"]))
    return body, LeafProof.parse(logged.proof).check(logged.entry, trust).at


def _party_key(item: Any, trust: Trust) -> PartyKey:
    body, logged_at = _logged(item, "party-key", trust)
    if set(body) != _KEY_FIELDS:
        raise CodecError("a key of the log has its fields", Fault.STRUCTURE)
    return PartyKey(
        party=str(body["party"]),
        organisation=str(body["organisation"]),
        duty=str(body["duty"]),
        key=_decode(body["key"]),
        logged_at=logged_at,
    )


def _issuer(item: Any, keys: Sequence[PartyKey]) -> Issuer:
    spki = _decode(item["key"])
    try:
        public = load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm):
        raise CodecError("an issuer's key is not one", Fault.KEY) from None
    algorithm_of(public)
    digest = key_digest(public)  # type: ignore[arg-type]  # algorithm_of has just said that it is one
    for one in keys:
        if (one.party, one.duty, one.key) == (item["party"], ISSUER, digest):
            return Issuer(
                party=one.party,
                organisation=one.organisation,
                key=public,  # type: ignore[arg-type]
                logged_at=one.logged_at,
            )
    raise CodecError("the log has no such issuer's key", Fault.KEY)


def _documents(found: Sequence[tuple[Mapping[str, Any], Logged]]) -> list[dict[str, Any]]:
    return [{"document": dict(document), **leaf.as_json()} for document, leaf in found]


def _recognition(item: Any, keys: Sequence[PartyKey], trust: Trust) -> Recognition:
    body, logged_at = _logged(item, "publication", trust)
    document = Document.of(item["document"])
    check_publication(document, body, keys, logged_at)
    return Recognition.of(document)


def _declaration(item: Any, keys: Sequence[PartyKey], trust: Trust) -> Declaration:
    body, logged_at = _logged(item, "publication", trust)
    document = Document.of(item["document"])
    check_publication(document, body, keys, logged_at)
    return Declaration.of(document)


def _acceptance(
    value: Mapping[str, Any], keys: Sequence[PartyKey], trust: Trust
) -> tuple[tuple[RegionRules, ...], int]:
    """Read acceptance rules; those at short notice count under an emergency that comes along and is proved, too."""
    read, lost = _each(value.get("emergencies", ()), lambda one: _emergency(one, keys, trust))
    emergencies: list[Published] = []
    for published in sorted(read, key=log_order):
        try:
            check_renewal(published, emergencies)
        except PublicationRefused:
            lost += 1
        else:
            emergencies.append(published)
    rules, lost_rules = _each(value.get("acceptance", ()), lambda one: _rules(one, keys, trust, emergencies))
    return tuple(rules), lost + lost_rules


def _emergency(item: Any, keys: Sequence[PartyKey], trust: Trust) -> Published:
    body, logged_at = _logged(item, "publication", trust)
    document = Document.of(item["document"])
    emergency_of(document)
    return check_publication(document, body, keys, logged_at, renewing=False)


def _rules(item: Any, keys: Sequence[PartyKey], trust: Trust, emergencies: Sequence[Published]) -> RegionRules:
    body, logged_at = _logged(item, "publication", trust)
    document = Document.of(item["document"])
    found = RegionRules.of(document)
    check_publication(document, body, keys, logged_at, emergencies)
    return found


def _listed(item: Any, issuers: Mapping[bytes, Issuer]) -> tuple[tuple[str, int], StatusList]:
    found = read_status_list(_decode(item), {kid: one.key for kid, one in issuers.items()})
    party, _, number = found.subject.removeprefix("urn:salus:status:").rpartition(":")
    if not (number.isascii() and number.isdigit() and int(number) < MOST_LISTS):
        raise CodecError("a status list has a number", Fault.STRUCTURE)
    if found.subject != subject_of(issuers[found.kid].party, int(number)):
        raise CodecError("a status list voids only its own issuer's certificates", Fault.KEY)
    return (party, int(number)), found


def _encode(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def _decode(text: object) -> bytes:
    try:
        raw = base64.b64decode(str(text), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not raw or _encode(raw) != text:
        raise CodecError("this is not base64 in its one spelling", Fault.STRUCTURE)
    return raw

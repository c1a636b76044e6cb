"""The trust file: everything that a door needs, the same for all who fetch it, so that no fetch tells of anybody.

Nothing in it is believed because it is there. Keys and declarations are leaves of the public log, each with its proof
under a checkpoint that a quorum of witnesses cosigned; a declaration has its signers, its notice and its end; a status
list is signed by the issuer whose certificates it voids. What is not proved is left out, and counts for nothing. The
file's age is counted from the witnesses' cosignatures, so that nobody can give an old one a new date. Acceptance rules,
and the emergencies under which some of them were published at short notice, are there if there are any. A file that a
door made up from changes has those, too: each leads exactly to the lists that their issuer signed, or is left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, TypeVar

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_public_key

from salus.codec.certificates.changes import StatusChange, read_change
from salus.codec.certificates.logged import Batch, Logged, decode64, encode64, proved_leaf, read_batch, write_batch
from salus.codec.certificates.model import MOST_LISTS
from salus.codec.certificates.parties import deciding, ends_no_later, told_end, told_key, told_veto
from salus.codec.certificates.status import StatusList, read_status_list, subject_of
from salus.codec.certificates.text import short_digest
from salus.codec.certificates.voided import VoidMarks, read_void_marks
from salus.codec.cose import PublicKey, algorithm_of, key_digest, key_id, refuse_sm2
from salus.codec.errors import CodecError, Fault
from salus.kernel import Invalid, canonical
from salus.proof import ProofError, Trust
from salus.rules import (
    WITNESSING,
    Declaration,
    Document,
    KeyEnd,
    PartyKey,
    PartyKeyEnd,
    PublicationKind,
    Published,
    Recognition,
    RegionRules,
    TrustedKey,
    TrustList,
    Veto,
    chained,
    check_publication,
    emergency_of,
    following,
    had_notice,
    is_governed,
    list_in_force,
    read_key_ends,
    stops,
    succeeding,
    with_ends,
)

FORMAT = "salus-trust-1"
TRUST_LASTS = timedelta(days=7)
SLOW_CLOCK = timedelta(hours=1)
MOST_OCTETS = 16 * 1024 * 1024
ISSUER = "issuer"
_FIELDS = {"format", "policy", "head", "keys", "issuers", "declarations", "lists"}
# absent where there are none
_ALSO = {"acceptance", "changes", "emergencies", "ended", "recognised", "trusted", "signed", "vetoes", "voided"}
MOST_CHANGES = 16
"""A door that has so many of an issuer takes the lists whole again."""

_Found = TypeVar("_Found")
_Place = TypeVar("_Place")
_List = TypeVar("_List", StatusList, VoidMarks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Who issues certificates, by a key that the log has: under its name, the digest of that very key."""

    party: str
    organisation: str
    key: PublicKey = field(repr=False)
    digest: bytes = field(repr=False)
    logged_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustFile:
    """A trust file, checked: `made` by witness time, of use until `ends`. `dropped` counts what was not proved.

    `listed` tells that it has a trust list: from the first one's start on keys count as the one in force says, and no
    other key does. `batches` are certificates that the log had. `vetoes` are by the log's ombudsmen; what they stopped
    in time is left out. `ended` are the ends of keys that it lists, and of its log's witnesses: those of other keys
    decide nothing here. `published` are its acceptance rules and recognitions as the log has them; `emergencies` are
    those that came along with rules at short notice, whether or not they follow rightly on each other. `voided` are
    lists of void codes in formats of other systems, by SHA-256 of the key that signed codes and list. `changes` are
    what was voided since lists were fetched whole; `lists` have it.
    """

    trust: Trust
    made: datetime
    ends: datetime
    issuers: Mapping[bytes, Issuer]
    declarations: tuple[Declaration, ...]
    lists: Mapping[tuple[str, int], StatusList]
    dropped: int
    acceptance: tuple[RegionRules, ...] = ()
    recognised: tuple[Recognition, ...] = ()
    listed: bool = False
    chain: tuple[TrustList, ...] = ()
    batches: tuple[Batch, ...] = ()
    vetoes: tuple[Veto, ...] = ()
    ended: tuple[PartyKeyEnd, ...] = ()
    voided: Mapping[bytes, VoidMarks] = field(default_factory=lambda: MappingProxyType({}))
    published: tuple[Published, ...] = ()
    emergencies: tuple[Published, ...] = ()
    changes: tuple[StatusChange, ...] = ()

    def fresh(self, at: datetime) -> bool:
        """Tell whether the file is young enough to be used; a clock that is an hour slow is borne with."""
        return self.made - SLOW_CLOCK <= at < self.ends

    def governed(self, at: datetime) -> bool:
        """Tell whether keys count at an instant as a trust list says; before the first one started, all do."""
        return self.listed and is_governed(self.chain, at)

    def key_of(self, kid: bytes, at: datetime) -> TrustedKey | None:
        """Return what the trust list in force says of an issuer's key, or None where it says nothing."""
        listed, issuer = list_in_force(self.chain, at), self.issuers.get(kid)
        found = listed and issuer and listed.keys.get(issuer.digest)
        return found if found and issuer and found.party == issuer.party else None

    def may_void(self, listed: StatusList, at: datetime) -> bool:
        """Tell whether a status list counts: of a key that was stolen none does, whatever date is on it."""
        if not self.governed(at):
            return True
        key = self.key_of(listed.kid, at)
        return key is not None and key.signs(listed.issued) and key.ended is not KeyEnd.COMPROMISE

    def had(self, text: str, kid: bytes, before: datetime) -> bool:
        """Tell whether the log had a certificate before an instant, by the witnesses' time."""
        wanted, digest = short_digest(text), self.issuers[kid].digest
        return any(wanted in one.digests for one in self.batches if one.key == digest and one.logged_at <= before)


def refuse_older(found: TrustFile, kept: TrustFile) -> None:
    """Raise CodecError unless a trust file may take the place of one that was kept: nothing in it goes back in time.

    It is of the same log and witnesses, not older, leaves no document out that was known, and its newest trust list is
    the one that was known or comes after.
    """
    if found.trust != kept.trust:
        raise CodecError("the trust file is of another log, or of other witnesses", Fault.KEY)
    if found.made < kept.made:
        raise CodecError("this trust file is older than one that was seen", Fault.ROLLBACK)
    if not _has_all(found, kept):
        raise CodecError("this trust file leaves out what one that was seen had", Fault.ROLLBACK)
    if not kept.chain:
        return
    known = kept.chain[-1]
    if not found.chain or found.chain[-1].version < known.version:
        raise CodecError("this trust file takes back a trust list that was seen", Fault.ROLLBACK)
    for one in found.chain:
        other = one.version == known.version and one.digest != known.digest
        if other or (one.version == known.version + 1 and not one.follows(known)):
            raise CodecError("this trust file has another trust list in place of one that was seen", Fault.ROLLBACK)


def _has_all(found: TrustFile, kept: TrustFile) -> bool:
    """Tell whether a file lacks nothing that decides and that a kept one had.

    A recognition may have a later version in its place, which has begun by the file's time; since one that has ended
    stands for earlier ones, it may not be missing either. Acceptance rules stand beside each other until they end.
    A veto stays for good, and so does the end of a key; what a veto stopped in time may go. A list of void codes is
    followed by one that is no older, until it is of no use any more: a key may go out of use. So is a status list,
    unless its key was stolen.
    """
    gone = _stopped(kept.published, found.vetoes)
    rules = {one.digest for one in found.acceptance} | gone | _fallen(kept, found.vetoes)
    if any(one.digest not in rules and one.ends > found.made for one in kept.acceptance):
        return False
    lists = [(found.voided.get(key), one) for key, one in kept.voided.items() if one.expires > found.made]
    if not all(one is not None and one.follows(known) for one, known in lists):
        return False
    if not _voids_no_less(found, kept):
        return False
    begun = [one for one in found.recognised if one.starts <= found.made]
    for known in kept.recognised:
        later = any(one.name == known.name and one.version > known.version for one in begun)
        if not later and known not in found.recognised and known.digest not in gone:
            return False
    if not ends_no_later(found.ended, kept.ended):
        return False
    vetoed = {one.digest for one in found.vetoes}
    return (found.listed or not kept.listed) and {one.digest for one in kept.vetoes} <= vetoed


def _voids_no_less(found: TrustFile, kept: TrustFile) -> bool:
    """Tell whether each status list that is of use, and counts by the newer file, is followed in it."""
    due = [(place, one) for place, one in kept.lists.items() if one.expires > found.made]
    return all(
        place in found.lists and found.lists[place].follows(one)
        for place, one in due
        if found.may_void(one, found.made)
    )


def _stopped(published: Iterable[Published], vetoes: Sequence[Veto]) -> set[str]:
    """Return the digests of documents that one of these vetoes stops: in time, by an ombudsman of the log."""
    return {
        one.document.digest for one in published if any(stops(veto, one.document, one.logged_at) for veto in vetoes)
    }


def _fallen(kept: TrustFile, vetoes: Sequence[Veto]) -> set[str]:
    """Return the digests of a kept file's rules that counted under vetoed emergencies alone.

    A file at short notice brings all emergencies of the log, so that what is left of them without the vetoed ones, and
    without those that renewed them, tells which rules fell. Rules that had their 72 hours fall with no emergency.
    """
    stopped = _stopped(kept.emergencies, vetoes)
    if not stopped:
        return set()
    left = following(one for one in kept.emergencies if one.document.digest not in stopped)
    rules = (one for one in kept.published if one.document.kind is PublicationKind.ACCEPTANCE)
    return {one.document.digest for one in rules if not had_notice(one, left)}


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
    trusted: Sequence[tuple[Mapping[str, Any], Logged]] = (),
    signed: Sequence[tuple[Sequence[bytes], Logged]] = (),
    vetoes: Sequence[Logged] = (),
    voided: Sequence[tuple[bytes, bytes]] = (),
    ended: Sequence[Logged] = (),
) -> bytes:
    """Write a trust file in canonical JSON.

    `head` is the newest cosigned checkpoint; `issuers` are (party, SubjectPublicKeyInfo); `declarations`, `acceptance`,
    `emergencies`, `recognised` and `trusted` (trust lists) are documents with their leaves; `lists` are status list
    tokens; `signed` are short digests of what ended keys signed, with their leaves; `vetoes` and `ended` (ends of keys)
    are leaves; `voided` are (SubjectPublicKeyInfo, list of void codes by it). What of the last eight there is none of
    is left out.
    """
    also = {"acceptance": acceptance, "emergencies": emergencies, "recognised": recognised, "trusted": trusted}
    return canonical(
        {
            "format": FORMAT,
            "policy": str(trust),
            "head": head,
            "keys": [one.as_json() for one in keys],
            "issuers": [{"party": party, "key": encode64(spki)} for party, spki in issuers],
            "declarations": _documents(declarations),
            "lists": [encode64(token) for token in lists],
            **{name: _documents(found) for name, found in also.items() if found},
            **_others(signed, vetoes, voided, ended),
        }
    )


def _others(
    signed: Sequence[tuple[Sequence[bytes], Logged]],
    vetoes: Sequence[Logged],
    voided: Sequence[tuple[bytes, bytes]],
    ended: Sequence[Logged],
) -> dict[str, Any]:
    found = {
        "signed": [write_batch(digests, leaf) for digests, leaf in signed],
        "vetoes": [one.as_json() for one in vetoes],
        "ended": [one.as_json() for one in ended],
        "voided": [{"key": encode64(key), "list": encode64(one)} for key, one in voided],
    }
    return {name: items for name, items in found.items() if items}


def read_trust(octets: bytes, believed: Trust | None = None) -> TrustFile:
    """Read and check a trust file; CodecError if it is none, or if its log is not proved.

    `believed` is whom the reader already believes; a file with another log or other witnesses is then refused.
    """
    value = _parsed(octets)
    trust, made = _opened(value, believed)
    told = _Told(trust=trust)
    ended = _parties(value, told)
    issuers = told.each(value["issuers"], lambda one: _issuer(one, told.keys))
    declarations = told.each(value["declarations"], lambda one: Declaration.of(told.document(one)))
    emergencies = told.each(value.get("emergencies", ()), lambda one: _emergency(one, told))
    rules = _acceptance(value, told, emergencies)
    recognised = told.each(value.get("recognised", ()), lambda one: _recognition(one, told))
    by_kid = {key_id(one.key): one for one in issuers}
    trusted = told.each(value.get("trusted", ()), told.published)
    batches = told.each(value.get("signed", ()), lambda one: read_batch(one, trust))
    lists, changes = _changed(value, _newest(told.each(value["lists"], lambda one: _listed(one, by_kid))), by_kid, told)
    voided = told.each(value.get("voided", ()), _voided)
    return TrustFile(
        trust=trust,
        made=made,
        ends=made + TRUST_LASTS,
        issuers=MappingProxyType(by_kid),
        declarations=tuple(declarations),
        lists=lists,
        dropped=told.dropped,
        acceptance=tuple(RegionRules.of(one.document) for one in rules),
        recognised=tuple(Recognition.of(one.document) for one in recognised),
        listed="trusted" in value,
        chain=chained(one for one in trusted if one.document.kind is PublicationKind.TRUST_LIST),
        batches=tuple(batches),
        vetoes=tuple(told.vetoes),
        ended=ended,
        voided=_newest(voided),
        published=(*rules, *recognised),
        emergencies=tuple(emergencies),
        changes=changes,
    )


@dataclass(slots=True, kw_only=True)
class _Told:
    """What a file's items are held against as they are read: its log, keys and vetoes; and how many were dropped."""

    trust: Trust
    keys: Sequence[PartyKey] = ()
    vetoes: Sequence[Veto] = ()
    dropped: int = 0

    def each(self, items: Iterable[Any], read: Callable[[Any], _Found]) -> list[_Found]:
        """Read every item that is what it has to be; count the others."""
        found = []
        for item in items:
            try:
                found.append(read(item))
            except (Invalid, ProofError, KeyError, TypeError, ValueError):
                self.dropped += 1
        return found

    def published(self, item: Any, emergencies: Sequence[Published] = (), *, renewing: bool = True) -> Published:
        """Return a document that is proved, and published as it has to be."""
        body, logged_at = proved_leaf(item, "publication", self.trust)
        document = Document.of(item["document"])
        return check_publication(
            document, body, self.keys, logged_at, emergencies, renewing=renewing, vetoes=self.vetoes
        )

    def document(self, item: Any) -> Document:
        """Return a document alone."""
        return self.published(item).document


def _opened(value: Mapping[str, Any], believed: Trust | None) -> tuple[Trust, datetime]:
    """Return whom the file believes, and the instant that its newest checkpoint was cosigned by."""
    try:
        trust = Trust.parse(str(value["policy"]))
        if len(trust.organisations) < WITNESSING:
            raise CodecError(f"it takes witnesses of {WITNESSING} organisations", Fault.SIGNATURE)
        head = trust.open(str(value["head"]))
    except ProofError:
        raise CodecError("the trust file's log is not cosigned by its witnesses", Fault.SIGNATURE) from None
    if believed is not None and trust != believed:
        raise CodecError("the trust file is of another log, or of other witnesses", Fault.KEY)
    return trust, head.as_of


def _newest(lists: Iterable[tuple[_Place, _List]]) -> Mapping[_Place, _List]:
    newest: dict[_Place, _List] = {}
    for place, found in lists:
        if place not in newest or newest[place].issued < found.issued:
            newest[place] = found
    return MappingProxyType(newest)


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


def _parties(value: Mapping[str, Any], told: _Told) -> tuple[PartyKeyEnd, ...]:
    """Read whose keys a file tells, with their ends, and what ombudsmen vetoed with them; return ends that decide."""
    keys = told.each(value["keys"], lambda one: told_key(one, told.trust))
    ends = told.each(value.get("ended", ()), lambda one: told_end(one, told.trust))
    found = read_key_ends(ends, keys)
    told.keys, told.dropped = with_ends(keys, found), told.dropped + len(ends) - len(found)
    told.vetoes = told.each(value.get("vetoes", ()), lambda one: told_veto(one, told.keys, told.trust))
    return deciding(found, [one for one in keys if one.duty != ISSUER], told.trust)


def _public(spki: bytes) -> PublicKey:
    refuse_sm2(spki)
    try:
        public = load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm):
        raise CodecError("an issuer's key is not one", Fault.KEY) from None
    algorithm_of(public)
    return public  # type: ignore[return-value]  # algorithm_of has just said that it is one


def _issuer(item: Any, keys: Sequence[PartyKey]) -> Issuer:
    public = _public(decode64(item["key"]))
    digest = key_digest(public)
    for one in keys:
        if (one.party, one.duty, one.key) == (item["party"], ISSUER, digest):
            return Issuer(
                party=one.party,
                organisation=one.organisation,
                key=public,
                digest=digest,
                logged_at=one.logged_at,
            )
    raise CodecError("the log has no such issuer's key", Fault.KEY)


def _documents(found: Sequence[tuple[Mapping[str, Any], Logged]]) -> list[dict[str, Any]]:
    return [{"document": dict(document), **leaf.as_json()} for document, leaf in found]


def _acceptance(value: Mapping[str, Any], told: _Told, emergencies: Sequence[Published]) -> tuple[Published, ...]:
    """Read acceptance rules; those at short notice count under an emergency that comes along and is proved, too."""
    counted = following(emergencies)
    rules = told.each(value.get("acceptance", ()), lambda one: _rules(one, told, counted))
    counting = succeeding(rules)
    told.dropped += len(emergencies) - len(counted) + len(rules) - len(counting)
    return tuple(one for one in rules if one in counting)


def _recognition(item: Any, told: _Told) -> Published:
    found = told.published(item)
    Recognition.of(found.document)
    return found


def _emergency(item: Any, told: _Told) -> Published:
    found = told.published(item, renewing=False)
    emergency_of(found.document)
    return found


def _rules(item: Any, told: _Told, emergencies: Sequence[Published]) -> Published:
    found = told.published(item, emergencies)
    RegionRules.of(found.document)
    return found


def _listed(item: Any, issuers: Mapping[bytes, Issuer]) -> tuple[tuple[str, int], StatusList]:
    found = read_status_list(decode64(item), {kid: one.key for kid, one in issuers.items()})
    party, _, number = found.subject.removeprefix("urn:salus:status:").rpartition(":")
    if not (number.isascii() and number.isdigit() and int(number) < MOST_LISTS):
        raise CodecError("a status list has a number", Fault.STRUCTURE)
    if found.subject != subject_of(issuers[found.kid].party, int(number)):
        raise CodecError("a status list voids only its own issuer's certificates", Fault.KEY)
    return (party, int(number)), found


def _changed(
    value: Mapping[str, Any], lists: Mapping[tuple[str, int], StatusList], issuers: Mapping[bytes, Issuer], told: _Told
) -> tuple[Mapping[tuple[str, int], StatusList], tuple[StatusChange, ...]]:
    """Apply changes one after the other; return the lists as they are then, and the changes that led to them."""
    keys = {kid: one.key for kid, one in issuers.items()}
    if len(value.get("changes", ())) > MOST_CHANGES * max(1, len({one.party for one in issuers.values()})):
        raise CodecError("a trust file has more changes than a door keeps", Fault.LENGTH)

    def apply(item: Any) -> StatusChange:
        nonlocal lists
        found = read_change(decode64(item), keys)
        if found.party != issuers[found.kid].party:
            raise CodecError("a change voids only its own issuer's certificates", Fault.KEY)
        lists = MappingProxyType(found.applied(lists))
        return found

    changes = tuple(told.each(value.get("changes", ()), apply))
    return lists, changes


def _voided(item: Any) -> tuple[bytes, VoidMarks]:
    public = _public(decode64(item["key"]))
    if set(item) != {"key", "list"}:
        raise CodecError("a list of void codes stands beside its key", Fault.STRUCTURE)
    return key_digest(public), read_void_marks(decode64(item["list"]), public)

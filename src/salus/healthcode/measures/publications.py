"""What the public log says that this node may decide by: parties' keys and publications, each with its first proof.

A leaf's first proof never changes once it exists, so it is looked up once. The log is the only source: no table of this
room says whose key counts, or which rules do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from salus import ledger
from salus.healthcode.measures.model import raw
from salus.ledger import Leaf, Receipt
from salus.proof import Trust
from salus.rules import (
    REACH,
    Admission,
    Document,
    Emergency,
    PartyKey,
    PartyKeyEnd,
    PublicationKind,
    PublicationRefused,
    Published,
    Rules,
    TableRefused,
    TrustList,
    Veto,
    chained,
    check_publication,
    check_succession,
    emergency_of,
    read_key_ends,
    read_veto,
    rules_of,
    signed_by,
    stops,
    with_ends,
)
from salus.storage import Store

SIGNER = "signer"
_OTHERS = ("witness", "issuer")
"""Whose keys sign nothing that is decided on here."""
_END = "party-key-end"
_FIRST: WeakKeyDictionary[Store, dict[tuple[str, int], Receipt]] = WeakKeyDictionary()
_PARTIES: WeakKeyDictionary[Store, tuple[tuple[str, int] | None, _Parties]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedKey:
    """A party's key with its leaf and the first proof of it."""

    key: PartyKey
    leaf: dict[str, Any] = field(repr=False)
    proof: str = field(repr=False)

    def as_json(self) -> dict[str, Any]:
        """Return it as a measure's file holds it."""
        return {"leaf": self.leaf, "proof": self.proof}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedPublication:
    """A publication that is as it has to be, with its leaf, its first proof, and the size of the head it is under."""

    published: Published
    leaf: dict[str, Any] = field(repr=False)
    proof: str = field(repr=False)
    size: int

    def as_json(self) -> dict[str, Any]:
        """Return it as a measure's file holds it."""
        return {"document": self.published.document.as_json(), "leaf": self.leaf, "proof": self.proof}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Everything that the log says so far and that a quorum of witnesses has seen.

    `vetoes` are those that stop something; `publications` what counts, or will; `ends` those of keys.
    """

    keys: tuple[LoggedKey, ...]
    publications: tuple[LoggedPublication, ...]
    vetoes: tuple[Veto, ...] = ()
    ends: tuple[PartyKeyEnd, ...] = ()

    def of(self, digest: str) -> LoggedPublication | None:
        """Return a publication by its document's digest."""
        return next((one for one in self.publications if one.published.document.digest == digest), None)

    def chain_of(self, emergency: LoggedPublication) -> tuple[LoggedPublication, ...]:
        """Return the emergencies that an emergency's file brings along, oldest first: those it renews, for a year back.

        The last to be looked at is the first that began too long ago to have a part in its year.
        """
        began = emergency.published.document.starts
        found: list[LoggedPublication] = []
        one: LoggedPublication | None = emergency
        while one and one.published.document.starts > began - REACH:
            one = self.of(str(one.published.document.body.get("renews")))
            found += [one] if one else []
        return tuple(reversed(found))

    @property
    def emergencies(self) -> tuple[LoggedPublication, ...]:
        """Every emergency that counts or counted, in the order in which they follow each other."""
        return tuple(one for one in self.publications if one.published.document.kind is PublicationKind.EMERGENCY)

    def emergency_of(self, disease: str, at: datetime) -> bytes | None:
        """Return the digest of a disease's emergency that is alive, the last to end of several; None if none is."""
        alive = [one.published.document for one in self.emergencies if one.published.alive(at)]
        found = [one for one in alive if one.body.get("disease") == disease]
        return raw(max(found, key=lambda one: (one.ends, one.digest)).digest) if found else None

    @property
    def trusted(self) -> tuple[TrustList, ...]:
        """The versions of the trust list, oldest first."""
        return chained(one.published for one in self.publications if _is_list(one))

    def in_force(self, disease: str, at: datetime) -> tuple[LoggedPublication, LoggedPublication, Rules] | None:
        """Return the rules of a disease and the emergency they count under at an instant; None if one is missing.

        Of several rules the last to start counts, of several emergencies the last to end; equal ones by their digest.
        """
        alive = [one for one in self.publications if one.published.alive(at)]
        tables = [one for one in alive if _is(one, PublicationKind.RULES, disease)]
        declared = [one for one in alive if _is(one, PublicationKind.EMERGENCY, disease)]
        if not tables or not declared:
            return None
        rules = max(tables, key=lambda one: (one.published.document.starts, one.published.document.digest))
        emergency = max(declared, key=lambda one: (one.published.document.ends, one.published.document.digest))
        return rules, emergency, rules_of(rules.published, emergency.published)


def first(store: Store, trust: Trust | None, index: int) -> Receipt | None:
    """Return the first proof of a leaf, remembered once it exists."""
    if trust is None:
        return None
    known = _FIRST.setdefault(store, {})
    found = known.get((str(trust), index)) or ledger.receipt_at(store, trust, index, newest=False)
    if found is not None and len(known) < 100_000:
        known[str(trust), index] = found
    return found


def logged_keys(store: Store, trust: Trust | None) -> tuple[LoggedKey, ...]:
    """Return the keys of parties that a quorum of witnesses has seen in the log, each with its end if it has one."""
    return tuple(one for one in _parties(store, trust).keys if one.key.duty not in _OTHERS)


def keys_so_far(store: Store, trust: Trust | None, at: datetime) -> tuple[LoggedKey, ...]:
    """Return the same for what is handed over at an instant, each with its end as `ends_so_far` has it.

    What is taken in after an end lands in the log behind it, and could never count.
    """
    found = [one for one in _parties(store, trust).logged if one.key.duty not in _OTHERS]
    keys = with_ends([one.key for one in found], ends_so_far(store, trust, at))
    return tuple(replace(one, key=key) for one, key in zip(found, keys, strict=True))


def keys_left(store: Store, trust: Trust | None, at: datetime) -> list[PartyKey]:
    """Return those of them that have no end by then."""
    keys = [one.key for one in keys_so_far(store, trust, at)]
    return [one for one in keys if one.ended_at is None or one.ended_at > at]


def key_ends(store: Store, trust: Trust | None) -> tuple[PartyKeyEnd, ...]:
    """Return the ends of keys that a quorum of witnesses has seen, oldest first; what is no end is left out."""
    return _parties(store, trust).ends


def ends_so_far(store: Store, trust: Trust | None, at: datetime) -> tuple[PartyKeyEnd, ...]:
    """Return those, and what stands in the log unseen or waits for it, as if witnesses saw it at an instant."""
    waiting = ledger.waiting_leaves(store, _END)  # before the others, or one could get its place in between
    parties = _parties(store, trust)
    unseen = [*waiting, *(leaf for _, leaf in ledger.leaves(store, _END, parties.size))]
    if not unseen:
        return parties.ends
    told = [*parties.told, *((one.body, at) for one in unseen)]
    return read_key_ends(told, [one.key for one in parties.logged])


def known_keys(store: Store, trust: Trust | None, at: datetime) -> tuple[PartyKey, ...]:
    """Return every key that a quorum of witnesses has seen, witnesses' and issuers' too, each with its end so far."""
    return with_ends([one.key for one in _parties(store, trust).logged], ends_so_far(store, trust, at))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parties:
    """Keys as the log has them, the same with their ends, the ends, and their entries; in a log of so many leaves."""

    logged: tuple[LoggedKey, ...] = ()
    keys: tuple[LoggedKey, ...] = ()
    ends: tuple[PartyKeyEnd, ...] = ()
    told: tuple[tuple[Mapping[str, Any], datetime], ...] = ()
    size: int = 0


def _parties(store: Store, trust: Trust | None) -> _Parties:
    """Return what a quorum has seen of keys and their ends, worked out once for each head that it has seen.

    First proofs never change, so that it depends on nothing else.
    """
    head = ledger.cosigned(store, trust)
    if head is None:
        return _Parties()
    stamp, (before, known) = (str(trust), head.checkpoint.size), _PARTIES.get(store, (None, _Parties()))
    if before == stamp:
        return known
    logged = tuple(_all_keys(store, trust))
    seen = ((leaf.body, first(store, trust, index)) for index, leaf in ledger.leaves(store, _END))
    told = tuple((body, receipt.cosigned.at) for body, receipt in seen if receipt)
    ends = read_key_ends(told, [one.key for one in logged])
    keys = with_ends([one.key for one in logged], ends)
    found = _Parties(
        logged=logged,
        keys=tuple(replace(one, key=key) for one, key in zip(logged, keys, strict=True)),
        ends=ends,
        told=told,
        size=head.checkpoint.size,
    )
    _PARTIES[store] = stamp, found
    return found


def _all_keys(store: Store, trust: Trust | None) -> list[LoggedKey]:
    found = []
    for one in ledger.party_keys(store):
        receipt = first(store, trust, one.index)
        if receipt is not None:
            key = PartyKey(
                party=one.party,
                organisation=one.organisation,
                duty=one.duty,
                key=one.key,
                logged_at=receipt.cosigned.at,
            )
            found.append(LoggedKey(key=key, leaf=json.loads(receipt.entry)["party-key"], proof=str(receipt.proof)))
    return found


def known(store: Store, trust: Trust | None) -> Known:
    """Return what the log says now. What is not published as it has to be is left out, whoever put it there."""
    told = _parties(store, trust)
    keys = tuple(one for one in told.keys if one.key.duty not in _OTHERS)
    parties, vetoes = [each.key for each in keys], logged_vetoes(store, trust, keys)
    seen = [one for index, leaf in ledger.leaves(store, "publication") if (one := _seen(store, trust, index, leaf))]
    emergencies: list[LoggedPublication] = []
    rest: list[LoggedPublication] = []
    for one in sorted(seen, key=_Seen.order):
        declared, others = ([each.published for each in some] for some in (emergencies, rest))
        found = _publication(one, parties, declared, others, vetoes)
        (emergencies if one.document.kind is PublicationKind.EMERGENCY else rest).extend([found] if found else [])
    stopping = (veto for veto in vetoes if any(stops(veto, one.document, one.receipt.cosigned.at) for one in seen))
    return Known(
        keys=keys,
        publications=(*emergencies, *rest),
        vetoes=tuple(stopping),
        ends=told.ends,
    )


def logged_vetoes(store: Store, trust: Trust | None, keys: Sequence[LoggedKey]) -> tuple[Veto, ...]:
    """Return the vetoes that a quorum of witnesses has seen in the log, each by an ombudsman that the log names."""
    found = []
    for index, leaf in ledger.leaves(store, "veto"):
        receipt = first(store, trust, index)
        if receipt is None:
            continue
        try:
            found.append(read_veto(leaf.body, [one.key for one in keys], receipt.cosigned.at))
        except PublicationRefused:
            continue
    return tuple(found)


def admissions(store: Store, trust: Trust | None) -> tuple[Admission, ...]:
    """Return every admission that is as it has to be, those that are over among them, in the log's order."""
    if trust is None:
        return ()
    published = [one.published for one in known(store, trust).publications]
    found = [one for one in published if one.document.kind is PublicationKind.ADMISSION]
    found.sort(key=lambda one: (one.logged_at, one.document.digest))
    return tuple(Admission.of(one.document) for one in found)


def signer_of(
    keys: Sequence[LoggedKey], party: str, duty: str, message: bytes, signature: str, at: datetime | None = None
) -> LoggedKey | None:
    """Return the logged key with which a party signed under a duty; none that had ended by `at`, if that is given."""
    of_party = (
        one for one in keys if (one.key.party, one.key.duty) == (party, duty) and (at is None or not one.key.ended(at))
    )
    return next((one for one in of_party if signed_by(one.key.key, message, signature)), None)


def signers_of(keys: Sequence[LoggedKey], publication: LoggedPublication) -> list[LoggedKey]:
    """Return the logged keys behind a publication's signatures."""
    message = publication.published.document.signed
    found = [
        signer_of(keys, party, SIGNER, message, str(signature))
        for party, signature in publication.leaf["signatures"].items()
    ]
    return [one for one in found if one is not None]


def emergencies(store: Store, trust: Trust | None, at: datetime) -> list[Emergency]:
    """Return the emergencies that are alive at an instant."""
    return [
        emergency_of(one.published.document)
        for one in known(store, trust).publications
        if one.published.document.kind is PublicationKind.EMERGENCY and one.published.alive(at)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """A publication that witnesses have seen, before it is looked at whether it counts."""

    document: Document
    receipt: Receipt

    def order(self) -> tuple[bool, datetime, datetime, str]:
        """Emergencies first, since others count under them; and those as they follow each other in the log."""
        document = self.document
        other = document.kind is not PublicationKind.EMERGENCY
        return other, self.receipt.cosigned.at, document.starts, document.digest


def _seen(store: Store, trust: Trust | None, index: int, leaf: Leaf) -> _Seen | None:
    receipt, content = first(store, trust, index), ledger.document(store, raw(str(leaf.body["digest"])))
    if receipt is None or content is None:
        return None
    try:
        return _Seen(document=Document.parse(content), receipt=receipt)
    except PublicationRefused:
        return None


def _publication(
    seen: _Seen,
    keys: Sequence[PartyKey],
    declared: Sequence[Published],
    others: Sequence[Published],
    vetoes: Sequence[Veto],
) -> LoggedPublication | None:
    receipt = seen.receipt
    body = json.loads(receipt.entry)["publication"]
    try:
        published = check_publication(seen.document, body, keys, receipt.cosigned.at, declared, vetoes=vetoes)
        check_succession(published, others)
    except (PublicationRefused, TableRefused):
        return None
    return LoggedPublication(
        published=published, leaf=body, proof=str(receipt.proof), size=receipt.cosigned.checkpoint.size
    )


def _is_list(one: LoggedPublication) -> bool:
    return one.published.document.kind is PublicationKind.TRUST_LIST


def _is(one: LoggedPublication, kind: PublicationKind, disease: str) -> bool:
    document = one.published.document
    return document.kind is kind and document.body.get("disease") == disease

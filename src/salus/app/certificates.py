"""A resident's certificates: what could be taken, take, show, void; and the trust file that doors check them with."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from salus import access, identity, ledger, records
from salus.access import Action, Sight
from salus.app.node import Node
from salus.app.residents import Own, own, own_read
from salus.app.seeing import own_sight
from salus.codec.certificates import SHORT_OCTETS, Hint, Logged, fitting, write_trust
from salus.healthcode import certificates, full, measures
from salus.healthcode.certificates import CertificateRefused, Fact, Held, LoggedBatch, hint_of
from salus.kernel import Unavailable, parse_instant
from salus.ledger import Leaf
from salus.parties import Principal
from salus.proof import Trust
from salus.records import Located, attesting
from salus.records.attesting import Attested
from salus.rules import URGENT_LAST, TrustList, list_in_force, still_told
from salus.storage import Duty, Transaction

WHAT = "certificate"
MOST_VERSIONS = 3
MOST_SIGNED = 8 * 1024 * 1024
"""So many octets of the trust file tell what ended keys signed: half of what a reader takes."""
_MOST_TOLD = MOST_SIGNED // SHORT_OCTETS
"""More certificates of one key than that cannot fit, and are not even fetched."""
_Proved = tuple[dict[str, object], Logged]
_DUTIES = ("signer", "issuer", "ombudsman")


class _Rules(TypedDict):
    acceptance: list[_Proved]
    emergencies: list[_Proved]


@dataclass(frozen=True, slots=True, kw_only=True)
class MyCertificates:
    """The certificates that a resident has taken, the facts that one can be taken of, and a hint for it."""

    held: tuple[Held, ...]
    facts: tuple[Attested, ...]
    hint: Hint | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    located: tuple[Located, ...]
    people: tuple[Located, ...]
    sight: Sight
    last_two: str | None
    held: tuple[Held, ...]


def my_certificates(node: Node, who: Principal) -> MyCertificates:
    """Return a resident's certificates and what could be taken; the reading stands in the register."""
    mine, at = own(node, who, Action.TAKE_CERTIFICATE), node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        parts = _parts(tx, node, who, mine, at)
    facts, hint = _opened(node, parts, at)
    return MyCertificates(held=parts.held, facts=facts, hint=hint)


def take_certificate(node: Node, who: Principal, resource: UUID, *, hinted: bool) -> UUID:
    """Issue a certificate of one fact of the resident's own record, with or without a hint, and return its name.

    Raises CertificateRefused if the record does not say such a fact, and Refused for anybody but the resident.
    """
    mine, at, found, hint, name = _asked(node, who, resource, hinted=hinted)
    with node.store.transaction(Duty.CARE) as tx:
        _check_same(tx, found)
        return certificates.take(tx, node.custodian, mine.minted, _said(found), hint, at=at, key_name=name)


def take_bound(node: Node, who: Principal, resource: UUID, point: bytes, *, hinted: bool) -> Held:
    """Issue a certificate of one fact of the resident's own record for a key that this telephone made, and return it.

    Raises CertificateRefused if the record does not say such a fact, or if the key is none; Refused for anybody but the
    resident.
    """
    mine, at, found, hint, name = _asked(node, who, resource, hinted=hinted)
    with node.store.transaction(Duty.CARE) as tx:
        _check_same(tx, found)
        fact = _said(found)
        made = certificates.take_bound(tx, node.custodian, mine.minted, fact, hint, point, at=at, key_name=name)
        held = certificates.held(tx, node.custodian, mine.minted)
    return next(one for one in held if one.certificate_id == made)


def _asked(
    node: Node, who: Principal, resource: UUID, *, hinted: bool
) -> tuple[Own, datetime, Attested, Hint | None, str]:
    """Register the read, find the fact that is asked for, and say which key signs a certificate of it."""
    mine, at = own(node, who, Action.TAKE_CERTIFICATE), node.clock.now()
    register_issuer(node)
    with node.store.transaction(Duty.CARE) as tx:
        parts = _parts(tx, node, who, mine, at)
    facts, hint = _opened(node, parts, at)
    found = _fact_of(facts, resource)
    name = certificates.signing_key(node.custodian, node.name, trust_chain(node), _said(found).kind, at)
    return mine, at, found, hint if hinted else None, name


def take_once(node: Node, who: Principal, certificate_id: UUID) -> list[Held]:
    """Return today's batch of certificates of the same fact as one of the resident's, to be shown once each.

    Taken at the first asking. Raises CertificateRefused if that one is not theirs, or its entry says no such fact now.
    """
    whole = my_certificate(node, who, certificate_id)
    mine, at = own(node, who, Action.TAKE_CERTIFICATE), node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        known = certificates.once(tx, node.custodian, mine.minted, whole.resource, at)
        if known:
            return known
        parts = _parts(tx, node, who, mine, at)
    found = _fact_of(_opened(node, parts, at)[0], whole.resource)
    name = certificates.signing_key(node.custodian, node.name, trust_chain(node), found.kind, at)
    with node.store.transaction(Duty.CARE) as tx:
        _check_same(tx, found)
        certificates.take_once(tx, node.custodian, mine.minted, _said(found), at=at, key_name=name)
        return certificates.once(tx, node.custodian, mine.minted, whole.resource, at)


def my_once(node: Node, who: Principal, certificate_id: UUID) -> list[Held]:
    """Return today's batch of the same fact as one of the resident's certificates; none where none was taken."""
    whole = my_certificate(node, who, certificate_id)
    mine, at = own(node, who, Action.TAKE_CERTIFICATE), node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        return certificates.once(tx, node.custodian, mine.minted, whole.resource, at)


def _fact_of(facts: Iterable[Attested], resource: UUID) -> Attested:
    found = next((one for one in facts if one.resource == resource), None)
    if found is None:
        raise CertificateRefused("your record holds no such entry that a certificate can be taken of")
    return found


def _said(found: Attested) -> Fact:
    return Fact(resource=found.resource, kind=found.kind, disease=found.disease, at=found.at)


def _check_same(tx: Transaction, found: Attested) -> None:
    if [one.version for one in records.fetch(tx, [found.resource])] != [found.version]:
        raise CertificateRefused("this entry was corrected a moment ago; look at it again")


def my_certificate(node: Node, who: Principal, certificate_id: UUID) -> Held:
    """Return one of the resident's own certificates. Raises CertificateRefused if it is not theirs."""
    mine, at = own(node, who, Action.TAKE_CERTIFICATE), node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        held = _held(tx, node, mine)
        access.register(tx, [own_read(who, mine.key, (), WHAT, Action.TAKE_CERTIFICATE, at)])
    found = next((one for one in held if one.certificate_id == certificate_id), None)
    if found is None:
        raise CertificateRefused("there is no such certificate among yours")
    return found


def void_certificate(node: Node, who: Principal, certificate_id: UUID) -> None:
    """Void one of the resident's own certificates, because they ask.

    Raises CertificateRefused if it is not theirs, when the register has the asking.
    """
    mine, at = own(node, who, Action.TAKE_CERTIFICATE), node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        access.register(tx, [own_read(who, mine.key, (), WHAT, Action.TAKE_CERTIFICATE, at)])
        found = certificates.void(tx, mine.known_as, certificate_id, at)
    if not found:
        raise CertificateRefused("there is no such certificate among yours")


def publish_certificates(node: Node) -> int:
    """Tell the log which certificates were signed since the last time, by a digest; return how many."""
    at = node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        return certificates.log_certificates(tx, at)


def void_parted(tx: Transaction, residents: Iterable[int], at: datetime) -> int:
    """Void what these residents took of entries that are another's now, full ones too; return how many. Duty CARE."""
    known = identity.known_as_each(tx, sorted(set(residents)))
    taken = [(now, *one) for now, keys in known.items() for key in keys for one in _taken(tx, key, at)]
    entries = sorted({entry for _, _, entry in taken})
    charts = {one.id: one.chart_key for one in records.fetch(tx, entries)} if entries else {}
    whose = identity.residents_of(tx, sorted(set(charts.values())))
    gone = [name for now, name, entry in taken if entry in charts and whose.get(charts[entry]) != now]
    return certificates.void_parted(tx, gone, at)


def _taken(tx: Transaction, key: int, at: datetime) -> list[tuple[UUID, UUID]]:
    """Return name and entry of all that was taken under an identifier and can still be shown."""
    return [*certificates.every_taken(tx, key, at), *full.living_full(tx, key, at)]


def trust_file(node: Node) -> bytes:
    """Write the trust file as of now: keys, living and coming declarations, lists of void certificates, each proved.

    It is the same for everybody who asks, and made once a minute, or when a certificate is voided. Raises Unavailable
    while no head of the log has a quorum of witnesses.
    """
    with node.store.transaction(Duty.CARE) as tx:
        voided = certificates.void_count(tx)
    return node.memory.recall("trust file", (node.stamp, voided), lambda: _trust_file(node))


def _trust_file(node: Node) -> bytes:
    trust, head = node.trust, ledger.cosigned(node.store, node.trust)
    if trust is None or head is None:
        raise Unavailable("no quorum of witnesses stands by this log yet; try again later", code="SALUS-A040")
    at, known = node.clock.now(), measures.known(node.store, trust)
    keys = [leaf for leaf in ledger.leaves(node.store, "party-key") if leaf[1].body["duty"] in _DUTIES]
    name = certificates.listing_key(node.custodian, node.name, known.trusted, at)
    with node.store.transaction(Duty.CARE) as tx:
        lists = certificates.status_lists(tx, node.custodian, node.name, at, name)
        voided = full.void_marks(tx, node.custodian, at)
    party = certificates.issuer_party(node.name)
    return write_trust(
        trust=trust,
        head=head.checkpoint.note,
        keys=_proved(node, keys),
        issuers=[(party, one.spki) for one in certificates.issuing_keys(node.custodian)],
        declarations=_published(node, lambda body: body["kind"] == "declaration" and _ends(body) > at),
        lists=lists,
        recognised=_published(node, lambda body: body["kind"] == "recognition"),  # an ended one stands for earlier ones
        trusted=_trusted(known, at),
        signed=_signed(node, known.trusted, at),
        vetoes=_proved(node, ledger.leaves(node.store, "veto")),
        ended=_proved(node, _ends_of(node, keys, trust)),
        voided=[voided] if voided else [],
        **_rules(node, known, head.as_of),
    )


def _ends_of(node: Node, keys: Iterable[tuple[int, Leaf]], trust: Trust) -> list[tuple[int, Leaf]]:
    """Return the ends of keys by which a door judges: signers', ombudsmen's and witnesses'.

    Those of sites and laboratories stay out: nothing at a door is signed by one, and there are so many of them that in
    time nobody could read the file.
    """
    named = {str(leaf.body["key"]) for _, leaf in keys if leaf.body["duty"] != "issuer"}
    named |= {base64.b64encode(one.public_key).decode() for one in trust.witnesses}
    return [one for one in ledger.leaves(node.store, "party-key-end") if one[1].body["key"] in named]


def register_issuer(node: Node) -> None:
    """Say in the public log, once, which keys this node signs certificates with."""
    for one in certificates.issuing_keys(node.custodian):
        ledger.append_once(node.store, certificates.issuer_leaf(node.custodian, node.name, one.name))


def issuer_keys(node: Node) -> list[bytes]:
    """Return the public keys (SubjectPublicKeyInfo) that this node has for certificates, the first one first."""
    return [one.spki for one in certificates.issuing_keys(node.custodian)]


def new_issuer_key(node: Node) -> None:
    """Make another key for certificates and name it in the public log; it signs when the trust list says so."""
    certificates.new_issuing_key(node.custodian)
    register_issuer(node)


def trust_chain(node: Node) -> tuple[TrustList, ...]:
    """Return the versions of the trust list that the log has, as of this minute."""
    return node.memory.recall("trust lists", node.stamp, lambda: measures.known(node.store, node.trust).trusted)


def _trusted(known: measures.Known, at: datetime) -> list[_Proved]:
    """Return the newest versions of the trust list, and every one from that in force on, with their proofs.

    Each can be seen to follow the one before.
    """
    digests = [one.digest for one in still_told(known.trusted, at, MOST_VERSIONS)]
    found = [one for digest in digests if (one := known.of(digest)) is not None]
    return [
        (one.published.document.as_json(), Logged(kind="publication", body=one.leaf, proof=one.proof)) for one in found
    ]


def _signed(node: Node, chain: Sequence[TrustList], at: datetime) -> list[tuple[Sequence[bytes], Logged]]:
    """Return what keys of this node signed that have ended, batch by batch, each with its proof, the newest first.

    What is older than fits counts no more: without a bound nobody could read the file.
    """
    listed = list_in_force(chain, at)
    if listed is None:
        return []
    ended = {digest for digest, one in listed.keys.items() if at >= one.ends}
    keys = [one.digest for one in certificates.issuing_keys(node.custodian) if one.digest in ended]
    with node.store.transaction(Duty.CARE) as tx:
        batches = [one for key in keys for one in certificates.logged_batches(tx, key, at, _MOST_TOLD)]
    return fitting(_newest_proved(node, batches), MOST_SIGNED)


def _newest_proved(node: Node, batches: Iterable[LoggedBatch]) -> Iterator[tuple[Sequence[bytes], Logged]]:
    """Prove batches, one after the other, from the newest leaf back."""
    leaves = dict(ledger.leaves(node.store, "certificates"))
    found = [(index, one) for one in batches if (index := ledger.index_of(node.store, one.pending_id)) is not None]
    for index, one in sorted(found, key=lambda pair: pair[0], reverse=True):
        for logged in _proved(node, [(index, leaves[index])]):
            yield one.digests, logged


def _rules(node: Node, known: measures.Known, made: datetime) -> _Rules:
    """Return the acceptance rules that count and have not ended by the file's time, which is how readers judge.

    Rules that were refused for standing too near to others stay out when those have ended: a reader of the file, which
    has the others no more, could not tell. With rules at short notice come all emergencies of the log: who knows only
    some of them could not tell whether one renews another rightly.
    """
    counting = {one.published.document.digest for one in known.publications}
    rules = _published(node, lambda body: _is_rules(body) and _ends(body) > made and body["digest"] in counting)
    short = any(parse_instant(str(one["ends"])) - parse_instant(str(one["starts"])) <= URGENT_LAST for one, _ in rules)
    emergencies = _published(node, lambda body: body["kind"] == "emergency") if short else []
    return _Rules(acceptance=rules, emergencies=emergencies)


def _is_rules(body: Mapping[str, object]) -> bool:
    return body["kind"] == "acceptance-rules"


def _ends(body: Mapping[str, object]) -> datetime:
    return parse_instant(str(body["ends"]))


def _published(node: Node, wanted: Callable[[Mapping[str, object]], bool]) -> list[_Proved]:
    """Return every such publication with its document; whether it counts is for the reader to check."""
    found = []
    for place in ledger.leaves(node.store, "publication"):
        body = place[1].body
        if not wanted(body):
            continue
        document = ledger.document(node.store, base64.b64decode(str(body["digest"])))
        proved = _proved(node, [place])
        if document is not None and proved:
            found.append((json.loads(document), proved[0]))
    return found


def _proved(node: Node, leaves: list[tuple[int, Leaf]]) -> list[Logged]:
    """Prove leaves under the first heads that a quorum cosigned; those that still wait for one are left out."""
    receipts = [(leaf, ledger.receipt_at(node.store, node.trust, index, newest=False)) for index, leaf in leaves]
    return [Logged(kind=leaf.kind, body=leaf.body, proof=str(found.proof)) for leaf, found in receipts if found]


def _held(tx: Transaction, node: Node, mine: Own) -> tuple[Held, ...]:
    """Return what was taken under any identifier, the newest first."""
    found = [one for key in mine.known_as for one in certificates.held(tx, node.custodian, key)]
    return tuple(sorted(found, key=lambda one: one.taken, reverse=True))


def _parts(tx: Transaction, node: Node, who: Principal, mine: Own, at: datetime) -> _Parts:
    """Register the read, and fetch what facts and hint are read from."""
    resident = identity.resident_by_key(tx, mine.key)
    charts = resident.charts if resident else ()
    sight = own_sight(charts)
    located, people = attesting.attestable(tx, sight), records.patients(tx, sight)[:1]
    unwrapped = tuple(sorted({part.chart_key for part in [*located, *people]}))
    access.register(tx, [own_read(who, mine.key, unwrapped, WHAT, Action.TAKE_CERTIFICATE, at)])
    return _Parts(
        located=tuple(located),
        people=tuple(people),
        sight=sight,
        last_two=identity.last_two(tx, node.custodian, mine.key),
        held=_held(tx, node, mine),
    )


def _opened(node: Node, parts: _Parts, at: datetime) -> tuple[tuple[Attested, ...], Hint | None]:
    keys = node.keys.unwrap_left(sorted({part.chart_key for part in [*parts.located, *parts.people]}))
    facts = attesting.attested([one for one in parts.located if one.chart_key in keys], keys, parts.sight, at)
    people = [one for one in parts.people if one.chart_key in keys]
    if not people:
        return facts, None
    person = people[0]
    name = records.patient_name(person, keys, parts.sight)
    born = attesting.birth_of(person, keys, parts.sight)
    return facts, hint_of(name, born, parts.last_two)


__all__ = [
    "MyCertificates",
    "issuer_keys",
    "my_certificate",
    "my_certificates",
    "my_once",
    "new_issuer_key",
    "publish_certificates",
    "register_issuer",
    "take_bound",
    "take_certificate",
    "take_once",
    "trust_chain",
    "trust_file",
    "void_certificate",
]

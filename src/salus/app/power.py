"""What the public page of power says, counted from the log's leaves, so that anybody with its files counts again."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from salus import access, appeals, ledger
from salus.app.node import Node
from salus.app.vouching import vouched_place
from salus.appeals import Tally
from salus.healthcode import certificates, measures
from salus.kernel import canonical, parse_instant
from salus.ledger import Leaf, PartyKey
from salus.rules import PartyKeyEnd, Veto, signed_by
from salus.storage import Duty

_ALL_ARE_KEPT = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A publication's leaf. `signers` are who signed it, each with its organisation, None for a signature that fails.

    `counts` tells that witnesses saw it with enough signatures and enough notice; nothing else has any effect.
    `vetoed` are the ombudsmen, each with its organisation, who stopped it in time.
    """

    index: int
    kind: str
    name: str
    version: int
    digest: bytes
    starts: datetime
    ends: datetime
    signers: tuple[tuple[str, str | None], ...]
    counts: bool
    vetoed: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """An order's leaf."""

    index: int
    order: bytes
    organisations: tuple[str, ...]
    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """Refused attempts to write a measure of one day and kind; `logged` where the day's leaf says the same."""

    day: date
    kind: str
    count: int
    logged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Voided:
    """How many certificates became void in a month (`2031-03`) for a reason, as a leaf says."""

    month: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GlassDay:
    """How often an organisation's staff broke the glass on a day, and how many of its openings stayed unreviewed."""

    day: date
    organisation: str
    opened: int
    unreviewed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosed:
    """A court's disclosure, as its leaf tells it: who signed, as in `Published`, and by when its resident is told."""

    index: int
    signers: tuple[tuple[str, str | None], ...]
    notice: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Graced:
    """How many places of care stay open without an admission after an upgrade, by a leaf; `digest` is of their list."""

    index: int
    places: int
    digest: bytes
    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Powers:
    """All of it. `decisions` are counted by the digest of their rules; `size` is how many leaves the log has.

    `voids` counts the leaves of void certificates; `voided` is what was told of months that are over. `shredded` counts
    the certificates of destroyed keys, of a chart and of an emergency. The first of `graces` counts, no later one.
    `ends` are those of parties' keys.
    """

    size: int
    publications: tuple[Published, ...]
    orders: tuple[Ordered, ...]
    parties: tuple[PartyKey, ...]
    specimens: int
    results: int
    decisions: Mapping[bytes, int]
    contests: Tally
    attempts: tuple[Attempts, ...]
    voids: int
    voided: tuple[Voided, ...]
    disclosures: tuple[Disclosed, ...]
    shredded: Mapping[str, int]
    glass: tuple[GlassDay, ...] = ()
    graces: tuple[Graced, ...] = ()
    ends: tuple[PartyKeyEnd, ...] = ()


def powers(node: Node) -> Powers:
    """Count from the log, as of this minute. Only the attempts of a day that is not over come from elsewhere."""
    counted = node.memory.recall("powers", node.stamp, lambda: _powers(node))
    return replace(counted, attempts=tuple(_attempts(node, counted.attempts)))


def _powers(node: Node) -> Powers:
    newest, parties = ledger.latest(node.store), ledger.party_keys(node.store)
    known = measures.known(node.store, node.trust)
    counting = {canonical({"publication": one.leaf}) for one in known.publications}
    decisions = Counter(_bytes(leaf, "rules") for _, leaf in ledger.leaves(node.store, "decision"))
    return Powers(
        size=newest.size if newest else 0,
        publications=tuple(
            _published(index, leaf, parties, counting, known.vetoes) for index, leaf in _newest(node, "publication")
        ),
        orders=tuple(_ordered(index, leaf) for index, leaf in _newest(node, "order")),
        parties=tuple(parties),
        specimens=len(ledger.leaves(node.store, "specimen")),
        results=len(ledger.leaves(node.store, "result")),
        decisions=decisions,
        contests=contest_tally(node),
        attempts=tuple(_logged_attempts(node)),
        voids=len(ledger.leaves(node.store, "void")),
        voided=tuple(_voided(leaf) for _, leaf in _newest(node, "voids")),
        glass=tuple(_glass(leaf) for _, leaf in _newest(node, "break-glass")),
        disclosures=tuple(_disclosed(index, leaf, parties) for index, leaf in _newest(node, "disclosure")),
        graces=tuple(_graced(index, leaf) for index, leaf in ledger.leaves(node.store, "grace")),
        ends=known.ends,
        shredded=Counter(str(leaf.body["kind"]) for _, leaf in ledger.leaves(node.store, "shred")),
    )


def contest_tally(node: Node) -> Tally:
    """Count contests from their leaves and from the times of the witnesses."""
    opened = [(index, leaf.body) for index, leaf in ledger.leaves(node.store, "appeal-opened")]
    closed = [(index, leaf.body) for index, leaf in ledger.leaves(node.store, "appeal-closed")]
    return appeals.tally(opened, closed, lambda index: vouched_place(node, index), node.clock.now())


def answer_proofs(node: Node) -> list[dict[str, object]]:
    """Return, for each contest's opening and answer that witnesses vouched for, its place and its first proof."""
    return node.memory.recall("answer proofs", node.stamp, lambda: _answer_proofs(node))


def _answer_proofs(node: Node) -> list[dict[str, object]]:
    found = []
    leaves = [*ledger.leaves(node.store, "appeal-opened"), *ledger.leaves(node.store, "appeal-closed")]
    for index, _ in leaves:
        receipt = ledger.receipt_at(node.store, node.trust, index, newest=False)
        if receipt:
            found.append({"index": index, "proof": str(receipt.proof)})
    return found


def publish_attempts(node: Node) -> int:
    """Hand the counts of days that are over to the log, once each, a minute after their end: by then all are kept.

    What another process counts it keeps within ten seconds, under the instant at which it does.
    """
    node.refusals.settle(every=True)
    with node.store.transaction(Duty.CARE) as tx:
        return access.publish_attempts(tx, (node.clock.now() - _ALL_ARE_KEPT).date())


def publish_voids(node: Node) -> int:
    """Hand to the log what became void before it was told of voids, and the counts of months that are over."""
    with node.store.transaction(Duty.CARE) as tx:
        return certificates.log_earlier(tx) + certificates.tell_voids(tx, node.clock.now())


def _voided(leaf: Leaf) -> Voided:
    body = leaf.body
    return Voided(month=str(body["month"]), reason=str(body["reason"]), count=int(str(body["count"])))


def _glass(leaf: Leaf) -> GlassDay:
    body = leaf.body
    return GlassDay(
        day=date.fromisoformat(str(body["day"])),
        organisation=str(body["organisation"]),
        opened=int(str(body["opened"])),
        unreviewed=int(str(body["unreviewed"])),
    )


def _graced(index: int, leaf: Leaf) -> Graced:
    return Graced(
        index=index,
        places=int(str(leaf.body["places"])),
        digest=_bytes(leaf, "digest"),
        starts=parse_instant(str(leaf.body["starts"])),
        ends=parse_instant(str(leaf.body["ends"])),
    )


def _logged_attempts(node: Node) -> list[Attempts]:
    return [
        Attempts(
            day=date.fromisoformat(str(leaf.body["day"])),
            kind=str(leaf.body["action"]),
            count=int(str(leaf.body["count"])),
            logged=True,
        )
        for _, leaf in ledger.leaves(node.store, "refusals")
    ]


def _attempts(node: Node, logged: Iterable[Attempts]) -> list[Attempts]:
    with node.store.transaction(Duty.CARE) as tx:
        counted = access.attempts(tx)
    known = {(one.day, one.kind, one.count) for one in logged}
    return [
        Attempts(day=day, kind=kind, count=count, logged=(day, kind, count) in known) for day, kind, count in counted
    ]


def _newest(node: Node, kind: str) -> list[tuple[int, Leaf]]:
    return ledger.leaves(node.store, kind)[::-1]


def _published(
    index: int, leaf: Leaf, parties: list[PartyKey], counting: set[bytes], vetoes: Iterable[Veto]
) -> Published:
    body, counts = leaf.body, leaf.encoded in counting
    stopped = {(one.party, one.organisation) for one in vetoes if one.digest == body["digest"]}
    return Published(
        index=index,
        kind=str(body["kind"]),
        name=str(body["name"]),
        version=int(str(body["version"])),
        digest=_bytes(leaf, "digest"),
        starts=parse_instant(str(body["starts"])),
        ends=parse_instant(str(body["ends"])),
        signers=tuple(_signers("publication", body, parties, ("signer",))),
        counts=counts,
        vetoed=() if counts else tuple(sorted(stopped)),
    )


def _disclosed(index: int, leaf: Leaf, parties: list[PartyKey]) -> Disclosed:
    return Disclosed(
        index=index,
        signers=tuple(_signers("disclosure", leaf.body, parties, ("signer", "ombudsman"))),
        notice=parse_instant(str(leaf.body["notice"])),
    )


def _signers(
    kind: str, body: Mapping[str, object], parties: list[PartyKey], duties: Sequence[str]
) -> Iterator[tuple[str, str | None]]:
    """Name each party that signed, with its organisation where a key that the log gives it made the signature."""
    signatures = body["signatures"]
    told = {name: value for name, value in body.items() if name != "signatures"}
    for name, signature in sorted(signatures.items()) if isinstance(signatures, Mapping) else ():
        keys = [one for one in parties if one.party == name and one.duty in duties]
        good = [one for one in keys if signed_by(one.key, canonical({kind: told}), signature)]
        yield str(name), good[0].organisation if good else None


def _ordered(index: int, leaf: Leaf) -> Ordered:
    named = leaf.body["organisations"]
    return Ordered(
        index=index,
        order=_bytes(leaf, "order"),
        organisations=tuple(str(name) for name in named) if isinstance(named, list | tuple) else (),
        starts=parse_instant(str(leaf.body["starts"])),
        ends=parse_instant(str(leaf.body["ends"])),
    )


def _bytes(leaf: Leaf, field: str) -> bytes:
    return base64.b64decode(str(leaf.body[field]))

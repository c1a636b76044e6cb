"""Hold a node's own database against its public log: what `salus ledger verify --data` looks for beyond the files."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from salus import access, appeals, identity, ledger
from salus.app.destroying import overdue
from salus.app.node import Node
from salus.app.own_work import OwnWork
from salus.app.unwrapping import unexplained
from salus.healthcode import certificates, measures
from salus.ledger import Finding
from salus.storage import Duty

Check = Callable[[Node], Iterable[Finding]]


def register_agrees(node: Node) -> Iterable[Finding]:
    """The register of reads, its tree, and its anchors in the log."""
    logged = [leaf for _, leaf in ledger.leaves(node.store, "anchor") if leaf.body["custodian"] == node.name]
    for one in access.verify_register(node.store, logged):
        where = " ".join(f"{what} {number}" for what, number in _place(one) if number is not None)
        yield Finding(code="NODE-REGISTER", where=where or "register of reads", text=one.fault.value)


def cosignatures_true(node: Node) -> Iterable[Finding]:
    """The kept cosignatures, each of which its witness must have made."""
    for size in ledger.false_cosignatures(node.store, node.trust) if node.trust else []:
        text = "a line is kept here that its witness never signed"
        yield Finding(code="NODE-COSIGNATURE", where=f"head of size {size}", text=text)


def nothing_set_aside(node: Node) -> Iterable[Finding]:
    """What was handed over and may not stand in the log: somebody wrote past the rooms."""
    for pending_id, reason in ledger.set_aside(node.store):
        yield Finding(code="NODE-SET-ASIDE", where=f"leaf {pending_id}", text=f"it was kept out of the log: {reason}")


def measures_agree(node: Node) -> Iterable[Finding]:
    """Evidence, decisions and notices, none of which counts for anything that the log does not stand behind."""
    for one in measures.verify_rows(node.store, node.trust, OwnWork(node, "check")):
        yield Finding(code=one.word, where=one.where, text=one.text)


def contests_agree(node: Node) -> Iterable[Finding]:
    """Contests and answers: none is kept that the log does not know, and none that the log knows was taken away."""
    waiting = ledger.waiting_of(node.store)
    with node.store.transaction(Duty.CARE) as tx:
        kept = appeals.kept_leaves(tx)
    for kind in ("appeal-opened", "appeal-closed"):
        logged = {leaf.encoded for _, leaf in ledger.leaves(node.store, kind)}
        rows = {leaf.encoded for leaf in kept if leaf.kind == kind}
        for entry in sorted(rows - logged - waiting):
            yield Finding(code="APPEAL-UNLOGGED", where=_appeal(entry), text="a row tells of it, the log does not")
        for entry in sorted(logged - rows):
            yield Finding(code="APPEAL-BURIED", where=_appeal(entry), text="the log tells of it, no row does any more")


def attempts_agree(node: Node) -> Iterable[Finding]:
    """Refused attempts to write a measure: as many are kept of a day as the log says."""
    with node.store.transaction(Duty.CARE) as tx:
        kept = {(day.isoformat(), action): count for day, action, count in access.attempts(tx)}
    for _, leaf in ledger.leaves(node.store, "refusals"):
        named = (str(leaf.body["day"]), str(leaf.body["action"]))
        if kept.get(named) != leaf.body["count"]:
            yield Finding(code="REFUSALS-CHANGED", where=" ".join(named), text="the log counted another number of them")


def voids_agree(node: Node) -> Iterable[Finding]:
    """Void certificates: every bit of the lists has its leaf, every leaf its bit, and every month its true count."""
    waiting = ledger.waiting_of(node.store)
    logged, told = ({leaf.encoded for _, leaf in ledger.leaves(node.store, kind)} for kind in ("void", "voids"))
    with node.store.transaction(Duty.CARE) as tx:
        for one in certificates.verify_voids(tx, logged, told, waiting):
            yield Finding(code=one.word, where=one.item, text=one.text)


def unwraps_agree(node: Node) -> Iterable[Finding]:
    """Openings of charts' keys: the register tells of every one that the keys counted, on each day and in all."""
    for where, text in unexplained(node):
        yield Finding(code="UNWRAP-UNEXPLAINED", where=where, text=text)


def disclosures_agree(node: Node) -> Iterable[Finding]:
    """Disclosures to courts: the log tells of each that was carried out, and by when its resident is told."""
    leaves = [leaf for _, leaf in ledger.leaves(node.store, "disclosure")]
    with node.store.transaction(Duty.CARE) as tx:
        for one in access.disclosing.unlogged(tx, leaves):
            text = "a row says that it was carried out, and the log knows none with that notice"
            yield Finding(code="DISCLOSURE-UNLOGGED", where=one.hex(), text=text)


def residents_agree(node: Node) -> Iterable[Finding]:
    """Whose each chart is: what is kept for reading is a replay of what was asserted, and nothing else."""
    with node.store.transaction(Duty.CARE) as tx:
        for where, text in identity.differences(tx):
            yield Finding(code="INDEX-DIFFERS", where=where, text=text)


def keys_destroyed(node: Node) -> Iterable[Finding]:
    """Keys that had to be destroyed by now: of emergencies that ended long enough ago."""
    yield from overdue(node)


def _appeal(entry: bytes) -> str:
    return str(ledger.parse_leaf(entry).body["appeal"])


CHECKS: tuple[Check, ...] = (
    register_agrees,
    cosignatures_true,
    nothing_set_aside,
    measures_agree,
    contests_agree,
    attempts_agree,
    voids_agree,
    unwraps_agree,
    disclosures_agree,
    residents_agree,
    keys_destroyed,
)
"""Every check of an open node; a room that keeps rows which the log must prove adds one here."""


def check_node(node: Node) -> list[Finding]:
    """Run every check; an empty list says that nothing contradicts the log."""
    return [finding for check in CHECKS for finding in check(node)]


def _place(one: access.Finding) -> tuple[tuple[str, int | None], ...]:
    return ("batch", one.batch), ("item", one.item), ("size", one.size)

"""Hold a node's own database against its public log: what `salus ledger verify --data` looks for beyond the files."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from salus import access, ledger
from salus.app.node import Node
from salus.healthcode import measures
from salus.ledger import Finding

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
    for one in measures.verify_rows(node.store, node.trust, node.keys):
        yield Finding(code=one.word, where=one.where, text=one.text)


CHECKS: tuple[Check, ...] = (register_agrees, cosignatures_true, nothing_set_aside, measures_agree)
"""Every check of an open node; a room that keeps rows which the log must prove adds one here."""


def check_node(node: Node) -> list[Finding]:
    """Run every check; an empty list says that nothing contradicts the log."""
    return [finding for check in CHECKS for finding in check(node)]


def _place(one: access.Finding) -> tuple[tuple[str, int | None], ...]:
    return ("batch", one.batch), ("item", one.item), ("size", one.size)

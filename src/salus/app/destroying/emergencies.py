"""Destroy the key of an emergency that ended: what was kept because of it can then be read by nobody.

It is due thirty days after the end, or after the veto that stopped it, which is longer than any contest of it can be
open. Nobody orders it, and nobody can put it off: the end stands in the published document.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from salus import ledger
from salus.app.destroying.telling import open_without_key, tell_destructions
from salus.app.node import Node
from salus.app.vouching import vouched_now
from salus.healthcode import measures
from salus.keys import KEPT_AFTER, Destruction
from salus.ledger import Finding
from salus.rules import Document

AHEAD: Final = timedelta(days=1)
"""How long before it is due the key goes, so that the certificate has its place in the log by then."""


def destroy_due(node: Node) -> int:
    """Destroy the keys of emergencies that ended long enough ago; return how many certificates went to the log.

    Idempotent. An emergency under which nothing was kept gets its certificate as well: the public cannot tell. It takes
    the time of witnesses beside the node's clock: of what is living, one wrong reading of that destroys nothing.
    """
    now, vouched = node.clock.now().replace(microsecond=0), vouched_now(node)
    for one in _over(node, min(now, vouched) - KEPT_AFTER + AHEAD) if vouched else ():
        node.keys.shred_emergency(one.digest, one.document.ends + KEPT_AFTER, now)
    return tell_destructions(node)


def overdue(node: Node) -> Iterable[Finding]:
    """Find emergencies whose certificate is overdue in the log, and keys that outlived theirs."""
    told = {str(leaf.body["commitment"]) for _, leaf in ledger.leaves(node.store, "shred")}
    kept, open_still = node.keys.emergency_keys(), open_without_key(node)
    for one in _over(node, node.clock.now() - KEPT_AFTER):
        due, where = one.document.ends + KEPT_AFTER, f"emergency {one.document.name} {one.document.version}"
        if one.counted and Destruction.of_emergency(one.digest, due, due).commitment not in told:
            yield Finding(
                code="SHRED-OVERDUE", where=where, text="the log has no certificate that its key is destroyed"
            )
        if one.document.digest in open_still:
            text = "decisions that an earlier release kept open with their chart's key alone"
            yield Finding(code="SHRED-OVERDUE", where=where, text=text)
        if one.digest in kept:
            yield Finding(code="SHRED-OVERDUE", where=where, text="its key is still there")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Over:
    """An emergency that is over: it `counted` until it ended, or has a key all the same, since it counted once."""

    digest: bytes
    document: Document
    counted: bool


def _over(node: Node, by: datetime) -> list[_Over]:
    """Return the emergencies that were over by an instant: they had ended, or an ombudsman had stopped them."""
    known = measures.known(node.store, node.trust)
    counted = {measures.raw(one.published.document.digest): one.published.document for one in known.emergencies}
    found = [_Over(digest=digest, document=one, counted=True) for digest, one in counted.items() if one.ends <= by]
    stopped = {measures.raw(one.digest) for one in known.vetoes if one.logged_at <= by}
    for digest in node.keys.emergency_keys().keys() - counted.keys():
        written = ledger.document(node.store, digest)
        one = Document.parse(written) if written else None
        if one and (one.ends <= by or digest in stopped):
            found.append(_Over(digest=digest, document=one, counted=False))
    return found


__all__ = ["AHEAD", "destroy_due", "overdue"]

"""Hand an ombudsman's veto to the public log. Whoever runs this decides nothing: the ombudsman's key did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from salus import ledger
from salus.healthcode.measures.model import raw
from salus.healthcode.measures.publications import first, keys_left
from salus.ledger import Leaf
from salus.proof import Trust
from salus.rules import Document, PublicationRefused, read_veto, stops
from salus.storage import Store, Transaction


def veto(tx: Transaction, store: Store, trust: Trust | None, body: Mapping[str, str], at: datetime) -> None:
    """Hand a signed veto to the log, in the caller's transaction; the same one again changes nothing. Duty CARE.

    Raises PublicationRefused if it would stop nothing. SIGNATURE: no ombudsman of the log signed it. UNKNOWN: the log
    has no such document. TOO-LATE: it counts already, or is of a kind that nobody vetoes, or the ombudsman came after.
    """
    leaf = Leaf(kind="veto", body=body)
    told = read_veto(leaf.body, keys_left(store, trust, at), at)
    found = list(_published(store, trust, told.digest, at))
    if not found:
        raise PublicationRefused("UNKNOWN", "the log has no document of this digest")
    if not any(stops(told, document, logged_at) for document, logged_at in found):
        text = "a veto comes before its document counts, or within a day, by an ombudsman who was there before it"
        raise PublicationRefused("TOO-LATE", f"{text}; a trust list is never vetoed")
    if leaf.encoded not in {one.encoded for _, one in ledger.leaves(store, "veto")} | ledger.waiting_of(store):
        ledger.append(tx, leaf)


def _published(store: Store, trust: Trust | None, digest: str, at: datetime) -> Iterator[tuple[Document, datetime]]:
    """Yield a document with each time at which the log had it; what no quorum has seen yet is had now at the latest."""
    content = ledger.document(store, raw(digest))
    for index, leaf in ledger.leaves(store, "publication"):
        if leaf.body["digest"] == digest and content is not None:
            receipt = first(store, trust, index)
            yield Document.parse(content), receipt.cosigned.at if receipt else at

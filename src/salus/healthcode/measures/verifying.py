"""Find rows that the public log does not stand behind: somebody wrote them around every door. They show nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from salus import ledger
from salus.healthcode.measures import store as tables
from salus.healthcode.measures.filing import DUTIES
from salus.healthcode.measures.model import Decided, Kept, raw
from salus.healthcode.measures.publications import LoggedKey, logged_keys, signer_of
from salus.kernel import canonical
from salus.proof import Trust
from salus.storage import Duty, Store, Transaction

_PAGE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFinding:
    """A row that contradicts the log: a stable word, the table, and the row's public name (a commitment)."""

    word: str
    table: str
    row: str

    def __str__(self) -> str:
        return f"{self.word}: healthcode.{self.table} {self.row}"


def verify_rows(store: Store, trust: Trust | None) -> list[RowFinding]:
    """Compare every row of evidence, decision and notice with the public log and return what it does not stand behind.

    EVID-MISSING: a row whose leaf is not in the log, or not signed by a logged party. PROJECTION-MISMATCH: a row that
    tells of something else than its leaf, or a decision or notice without what it rests on. Rows whose leaf still waits
    for its place are no finding.
    """
    leaves = {
        kind: {leaf.encoded for _, leaf in ledger.leaves(store, kind)} for kind in ("specimen", "result", "decision")
    }
    waiting = ledger.waiting_of(store)
    keys = logged_keys(store, trust)
    found: list[RowFinding] = []
    with store.transaction(Duty.CARE) as tx:
        known = set()
        for one in _evidence(tx):
            known.add(one.commitment)
            found += _kept(one, leaves[one.kind] | waiting, keys)
        decided = set()
        for decision in _decisions(tx):
            decided.add(decision.commitment)
            found += _decided(decision, leaves["decision"] | waiting, known)
        found += [
            RowFinding(word="PROJECTION-MISMATCH", table="notice", row=one)
            for one in tables.issued(tx)
            if one not in decided
        ]
    return found


def _kept(one: Kept, leaves: set[bytes], keys: tuple[LoggedKey, ...]) -> Iterator[RowFinding]:
    if one.entry not in leaves:
        yield RowFinding(word="EVID-MISSING", table="evidence", row=one.commitment)
        return
    leaf = one.leaf if set(json.loads(one.entry)) == {one.kind} else {}
    message = canonical({one.kind: {"party": leaf.get("party"), "commitment": leaf.get("commitment")}})
    if leaf.get("commitment") != one.commitment:
        yield RowFinding(word="PROJECTION-MISMATCH", table="evidence", row=one.commitment)
    elif signer_of(keys, leaf["party"], DUTIES[one.kind], message, leaf["signature"]) is None:
        yield RowFinding(word="EVID-MISSING", table="evidence", row=one.commitment)


def _decided(one: Decided, leaves: set[bytes], known: set[str]) -> Iterator[RowFinding]:
    if one.entry not in leaves or one.result not in known:
        yield RowFinding(word="EVID-MISSING", table="decision", row=one.commitment)
    elif (one.leaf["commitment"], one.leaf["rules"]) != (one.commitment, one.rules):
        yield RowFinding(word="PROJECTION-MISMATCH", table="decision", row=one.commitment)


def _evidence(tx: Transaction) -> Iterator[Kept]:
    last = 0
    while rows := tables.all_evidence(tx, last, _PAGE):
        yield from rows
        last = rows[-1].key


def _decisions(tx: Transaction) -> Iterator[Decided]:
    last = b""
    while rows := tables.all_decisions(tx, last, _PAGE):
        yield from rows
        last = raw(rows[-1].result)

"""Find rows that the public log does not stand behind: somebody wrote them around every door. They show nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from salus import ledger
from salus.healthcode.measures import store as tables
from salus.healthcode.measures.filing import DUTIES
from salus.healthcode.measures.model import FORGOTTEN, Decided, Kept, raw
from salus.healthcode.measures.publications import Known, LoggedKey, known, signer_of
from salus.healthcode.measures.sealing import Seals
from salus.healthcode.measures.service import chart_keys, decision_file
from salus.kernel import canonical
from salus.keys import KeyService
from salus.ledger import Leaf
from salus.proof import Trust
from salus.rules import recompute
from salus.storage import Duty, Store

_PAGE = 1000
ENDED = frozenset({"RELEASED", "CORRECTED", "LAPSED", "RULES-NOT-LIVE", "EMERGENCY-LAPSED", "STALE-PROOF", "NOT-YET"})
"""Why a true decision asks for nothing any more; any other word means that it never was one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFinding:
    """A row, or an entry of the log, that contradicts the other. `where` names it by what is public of it."""

    word: str
    where: str
    text: str


def verify_rows(store: Store, trust: Trust | None, keys: KeyService) -> list[RowFinding]:
    """Compare evidence, decisions and notices with the public log and return what it does not stand behind.

    EVID-MISSING: a row whose leaf is not in the log or not signed by a logged party, or a decision, in a row or in the
    log, without evidence. PROJECTION-MISMATCH: a row that tells of something else than its leaf, or a decision that
    does not recompute. EVIDENCE-REUSE: two decisions that rest on one result. VETOED: a decision that was taken under
    what an ombudsman had stopped before. What still waits is no finding.
    """
    told, waiting, seals = known(store, trust), ledger.waiting_of(store), Seals.of(keys)
    leaves = {kind: {leaf.encoded for _, leaf in ledger.leaves(store, kind)} for kind in DUTIES}
    decisions = ledger.leaves(store, "decision")
    in_log = {leaf.encoded for _, leaf in decisions}
    found: list[RowFinding] = []
    evidence: dict[str, Kept] = {}
    for one in _evidence(store, seals):
        evidence[one.commitment] = one
        found += _kept(one, leaves[one.kind] | waiting, told.keys)
    decided: dict[str, Decided] = {}
    for decision in _decisions(store, seals):
        decided[decision.commitment] = decision
        if decision.entry not in waiting:
            backed = decision.entry in in_log and decision.result in evidence
            found += _decided(store, trust, told, keys, decision, backed)
    for index, leaf in decisions:
        if str(leaf.body["commitment"]) not in decided:
            text = "the log holds a decision that rests on no evidence of this node"
            found.append(RowFinding(word="EVID-MISSING", where=f"log entry {index}", text=text))
    found += _reused(decisions)
    with store.transaction(Duty.CARE) as tx:
        issued = tables.issued(tx)
    text = "a notice of a decision that was never taken"
    found += [
        RowFinding(word="PROJECTION-MISMATCH", where=f"healthcode.notice {one}", text=text)
        for one in issued
        if one not in decided
    ]
    return found


def _reused(decisions: Sequence[tuple[int, Leaf]]) -> Iterator[RowFinding]:
    """Two decisions of one tag rest on one result, whoever they are about."""
    first: dict[object, int] = {}
    for index, leaf in decisions:
        before = first.setdefault(leaf.body["tag"], index)
        if before != index:
            text = f"it rests on the same result as log entry {before}"
            yield RowFinding(word="EVIDENCE-REUSE", where=f"log entry {index}", text=text)


def _kept(one: Kept, leaves: set[bytes], keys: tuple[LoggedKey, ...]) -> Iterator[RowFinding]:
    where = f"healthcode.evidence {one.commitment}"
    if one.entry not in leaves:
        yield RowFinding(word="EVID-MISSING", where=where, text="its leaf is not in the public log")
        return
    told = json.loads(one.entry).get(one.kind, {})
    message = canonical({one.kind: {"party": told.get("party"), "commitment": told.get("commitment")}})
    if told.get("commitment") != one.commitment:
        yield RowFinding(word="PROJECTION-MISMATCH", where=where, text="its leaf commits to something else")
    elif signer_of(keys, told["party"], DUTIES[one.kind], message, told["signature"]) is None:
        yield RowFinding(word="EVID-MISSING", where=where, text="no party that the log knows signed it")


def _decided(
    store: Store,
    trust: Trust | None,
    told: Known,
    keys: KeyService,
    one: Decided,
    backed: bool,
) -> Iterator[RowFinding]:
    where = f"healthcode.decision {one.commitment}"
    if not backed:
        yield RowFinding(word="EVID-MISSING", where=where, text="it has no leaf in the public log, or no evidence")
        return
    stopped = [each.logged_at for each in told.vetoes if each.digest in (one.rules, one.emergency)]
    if stopped and not (told.of(one.rules) and told.of(one.emergency)):
        if min(stopped) < one.decided_at:  # one that was taken before the veto was right then, and shows nothing now
            yield RowFinding(word="VETOED", where=where, text="it was taken under what an ombudsman had vetoed")
        return
    at = one.decided_at + timedelta(hours=1)
    file = decision_file(store, trust, told, keys, one, at)
    if file is None:
        readable = not _gone(keys, one)
        if readable and (trust is None or ledger.receipt(store, trust, one.pending_id) is not None):
            yield RowFinding(
                word="PROJECTION-MISMATCH", where=where, text="it cannot be read, or its leaf is not its own"
            )
        return
    fault = recompute(file, trust, at, ends=told.ends).fault if trust else None
    if fault is not None and fault not in ENDED:
        yield RowFinding(word="PROJECTION-MISMATCH", where=where, text=f"it does not recompute: {fault}")


def _gone(keys: KeyService, one: Decided) -> bool:
    """Tell whether a destroyed key, the chart's or the emergency's, took a decision along, rightly."""
    if one.chart_key == FORGOTTEN:
        return keys.destruction(one.emergency) is not None
    return not chart_keys(keys, [one.chart_key])


def _evidence(store: Store, seals: Seals) -> Iterator[Kept]:
    last = 0
    while True:
        with store.transaction(Duty.CARE) as tx:
            rows = tables.all_evidence(tx, seals, last, _PAGE)
        if not rows:
            return
        yield from rows
        last = rows[-1].key


def _decisions(store: Store, seals: Seals) -> Iterator[Decided]:
    last = b""
    while True:
        with store.transaction(Duty.CARE) as tx:
            rows = tables.all_decisions(tx, seals, last, _PAGE)
        if not rows:
            return
        yield from rows
        last = raw(rows[-1].result)

"""Write the file by which a measure is shown: everything that somebody needs to recompute it without this node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from salus import ledger
from salus.healthcode.measures import store as tables
from salus.healthcode.measures.considering import Opened, ending
from salus.healthcode.measures.model import Decided, Kept
from salus.healthcode.measures.publications import Known, LoggedKey, LoggedPublication, signer_of, signers_of
from salus.healthcode.measures.sealing import Seals
from salus.kernel import canonical
from salus.proof import Trust
from salus.rules import SKEW, proves, rules_of
from salus.storage import Store, Transaction

MOST_ITEMS = 32
MOST_ROWS = 2048
DUTIES = {"specimen": "sampling-site", "result": "laboratory"}

Pair = tuple[Opened, Opened]
"""A specimen and a result about it."""
Proved = list[tuple[dict[str, Any], LoggedKey]]
"""The same as a file holds them, each with the key that signed it."""


def open_evidence(rows: Sequence[Kept], keys: Mapping[int, bytes], seals: Seals) -> dict[str, Opened]:
    """Open rows of evidence by commitment; a row that does not open is no evidence."""
    found = {}
    for one in rows:
        opening = seals.unseal(one, keys.get(one.chart_key))
        if opening is not None and set(opening) == {one.kind}:
            found[one.commitment] = Opened(kept=one, opening=opening)
    return found


def measure_file(
    store: Store,
    trust: Trust | None,
    known: Known,
    decided: Decided,
    evidence: Mapping[str, Opened],
    opening: Mapping[str, Any],
    at: datetime,
) -> bytes | None:
    """Return the file of a decision with the newest proof at `at`, and what evidence of its holder can end it.

    `evidence` is that of the holder's charts, by commitment. None while anything that it needs is not proved yet.
    """
    receipt = ledger.receipt(store, trust, decided.pending_id)
    rules, emergency = known.of(decided.rules), known.of(decided.emergency)
    base = _base(evidence, decided.result, opening["decision"]["subject"])
    proved = proved_pair(store, trust, known, base, decided.decided_at) if base else []
    if trust is None or receipt is None or rules is None or emergency is None or not proved:
        return None
    table = rules_of(rules.published, emergency.published).table
    groups = ending(evidence, decided.result, table)
    pairs = [proved, *_ending(store, trust, known, evidence, groups, at + SKEW)]
    items = {item["leaf"]["commitment"]: (item, key) for pair in pairs for item, key in pair}
    return canonical(
        {
            "evidence": [item for item, _ in items.values()],
            "openings": {name: dict(evidence[name].opening) for name in items} | {decided.commitment: dict(opening)},
            "rules": rules_part(known, rules, emergency, [key for _, key in items.values()]),
            "at": opening["decision"]["at"],
            "decision": decided.leaf,
            "proof": str(receipt.proof),
        }
    )


def rules_part(
    known: Known, rules: LoggedPublication, emergency: LoggedPublication, others: Sequence[LoggedKey]
) -> dict[str, Any]:
    """Return rules and emergency, with the emergencies before it, and the keys of all who signed anything."""
    chain = known.chain_of(emergency)
    signers = [key for one in (rules, emergency, *chain) for key in signers_of(known.keys, one)]
    return {
        "rules": rules.as_json(),
        "emergency": emergency.as_json(),
        **({"before": [one.as_json() for one in chain]} if chain else {}),
        "keys": [one.as_json() for one in {one.key: one for one in (*signers, *others)}.values()],
    }


def _base(evidence: Mapping[str, Opened], result: str, subject: str) -> Pair | None:
    """Return the result decided on with its specimen, if both are here and about the subject of the decision."""
    pair = pair_of(evidence, evidence[result]) if result in evidence else None
    return pair if pair and all(one.body["subject"] == subject for one in pair) else None


def pair_of(evidence: Mapping[str, Opened], one: Opened) -> Pair | None:
    specimen = evidence.get(one.kept.specimen)
    return (specimen, one) if specimen else None


def _ending(
    store: Store,
    trust: Trust,
    known: Known,
    evidence: Mapping[str, Opened],
    groups: Sequence[Sequence[Opened]],
    by: datetime,
) -> list[Proved]:
    """Return what of the evidence that can end a decision is proved, as far as a file holds it.

    What does not prove is left out: one bad piece would make the whole file prove nothing. So is a negative with its
    corrections where there is no room for all of them.
    """
    keys = [one.key for one in known.keys]
    found: dict[str, Proved] = {}
    for group in groups:
        added: dict[str, Proved] = {}
        for one in group:
            pair = pair_of(evidence, one)
            proved = proved_pair(store, trust, known, pair, by) if pair else []
            openings = {each.kept.commitment: each.opening for each in pair or ()}
            if proved and proves(trust, keys, openings, proved[0][0], proved[1][0]):
                added[one.kept.commitment] = proved
            elif one is group[0]:
                break
        if len(found | added) < MOST_ITEMS // 2:
            found |= added
    return list(found.values())


def proved_pair(store: Store, trust: Trust | None, known: Known, pair: Pair, by: datetime) -> Proved:
    """Return both halves of a pair as a file holds them, each with its key; nothing unless both were seen by `by`."""
    found = []
    for one in pair:
        receipt = ledger.first_receipt(store, trust, one.kept.pending_id, by=by)
        key = key_behind(known.keys, one.kept, receipt.cosigned.at) if receipt else None
        if receipt is None or key is None:
            return []
        found.append(({"kind": one.kept.kind, "leaf": one.kept.leaf, "proof": str(receipt.proof)}, key))
    return found


def key_behind(keys: Sequence[LoggedKey], kept: Kept, at: datetime) -> LoggedKey | None:
    """Return the key that signed evidence which the log had by an instant; none that had ended before."""
    leaf = kept.leaf
    message = canonical({kept.kind: {"party": leaf["party"], "commitment": leaf["commitment"]}})
    return signer_of(keys, leaf["party"], DUTIES[kept.kind], message, leaf["signature"], at)


def rows_of(tx: Transaction, seals: Seals, charts: Sequence[int]) -> list[Kept]:
    """Return the newest evidence of charts. Duty CARE."""
    return tables.evidence_of(tx, seals, charts, MOST_ROWS)

"""Write the file by which a measure is shown: everything that somebody needs to recompute it without this node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from salus import ledger
from salus.healthcode.measures import store as tables
from salus.healthcode.measures.considering import Opened
from salus.healthcode.measures.model import Decided, Kept
from salus.healthcode.measures.publications import Known, LoggedKey, signer_of, signers_of
from salus.healthcode.measures.sealing import unseal
from salus.kernel import canonical
from salus.proof import Trust
from salus.storage import Store, Transaction

MOST_ITEMS = 32
MOST_ROWS = 256
DUTIES = {"specimen": "sampling-site", "result": "laboratory"}


def open_evidence(rows: Sequence[Kept], keys: Mapping[int, bytes]) -> dict[str, Opened]:
    """Open rows of evidence by commitment; a row that does not open is no evidence."""
    found = {}
    for one in rows:
        opening = unseal(keys[one.chart_key], one.place, one.sealed) if one.chart_key in keys else None
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
) -> bytes | None:
    """Return the file of a decision with the newest proof, and what evidence of its holder can end it.

    `evidence` is that of the holder's charts, by commitment. None while anything that it needs is not proved yet.
    """
    receipt = ledger.receipt(store, trust, decided.pending_id)
    rules, emergency = known.of(decided.rules), known.of(decided.emergency)
    pairs = _pairs(evidence, decided.result, opening["decision"]["subject"])
    proved = [_proved(store, trust, known, pair) for pair in pairs]
    if receipt is None or rules is None or emergency is None or not proved or not proved[0]:
        return None
    items = {item["leaf"]["commitment"]: (item, key) for pair in proved for item, key in pair}
    keys = [*signers_of(known.keys, rules), *signers_of(known.keys, emergency), *(key for _, key in items.values())]
    return canonical(
        {
            "evidence": [item for item, _ in items.values()],
            "openings": {name: dict(evidence[name].opening) for name in items} | {decided.commitment: dict(opening)},
            "rules": {
                "rules": rules.as_json(),
                "emergency": emergency.as_json(),
                "keys": [one.as_json() for one in {one.key: one for one in keys}.values()],
            },
            "at": opening["decision"]["at"],
            "decision": decided.leaf,
            "proof": str(receipt.proof),
        }
    )


def _pairs(evidence: Mapping[str, Opened], result: str, subject: str) -> list[tuple[Opened, Opened]]:
    """The result decided on with its specimen, then the newest results of the same subject that could end it."""
    base = [one for one in evidence.values() if one.kept.commitment == result]
    others = sorted(evidence.values(), key=lambda one: -one.kept.key)
    ending = [one for one in others if one.body.get("result") == "negative" or one.body.get("replaces") is not None]
    found = []
    for one in [*base, *(each for each in ending if each.kept.commitment != result)]:
        specimen = evidence.get(str(one.body.get("specimen")))
        if specimen is not None and one.body["subject"] == specimen.body["subject"] == subject:
            found.append((specimen, one))
    return found[: MOST_ITEMS // 2] if base and found and found[0][1] is base[0] else []


def _proved(
    store: Store, trust: Trust | None, known: Known, pair: tuple[Opened, Opened]
) -> list[tuple[dict[str, Any], LoggedKey]]:
    """Return both halves of a pair as a file holds them, each with the key that signed it; nothing unless both are."""
    found = []
    for one in pair:
        kept, leaf = one.kept, one.kept.leaf
        receipt = ledger.first_receipt(store, trust, kept.pending_id)
        message = canonical({kept.kind: {"party": leaf["party"], "commitment": leaf["commitment"]}})
        key = signer_of(known.keys, leaf["party"], DUTIES[kept.kind], message, leaf["signature"])
        if receipt is None or key is None:
            return []
        found.append(({"kind": kept.kind, "leaf": leaf, "proof": str(receipt.proof)}, key))
    return found


def rows_of(tx: Transaction, charts: Sequence[int]) -> list[Kept]:
    """Return the newest evidence of charts. Duty CARE."""
    return tables.evidence_of(tx, charts, MOST_ROWS)

"""Write the file of a slip for whoever brings its short form: the log's proofs beside it. Nothing of it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from salus import ledger
from salus.healthcode.measures import decision_by_tag
from salus.healthcode.measures.considering import Opened, sound, told_of
from salus.healthcode.measures.filing import Proved, pair_of, proved_pair, rules_part
from salus.healthcode.measures.publications import Known, LoggedKey
from salus.healthcode.measures.sealing import Seals
from salus.healthcode.slips import store as tables
from salus.kernel import canonical
from salus.proof import Trust
from salus.rules import INVESTIGATOR, SKEW, Evidence, SlipPaper, attestation_message, proves, signed_by
from salus.storage import Duty, Store

MOST_OWN = 8


def slip_file(
    store: Store, trust: Trust, told: Known, paper: SlipPaper, evidence: Mapping[str, Opened], at: datetime
) -> bytes | None:
    """Return the whole file of a slip, with own results under its secret; None while the log has not all of it.

    `evidence` is what the bearer has here, nothing for whoever did not sign in.
    """
    commitment, tag = str(paper.leaf["commitment"]), str(paper.leaf["index"])
    with store.transaction(Duty.CARE) as tx:
        kept = tables.exposures(tx, [commitment]).get(commitment)
        case = decision_by_tag(tx, Seals(emergencies={}), tag)
    if kept is None or case is None:
        return None
    stood = ledger.first_receipt(store, trust, kept.pending_id, by=at + SKEW)
    decided = ledger.first_receipt(store, trust, case.pending_id, by=at + SKEW)
    rules, in_force = told.of(case.rules), told.in_force(str(paper.body["disease"]), at)
    if stood is None or decided is None or rules is None or in_force is None:
        return None
    own = _own(store, trust, told, evidence, str(paper.body["subject"]), at)
    items = {item["leaf"]["commitment"]: (item, key) for pair in own for item, key in pair}
    others = [*_signers(told, paper), *(key for _, key in items.values())]
    return canonical(
        {
            "case": {"leaf": case.leaf, "proof": str(decided.proof)},
            "evidence": [item for item, _ in items.values()],
            "exposure": {"leaf": dict(paper.leaf), "proof": str(stood.proof)},
            "openings": {name: dict(evidence[name].opening) for name in items} | {commitment: dict(paper.opening)},
            "rules": rules_part(told, rules, in_force[1], others),
        }
    )


def as_evidence(evidence: Mapping[str, Opened]) -> list[Evidence]:
    """Return a bearer's own results as rules take them, whichever secret they bear."""
    return [found for one in evidence.values() if sound(evidence, one) and (found := told_of(evidence, one))]


def _signers(told: Known, paper: SlipPaper) -> list[LoggedKey]:
    leaf = paper.leaf
    message = attestation_message(leaf["commitment"], leaf["index"], leaf["number"])
    signed = leaf["signatures"]
    return [
        one
        for one in told.keys
        if one.key.duty == INVESTIGATOR
        and one.key.party in signed
        and signed_by(one.key.key, message, signed[one.key.party])
    ]


def _own(
    store: Store, trust: Trust, told: Known, evidence: Mapping[str, Opened], subject: str, at: datetime
) -> list[Proved]:
    """Return the bearer's own results under the slip's secret, each with its specimen, that are proved."""
    keys = [one.key for one in told.keys]
    found: list[Proved] = []
    for one in evidence.values():
        pair = pair_of(evidence, one) if one.kept.kind == "result" and one.body["subject"] == subject else None
        proved = proved_pair(store, trust, told, pair, at + SKEW) if pair else []
        openings = {each.kept.commitment: each.opening for each in pair or ()}
        if proved and len(found) < MOST_OWN and proves(trust, keys, openings, proved[0][0], proved[1][0]):
            found.append(proved)
    return found

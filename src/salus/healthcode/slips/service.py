"""Take the leaves of attested exposures in, once their case and their signers are good, and end those of a case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from salus import ledger
from salus.healthcode.measures import decision_by_tag, decision_of
from salus.healthcode.measures.considering import considered
from salus.healthcode.measures.filing import open_evidence, rows_of
from salus.healthcode.measures.model import Decided, Signed
from salus.healthcode.measures.publications import Known
from salus.healthcode.measures.sealing import EvidenceKeys, Seals
from salus.healthcode.measures.service import chart_keys
from salus.healthcode.slips import store as tables
from salus.healthcode.slips.errors import SlipRefused
from salus.healthcode.slips.leaves import organisations_of
from salus.healthcode.slips.model import HandedOver
from salus.keys import KeyService
from salus.ledger import Leaf
from salus.proof import Trust
from salus.rules import NotProved, PartyKey, Result, Rules, check_attested, end_message, rules_of, signed_by
from salus.storage import Duty, Store, Transaction

CASE_LASTS = timedelta(days=16)
"""How long after its decision a case has exposures attested of it: what came before is older than any row allows."""


def check_exposures(leaves: Sequence[Leaf], keys: Iterable[PartyKey], at: datetime) -> str:
    """Return the one case that exposures are of, once each has investigators enough behind it.

    Raises SlipRefused under the word that `rules.check_attested` has for what is wrong, or FILE for none or two cases.
    """
    known = list(keys)
    cases = {str(one.body["index"]) for one in leaves}
    if len(cases) != 1:
        raise SlipRefused("FILE", "exposures are handed over for one case at a time")
    for one in leaves:
        try:
            check_attested(one.body, known, at)
        except NotProved as fault:
            raise SlipRefused(fault.fault, fault.text) from None
    return cases.pop()


def case_of(
    store: Store, trust: Trust | None, told: Known, keys: KeyService, tag: str, at: datetime
) -> tuple[Decided, Rules]:
    """Return the decision that a case is named by, with the rules alive now that may ask for a test because of it.

    Raises SlipRefused: NO-EVIDENCE where witnesses saw no decision of that tag, or one that rests on no positive that
    stands; CORRECTED where it is none any more; TOO-OLD, RULES-NOT-LIVE, NOT-IN-TABLE.
    """
    seals = Seals.of(keys)
    with store.transaction(Duty.CARE) as tx:
        found = decision_by_tag(tx, seals, tag)
        over = bool(tables.ended(tx, [tag]))
    if found is None or not ledger.receipt(store, trust, found.pending_id):
        raise SlipRefused("NO-EVIDENCE", "witnesses have seen no decision of this case in the log")
    if over:
        raise SlipRefused("CORRECTED", "the case is none any more")
    if at - found.decided_at > CASE_LASTS:
        raise SlipRefused("TOO-OLD", "the case was decided on too long ago")
    rules = _alive(told, found, at)
    _positive(store, keys, seals, found)
    return found, rules


def _alive(told: Known, found: Decided, at: datetime) -> Rules:
    rules = told.of(found.rules)
    in_force = told.in_force(str(rules.published.document.body["disease"]), at) if rules else None
    if rules is None or in_force is None or in_force[0].published.document.digest != found.rules:
        raise SlipRefused("RULES-NOT-LIVE", "the rules of this case, or their emergency, are not alive")
    _, emergency, _ = in_force
    alive = rules_of(rules.published, emergency.published)
    if alive.table.exposure is None:
        raise SlipRefused("NOT-IN-TABLE", "the published rules make nothing of an exposure")
    return alive


def _positive(store: Store, keys: KeyService, seals: Seals, found: Decided) -> None:
    """Require that the case's result was positive, and that its laboratory did not correct it since."""
    chart = chart_keys(keys, [found.chart_key])
    with store.transaction(Duty.CARE) as tx:
        evidence = open_evidence(rows_of(tx, seals, [found.chart_key]), chart, seals)
    told = {one.name: one for one in considered(evidence, found.result)}
    base = told.get(found.result)
    if base is None or base.result is not Result.POSITIVE:
        raise SlipRefused("NO-EVIDENCE", "the decision of this case rests on no positive result")
    if any(one.replaces == found.result for one in told.values()):
        raise SlipRefused("CORRECTED", "the case's result was corrected")


def add(tx: Transaction, leaves: Sequence[Leaf]) -> HandedOver:
    """Keep exposures that were checked and hand their leaves to the log, in the caller's transaction. Duty CARE.

    The very same given again changes nothing. Raises SlipRefused (EVIDENCE-REUSE) if another has its commitment, or its
    number of the case: with it nothing of the hand-over is kept.
    """
    taken = 0
    for leaf in leaves:
        body: Mapping[str, Any] = leaf.body
        before = tables.exposures(tx, [body["commitment"]]).get(body["commitment"])
        if before is not None and before.entry == leaf.encoded:
            continue
        kept = tables.KeptLeaf(commitment=body["commitment"], entry=leaf.encoded, pending_id=ledger.append(tx, leaf).id)
        if before is not None or not tables.add(tx, body["index"], body["number"], kept):
            raise SlipRefused("EVIDENCE-REUSE", "another exposure of this case has the same number, or is the same")
        taken += 1
    return HandedOver(taken=taken, again=len(leaves) - taken)


def end(tx: Transaction, leaf: Leaf, keys: Iterable[PartyKey], at: datetime) -> HandedOver:
    """End what was attested of a case, and say so in the log, in the caller's transaction. Duty CARE.

    Raises SlipRefused (SIGNATURE) unless an investigator or a laboratory that the log has signed it.
    """
    if not organisations_of(leaf, keys):
        raise SlipRefused("SIGNATURE", "no investigator or laboratory that the log has signed this end of a case")
    first = tables.end(tx, str(leaf.body["index"]), at)
    if first:
        ledger.append(tx, leaf)
    return HandedOver(ended=True, again=int(not first))


def correct(
    tx: Transaction, keys: EvidenceKeys, result: str, signed: Signed, logged: Iterable[PartyKey], at: datetime
) -> None:
    """End what was attested of the case of a result that its laboratory corrected, in the caller's transaction.

    It ends here by itself; the log says so too where the laboratory signed that.
    """
    found = decision_of(tx, Seals.of(keys), result)
    if found is None:
        return
    tag = str(found.leaf["tag"])
    first = tables.end(tx, tag, at)
    if first and signed.ends and _of_laboratory(tag, signed.party, signed.ends, logged):
        body = {"index": tag, "party": signed.party, "signature": signed.ends}
        ledger.append(tx, Leaf(kind="exposure-end", body=body))


def _of_laboratory(tag: str, party: str, signature: str, keys: Iterable[PartyKey]) -> bool:
    """Tell whether a laboratory signed the end; a correction whose signature of it is bad is one all the same."""
    message = end_message(tag, party)
    return any(
        (one.party, one.duty) == (party, "laboratory") and signed_by(one.key, message, signature) for one in keys
    )


def ended(store: Store, tags: Sequence[str]) -> set[str]:
    """Return which of these cases are none any more."""
    with store.transaction(Duty.CARE) as tx:
        return tables.ended(tx, tags)

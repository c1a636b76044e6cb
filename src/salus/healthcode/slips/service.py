"""Take the leaves of attested exposures in, once their case and their signers are good."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from salus import ledger
from salus.healthcode.measures import decision_by_tag
from salus.healthcode.measures.considering import considered
from salus.healthcode.measures.filing import open_evidence, rows_of
from salus.healthcode.measures.model import Decided
from salus.healthcode.measures.publications import Known
from salus.healthcode.measures.sealing import Seals
from salus.healthcode.measures.service import chart_keys
from salus.healthcode.slips import store as tables
from salus.healthcode.slips.errors import SlipRefused
from salus.healthcode.slips.model import HandedOver
from salus.keys import KeyService
from salus.ledger import Leaf
from salus.proof import Trust
from salus.rules import NotProved, PartyKey, Result, Rules, check_attested, check_word, rules_of
from salus.storage import Duty, Store, Transaction

CASE_LASTS = timedelta(days=16)
"""How long after its decision a case has exposures attested of it: what came before is older than any row allows."""
_OVER = "the case is none any more"
_WORDLESS = "no case that witnesses have seen gave its word for these; ask the case, who has it under My notice"


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
    store: Store, trust: Trust | None, told: Known, keys: KeyService, leaves: Sequence[Leaf], at: datetime
) -> tuple[Decided, Rules]:
    """Return the decision of the case of leaves, with the rules alive now that may ask for a test because of it.

    Whether the case gave its word is asked first, of what the public log shows alone: who has not got it learns one
    answer, whatever the case is. Raises SlipRefused: NO-WORD where a leaf is not signed with the word of a decision
    that witnesses saw; NO-EVIDENCE where that rests on no positive that stands; CORRECTED where it is none any more;
    TOO-OLD, RULES-NOT-LIVE, NOT-IN-TABLE.
    """
    tag = str(leaves[0].body["index"])
    _word_given(store, trust, leaves, tag)
    seals = Seals.of(keys)
    with store.transaction(Duty.CARE) as tx:
        found = decision_by_tag(tx, seals, tag)
        over = bool(tables.ended(tx, [tag]))
    if found is None:
        raise SlipRefused("NO-WORD", _WORDLESS)
    if over:
        raise SlipRefused("CORRECTED", _OVER)
    if at - found.decided_at > CASE_LASTS:
        raise SlipRefused("TOO-OLD", "the case was decided on too long ago")
    rules = _alive(told, found, at)
    _positive(store, keys, seals, found)
    return found, rules


def _word_given(store: Store, trust: Trust | None, leaves: Sequence[Leaf], tag: str) -> None:
    """Require that every leaf is signed with the word of its case. No key is asked for, and nothing is opened."""
    with store.transaction(Duty.CARE) as tx:
        found = decision_by_tag(tx, Seals(emergencies={}), tag)
    if found is None or not ledger.receipt(store, trust, found.pending_id):
        raise SlipRefused("NO-WORD", _WORDLESS)
    try:
        for one in leaves:
            check_word(one.body, found.leaf)
    except NotProved:
        raise SlipRefused("NO-WORD", _WORDLESS) from None


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
    """Keep exposures of one case that were checked and hand their leaves to the log. Duty CARE, the caller's.

    The very same given again changes nothing, also where two desks give it at once: whatever changes a case waits for
    what changes it already. Raises SlipRefused: CORRECTED if the case ended since it was checked, EVIDENCE-REUSE if
    another exposure has the same commitment, or the same number of the case. With it nothing of the hand-over is kept.
    """
    tag = str(leaves[0].body["index"])
    tables.lock(tx, tag)
    if tables.ended(tx, [tag]):
        raise SlipRefused("CORRECTED", _OVER)
    before = tables.exposures(tx, [str(one.body["commitment"]) for one in leaves])
    taken = 0
    for leaf in leaves:
        body: Mapping[str, Any] = leaf.body
        same = before.get(body["commitment"])
        if same is not None and same.entry == leaf.encoded:
            continue
        kept = tables.KeptLeaf(commitment=body["commitment"], entry=leaf.encoded, pending_id=ledger.append(tx, leaf).id)
        if same is not None or not tables.add(tx, tag, body["number"], kept):
            raise SlipRefused("EVIDENCE-REUSE", "another exposure of this case has the same number, or is the same")
        before[kept.commitment] = kept
        taken += 1
    return HandedOver(taken=taken, again=len(leaves) - taken)

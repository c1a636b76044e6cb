"""End what was attested of a case: by who signed for it, by its laboratory, or with the correction of its result."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from salus import ledger
from salus.healthcode.measures import decision_by_tag, decision_of, party_of
from salus.healthcode.measures.model import Signed
from salus.healthcode.measures.sealing import EvidenceKeys, Seals
from salus.healthcode.slips import store as tables
from salus.healthcode.slips.errors import SlipRefused
from salus.healthcode.slips.leaves import organisations_of, signers_of
from salus.healthcode.slips.model import HandedOver
from salus.ledger import Leaf, parse_leaf
from salus.proof import Trust
from salus.rules import KEY_NOTICE, SKEW, PartyKey, end_message, signed_by
from salus.storage import Duty, Store, Transaction


def check_end(
    store: Store, trust: Trust | None, keys: EvidenceKeys, leaf: Leaf, logged: Iterable[PartyKey], at: datetime
) -> None:
    """Require that an end is of a case, and of somebody whose case it is: an end is for good.

    Raises SlipRefused. NO-EVIDENCE: witnesses saw no decision of that tag, and no exposure of it is kept. SIGNATURE: it
    is of no key that the log had for seven days, or of one that ended. NOT-INVOLVED: the signer's organisation signed
    no exposure of the case that is kept here, and the signer is not the laboratory of its result.
    """
    known, seals, tag = list(logged), Seals.of(keys), str(leaf.body["index"])
    with store.transaction(Duty.CARE) as tx:
        found, kept = decision_by_tag(tx, seals, tag), tables.of_case(tx, tag)
        laboratory = party_of(tx, seals, found.result) if found else None
    if not kept and (found is None or not ledger.receipt(store, trust, found.pending_id)):
        raise SlipRefused("NO-EVIDENCE", "witnesses have seen no decision of this case, and no exposure of it is here")
    mature = [one for one in signers_of(leaf, known) if one.logged_at + KEY_NOTICE <= at + SKEW]
    signers = [one for one in mature if not one.ended(at + SKEW)]
    if not signers:
        raise SlipRefused("SIGNATURE", "it is of no investigator's or laboratory's key that the log had for seven days")
    involved = {name for one in kept for name in organisations_of(parse_leaf(one.entry), known)}
    own = organisations_of(leaf, signers) & involved
    if not own and not any((one.duty, one.party) == ("laboratory", laboratory) for one in signers):
        text = "a case is ended by an organisation that signed one of its exposures, or by the laboratory of its result"
        raise SlipRefused("NOT-INVOLVED", text)


def end(tx: Transaction, leaf: Leaf, at: datetime) -> HandedOver:
    """End what was attested of a case, once that was checked, and say so in the log. Duty CARE, the caller's."""
    first = tables.end(tx, str(leaf.body["index"]), at)
    if first:
        ledger.append(tx, leaf)
    return HandedOver(ended=True, again=int(not first))


def correct(
    tx: Transaction, keys: EvidenceKeys, result: str, signed: Signed, logged: Iterable[PartyKey], at: datetime
) -> None:
    """End what was attested of the case of a result that its laboratory corrected, in the caller's transaction.

    It ends here by itself; the log says so too where the laboratory signed that, with a key that was not made for it.
    """
    found = decision_of(tx, Seals.of(keys), result)
    if found is None:
        return
    tag = str(found.leaf["tag"])
    first = tables.end(tx, tag, at)
    stood = [one for one in logged if one.logged_at <= found.decided_at or one.logged_at + KEY_NOTICE <= at + SKEW]
    stood = [one for one in stood if not one.ended(at + SKEW)]
    if first and signed.ends and _of_laboratory(tag, signed.party, signed.ends, stood):
        body = {"index": tag, "party": signed.party, "signature": signed.ends}
        ledger.append(tx, Leaf(kind="exposure-end", body=body))


def _of_laboratory(tag: str, party: str, signature: str, keys: Iterable[PartyKey]) -> bool:
    """Tell whether a laboratory signed the end; a correction whose signature of it is bad is one all the same."""
    message = end_message(tag, party)
    return any(
        (one.party, one.duty) == (party, "laboratory") and signed_by(one.key, message, signature) for one in keys
    )


def ended(store: Store, tags: Iterable[str]) -> set[str]:
    """Return which of these cases are none any more."""
    with store.transaction(Duty.CARE) as tx:
        return tables.ended(tx, [*tags])

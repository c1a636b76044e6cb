"""Write the receipts of a resident's evidence: what holds a site and a laboratory to what they signed, without us.

The leaves of specimen and result are the receipts' own proof; a leaf of its own for a receipt would show nothing more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from salus import ledger
from salus.healthcode.errors import EvidenceRefused
from salus.healthcode.measures.considering import Opened, sound
from salus.healthcode.measures.filing import DUTIES, open_evidence
from salus.healthcode.measures.model import Kept, Signed, raw
from salus.healthcode.measures.publications import LoggedKey, key_ends, logged_keys, signer_of
from salus.healthcode.measures.sealing import Seals
from salus.kernel import canonical
from salus.proof import Trust
from salus.rules import SKEW, PartyKeyEnd, Receipted, commitment_of, read_receipt, receipt_file
from salus.storage import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldReceipt:
    """A receipt as its holder keeps it: `file`, and what is read in it again with the witnesses' keys.

    `found` is None on a node whose log has no witnesses: nothing can be proved there.
    """

    commitment: str
    body: Mapping[str, Any] = field(repr=False)
    file: bytes = field(repr=False)
    found: Receipted | None

    @property
    def place(self) -> str:
        """A short name for addresses: the first twelve hexadecimal digits of the specimen's commitment."""
        return raw(self.commitment).hex()[:12]


def held_receipts(
    store: Store, trust: Trust | None, keys: Mapping[int, bytes], seals: Seals, rows: Sequence[Kept], at: datetime
) -> list[HeldReceipt]:
    """Return the receipts of a resident's specimens, each with its results, newest specimen first.

    A leaf that no quorum has seen yet stands in it without a proof. What no logged key signed is left out: it is
    nobody's word. `keys` are those of the charts.
    """
    evidence, logged = open_evidence(rows, keys, seals), logged_keys(store, trust)
    specimens = [one for one in evidence.values() if one.kept.kind == "specimen"]
    ends = key_ends(store, trust)
    found = (_receipt(store, trust, evidence, (logged, ends), one, at) for one in specimens)
    return [one for one in found if one]


def handed_over(store: Store, trust: Trust | None, signed: Signed) -> bytes:
    """Return the receipt of a step alone, as whoever takes the specimen, or reports, hands it over at once.

    It holds the signature and no proof: the log does not have the leaf yet. Raises EvidenceRefused if no logged key
    signed it.
    """
    leaf = {"party": signed.party, "commitment": commitment_of(signed.opening), "signature": signed.signature}
    key = _key(logged_keys(store, trust), signed.kind, leaf)
    if key is None:
        raise EvidenceRefused("no key that the public log has made the signature", where="signature")
    step = {"leaf": leaf, "opening": dict(signed.opening), "proof": None}
    first, then = (step, []) if signed.kind == "specimen" else (None, [step])
    return receipt_file(first, then, [key.as_json()])


def _receipt(
    store: Store,
    trust: Trust | None,
    evidence: Mapping[str, Opened],
    told: tuple[Sequence[LoggedKey], Sequence[PartyKeyEnd]],
    specimen: Opened,
    at: datetime,
) -> HeldReceipt | None:
    """Return one receipt; `told` are the keys of the log and their ends."""
    logged, ends = told
    mine = [
        one
        for one in evidence.values()
        if one.kept.kind == "result" and one.kept.specimen == specimen.kept.commitment and sound(evidence, one)
    ]
    steps = [(one, _key(logged, one.kept.kind, one.kept.leaf)) for one in (specimen, *reversed(mine))]
    signed = [(_step(store, trust, one, at), key) for one, key in steps if key]
    if steps[0][1] is None:
        return None
    (first, _), *then = signed
    keys = list({key.key: key.as_json() for _, key in signed}.values())
    file = receipt_file(first, [one for one, _ in then], keys)
    return HeldReceipt(
        commitment=specimen.kept.commitment,
        body=specimen.body,
        file=file,
        found=read_receipt(file, trust, ends) if trust else None,
    )


def _step(store: Store, trust: Trust | None, one: Opened, at: datetime) -> dict[str, Any]:
    """Return a step with its first proof, whose time is the earliest by which the log provably had it."""
    receipt = ledger.first_receipt(store, trust, one.kept.pending_id, by=at + SKEW)
    proof = str(receipt.proof) if receipt else None
    return {"leaf": one.kept.leaf, "opening": dict(one.opening), "proof": proof}


def _key(logged: Sequence[LoggedKey], kind: str, leaf: Mapping[str, Any]) -> LoggedKey | None:
    message = canonical({kind: {"party": leaf["party"], "commitment": leaf["commitment"]}})
    return signer_of(logged, leaf["party"], DUTIES[kind], message, leaf["signature"])

"""Who may attest an exposure, how many of one case, and what ends them: signatures and constants. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from salus.kernel import canonical, spelt
from salus.rules.errors import NotProved
from salus.rules.publishing.model import PartyKey
from salus.rules.publishing.signing import signed_by
from salus.rules.recomputing.model import SKEW, commitment_of

INVESTIGATOR: Final = "investigator"
MOST_OF_A_CASE: Final = 15
"""How many exposures two investigators may attest of one case; each further one takes the larger quorum."""
FURTHER_SIGNERS: Final = 4
FURTHER_ORGANISATIONS: Final = 3
KEY_NOTICE: Final = timedelta(days=7)
"""How long an investigator's key has stood in the public log before it attests anything."""
LEAF_FIELDS: Final = frozenset({"index", "number", "commitment", "signatures", "word"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Attested:
    """A leaf's attestation as it was signed, with the keys behind it."""

    index: str
    number: int
    commitment: str
    signers: tuple[PartyKey, ...]


def attestation_message(commitment: str, index: str, number: int) -> bytes:
    """Return what each investigator signs of an exposure."""
    return canonical({"exposure": {"commitment": commitment, "index": index, "number": number}})


def end_message(index: str, party: str) -> bytes:
    """Return what is signed to say that a case is none any more."""
    return canonical({"exposure-end": {"index": index, "party": party}})


def check_attested(leaf: Mapping[str, Any], keys: Iterable[PartyKey], at: datetime) -> Attested:
    """Require that investigators enough signed an exposure that stood in the log by `at`; NotProved otherwise.

    SIGNATURE: one signature is of no key that the log had as an investigator's for seven days, or of one
    that had ended. SHORT-QUORUM: fewer than
    two people of two organisations. CONTACT-CAP: a sixteenth or later of one case with fewer than four of three. One
    key, or one spelling of an organisation, counts once, whatever names it goes by. Whether its case gave its word is
    asked by `check_word`, which takes the decision.
    """
    if set(leaf) != LEAF_FIELDS or not isinstance(leaf["signatures"], Mapping) or type(leaf["number"]) is not int:
        raise NotProved("FILE", "a leaf of kind exposure has exactly its fields")
    message = attestation_message(leaf["commitment"], leaf["index"], leaf["number"])
    mature = [one for one in keys if one.duty == INVESTIGATOR and one.logged_at + KEY_NOTICE <= at + SKEW]
    stood = [one for one in mature if not one.ended(at)]
    signers = []
    for party, signature in leaf["signatures"].items():
        mine = [one for one in stood if one.party == party and signed_by(one.key, message, signature)]
        if not mine:
            raise NotProved("SIGNATURE", "a signature is of no investigator's key that the log had for seven days")
        signers.append(mine[0])
    people = len({one.key for one in signers})
    organisations = len({spelt(one.organisation) for one in signers})
    if people < 2 or organisations < 2:
        raise NotProved("SHORT-QUORUM", "an exposure takes two investigators of two organisations")
    if leaf["number"] > MOST_OF_A_CASE and (people < FURTHER_SIGNERS or organisations < FURTHER_ORGANISATIONS):
        raise NotProved("CONTACT-CAP", f"beyond {MOST_OF_A_CASE} of one case it takes four of three organisations")
    return Attested(index=leaf["index"], number=leaf["number"], commitment=leaf["commitment"], signers=tuple(signers))


def exposure_commitment(opening: Mapping[str, Any]) -> str:
    """Return the commitment to an exposure's opening."""
    return commitment_of({"exposure": dict(opening)})

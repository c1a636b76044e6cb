"""What a court orders to be shown to it: of one resident, signed by several, counted, and told to the resident."""

from salus.access.disclosing.model import (
    DISCLOSABLE,
    DISCLOSURE_ORGANISATIONS,
    DISCLOSURE_SIGNERS,
    DISCLOSURE_WITHIN,
    KEY_NOTICE,
    LONGEST_DELAY,
    Disclosure,
    DisclosureKey,
    check_signers,
)
from salus.access.disclosing.service import carry_out, hand_over, handed_over, leaf_of, unlogged, untold

__all__ = [
    "DISCLOSABLE",
    "DISCLOSURE_ORGANISATIONS",
    "DISCLOSURE_SIGNERS",
    "DISCLOSURE_WITHIN",
    "KEY_NOTICE",
    "LONGEST_DELAY",
    "Disclosure",
    "DisclosureKey",
    "carry_out",
    "check_signers",
    "hand_over",
    "handed_over",
    "leaf_of",
    "unlogged",
    "untold",
]

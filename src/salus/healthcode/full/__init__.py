"""Full certificates: a fact in a format of other systems, with name and birth date, by explicit choice."""

from salus.healthcode.full.errors import FullRefused
from salus.healthcode.full.model import FULL_LASTS, Asked, Form, HeldFull, Issuing, forms_for
from salus.healthcode.full.revoking import full_key_set, revoked_cards, revoked_hcerts, void_marks
from salus.healthcode.full.service import FULL_KEY, full_signers, held_full, living_full, take_full

__all__ = [
    "FULL_KEY",
    "FULL_LASTS",
    "Asked",
    "Form",
    "FullRefused",
    "HeldFull",
    "Issuing",
    "forms_for",
    "full_key_set",
    "full_signers",
    "held_full",
    "living_full",
    "revoked_cards",
    "revoked_hcerts",
    "take_full",
    "void_marks",
]

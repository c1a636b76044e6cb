"""Full certificates that count no more: their holder voids one, and everybody else finds the lists."""

from salus.app.revoking.lists import revoked_cards, revoked_hcerts
from salus.app.revoking.voiding import void_full_certificate

__all__ = ["revoked_cards", "revoked_hcerts", "void_full_certificate"]

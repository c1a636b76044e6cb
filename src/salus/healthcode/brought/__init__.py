"""Facts that residents bring out of certificates of other systems: as facts, with their source's hash and signer."""

from salus.healthcode.brought.errors import BroughtRefused
from salus.healthcode.brought.model import Brought, BroughtFact, brought_of
from salus.healthcode.brought.service import bring, brought, take_out

__all__ = ["Brought", "BroughtFact", "BroughtRefused", "bring", "brought", "brought_of", "take_out"]

"""The register of reads as its resident is shown it: as entries for a system of theirs, and folded for a page."""

from salus.app.register.own import OwnRegister, own_register
from salus.app.register.unfolding import systems_looked, unfolded

__all__ = ["OwnRegister", "own_register", "systems_looked", "unfolded"]

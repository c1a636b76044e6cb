"""Attested exposures: handed over by a disease control desk as leaves of the log, and read by whoever bears a slip."""

from salus.app.slips.handing_over import hand_over
from salus.app.slips.reading import MOST_SLIPS, ReadSlip, ReadSlips, case_number, case_word, read_slips

__all__ = ["MOST_SLIPS", "ReadSlip", "ReadSlips", "case_number", "case_word", "hand_over", "read_slips"]

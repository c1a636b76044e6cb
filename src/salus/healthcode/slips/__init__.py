"""Attested exposures to a logged case: their leaves alone, what ends them, and the files by which a bearer reads them.

Refuses to know whose a slip is: no table, no argument and no answer of this room names who was handed one.
"""

from salus.healthcode.slips.ending import check_end, correct, end, ended
from salus.healthcode.slips.errors import SlipRefused
from salus.healthcode.slips.files import as_evidence, slip_file
from salus.healthcode.slips.leaves import leaf_of, organisations_of
from salus.healthcode.slips.model import MOST_TOGETHER, HandedOver
from salus.healthcode.slips.service import add, case_of, check_exposures

__all__ = [
    "MOST_TOGETHER",
    "HandedOver",
    "SlipRefused",
    "add",
    "as_evidence",
    "case_of",
    "check_end",
    "check_exposures",
    "correct",
    "end",
    "ended",
    "leaf_of",
    "organisations_of",
    "slip_file",
]

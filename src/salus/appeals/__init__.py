"""What a resident can hold others to: who looked at me, with proof, and contesting what was said of me.

Deletes and edits nothing. How a contest stands is computed from the log and the clock, and stored nowhere.
"""

from salus.appeals.contests.model import (
    About,
    Answer,
    Contest,
    Contested,
    Outcome,
    Receipt,
    Standing,
    appeal_hash,
    standing,
)
from salus.appeals.contests.service import (
    answer_contest,
    contest_by_appeal,
    contest_by_receipt,
    contest_of,
    contests_of,
    independent,
    kept_leaves,
    open_contest,
    waiting_for,
)
from salus.appeals.contests.tally import Tally, tally
from salus.appeals.errors import AnsweredAlready, ContestUnknown, NothingToContest, OwnJudge
from salus.appeals.model import Look, Unfolded
from salus.appeals.service import Looks, look, look_proof, looks, own_look, systems, unfolded
from salus.rules import ANSWER_WITHIN

__all__ = [
    "ANSWER_WITHIN",
    "About",
    "Answer",
    "AnsweredAlready",
    "Contest",
    "ContestUnknown",
    "Contested",
    "Look",
    "Looks",
    "NothingToContest",
    "Outcome",
    "OwnJudge",
    "Receipt",
    "Standing",
    "Tally",
    "Unfolded",
    "answer_contest",
    "appeal_hash",
    "contest_by_appeal",
    "contest_by_receipt",
    "contest_of",
    "contests_of",
    "independent",
    "kept_leaves",
    "look",
    "look_proof",
    "looks",
    "open_contest",
    "own_look",
    "standing",
    "systems",
    "tally",
    "unfolded",
    "waiting_for",
]

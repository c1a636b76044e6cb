"""Emergencies: break the glass over one record, read it for half an hour, judge the opening, and tell of it."""

from salus.app.emergencies.breaking import Broken, Proof, break_glass, glass_off, proves_by, view_in_emergency
from salus.app.emergencies.reviewing import Judged, answer_opening, judge_opening, waiting_openings
from salus.app.emergencies.telling import Told, my_openings, publish_openings, told_of_emergency

__all__ = [
    "Broken",
    "Judged",
    "Proof",
    "Told",
    "answer_opening",
    "break_glass",
    "glass_off",
    "judge_opening",
    "my_openings",
    "proves_by",
    "publish_openings",
    "told_of_emergency",
    "view_in_emergency",
    "waiting_openings",
]

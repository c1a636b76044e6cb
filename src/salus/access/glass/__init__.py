"""Breaking the glass: one clinician reads one record for half an hour in an emergency, and somebody else judges it."""

from salus.access.glass.model import (
    GLASS_LASTS,
    MOST_A_DAY,
    MOST_A_MONTH,
    MOST_OVERDUE,
    REVIEW_WITHIN,
    Category,
    Off,
    Opening,
    Review,
    check_words,
)
from salus.access.glass.service import (
    break_glass,
    my_opening,
    opening,
    openings_of,
    publish_openings,
    review,
    seen,
    waiting,
    why_off,
)

__all__ = [
    "GLASS_LASTS",
    "MOST_A_DAY",
    "MOST_A_MONTH",
    "MOST_OVERDUE",
    "REVIEW_WITHIN",
    "Category",
    "Off",
    "Opening",
    "Review",
    "break_glass",
    "check_words",
    "my_opening",
    "opening",
    "openings_of",
    "publish_openings",
    "review",
    "seen",
    "waiting",
    "why_off",
]

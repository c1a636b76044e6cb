"""Link residents, part them again, and lift what was found: every verb appends an assertion and replays."""

from salus.identity.linking.binding import joined_by_number
from salus.identity.linking.service import (
    Changed,
    Notice,
    announce,
    assertions_of,
    differences,
    keep_apart,
    lift,
    link,
    notices,
    notify,
    part,
    together,
    withdraw,
)

__all__ = [
    "Changed",
    "Notice",
    "announce",
    "assertions_of",
    "differences",
    "joined_by_number",
    "keep_apart",
    "lift",
    "link",
    "notices",
    "notify",
    "part",
    "together",
    "withdraw",
]

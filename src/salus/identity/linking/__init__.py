"""Link residents, part them again, and lift what was found: every verb appends an assertion and replays."""

from salus.identity.linking.binding import (
    charts_beside,
    identifiers,
    joined_by_number,
    known_as,
    known_as_each,
    minted,
    minted_for,
    parted_by_people,
)
from salus.identity.linking.checking import differences
from salus.identity.linking.service import (
    Changed,
    Notice,
    announce,
    assertions_of,
    hold,
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
    "charts_beside",
    "differences",
    "hold",
    "identifiers",
    "joined_by_number",
    "keep_apart",
    "known_as",
    "known_as_each",
    "lift",
    "link",
    "minted",
    "minted_for",
    "notices",
    "notify",
    "part",
    "parted_by_people",
    "together",
    "withdraw",
]

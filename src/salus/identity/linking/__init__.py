"""Link residents, part them again, and lift what was found: every verb appends an assertion and replays."""

from salus.identity.linking.binding import (
    all_known_as,
    charts_beside,
    identifiers,
    joined_by_number,
    known_as,
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
    "all_known_as",
    "announce",
    "assertions_of",
    "charts_beside",
    "differences",
    "identifiers",
    "joined_by_number",
    "keep_apart",
    "known_as",
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

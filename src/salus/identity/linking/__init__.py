"""Link residents, part them again, and lift what was found: every verb appends an assertion and replays."""

from salus.identity.linking.binding import all_known_as, identifiers, joined_by_number, known_as, minted, minted_for
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
    "all_known_as",
    "assertions_of",
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
    "together",
    "withdraw",
]

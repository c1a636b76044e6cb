"""The resident index: a random identifier for each resident, found by keyed digests of numbers. Cannot be listed."""

from salus.identity.assertions import Assertion, Author, Evidence, Question, Verdict, pair_of, standing
from salus.identity.documents import read as read_identifier
from salus.identity.documents.model import Identifier
from salus.identity.errors import AssertionRefused, NumberRefused, NumbersDiffer, Parted
from salus.identity.linking import (
    Changed,
    Notice,
    assertions_of,
    differences,
    joined_by_number,
    keep_apart,
    lift,
    link,
    notices,
    notify,
    part,
    withdraw,
)
from salus.identity.matching import Described, Match, Matches, barred, match, unprepared
from salus.identity.model import DOCUMENT_SYSTEMS, ID_CARD_SYSTEMS, IdNumber, Resident, check_character
from salus.identity.placing import Arrival, place, revise
from salus.identity.review import REASONS, Answer, Figures, Says
from salus.identity.service import (
    anchor,
    find,
    known_as,
    last_two,
    resident,
    resident_by_key,
    residents,
    residents_of,
)

__all__ = [
    "DOCUMENT_SYSTEMS",
    "ID_CARD_SYSTEMS",
    "REASONS",
    "Answer",
    "Arrival",
    "Assertion",
    "AssertionRefused",
    "Author",
    "Changed",
    "Described",
    "Evidence",
    "Figures",
    "IdNumber",
    "Identifier",
    "Match",
    "Matches",
    "Notice",
    "NumberRefused",
    "NumbersDiffer",
    "Parted",
    "Question",
    "Resident",
    "Says",
    "Verdict",
    "anchor",
    "assertions_of",
    "barred",
    "check_character",
    "differences",
    "find",
    "joined_by_number",
    "keep_apart",
    "known_as",
    "last_two",
    "lift",
    "link",
    "match",
    "notices",
    "notify",
    "pair_of",
    "part",
    "place",
    "read_identifier",
    "resident",
    "resident_by_key",
    "residents",
    "residents_of",
    "revise",
    "standing",
    "unprepared",
    "withdraw",
]

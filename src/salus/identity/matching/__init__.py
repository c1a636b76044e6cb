"""Who may be meant: charts prepared and sealed, found by keyed digests, weighed by the model that the batch uses."""

from salus.identity.matching.barring import barred
from salus.identity.matching.model import Described, Known, Match, Matches, Person
from salus.identity.matching.service import (
    Custodian,
    digests,
    kept,
    match,
    match_each,
    near,
    prepared,
    remember,
    unprepared,
)
from salus.identity.matching.weighing import judge_of

__all__ = [
    "Custodian",
    "Described",
    "Known",
    "Match",
    "Matches",
    "Person",
    "barred",
    "digests",
    "judge_of",
    "kept",
    "match",
    "match_each",
    "near",
    "prepared",
    "remember",
    "unprepared",
]

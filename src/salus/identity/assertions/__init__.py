"""Whether charts are one person's: what was asserted, by whom, on what evidence; who is who is a replay of it. Pure."""

from salus.identity.assertions.model import Assertion, Author, Evidence, Question, State, Verdict, pair_of
from salus.identity.assertions.replay import reached, replay, standing

__all__ = [
    "Assertion",
    "Author",
    "Evidence",
    "Question",
    "State",
    "Verdict",
    "pair_of",
    "reached",
    "replay",
    "standing",
]

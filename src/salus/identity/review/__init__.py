"""Pairs that no rule may link, and what people judge of them."""

from salus.identity.review.model import REASONS, REPORTED, Answer, Figures, Says, Together, Waiting
from salus.identity.review.service import answer, answered_by, ask, ask_again, figures, question, queue, waiting

__all__ = [
    "REASONS",
    "REPORTED",
    "Answer",
    "Figures",
    "Says",
    "Together",
    "Waiting",
    "answer",
    "answered_by",
    "ask",
    "ask_again",
    "figures",
    "question",
    "queue",
    "waiting",
]

"""Pairs that no rule may link, and what people judge of them."""

from salus.identity.review.model import REASONS, Answer, Figures, Says
from salus.identity.review.service import answer, ask, figures, question, waiting

__all__ = ["REASONS", "Answer", "Figures", "Says", "answer", "ask", "figures", "question", "waiting"]

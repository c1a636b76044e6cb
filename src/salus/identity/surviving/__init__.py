"""Which of several values stands for a resident (a golden record): computed when it is read, and never kept."""

from salus.identity.surviving.model import RULES, Reason, Statement, Survivor, survivors

__all__ = ["RULES", "Reason", "Statement", "Survivor", "survivors"]

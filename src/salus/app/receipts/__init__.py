"""Receipts of evidence: one for the resident of each specimen with its results, and one to hand over at each step."""

from salus.app.receipts.holding import handed_over, my_receipt, on_paper

__all__ = ["handed_over", "my_receipt", "on_paper"]

"""Conditions as SQL: what is asked, over the rows by which resources are found."""

from salus.records.search.conditions.store import Writing, matches, ordered

__all__ = ["Writing", "matches", "ordered"]

"""Conditions as SQL: what is asked, over the rows by which resources are found."""

from salus.records.search.conditions.store import Writing, matches, named, ordered

__all__ = ["Writing", "matches", "named", "ordered"]

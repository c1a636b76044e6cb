"""Judging what a log says: publications, decisions, appeals, counts."""

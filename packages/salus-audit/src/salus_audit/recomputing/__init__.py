"""Deciding again: the rules' language a second time, and measures' files."""

"""Refusals kept at a pace: the first of a caller and kind in an hour whole, those after them as counts."""

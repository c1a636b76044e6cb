"""Recompute a measure from the file that its holder keeps, offline, against keys that the reader trusts."""

"""Turning waiting leaves into log: what a batch adds, and the one that adds it."""

"""The end of a party's key: handed to the log, and what is left of those who witness it."""

from salus.app.key_ends.handing_over import Left, end_key, witnesses_left

__all__ = ["Left", "end_key", "witnesses_left"]

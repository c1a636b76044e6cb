"""What a door fetches that has a trust file already: the rest of the newest one, and what became void on a day.

Both are the same for everybody who asks; an address names a day, and nothing of the door. What is told of a day is of
every issuer whose lists stand in the node's trust file, one behind the other; those are the node's own alone.
"""

from salus.app.doors.freshening import trust_rest, void_change

__all__ = ["trust_rest", "void_change"]

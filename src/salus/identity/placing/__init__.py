"""Say whose charts are, when they come and when what they say changes."""

from salus.identity.placing.service import Arrival, number_digest, place, revise

__all__ = ["Arrival", "number_digest", "place", "revise"]

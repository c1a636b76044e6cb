"""Say whose a new chart is from what is known of its numbers and names. Pure."""

from salus.identity.placing.model import Known, Placing, borrowed

__all__ = ["Known", "Placing", "borrowed"]

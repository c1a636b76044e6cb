"""The composition root: which rooms there are, and the journeys that cross them. Holds no rule."""

from salus.app.schemas import SCHEMAS

__all__ = ["SCHEMAS"]

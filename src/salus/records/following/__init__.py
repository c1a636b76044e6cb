"""Follow-up: plans as data, what a record tells of them, and what is due. Nothing follows from it for anybody."""

from salus.records.following.errors import PlansRefused
from salus.records.following.judging import born_on, follow
from salus.records.following.model import Followed, How, Item, Mark, Plan, Step
from salus.records.following.plans import read_plans, shipped_plans
from salus.records.following.service import forget, marks, note

__all__ = [
    "Followed",
    "How",
    "Item",
    "Mark",
    "Plan",
    "PlansRefused",
    "Step",
    "born_on",
    "follow",
    "forget",
    "marks",
    "note",
    "read_plans",
    "shipped_plans",
]

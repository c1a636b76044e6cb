"""Who, what, why: the policy, care relations, and the register of reads. Facts come as arguments; it fetches none."""

from salus.access.errors import PolicyBroken, ReadInvalid, RegisterBroken
from salus.access.policy.engine import Policy, load_policy, permit
from salus.access.policy.model import Action, Decision, Kind, Request

__all__ = [
    "Action",
    "Decision",
    "Kind",
    "Policy",
    "PolicyBroken",
    "ReadInvalid",
    "RegisterBroken",
    "Request",
    "load_policy",
    "permit",
]

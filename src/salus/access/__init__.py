"""Who, what, why: the policy, care relations, and the register of reads. Facts come as arguments; it fetches none."""

from salus.access.consent.model import EVERY_CLASS, EVERYTHING, About, Directive, Says, Sensitive, Sight, whole
from salus.access.consent.service import closed_classes, direct, directives, sight, withdraw
from salus.access.errors import DirectiveInvalid, PolicyBroken, ReadInvalid
from salus.access.model import MEASURE_ATTEMPTS, RELATION_LASTS, Fault, Finding, Read, Refusal, RegisteredRead
from salus.access.policy.engine import Policy, load_policy, permit
from salus.access.policy.model import Action, Decision, Kind, Request
from salus.access.service import (
    PARTED,
    attempts,
    open_relation,
    publish_attempts,
    reads_of,
    record_refusal,
    register,
    relation_by_other,
    relation_ends,
    relations,
    relations_at,
    tell_of_earlier,
    unwraps,
)
from salus.access.tree.anchor import ReadProof, anchor, proof_of, proved
from salus.access.tree.audit import verify_register
from salus.access.tree.growth import chain

__all__ = [
    "EVERYTHING",
    "EVERY_CLASS",
    "MEASURE_ATTEMPTS",
    "PARTED",
    "RELATION_LASTS",
    "About",
    "Action",
    "Decision",
    "Directive",
    "DirectiveInvalid",
    "Fault",
    "Finding",
    "Kind",
    "Policy",
    "PolicyBroken",
    "Read",
    "ReadInvalid",
    "ReadProof",
    "Refusal",
    "RegisteredRead",
    "Request",
    "Says",
    "Sensitive",
    "Sight",
    "anchor",
    "attempts",
    "chain",
    "closed_classes",
    "direct",
    "directives",
    "load_policy",
    "open_relation",
    "permit",
    "proof_of",
    "proved",
    "publish_attempts",
    "reads_of",
    "record_refusal",
    "register",
    "relation_by_other",
    "relation_ends",
    "relations",
    "relations_at",
    "sight",
    "tell_of_earlier",
    "unwraps",
    "verify_register",
    "whole",
    "withdraw",
]

"""The public log: append-only, signed, and checkable by anybody from its files. It holds no personal data."""

from salus.ledger.errors import AnotherNode, LeafRefused, LogUnsafe, NoLog, NotBegun, NotInLog, NotPublished
from salus.ledger.files.verifying import Finding, Report, verify_directory
from salus.ledger.model import BATCH_EVERY, KINDS, Leaf, Pending, anchor_leaf, node_leaf, parse_leaf
from salus.ledger.sequencing.sequencer import Sequencer
from salus.ledger.service import (
    append,
    begin,
    checkpoints,
    consistency_for,
    index_of,
    latest,
    latest_at,
    latest_in,
    proof_for,
)
from salus.proof import Checkpoint, Signer

__all__ = [
    "BATCH_EVERY",
    "KINDS",
    "AnotherNode",
    "Checkpoint",
    "Finding",
    "Leaf",
    "LeafRefused",
    "LogUnsafe",
    "NoLog",
    "NotBegun",
    "NotInLog",
    "NotPublished",
    "Pending",
    "Report",
    "Sequencer",
    "Signer",
    "anchor_leaf",
    "append",
    "begin",
    "checkpoints",
    "consistency_for",
    "index_of",
    "latest",
    "latest_at",
    "latest_in",
    "node_leaf",
    "parse_leaf",
    "proof_for",
    "verify_directory",
]

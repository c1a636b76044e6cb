"""Tamper evidence without trust: Merkle trees, signed checkpoints, tiles. Pure; opens no store and no socket.

The names below are what most callers need; file names and encodings are in `tiles`, notes as such in `note`.
"""

from salus.proof import note, tiles
from salus.proof.errors import ProofError
from salus.proof.note import Checkpoint, Note, Signer, VerifierKey, open_checkpoint, sign_checkpoint
from salus.proof.tree import (
    Frontier,
    Reader,
    frontier_at,
    leaf_hash,
    node_hash,
    prove_consistency,
    prove_inclusion,
    root,
    verify_consistency,
    verify_inclusion,
)

__all__ = [
    "Checkpoint",
    "Frontier",
    "Note",
    "ProofError",
    "Reader",
    "Signer",
    "VerifierKey",
    "frontier_at",
    "leaf_hash",
    "node_hash",
    "note",
    "open_checkpoint",
    "prove_consistency",
    "prove_inclusion",
    "root",
    "sign_checkpoint",
    "tiles",
    "verify_consistency",
    "verify_inclusion",
]

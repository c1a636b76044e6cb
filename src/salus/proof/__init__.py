"""Tamper evidence without trust: Merkle trees, signed and cosigned checkpoints, tiles. Pure; opens no store, no socket.

The names below are what most callers need; file names and encodings are in `tiles`, notes as such in `note`.
"""

from salus.proof import note, tiles
from salus.proof.compact import is_packed, pack, unpack
from salus.proof.cosignature import WitnessKey, cosign
from salus.proof.equivocation import Equivocation, contradiction
from salus.proof.errors import NoQuorum, ProofError
from salus.proof.logged import PROOF_HEADER, LeafProof
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
from salus.proof.trust import Cosigned, Policy, Trust, majority

__all__ = [
    "PROOF_HEADER",
    "Checkpoint",
    "Cosigned",
    "Equivocation",
    "Frontier",
    "LeafProof",
    "NoQuorum",
    "Note",
    "Policy",
    "ProofError",
    "Reader",
    "Signer",
    "Trust",
    "VerifierKey",
    "WitnessKey",
    "contradiction",
    "cosign",
    "frontier_at",
    "is_packed",
    "leaf_hash",
    "majority",
    "node_hash",
    "note",
    "open_checkpoint",
    "pack",
    "prove_consistency",
    "prove_inclusion",
    "root",
    "sign_checkpoint",
    "tiles",
    "unpack",
    "verify_consistency",
    "verify_inclusion",
]

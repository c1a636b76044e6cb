"""A witness: cosigns heads of logs that only ever grew, and nothing else (C2SP tlog-witness).

It stands apart from every node, knows no other room than `proof`, and is run by somebody else. What it signed last is
on its disk before the signature leaves, so that no crash can make it sign a fork.
"""

from salus.witness.errors import WitnessRefusal
from salus.witness.model import Settings
from salus.witness.service import Witness
from salus.witness.serving import run

__all__ = ["Settings", "Witness", "WitnessRefusal", "run"]

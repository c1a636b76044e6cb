"""An auditor of Salus logs that shares no code with Salus: two mistakes would have to be the same to go unseen."""

from salus_audit.auditing import Asked, Audit, audit
from salus_audit.finding import Finding
from salus_audit.places import Place
from salus_audit.recomputing.deciding import Answer, Exposure, Result, Rules, Table, decide
from salus_audit.recomputing.due import due
from salus_audit.recomputing.files import Recomputed, recompute
from salus_audit.recomputing.linting import faults_of
from salus_audit.recomputing.proofs import Prover
from salus_audit.signing import NamedKey

__all__ = [
    "Answer",
    "Asked",
    "Audit",
    "Exposure",
    "Finding",
    "NamedKey",
    "Place",
    "Prover",
    "Recomputed",
    "Result",
    "Rules",
    "Table",
    "audit",
    "decide",
    "due",
    "faults_of",
    "recompute",
]

"""Evidence, decisions and notices of this node. Nothing here can be set: what is shown is recomputed from evidence."""

from salus.healthcode.measures.ending_keys import check_not_ended, end_key
from salus.healthcode.measures.filing import open_evidence, rows_of
from salus.healthcode.measures.model import HeldNotice, Kept, Progress, Signed, raw
from salus.healthcode.measures.publications import (
    Known,
    LoggedPublication,
    admissions,
    ends_so_far,
    key_ends,
    keys_so_far,
    known,
)
from salus.healthcode.measures.receipting import HeldReceipt, handed_over, held_receipts
from salus.healthcode.measures.sealing import Seals
from salus.healthcode.measures.service import (
    chart_keys,
    check_evidence,
    notices,
    progress,
    publish,
    receipts,
    specimen_chart,
    take_result,
    take_specimen,
)
from salus.healthcode.measures.store import decision_by_tag, decision_of, party_of, under_charts_alone
from salus.healthcode.measures.verifying import RowFinding, verify_rows
from salus.healthcode.measures.vetoing import veto

__all__ = [
    "HeldNotice",
    "HeldReceipt",
    "Kept",
    "Known",
    "LoggedPublication",
    "Progress",
    "RowFinding",
    "Seals",
    "Signed",
    "admissions",
    "chart_keys",
    "check_evidence",
    "check_not_ended",
    "decision_by_tag",
    "decision_of",
    "end_key",
    "ends_so_far",
    "handed_over",
    "held_receipts",
    "key_ends",
    "keys_so_far",
    "known",
    "notices",
    "open_evidence",
    "party_of",
    "progress",
    "publish",
    "raw",
    "receipts",
    "rows_of",
    "specimen_chart",
    "take_result",
    "take_specimen",
    "under_charts_alone",
    "verify_rows",
    "veto",
]

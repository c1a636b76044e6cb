"""Places of care that were registered before admissions came stay open for 30 days after the upgrade, once.

No place that came later is among them, and nothing of a node renews or moves what was noted at its first start.
"""

from salus.app.grace.refusing import NotAdmitted, not_admitted
from salus.app.grace.standing import CLOSES as GRACE_CLOSES
from salus.app.grace.standing import FILE as GRACE_FILE
from salus.app.grace.standing import GRACE_LASTS, SINCE, Forward, Grace, grace_leaf, note_grace, standing

__all__ = [
    "GRACE_CLOSES",
    "GRACE_FILE",
    "GRACE_LASTS",
    "SINCE",
    "Forward",
    "Grace",
    "NotAdmitted",
    "grace_leaf",
    "not_admitted",
    "note_grace",
    "standing",
]

"""The health code: the identity code for care, and measures that are decided from evidence and can be set by nobody.

Refuses to hold or show a status: there is no column, function or field for one. `measures` has words of its own.
"""

from salus.healthcode import measures, slips
from salus.healthcode.errors import CodeUnknown, EvidenceRefused, Unsettable
from salus.healthcode.picture import qr_svg
from salus.healthcode.service import SIGNING_KEY, code_of, issued_at, issuer_keys, replace, resolve

__all__ = [
    "SIGNING_KEY",
    "CodeUnknown",
    "EvidenceRefused",
    "Unsettable",
    "code_of",
    "issued_at",
    "issuer_keys",
    "measures",
    "qr_svg",
    "replace",
    "resolve",
    "slips",
]

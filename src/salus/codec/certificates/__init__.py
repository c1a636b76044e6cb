"""`SL1:`, second form: a certificate says one fact about health, for a door that a public declaration names."""

from salus.codec.certificates.accepting import answers_of
from salus.codec.certificates.bound import (
    Bound,
    decode_bound,
    decode_kept,
    encode_bound,
    encode_shown,
    text_of_bound,
)
from salus.codec.certificates.changes import TYPE as CHANGE_TYPE
from salus.codec.certificates.changes import StatusChange, read_change, void_bits, write_change
from salus.codec.certificates.freshening import changes_from, changes_of_day, freshened, without_lists
from salus.codec.certificates.logged import Logged, batch_digest, fitting
from salus.codec.certificates.model import (
    LIST_SIZE,
    LONGEST,
    Certificate,
    CertificateKind,
    Disease,
    Hint,
    day_number,
    hour_number,
    instant,
    seconds,
)
from salus.codec.certificates.status import StatusList, read_status_list, subject_of, write_status_list
from salus.codec.certificates.text import SHORT_OCTETS, Presented, decode_certificate, encode_certificate, short_digest
from salus.codec.certificates.trust import TRUST_LASTS, Issuer, TrustFile, read_trust, refuse_older, write_trust
from salus.codec.certificates.verdict import Outcome, Reason, Verdict, permitted, verify
from salus.codec.certificates.voided import MARK_OCTETS, VoidMarks, mark_of, write_void_marks

__all__ = [
    "CHANGE_TYPE",
    "LIST_SIZE",
    "LONGEST",
    "MARK_OCTETS",
    "SHORT_OCTETS",
    "TRUST_LASTS",
    "Bound",
    "Certificate",
    "CertificateKind",
    "Disease",
    "Hint",
    "Issuer",
    "Logged",
    "Outcome",
    "Presented",
    "Reason",
    "StatusChange",
    "StatusList",
    "TrustFile",
    "Verdict",
    "VoidMarks",
    "answers_of",
    "batch_digest",
    "changes_from",
    "changes_of_day",
    "day_number",
    "decode_bound",
    "decode_certificate",
    "decode_kept",
    "encode_bound",
    "encode_certificate",
    "encode_shown",
    "fitting",
    "freshened",
    "hour_number",
    "instant",
    "mark_of",
    "permitted",
    "read_change",
    "read_status_list",
    "read_trust",
    "refuse_older",
    "seconds",
    "short_digest",
    "subject_of",
    "text_of_bound",
    "verify",
    "void_bits",
    "without_lists",
    "write_change",
    "write_status_list",
    "write_trust",
    "write_void_marks",
]

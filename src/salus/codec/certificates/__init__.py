"""`SL1:`, second form: a certificate says one fact about health, for a door that a public declaration names."""

from salus.codec.certificates.accepting import answers_of
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

__all__ = [
    "LIST_SIZE",
    "LONGEST",
    "SHORT_OCTETS",
    "TRUST_LASTS",
    "Certificate",
    "CertificateKind",
    "Disease",
    "Hint",
    "Issuer",
    "Logged",
    "Outcome",
    "Presented",
    "Reason",
    "StatusList",
    "TrustFile",
    "Verdict",
    "answers_of",
    "batch_digest",
    "day_number",
    "decode_certificate",
    "encode_certificate",
    "fitting",
    "hour_number",
    "instant",
    "permitted",
    "read_status_list",
    "read_trust",
    "refuse_older",
    "seconds",
    "short_digest",
    "subject_of",
    "verify",
    "write_status_list",
    "write_trust",
]

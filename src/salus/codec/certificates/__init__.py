"""`SL1:`, second form: a certificate says one fact about health, for a door that a public declaration names."""

from salus.codec.certificates.model import (
    LONGEST,
    Certificate,
    CertificateKind,
    Disease,
    Hint,
)
from salus.codec.certificates.status import StatusList, read_status_list, write_status_list
from salus.codec.certificates.text import Presented, decode_certificate, encode_certificate

__all__ = [
    "LONGEST",
    "Certificate",
    "CertificateKind",
    "Disease",
    "Hint",
    "Presented",
    "StatusList",
    "decode_certificate",
    "encode_certificate",
    "read_status_list",
    "write_status_list",
]

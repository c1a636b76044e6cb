"""Certificates that residents take of their own records: issued, listed, voided. None is made unasked."""

from salus.healthcode.certificates.errors import CertificateRefused
from salus.healthcode.certificates.issuing import (
    CERTIFICATE_KEY,
    IssuingKey,
    LoggedBatch,
    issuer_leaf,
    issuer_party,
    issuing_keys,
    listing_key,
    log_certificates,
    logged_batches,
    new_issuing_key,
    signing_key,
)
from salus.healthcode.certificates.model import Fact, Held, hint_of
from salus.healthcode.certificates.service import (
    ONCE_A_DAY,
    ONCE_LASTS,
    every_once,
    held,
    once,
    status_lists,
    take,
    take_once,
    void_count,
)
from salus.healthcode.certificates.voiding import (
    VoidFinding,
    log_earlier,
    tell_voids,
    verify_voids,
    void,
    void_corrected,
    void_parted,
)
from salus.healthcode.certificates.voids import VoidReason

__all__ = [
    "CERTIFICATE_KEY",
    "ONCE_A_DAY",
    "ONCE_LASTS",
    "CertificateRefused",
    "Fact",
    "Held",
    "IssuingKey",
    "LoggedBatch",
    "VoidFinding",
    "VoidReason",
    "every_once",
    "held",
    "hint_of",
    "issuer_leaf",
    "issuer_party",
    "issuing_keys",
    "listing_key",
    "log_certificates",
    "log_earlier",
    "logged_batches",
    "new_issuing_key",
    "once",
    "signing_key",
    "status_lists",
    "take",
    "take_once",
    "tell_voids",
    "verify_voids",
    "void",
    "void_corrected",
    "void_count",
    "void_parted",
]

"""Certificates that residents take of their own records: issued, listed, voided. None is made unasked."""

from salus.healthcode.certificates.errors import CertificateRefused
from salus.healthcode.certificates.model import Fact, Held, hint_of
from salus.healthcode.certificates.service import (
    CERTIFICATE_KEY,
    ONCE_A_DAY,
    ONCE_LASTS,
    every_once,
    held,
    issuer_leaf,
    issuer_party,
    issuer_spki,
    once,
    status_lists,
    take,
    take_once,
    void,
    void_corrected,
    void_count,
    void_parted,
)

__all__ = [
    "CERTIFICATE_KEY",
    "ONCE_A_DAY",
    "ONCE_LASTS",
    "CertificateRefused",
    "Fact",
    "Held",
    "every_once",
    "held",
    "hint_of",
    "issuer_leaf",
    "issuer_party",
    "issuer_spki",
    "once",
    "status_lists",
    "take",
    "take_once",
    "void",
    "void_corrected",
    "void_count",
    "void_parted",
]

"""Client certificates of systems (RFC 8705, section 2.2): a certificate counts by its key, which is registered."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from salus.parties.model import System
from salus.parties.tokens.jwks import load


def proves(certificate: bytes, system: System) -> bool:
    """Tell whether a certificate (DER), whose owner just proved to hold its key, has a key registered for a system.

    Names in it mean nothing, and neither does who signed it. A disabled system is proved by nothing.
    """
    keys = system.jwks.get("keys")
    if system.disabled or not isinstance(keys, list):
        return False
    try:
        shown = x509.load_der_x509_certificate(certificate).public_key().public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        )  # fmt: skip
    except ValueError:
        return False
    return any(
        load(key).public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) == shown for key in keys
    )

"""Codes of other issuers, read and verified offline: `HC1:` (EU DCC, WHO GDHCN) and `shc:/` (SMART Health Cards).

They come in as facts with their signer and the hash of their source. A colour, a verdict or a measure of another system
has no field here and is never copied. What a door is shown of them, `salus.codec.recognising` says. They are written
here, too, for residents who ask.
"""

from salus.codec.foreign.hcert import PREFIX as HC1_PREFIX
from salus.codec.foreign.hcert import Hcert, decode_hcert, read_hcert
from salus.codec.foreign.jwks import jwk_of, keys_of_jwks
from salus.codec.foreign.keys import DocumentSigner, public_key, signer_of_certificate, signers_of_pem
from salus.codec.foreign.model import Event, EventKind, Holder
from salus.codec.foreign.revoking import Revoked
from salus.codec.foreign.smart import HealthCard, decode_shc, read_jws, spelled
from salus.codec.foreign.statement import Origin, Statement, Subject, card_of, dcc_of
from salus.codec.foreign.values import disease_of
from salus.codec.foreign.verifying import Trusted, verify_hcert, verify_shc
from salus.codec.foreign.writing import Life, write_hcert, write_shc

__all__ = [
    "HC1_PREFIX",
    "DocumentSigner",
    "Event",
    "EventKind",
    "Hcert",
    "HealthCard",
    "Holder",
    "Life",
    "Origin",
    "Revoked",
    "Statement",
    "Subject",
    "Trusted",
    "card_of",
    "dcc_of",
    "decode_hcert",
    "decode_shc",
    "disease_of",
    "jwk_of",
    "keys_of_jwks",
    "public_key",
    "read_hcert",
    "read_jws",
    "signer_of_certificate",
    "signers_of_pem",
    "spelled",
    "verify_hcert",
    "verify_shc",
    "write_hcert",
    "write_shc",
]

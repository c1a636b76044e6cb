"""Code formats and their verification. Pure: no socket, no store, no clock; works without the rest of Salus.

The first form of `SL1:` holds one random identifier, signed by its node, and nothing else. The second, in
`certificates`, says one fact about health to a door that may ask for it.
"""

from salus.codec.cose import Algorithm, PublicKey, Signer, key_digest, key_id, signer
from salus.codec.errors import CodecError, Fault
from salus.codec.sl1 import decode_sl1, encode_sl1, trimmed

__all__ = [
    "Algorithm",
    "CodecError",
    "Fault",
    "PublicKey",
    "Signer",
    "decode_sl1",
    "encode_sl1",
    "key_digest",
    "key_id",
    "signer",
    "trimmed",
]

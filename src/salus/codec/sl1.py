"""`SL1:`, first form: one random 16-octet identifier, signed by the node that issued it, and nothing else.

The payload of its envelope is a CWT (RFC 8392) whose only claim is `cti`. There is no other field and no room for one:
103 octets at fixed places, 159 characters.
"""

from __future__ import annotations

from collections.abc import Mapping

from salus.codec.cose import Algorithm, PublicKey, Signer
from salus.codec.envelope import MOST_CHARACTERS, seal, unseal
from salus.codec.errors import CodecError, Fault

IDENTIFIER_OCTETS = 16

_WHITE_SPACE = " \t\r\n"
_UPPER = {ord(letter): letter.upper() for letter in "abcdefghijklmnopqrstuvwxyz"}

# deterministic CBOR: {7: identifier of 16}
_CTI = bytes.fromhex("a10750")
_LENGTHS = range(len(_CTI) + IDENTIFIER_OCTETS, len(_CTI) + IDENTIFIER_OCTETS + 1)


def encode_sl1(identifier: bytes, issuer_kid: bytes, sign: Signer, algorithm: Algorithm = Algorithm.ES256) -> str:
    """Write the code of an identifier of 16 random octets; `sign` is called once.

    `issuer_kid` is the `key_id` of the public key, `sign` the `signer` of the private one. Raises CodecError if a
    length is wrong or an ES256 signature is not in its low-s form.
    """
    if len(identifier) != IDENTIFIER_OCTETS:
        raise CodecError(f"an identifier has {IDENTIFIER_OCTETS} octets", Fault.STRUCTURE)
    return seal(_CTI + identifier, issuer_kid, sign, algorithm)


def decode_sl1(text: str, keys: Mapping[bytes, PublicKey]) -> bytes:
    """Return the identifier of a code that one of `keys`, by their `key_id`, has signed.

    For each identifier, kid, algorithm and signature exactly one text is accepted; nothing is trimmed or folded here.
    Every other text is a CodecError, and no other exception is raised.
    """
    envelope = unseal(text, _LENGTHS, "an identity code")
    if not envelope.payload.startswith(_CTI):
        raise CodecError("this is not the one form that an identity code has", Fault.CANONICAL)
    key = keys.get(envelope.kid)
    if key is None:
        raise CodecError("no known key has signed this code", Fault.KEY)
    envelope.verify(key)
    return envelope.payload[len(_CTI) :]


def trimmed(text: str) -> str:
    """Take white space off both ends of a scanned or typed text, and write its ASCII letters in upper case.

    A code never begins or ends with a space, so nothing of it is lost; a space inside belongs to it and stays.
    """
    return text.strip(_WHITE_SPACE).translate(_UPPER) if len(text) <= 4 * MOST_CHARACTERS else text

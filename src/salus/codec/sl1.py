"""`SL1:`, first form: one random 16-octet identifier, signed by the node that issued it, and nothing else.

The message is a COSE_Sign1 with alg and kid in its protected header; its payload is a CWT (RFC 8392) whose only claim
is `cti`. There is no other field and no room for one: 103 octets at fixed places, 159 characters.
"""

from __future__ import annotations

from collections.abc import Mapping

from salus.codec import base45
from salus.codec.cose import (
    KID_OCTETS,
    SIGNATURE_OCTETS,
    Algorithm,
    PublicKey,
    Signer,
    algorithm_of,
    has_low_s,
    to_be_signed,
    verify,
)
from salus.codec.errors import CodecError, Fault

PREFIX = "SL1:"
MOST_CHARACTERS = 512
IDENTIFIER_OCTETS = 16

_WHITE_SPACE = " \t\r\n"
_UPPER = {ord(letter): letter.upper() for letter in "abcdefghijklmnopqrstuvwxyz"}

# Deterministic CBOR (RFC 8949, section 4.2.1): tag 18, array of 4, byte string of 13 holding {1: alg, 4: kid of 8} ...
_HEAD = bytes.fromhex("d2844d")
_ALGORITHM = bytes.fromhex("a201")
_KID = bytes.fromhex("0448")
# ... no unprotected header, byte string of 19 holding {7: identifier of 16}, byte string of 64.
_PAYLOAD = bytes.fromhex("a053")
_CTI = bytes.fromhex("a10750")
_SIGNATURE = bytes.fromhex("5840")
_ALGORITHM_OCTETS = {Algorithm.ES256: b"\x26", Algorithm.EDDSA: b"\x27"}
_OCTETS = 103


def encode_sl1(identifier: bytes, issuer_kid: bytes, sign: Signer, algorithm: Algorithm = Algorithm.ES256) -> str:
    """Write the code of an identifier of 16 random octets; `sign` is called once.

    `issuer_kid` is the `key_id` of the public key, `sign` the `signer` of the private one. Raises CodecError if a
    length is wrong or an ES256 signature is not in its low-s form.
    """
    protected = _protected(issuer_kid, algorithm)
    signature = sign(to_be_signed(protected, _payload(identifier)))
    _require_signature(signature, algorithm)
    return PREFIX + base45.encode(_message(protected, identifier, signature))


def decode_sl1(text: str, keys: Mapping[bytes, PublicKey]) -> bytes:
    """Return the identifier of a code that one of `keys`, by their `key_id`, has signed.

    For each identifier, kid, algorithm and signature exactly one text is accepted; nothing is trimmed or folded here.
    Every other text is a CodecError, and no other exception is raised.
    """
    message = _message_of(text)
    algorithm = next((known for known, octet in _ALGORITHM_OCTETS.items() if octet == message[5:6]), None)
    if algorithm is None:
        raise CodecError("the signature algorithm is not accepted", Fault.ALGORITHM)
    kid, identifier, signature = message[8:16], message[21:37], message[39:]
    protected = _protected(kid, algorithm)
    if _message(protected, identifier, signature) != message:
        raise CodecError("this is not the one form that an identity code has", Fault.CANONICAL)
    _require_signature(signature, algorithm)
    key = keys.get(kid)
    if key is None:
        raise CodecError("no known key has signed this code", Fault.KEY)
    if algorithm_of(key) is not algorithm:
        raise CodecError("the signature algorithm is not the one of this key", Fault.ALGORITHM)
    verify(key, signature, to_be_signed(protected, _payload(identifier)))
    return identifier


def trimmed(text: str) -> str:
    """Take white space off both ends of a scanned or typed text, and write its ASCII letters in upper case.

    A code never begins or ends with a space, so nothing of it is lost; a space inside belongs to it and stays.
    """
    return text.strip(_WHITE_SPACE).translate(_UPPER) if len(text) <= 4 * MOST_CHARACTERS else text


def _message_of(text: object) -> bytes:
    if not isinstance(text, str) or len(text) > MOST_CHARACTERS:
        raise CodecError(f"a code is text of at most {MOST_CHARACTERS} characters", Fault.LENGTH)
    if not text.startswith(PREFIX):
        raise CodecError(f"an identity code begins with {PREFIX}", Fault.PREFIX)
    message = base45.decode(text[len(PREFIX) :])
    if len(message) != _OCTETS:
        raise CodecError("an identity code has one length only, and is not compressed", Fault.LENGTH)
    return message


def _protected(kid: bytes, algorithm: Algorithm) -> bytes:
    if len(kid) != KID_OCTETS:
        raise CodecError(f"a key id has {KID_OCTETS} octets", Fault.STRUCTURE)
    return _ALGORITHM + _ALGORITHM_OCTETS[algorithm] + _KID + kid


def _payload(identifier: bytes) -> bytes:
    if len(identifier) != IDENTIFIER_OCTETS:
        raise CodecError(f"an identifier has {IDENTIFIER_OCTETS} octets", Fault.STRUCTURE)
    return _CTI + identifier


def _message(protected: bytes, identifier: bytes, signature: bytes) -> bytes:
    return _HEAD + protected + _PAYLOAD + _payload(identifier) + _SIGNATURE + signature


def _require_signature(signature: bytes, algorithm: Algorithm) -> None:
    if len(signature) != SIGNATURE_OCTETS:
        raise CodecError(f"a signature has {SIGNATURE_OCTETS} octets", Fault.SIGNATURE)
    if algorithm is Algorithm.ES256 and not has_low_s(signature):
        raise CodecError(
            "of the two forms of an ECDSA signature only the one with the lower s is accepted", Fault.CANONICAL
        )
